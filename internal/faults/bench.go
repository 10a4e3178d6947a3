//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// bench stands in for a test before package servertest, which gives servers to tests: it has a context, a folder, and an end at which what
// was started stops.
type bench struct {
	testing.TB // for what servertest never calls

	ctx    context.Context //nolint:containedctx // a test has one, too
	folder string
	ends   []func()
}

// benchFailure ends a scenario, as Fatal ends a test.
type benchFailure string

func newBench(ctx context.Context, folder string) *bench { return &bench{ctx: ctx, folder: folder} }

// Helper does nothing.
func (b *bench) Helper() {}

// Context is the scenario's.
func (b *bench) Context() context.Context { return b.ctx }

// Cleanup keeps what is to be done at the end, the last first.
func (b *bench) Cleanup(f func()) { b.ends = append(b.ends, f) }

// TempDir is a fresh folder in the scenario's own.
func (b *bench) TempDir() string {
	dir, err := os.MkdirTemp(b.folder, "")
	if err != nil {
		b.Fatalf("making a folder: %v", err)
	}
	return dir
}

// Fatalf ends the scenario.
func (b *bench) Fatalf(format string, args ...any) { panic(benchFailure(fmt.Sprintf(format, args...))) }

// Errorf says what went wrong at the end; the scenario's own faults are World.Fault's.
func (b *bench) Errorf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "faults: "+format+"\n", args...)
}

// Logf is silent.
func (b *bench) Logf(string, ...any) {}

func (b *bench) close() {
	for i := len(b.ends) - 1; i >= 0; i-- {
		b.ends[i]()
	}
}
