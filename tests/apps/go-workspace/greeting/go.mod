module example.com/platform/greeting

go 1.24.0
