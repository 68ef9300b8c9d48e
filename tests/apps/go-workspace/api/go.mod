module example.com/platform/api

go 1.24.0

require (
	example.com/platform/greeting v0.0.0
	rsc.io/quote/v3 v3.1.0
)

require (
	golang.org/x/text v0.0.0-20170915032832-14c0d48ead0c // indirect
	rsc.io/sampler v1.3.0 // indirect
)

replace example.com/platform/greeting => ../greeting
