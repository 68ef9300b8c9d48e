// Package greet is kept with the source of whoever uses it.
package greet

// To returns a greeting.
func To(name string) string { return "hello, " + name }
