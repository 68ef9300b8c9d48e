// Package store keeps tickets.
package store

import "path/filepath"

// Migrations lists the files that change the tables, oldest first.
func Migrations() ([]string, error) { return filepath.Glob("migrations/*.sql") }
