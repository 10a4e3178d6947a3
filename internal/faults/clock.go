//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// setBack is by how much a machine's clock is set back.
	setBack = time.Hour
	// gone is for how long, by its clock, a machine was off.
	gone = 3 * 24 * time.Hour
	// shortClock is the accepted clock of medium risk in the scenario's pack: short enough that a drill can wait for it.
	shortClock = time.Minute
)

// clockBack is a machine whose clock is set back an hour between two lives of the gateway. No program may set the clock of the machine that
// runs the drill, so it is done from the other side: before the gateway starts, the ledger says that an hour later than now was reached.
var clockBack = Scenario{
	Name:   "clock-back",
	Breaks: "the machine's clock is set back an hour (the ledger says that an hour more was reached), then the gateway is killed again and again",
	Heals:  "it does not: time must go on from what was reached",
	Houses: []House{OnSQLite, OnPostgres},
	Pack:   []string{"immediate: {accepted: 20m,", "immediate: {accepted: 1m,", "high: {accepted: 1h,", "high: {accepted: 1m,", "medium: {accepted: 3h,", "medium: {accepted: 1m,"},
	Run: func(ctx context.Context, w *World) error {
		g := w.Gateways[0]
		g.Stop()
		reached := time.Now().Add(setBack)
		if err := w.exec(ctx, `UPDATE clock SET mark = $1`, reached.UnixMilli()); err != nil {
			return err
		}
		w.Ahead = setBack
		if err := g.Up(ctx); err != nil {
			return err
		}
		w.Deaf = true // officers answer nothing, so that clocks run out
		stop := w.Callers(ctx, 6)
		kills := 10
		if w.Short() {
			kills = 3
		}
		for n := range kills {
			wait(ctx, time.Second+time.Duration(n%4)*400*time.Millisecond)
			g.Kill()
			if err := g.Up(ctx); err != nil {
				return err
			}
		}
		stop()
		if !w.Short() {
			w.Say("waiting for clocks of %s to run out", shortClock)
			wait(ctx, shortClock+20*time.Second)
		}
		if err := w.saysOfTheClock(ctx, g, "behind"); err != nil {
			return err
		}
		return w.checkTime(ctx, reached)
	},
}

// clockAhead is a gateway that starts three days after it was last seen, by a clock that may be wrong.
var clockAhead = Scenario{
	Name:   "clock-ahead",
	Breaks: "the machine's clock is three days ahead of what was reached when the gateway starts (it was off, or the clock is wrong)",
	Heals:  "it does not: what is due is done, and nothing is destroyed by its age",
	Houses: []House{OnSQLite},
	Run: func(ctx context.Context, w *World) error {
		g := w.Gateways[0]
		w.Callers(ctx, 6)
		wait(ctx, 5*time.Second)
		g.Kill()
		if err := w.exec(ctx, `UPDATE clock SET mark = $1`, time.Now().Add(-gone).UnixMilli()); err != nil {
			return err
		}
		if err := g.Up(ctx); err != nil {
			return err
		}
		wait(ctx, 5*time.Second)
		out, err := g.command(ctx, "clock")
		if err != nil {
			return err
		}
		if !strings.Contains(out, "jumped") {
			w.Fault("`chumrok clock` does not say that the time jumped")
		}
		w.Figure("`chumrok clock`", "says that the time jumped and that nothing is destroyed for a day")
		return ctx.Err()
	},
}

// exec runs one statement on the world's database.
func (w *World) exec(ctx context.Context, statement string, args ...any) error {
	db, err := w.OpenSQL()
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := db.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("writing to the database: %w", err)
	}
	return nil
}

// saysOfTheClock looks whether the gateway says that the clock is wrong.
func (w *World) saysOfTheClock(ctx context.Context, g *Gateway, words string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.Private+"/readyz", http.NoBody)
	if err != nil {
		return err
	}
	response, err := way.Do(request)
	if err != nil {
		return fmt.Errorf("asking whether the gateway is ready: %w", err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("asking whether the gateway is ready: %w", err)
	}
	off, err := g.Metric(ctx, "chumrok_clock_off_seconds")
	if err != nil {
		return err
	}
	w.Figure("what /readyz says", "%s", strings.TrimSpace(string(said)))
	w.Figure("metric `chumrok_clock_off_seconds`", "%.0f", off)
	if !strings.Contains(string(said), words) {
		w.Fault("/readyz does not say that the clock is %s", words)
	}
	return nil
}

// checkTime proves that no turn is older than the one before it, that none is from before what was reached, and that clocks ran out when they
// should have: the district is asked within a minute after a committee's time was over.
func (w *World) checkTime(ctx context.Context, reached time.Time) error {
	db, err := w.OpenSQL()
	if err != nil {
		return err
	}
	defer db.Close()
	var back, before int
	err = db.QueryRowContext(ctx, `SELECT count(*) FROM turns a JOIN turns b ON a.conversation_id = b.conversation_id AND b.seq = a.seq + 1
		WHERE b.at < a.at`).Scan(&back)
	if err != nil {
		return fmt.Errorf("looking at the turns' times: %w", err)
	}
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM turns WHERE at < $1`, reached.UnixMilli()).Scan(&before); err != nil {
		return fmt.Errorf("looking at the turns' times: %w", err)
	}
	w.Figure("turns that are older than the one before them", "%d", back)
	w.Figure("turns that are older than what was reached", "%d", before)
	if back+before > 0 {
		w.Fault("time went back")
	}
	rows, err := db.QueryContext(ctx, `SELECT min(a.created_at), (SELECT min(b.created_at) FROM alerts b WHERE b.referral_id = a.referral_id AND b.tier <> 'committee')
		FROM alerts a JOIN referrals r ON r.id = a.referral_id WHERE r.risk = 'medium' GROUP BY a.referral_id`)
	if err != nil {
		return fmt.Errorf("looking at the clocks: %w", err)
	}
	defer rows.Close()
	ran, latest := 0, time.Duration(0)
	for rows.Next() {
		var first int64
		var next *int64
		if err := rows.Scan(&first, &next); err != nil {
			return fmt.Errorf("looking at the clocks: %w", err)
		}
		if next == nil {
			continue
		}
		ran++
		latest = max(latest, time.Duration(*next-first)*time.Millisecond-shortClock)
	}
	w.Figure("clocks of "+shortClock.String()+" that ran out over kills", "%d, the latest %s late", ran, latest.Round(time.Millisecond))
	if ran == 0 && !w.Short() || latest > silentAtMost {
		w.Fault("%d clocks ran out, the latest %s late", ran, latest)
	}
	return rows.Err()
}
