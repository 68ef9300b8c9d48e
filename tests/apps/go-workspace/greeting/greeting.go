// Package greeting is shared by the services.
package greeting

// Hello greets.
func Hello(name string) string { return "Hello, " + name }
