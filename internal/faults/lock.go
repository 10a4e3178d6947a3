//go:build unix

package main

import (
	"context"
	"fmt"
	"time"
)

// writeLock is another program that holds SQLite's write lock while callers press keys, as a command beside the gateway may: for a moment, for
// longer than a turn may take, and for longer than the gateway waits for a lock.
var writeLock = Scenario{
	Name:   "write-lock",
	Breaks: "another process holds SQLite's write lock while callers press keys, for 2, 7 and 15 seconds",
	Heals:  "it lets go",
	Houses: []House{OnSQLite},
	Run: func(ctx context.Context, w *World) error {
		w.Callers(ctx, 8)
		times := []time.Duration{2 * time.Second, 7 * time.Second, 15 * time.Second}
		if w.Short() {
			times = times[:1]
		}
		for _, held := range times {
			wait(ctx, 3*time.Second)
			before := w.counts()
			if err := w.hold(ctx, held); err != nil {
				return err
			}
			w.Healed()
			wait(ctx, 3*time.Second)
			after := w.counts()
			w.Figure(fmt.Sprintf("lock held for %s: callers who heard the help numbers", held), "%d; no answer at all %d by USSD, %d by SMS (delivered again)",
				after.apologies-before.apologies, after.mute-before.mute, after.refused-before.refused-after.mute+before.mute)
			if n := after.apologies - before.apologies; n > 0 && held <= 2*time.Second {
				w.Fault("%d callers were turned away although the lock was held for %s only", n, held)
			}
			if n := after.mute - before.mute; n > 0 {
				w.Fault("%d callers by USSD heard nothing while the lock was held for %s", n, held)
			}
		}
		if n := w.counts().overLimit; n > 0 {
			w.Fault("%d callers by USSD waited for more than %s", n, ussdLimit)
		}
		return ctx.Err()
	},
}

// hold takes the write lock as a program of its own would, and keeps it.
func (w *World) hold(ctx context.Context, d time.Duration) error {
	db, err := w.OpenSQL()
	if err != nil {
		return err
	}
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return fmt.Errorf("taking the write lock: %w", err)
	}
	w.Say("the write lock is held for %s", d)
	wait(ctx, d)
	if _, err := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`); err != nil {
		return fmt.Errorf("giving the write lock back: %w", err)
	}
	return nil
}

// counts is what phones met with so far.
func (w *World) counts() tally {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tally
}
