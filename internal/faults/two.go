//go:build unix

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// twoGateways is two gateways on one database, of which one after the other is killed and the last one stays dead.
var twoGateways = Scenario{
	Name:   "two-gateways",
	Breaks: "two gateways share one database and one Redis; each in turn is killed with kill -9 under load",
	Heals:  "it is started again after some seconds, but for the last, whose work the other must take over",
	Houses: []House{OnPostgres},
	Run: func(ctx context.Context, w *World) error {
		random := rand.New(rand.NewPCG(w.options.seed, 2))
		other, err := w.NewGateway(ctx)
		if err != nil {
			return err
		}
		if err := other.Up(ctx); err != nil {
			return err
		}
		stop := w.Callers(ctx, 10)
		calm, turns := 10*time.Second, 8
		if w.Short() {
			calm, turns = 3*time.Second, 1
		}
		wait(ctx, calm)
		stop()
		if err := w.noRepeats(ctx); err != nil {
			return err
		}
		w.Callers(ctx, 10)
		for n := range turns {
			g := w.Gateways[n%2]
			wait(ctx, 2*time.Second+time.Duration(random.Int64N(int64(2*time.Second))))
			g.Kill()
			wait(ctx, 3*time.Second)
			if err := g.Up(ctx); err != nil {
				return err
			}
			w.Say("gateway %s was killed and is back, %d turns answered", g.Name, w.Counted())
		}
		if !w.Short() { // it dies with messages on their way, which the other may take up only when their leases run out
			w.Carrier.Set("twilio", Slow)
			w.Carrier.Set("africastalking", Slow)
		}
		wait(ctx, 4*time.Second)
		other.Kill()
		w.Carrier.Set("twilio", Taking)
		w.Carrier.Set("africastalking", Taking)
		wait(ctx, 5*time.Second)
		w.Figure("kill -9", "%d, the last for good", turns+1)
		return ctx.Err()
	},
}

// noRepeats waits until all that is due is sent, and proves that nothing was sent twice while nothing was broken.
func (w *World) noRepeats(ctx context.Context) error {
	l, err := w.openLedger(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	late := time.Now().Add(silentAtMost)
	for {
		n, err := l.dueMessages(ctx)
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		if wait(ctx, 100*time.Millisecond); ctx.Err() != nil || time.Now().After(late) {
			return fmt.Errorf("%d messages were not sent although nothing was broken", n)
		}
	}
	handed, err := l.handed(ctx)
	if err != nil {
		return err
	}
	taken := len(w.Carrier.Taken())
	w.Figure("messages sent by the two while nothing was broken", "%d, of them repeats %d", taken, taken-handed)
	if taken != handed {
		w.Fault("with both at work and nothing broken %d messages were sent twice", taken-handed)
	}
	return nil
}

// dueMessages is how many messages of any kind have not been given to a provider.
func (l *ledger) dueMessages(ctx context.Context) (int, error) {
	var n int
	err := l.sql.QueryRowContext(ctx, `SELECT count(*) FROM messages WHERE state = 'queued'`).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("counting messages: %w", err)
	}
	return n, nil
}
