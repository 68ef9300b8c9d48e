// Package greet says hello.
package greet

// To returns a greeting.
func To(name string) string { return "Hello, " + name }
