package main

import (
	"testing"

	"rsc.io/quote/v3"
)

func TestThereIsAQuote(t *testing.T) {
	if quote.GoV3() == "" {
		t.Fatal("nothing to quote")
	}
}
