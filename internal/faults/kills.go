//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// work is how long a gateway works at most until it is killed, beyond three times what it takes to start here: some die while they start,
// most amid work.
const work = time.Second

// kills is kill -9 at random moments, under a load of callers.
var kills = Scenario{
	Name:   "kills",
	Breaks: "the gateway is killed with kill -9 at random moments, while it starts and while it works",
	Heals:  "it is started again at once",
	Houses: []House{OnSQLite, OnPostgres},
	Longer: func(o options) time.Duration { return time.Duration(o.kills) * 6 * time.Second },
	Run: func(ctx context.Context, w *World) error {
		random := rand.New(rand.NewPCG(w.options.seed, 200))
		g := w.Gateways[0]
		life := work + min(3*w.started, 3*time.Second)
		defer w.Callers(ctx, 10)()
		var longest time.Duration
		starts := 0
		began := time.Now()
		for n := range w.options.kills {
			wait(ctx, time.Duration(random.Int64N(int64(life))))
			if ctx.Err() != nil {
				return fmt.Errorf("%d of %d kills: %w", n, w.options.kills, ctx.Err())
			}
			g.Kill()
			if err := g.Start(); err != nil {
				return err
			}
			if n%10 == 9 { // every tenth is let come up, to see how long that takes
				from := time.Now()
				if err := g.Serves(ctx); err != nil {
					return err
				}
				longest = max(longest, time.Since(from))
				starts++
			}
			if n%20 == 19 {
				w.Say("%d of %d kills, %d turns answered", n+1, w.options.kills, w.Counted())
			}
		}
		if err := g.Serves(ctx); err != nil {
			return err
		}
		wait(ctx, 2*time.Second) // callers finish what they were in the middle of
		w.Figure("kill -9", "%d in %s", w.options.kills, time.Since(began).Round(time.Second))
		w.Figure("slowest of the starts that were timed", "%s of %d", longest.Round(time.Millisecond), starts)
		return nil
	},
}
