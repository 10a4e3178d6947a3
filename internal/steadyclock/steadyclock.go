// Package steadyclock gives the gateway a time that never goes back, so that nobody waits an hour for a child because somebody set a machine's
// clock an hour back. It reads no clock of its own, keeps nothing and decides nothing about a report: the machine's time comes in, and where it
// falls behind what was reached before, time goes on from there.
package steadyclock

import (
	"sync"
	"time"
)

const (
	// Far is how far ahead of ours the machine's clock may be before that is suspicious: longer than a summer-time change, a machine that slept
	// or a start after a night; a wrong clock is usually wrong by years.
	Far = 24 * time.Hour
	// settles is how long the machine's clock must stay so far ahead until it is believed. A glitch is over by then; and what fell due in the
	// meantime is not silent for longer than a minute.
	settles = 30 * time.Second
	// slower is by which part of itself our time goes slower than the machine's while it is ahead, so that the two come together again: by a
	// minute in an hour, so that no clock of an hour runs out more than a minute late.
	slower = 60
)

// Clock is the gateway's time. It is safe for concurrent use.
type Clock struct {
	mu     sync.Mutex
	source func() time.Time
	last   time.Time // the source's last reading, with the monotonic one where it has one
	own    time.Time
	far    bool          // the machine's clock is far ahead and not believed yet
	farFor time.Duration // and has been for so long
	jumped time.Time     // when a clock that is far ahead was last believed, in our time
}

// State is how the machine's clock stands to ours.
type State struct {
	// Behind is how far the machine's clock is behind ours; 0 when it is not.
	Behind time.Duration
	// Ahead is how far the machine's clock is ahead of ours while that is not believed yet.
	Ahead time.Duration
	// Jumped is when our time last followed a machine's clock that was far ahead; zero = never.
	Jumped time.Time
}

// New makes a clock out of the machine's, usually time.Now. It goes on from mark, the latest time that is known to have been reached, and zero
// where none is; jumped is State.Jumped of then.
func New(source func() time.Time, mark, jumped time.Time) *Clock {
	now := source()
	c := &Clock{source: source, last: now, own: plain(now), jumped: jumped}
	switch {
	case mark.After(c.own):
		c.own = plain(mark)
	case !mark.IsZero() && c.own.Sub(mark) > Far:
		// A gateway that was off for days, or a clock that is wrong: nobody can tell, and an alert that is late is worse than one that is early.
		c.jumped = c.own
	}
	return c
}

// Now is our time. Each answer is that of before or later.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tick()
	return c.own
}

// Reach lets our time be at least mark: what another gateway on the same ledger has reached; jumped is its State.Jumped.
func (c *Clock) Reach(mark, jumped time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.jumped = later(c.jumped, jumped)
	if mark.After(c.own) {
		c.own = plain(mark)
	}
}

// State is how the machine's clock stands to ours now.
func (c *Clock) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall := c.tick()
	return State{Behind: max(0, c.own.Sub(wall)), Ahead: max(0, wall.Sub(c.own)), Jumped: c.jumped}
}

// tick moves our time on by what has gone by, and gives the machine's.
func (c *Clock) tick() time.Time {
	now := c.source()
	passed := max(0, now.Sub(c.last)) // by the monotonic clock, which nobody sets
	c.last = now
	wall, on := plain(now), c.own.Add(passed)
	ahead := wall.Sub(on)
	switch {
	case c.own.After(wall.Add(-passed)): // the machine's clock is behind ours: slower, but never behind it
		c.far, c.own = false, later(on.Add(-passed/slower), wall)
	case ahead <= Far:
		c.far, c.own = false, wall
	case !c.far:
		c.far, c.farFor, c.own = true, 0, on
	default:
		c.farFor, c.own = c.farFor+passed, on
		if c.farFor >= settles {
			c.far, c.own, c.jumped = false, wall, wall
		}
	}
	return wall
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// plain is a time without its monotonic reading, which says nothing once the clock was set.
func plain(t time.Time) time.Time { return t.Round(0) }
