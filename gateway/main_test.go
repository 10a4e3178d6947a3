package main

import (
	"testing"

	"chumrok/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }
