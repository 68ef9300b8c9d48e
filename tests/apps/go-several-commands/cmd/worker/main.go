package main

import (
	"log"
	"time"
)

func main() {
	for range time.Tick(time.Minute) {
		log.Print("looking for tickets to close")
	}
}
