package main

import (
	"html/template"
	"log"
	"net/http"
	"os"

	"rsc.io/quote/v3"
)

func main() {
	port := os.Getenv("PORT")
	if port == "" {
		port = "8080"
	}
	page := template.Must(template.ParseFiles("templates/index.html"))
	http.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		if err := page.Execute(w, quote.GoV3()); err != nil {
			log.Print(err)
		}
	})
	log.Fatal(http.ListenAndServe(":"+port, nil))
}
