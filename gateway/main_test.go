package main

import (
	"os"
	"testing"

	"chumrok/internal/servertest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(panicsFile); path != "" {
		os.Exit(servePanicking(path))
	}
	servertest.Main(m)
}
