package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"chumrok/internal/steadyclock"
	"chumrok/internal/store"
)

const (
	// markEvery is how often the time that was reached is written down: what a crash may lose of it, should the machine's clock be set back
	// in the same moment.
	markEvery = 5 * time.Second
	// clockWarnEvery is how often a machine's clock that is wrong is spoken of.
	clockWarnEvery = time.Minute
	// clockTolerance is how far two machines' clocks may be apart before anybody is told: more than a network's time leaves between them.
	clockTolerance = 5 * time.Second
	// nothingDestroyed is for how long nothing is destroyed by its age after our time followed a clock that was far ahead: so long a person has
	// who sees the alarm. All else that a wrong clock does can be made good.
	nothingDestroyed = 24 * time.Hour
)

// timekeeping is when the time that was reached was last written down, and when a wrong clock was last spoken of.
type timekeeping struct {
	mu     sync.Mutex
	kept   time.Time // by the machine's own clock: how often is no matter of what time it is
	warned time.Time
	jumped time.Time // that was spoken of
}

// openClock gives the gateway its time: the machine's, but never before what a gateway on this ledger has reached.
func (g *Gateway) openClock(ctx context.Context) error {
	mark, err := g.store.ClockMark(ctx)
	if err != nil {
		return fmt.Errorf("reading the time that was reached: %w", err)
	}
	if !mark.At.IsZero() && mark.At.Sub(g.now()) > clockTolerance {
		mark.At = mark.At.Add(markEvery) // which was reached, perhaps, and not written down any more
	}
	g.keeping.jumped = mark.Jumped
	g.clock.Store(steadyclock.New(g.machine, mark.At, mark.Jumped))
	g.closers = append(g.closers, func() error {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), markEvery)
		defer cancel()
		return g.writeTime(closing)
	})
	return g.writeTime(ctx)
}

// keepTime writes down the time that was reached, every few seconds.
func (g *Gateway) keepTime(ctx context.Context) error {
	g.keeping.mu.Lock()
	early := time.Since(g.keeping.kept) < markEvery
	if !early {
		g.keeping.kept = time.Now()
	}
	g.keeping.mu.Unlock()
	if early {
		return nil
	}
	return g.writeTime(ctx)
}

// writeTime writes down the time that was reached, follows another gateway that is further, and speaks of a machine's clock that is wrong.
func (g *Gateway) writeTime(ctx context.Context) error {
	clock := g.clock.Load()
	now, state := clock.Now(), clock.State()
	stands, err := g.store.RaiseClock(ctx, store.ClockMark{At: now, Jumped: state.Jumped})
	if err != nil {
		return fmt.Errorf("writing down the time that was reached: %w", err)
	}
	clock.Reach(stands.At, stands.Jumped)
	g.speakOfTheClock(state, now)
	return nil
}

// speakOfTheClock says on the log what is wrong with the machine's clock, each minute as long as it is.
func (g *Gateway) speakOfTheClock(state steadyclock.State, now time.Time) {
	g.keeping.mu.Lock()
	defer g.keeping.mu.Unlock()
	if state.Jumped.After(g.keeping.jumped) {
		g.keeping.jumped = state.Jumped
		g.log.Error("the time is more than a day later than this gateway knew; it is believed, and nothing is destroyed by its age for a day: look at the machine's clock",
			"until", state.Jumped.Add(nothingDestroyed).UTC().Format(time.RFC3339))
	}
	if clockWrong(state) == "" {
		g.keeping.warned = time.Time{}
		return
	}
	if g.keeping.warned.IsZero() || now.Sub(g.keeping.warned) >= clockWarnEvery {
		g.keeping.warned = now
		g.log.Error("the machine's clock is wrong; time goes on by what was reached", "what", clockWrong(state))
	}
}

// clockWrong says what is wrong with the machine's clock, "" when nothing is.
func clockWrong(s steadyclock.State) string {
	switch {
	case s.Behind > clockTolerance:
		return fmt.Sprintf("this machine's clock is %s behind what a gateway on this ledger has reached; time goes on from there", s.Behind.Round(time.Second))
	case s.Ahead > clockTolerance:
		return fmt.Sprintf("this machine's clock jumped ahead by %s, which is not believed yet", s.Ahead.Round(time.Second))
	}
	return ""
}

// mayDestroy says whether things may be destroyed by their age: not within a day after the time jumped ahead by more than one.
func (g *Gateway) mayDestroy(now time.Time) bool {
	clock := g.clock.Load()
	if clock == nil { // a command's, which a person started
		return true
	}
	jumped := clock.State().Jumped
	return jumped.IsZero() || now.Sub(jumped) >= nothingDestroyed
}

// goesOn lets a command's time be at least what a gateway on this ledger has reached.
func (c *call) goesOn(s *store.Store) error {
	mark, err := s.ClockMark(c.ctx)
	if err != nil {
		return err
	}
	machine := c.now
	c.now = func() time.Time {
		if now := machine(); now.After(mark.At) {
			return now
		}
		return mark.At
	}
	return nil
}
