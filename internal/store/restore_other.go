//go:build !unix

package store

import "os"

// holdFile does nothing where the system has no such locks: that nothing is replaced does not rest on it.
func holdFile(*os.File) error { return nil }
