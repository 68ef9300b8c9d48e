package main

import (
	"log"

	"example.com/tickets/internal/store"
)

func main() {
	files, err := store.Migrations()
	if err != nil {
		log.Fatal(err)
	}
	for _, file := range files {
		log.Print("applied ", file)
	}
}
