//go:build unix

package store

import (
	"os"
	"syscall"
)

// holdFile takes a file for this process until it is closed, also by the kernel after a kill; it does not wait.
func holdFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
