package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"example.com/tickets/internal/store"
)

func main() {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		files, err := store.Migrations()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(w, "tickets, with %v", files)
	})
	server := &http.Server{Addr: ":" + os.Getenv("PORT"), Handler: mux}
	log.Fatal(server.ListenAndServe())
}
