//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// House is where a gateway keeps its ledger. Redis is a real server in both.
type House string

const (
	// OnSQLite is one machine: SQLite in a file.
	OnSQLite House = "sqlite"
	// OnPostgres is PostgreSQL, for one gateway or several.
	OnPostgres House = "postgres"
)

// Scenario is one thing that breaks.
type Scenario struct {
	Name   string // of --only
	Breaks string // what is broken, for whoever reads the figures
	Heals  string // how that ends
	Houses []House
	Pack   []string // changes to pack.yaml: old words, new words, and so on
	// Run breaks and heals. The world has one gateway that serves and no callers yet.
	Run func(ctx context.Context, w *World) error
	// Long leaves the scenario out of --short.
	Long bool
	// Longer is what the scenario may take beyond the limit of the command line.
	Longer func(o options) time.Duration
}

// scenarios is every scenario, in the order in which they run.
func scenarios() []Scenario {
	return []Scenario{
		kills, twoGateways, writeLock, clockBack, clockAhead, redisGone, redisFailover,
		postgresRestarted, postgresCut, postgresCrowded, diskFull, providersFail,
	}
}

// Figure is one number that a scenario showed.
type Figure struct{ Name, Value string }

// chosen is a scenario on one of its houses.
type chosen struct {
	scenario Scenario
	house    House
}

// result is what one run of a scenario showed.
type result struct {
	chosen
	took    time.Duration
	shown   shown
	figures []Figure
	faults  []string // what did not hold
}

// run builds a world, lets the scenario break it, and looks at what is left.
func (c chosen) run(ctx context.Context, o options, binary, folder string, t *terminal) (r result) {
	r.chosen = c
	limit := o.limit
	if c.scenario.Longer != nil {
		limit += c.scenario.Longer(o)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	own := filepath.Join(folder, c.scenario.Name+"-"+string(c.house))
	b := newBench(ctx, own)
	w := &World{House: c.house, name: c.scenario.Name, changes: c.scenario.Pack, bench: b, binary: binary, folder: own, options: o, terminal: t}
	defer func() {
		if p := recover(); p != nil {
			broken, ours := p.(benchFailure)
			if !ours {
				panic(p)
			}
			w.Fault("the drill itself could not go on: %s", string(broken))
		}
		w.close()
		b.close()
		r.took, r.shown, r.figures, r.faults = time.Since(began), w.shown, w.figures, w.faults
		if len(r.faults) > 0 && o.keep {
			t.say("kept in %s", own)
		}
	}()
	if err := os.MkdirAll(own, 0o700); err != nil {
		b.Fatalf("making a folder: %v", err)
	}
	if err := w.open(ctx); err != nil {
		b.Fatalf("building the world: %v", err)
	}
	if err := c.scenario.Run(ctx, w); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("it was not over after %s: %w", limit, err)
		}
		w.Fault("%v", err)
	}
	if err := w.check(ctx); err != nil {
		w.Fault("what is left could not be looked at: %v", err)
	}
	return r
}

// print shows what a run came to.
func (r result) print(t *terminal) {
	t.say("%s on %s: %s", r.scenario.Name, r.house, verdict([]result{r}))
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, f := range r.figures {
		fmt.Fprintf(t.out, "        %-52s %s\n", f.Name, f.Value)
	}
	for _, f := range r.faults {
		fmt.Fprintf(t.out, "        DOES NOT HOLD: %s\n", f)
	}
	fmt.Fprintf(t.out, "        %-52s %s\n", "took", r.took.Round(time.Second))
}
