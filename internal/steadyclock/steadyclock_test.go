package steadyclock

import (
	"sync"
	"testing"
	"time"
)

// machine is a clock that a test sets, beside the time that really goes by. A reading of time.Now carries both; here they are told apart by
// hand, since a test cannot make a monotonic reading.
type machine struct {
	wall time.Time
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// newMachine is a machine and our clock on it. Forward moves are the passing of time, and set is somebody's hand.
func newMachine(mark, jumped time.Time) (*machine, *Clock) {
	m := &machine{wall: noon}
	return m, New(func() time.Time { return m.wall }, mark, jumped)
}

func (m *machine) passes(d time.Duration) { m.wall = m.wall.Add(d) }

// setAhead moves the machine's clock by hand: what it shows changes, and no time goes by.
func (m *machine) setAhead(c *Clock, d time.Duration) {
	m.wall = m.wall.Add(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = c.last.Add(d) // nothing went by
}

func want(t *testing.T, c *Clock, at time.Time) {
	t.Helper()
	if got := c.Now(); !got.Equal(at) {
		t.Fatalf("it is %s, want %s (%s off)", got, at, got.Sub(at))
	}
}

func TestGoesWithTheMachine(t *testing.T) {
	t.Parallel()
	m, c := newMachine(time.Time{}, time.Time{})
	want(t, c, noon)
	for range 100 {
		m.passes(7 * time.Minute)
		want(t, c, m.wall)
	}
	if s := c.State(); s != (State{}) {
		t.Errorf("nothing is wrong, and it says %+v", s)
	}
}

// An hour back: nothing goes back, time goes on, a minute in an hour slower, until the two are together.
func TestSetBackAnHour(t *testing.T) {
	t.Parallel()
	m, c := newMachine(time.Time{}, time.Time{})
	m.passes(time.Minute)
	reached := c.Now()
	m.setAhead(c, -time.Hour)
	want(t, c, reached)
	if s := c.State(); s.Behind != time.Hour {
		t.Errorf("it says that the machine's clock is %s behind", s.Behind)
	}
	m.passes(time.Hour)
	want(t, c, reached.Add(59*time.Minute))
	for last := c.Now(); ; {
		m.passes(time.Minute)
		now := c.Now()
		if !now.After(last) {
			t.Fatalf("time stands still at %s", now)
		}
		if last = now; now.Equal(m.wall) {
			break
		}
		if m.wall.After(noon.Add(100 * time.Hour)) {
			t.Fatalf("after a hundred hours the two are still %s apart", now.Sub(m.wall))
		}
	}
	m.passes(time.Hour)
	want(t, c, m.wall)
	if s := c.State(); s != (State{}) {
		t.Errorf("they are together, and it says %+v", s)
	}
}

func TestGoesOnFromTheMark(t *testing.T) {
	t.Parallel()
	m, c := newMachine(noon.Add(time.Hour), time.Time{})
	want(t, c, noon.Add(time.Hour))
	m.passes(time.Minute)
	want(t, c, noon.Add(time.Hour+59*time.Second))
	if s := c.State(); !s.Jumped.IsZero() || s.Behind != 59*time.Minute+59*time.Second {
		t.Errorf("it says %+v", s)
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	_, c := newMachine(time.Time{}, time.Time{})
	c.Reach(noon.Add(-time.Minute), time.Time{})
	want(t, c, noon)
	c.Reach(noon.Add(time.Minute), time.Time{})
	want(t, c, noon.Add(time.Minute))
}

func TestSetAheadALittle(t *testing.T) {
	t.Parallel()
	m, c := newMachine(time.Time{}, time.Time{})
	m.setAhead(c, 3*time.Hour)
	want(t, c, m.wall)
	if s := c.State(); s != (State{}) {
		t.Errorf("it says %+v", s)
	}
}

// Far ahead: for half a minute it is not believed, and a glitch that is over by then changes nothing.
func TestSetFarAhead(t *testing.T) {
	t.Parallel()
	m, c := newMachine(time.Time{}, time.Time{})
	const years = 10 * 365 * 24 * time.Hour
	m.setAhead(c, years)
	want(t, c, noon)
	m.passes(20 * time.Second)
	want(t, c, noon.Add(20*time.Second))
	if s := c.State(); s.Ahead != years || !s.Jumped.IsZero() {
		t.Errorf("it says %+v", s)
	}
	m.setAhead(c, -years)
	want(t, c, m.wall)
	m.setAhead(c, years)
	want(t, c, noon.Add(20*time.Second))
	for range 29 {
		m.passes(time.Second)
		c.Now()
	}
	want(t, c, noon.Add(49*time.Second))
	m.passes(time.Second)
	want(t, c, m.wall)
	if s := c.State(); !s.Jumped.Equal(m.wall) || s.Ahead != 0 {
		t.Errorf("it says %+v", s)
	}
}

func TestStartAfterDays(t *testing.T) {
	t.Parallel()
	for off, suspicious := range map[time.Duration]bool{23 * time.Hour: false, 25 * time.Hour: true} {
		_, c := newMachine(noon.Add(-off), time.Time{})
		want(t, c, noon)
		if got := !c.State().Jumped.IsZero(); got != suspicious {
			t.Errorf("off for %s: suspicious %t", off, got)
		}
	}
	before := noon.Add(-time.Hour)
	if _, c := newMachine(before, before); !c.State().Jumped.Equal(before) {
		t.Errorf("a jump of before is forgotten")
	}
}

// On the real clock, which nobody sets here: it never goes back, whoever asks.
func TestNeverGoesBack(t *testing.T) {
	t.Parallel()
	c := New(time.Now, time.Now().Add(time.Hour), time.Time{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			last := c.Now()
			for range 10_000 {
				now := c.Now()
				if now.Before(last) {
					t.Errorf("after %s it is %s", last, now)
					return
				}
				last = now
			}
		})
	}
	all.Wait()
}
