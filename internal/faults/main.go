//go:build unix

// Package main is the fault drill, `make drill`: it starts the real gateway on real servers, lets callers and officers use it, breaks what can
// break, and shows whether anything that a child was answered is lost, and how long an alert was silent. It judges by what callers were
// answered and by what the ledger holds, asks the gateway for no favour, and ends no process that it did not start.
//
// To add a scenario: write a Scenario in a file of its own, with what is broken, how it heals and a Run, and name it in scenarios (scenario.go).
// Run is given a World whose gateway serves and whose callers are at work (World.Callers). It breaks something, heals it, calls World.Healed at
// that moment, and returns; figures of its own go in by World.Figure, what must not be by World.Fault. Everything that must hold after every
// fault is looked at by check.go when Run has returned: no scenario repeats it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// options are the words of the command line.
type options struct {
	only  string // names of scenarios, separated by commas; "" = all
	house string // sqlite or postgres; "" = each that a scenario is for
	kills int    // of the scenario kills, on each database
	seed  uint64
	out   string // file for the figures; "" = none
	limit time.Duration
	keep  bool // leave the folders of worlds in which something did not hold
	short bool // for CI: few kills, short waits, several scenarios at once
	words []string
}

// Of --short: how often the gateway is killed, and how many scenarios run at once. Most of a scenario is waiting.
const (
	shortKills  = 6
	shortAtOnce = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

// run is the drill; 0 says that all held, 1 that something did not, 2 that the words of the command line are wrong.
func run(ctx context.Context, args []string, out io.Writer) int {
	o := options{words: args}
	flags := flag.NewFlagSet("faults", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&o.only, "only", "", "scenarios to run, separated by commas; all without it")
	flags.StringVar(&o.house, "house", "", "sqlite or postgres; each that a scenario is for without it")
	flags.IntVar(&o.kills, "kills", 200, "how often the scenario kills ends the gateway, on each database")
	flags.Uint64Var(&o.seed, "seed", 0, "of the moments and the words; drawn and printed without it")
	flags.StringVar(&o.out, "out", "", "file to write the figures to, such as RELIABILITY.md")
	flags.DurationVar(&o.limit, "limit", 5*time.Minute, "how long one scenario may take beside its kills")
	flags.BoolVar(&o.keep, "keep", false, "leave what a world in which something did not hold has written")
	flags.BoolVar(&o.short, "short", false, "few kills, short waits, several scenarios at once: for CI, in under two minutes")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if o.only == "" || strings.Contains(o.only, diskFull.Name) {
		if code, done := runAgain(ctx, args, out); done {
			return code
		}
	}
	if o.short {
		o.kills = min(o.kills, shortKills)
	}
	if o.seed == 0 {
		o.seed = rand.Uint64()>>1 + 1
	}
	held, err := drill(ctx, o, out)
	switch {
	case err != nil:
		fmt.Fprintf(out, "faults: %v\n", err)
		return 1
	case !held:
		return 1
	}
	return 0
}

// drill runs the chosen scenarios one after the other and writes down what they showed.
func drill(ctx context.Context, o options, out io.Writer) (held bool, err error) {
	chosen, err := choose(o)
	if err != nil {
		return false, err
	}
	folder, err := os.MkdirTemp("", "chumrok-drill-")
	if err != nil {
		return false, fmt.Errorf("making the drill's folder: %w", err)
	}
	defer func() {
		if held || !o.keep {
			_ = os.RemoveAll(folder)
		}
	}()
	terminal := &terminal{out: out, began: time.Now()}
	terminal.say("building the gateway")
	binary, err := build(ctx, ".", folder)
	if err != nil {
		return false, err
	}
	terminal.say("%d runs, seed %d", len(chosen), o.seed)
	results := make([]result, len(chosen))
	var running errgroup.Group
	running.SetLimit(1)
	if o.short {
		running.SetLimit(shortAtOnce)
	}
	for i, c := range chosen {
		running.Go(func() error {
			if ctx.Err() != nil {
				return errors.New("it was told to stop")
			}
			terminal.say("%d/%d %s on %s: %s", i+1, len(chosen), c.scenario.Name, c.house, c.scenario.Breaks)
			results[i] = c.run(ctx, o, binary, folder, terminal)
			results[i].print(terminal)
			return nil
		})
	}
	if err := running.Wait(); err != nil {
		return false, err
	}
	held = !slices.ContainsFunc(results, func(r result) bool { return len(r.faults) > 0 })
	if o.out != "" {
		terminal.say("the attacks: %s", attacks)
		text, all, err := attacksPage(ctx)
		if err != nil {
			return false, err
		}
		held = held && all
		if err := os.WriteFile(o.out, []byte(page(o, results)+text), 0o644); err != nil { //nolint:gosec // a page for everybody
			return false, fmt.Errorf("writing the figures: %w", err)
		}
	}
	terminal.say("%s", verdict(results))
	return held, nil
}

// choose is the scenarios of the command line, each on each of its houses.
func choose(o options) ([]chosen, error) {
	names := strings.FieldsFunc(o.only, func(r rune) bool { return r == ',' || r == ' ' })
	var list []chosen
	var known []string
	for _, s := range scenarios() {
		known = append(known, s.Name)
		if len(names) > 0 && !slices.Contains(names, s.Name) || len(names) == 0 && o.short && s.Long {
			continue
		}
		for _, h := range s.Houses {
			if o.house == "" || o.house == string(h) {
				list = append(list, chosen{s, h})
			}
		}
	}
	for _, n := range names {
		if !slices.Contains(known, n) {
			return nil, fmt.Errorf("there is no scenario %q: choose of %s", n, strings.Join(known, ", "))
		}
	}
	if len(list) == 0 {
		return nil, errors.New("nothing to run: --house is sqlite or postgres")
	}
	return list, nil
}

// terminal says what runs, how far it is and for how long.
type terminal struct {
	mu    sync.Mutex
	out   io.Writer
	began time.Time
}

func (t *terminal) say(words string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fmt.Fprintf(t.out, "%6s  %s\n", time.Since(t.began).Round(time.Second), fmt.Sprintf(words, args...))
}
