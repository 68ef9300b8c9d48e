package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"example.com/platform/greeting"
	"rsc.io/quote/v3"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, greeting.Hello("workspace"), quote.GoV3())
	})
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
