package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"rsc.io/quote"
)

func main() {
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, quote.Glass())
	})))
}
