module example.com/quoted

go 1.24

require rsc.io/quote v1.5.2
