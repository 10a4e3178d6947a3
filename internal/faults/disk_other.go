//go:build unix && !linux

package main

import (
	"context"
	"errors"
	"io"
)

// diskFull needs a namespace of mounts, which only Linux has.
var diskFull = Scenario{
	Name:   "disk-full",
	Breaks: "the disk that holds ledger and spool is full",
	Heals:  "something else is deleted from it",
	Long:   true,
	Houses: []House{OnSQLite},
	Run: func(context.Context, *World) error {
		return errors.New("a small disk can be mounted on Linux only; choose the other scenarios with --only")
	},
}

// runAgain does nothing here.
func runAgain(context.Context, []string, io.Writer) (code int, done bool) { return 0, false }
