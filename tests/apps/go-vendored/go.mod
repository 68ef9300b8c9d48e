module example.com/healthd

go 1.24

require example.com/greet v1.2.0
