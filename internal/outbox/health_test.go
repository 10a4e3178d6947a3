package outbox

import (
	"testing"
	"time"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var h Health
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	wantUsable := func(want bool, because string) {
		t.Helper()
		if got := h.Usable("kannel", now); got != want {
			t.Fatalf("usable is %v: %s (state %s)", got, because, h.State("kannel"))
		}
	}
	wantUsable(true, "nothing is known against it")
	h.Silence("kannel", now)
	h.Silence("kannel", now)
	wantUsable(true, "two silences may be chance")
	h.Took("kannel")
	h.Silence("kannel", now)
	h.Silence("kannel", now)
	wantUsable(true, "a taken message began the count anew")
	for range 5 {
		h.Silence("kannel", now)
	}
	wantUsable(false, "five silences")
	if other := h.Usable("twilio", now); !other {
		t.Error("one provider's silence passed over another")
	}
	now = now.Add(firstRest)
	wantUsable(true, "its rest is over: one message tries it")
	wantUsable(false, "the others wait for that one")
	h.Silence("kannel", now.Add(time.Second))
	now = now.Add(firstRest + time.Second)
	wantUsable(true, "what was asked meanwhile did not lengthen the rest")
	now = now.Add(firstRest)
	h.Silence("kannel", now)
	now = now.Add(firstRest)
	wantUsable(false, "the second rest is longer")
	now = now.Add(firstRest)
	wantUsable(true, "twice as long")
	h.Took("kannel")
	wantUsable(true, "it works again")
	if got := h.State("kannel"); got != Working {
		t.Errorf("state is %s", got)
	}

	h.Throttle("kannel", 90*time.Second, now)
	now = now.Add(89 * time.Second)
	wantUsable(false, "it asked for 90 s")
	now = now.Add(time.Second)
	wantUsable(true, "the 90 s are over")
	h.Throttle("kannel", 24*time.Hour, now)
	now = now.Add(mostRest)
	wantUsable(true, "nobody is passed over for longer than five minutes")
	h.Break("kannel", now)
	if got := h.State("kannel"); got != Broken {
		t.Errorf("state is %s", got)
	}
	wantUsable(false, "its set-up is wrong")
	now = now.Add(brokenRest)
	wantUsable(true, "somebody may have mended it")
}

func TestBudget(t *testing.T) {
	t.Parallel()
	b := Budget{PerDay: 100, Reserve: 30, PerNumber: 5}
	for _, c := range []struct {
		lane  Lane
		spent Spent
		want  string
	}{
		{ForReporters, Spent{69, 4}, ""},
		{ForReporters, Spent{70, 0}, "the day's messages to reporters are used up"},
		{ForReporters, Spent{0, 5}, "this phone's messages of today are used up"},
		{ForOfficers, Spent{1000, 1000}, ""},
		{ForAlerts, Spent{1000, 1000}, ""},
	} {
		if got := b.Covers(c.lane, c.spent); got != c.want {
			t.Errorf("lane %d after %+v: %q, want %q", c.lane, c.spent, got, c.want)
		}
	}
	if got := (Budget{}).Covers(ForReporters, Spent{1 << 40, 1 << 40}); got != "" {
		t.Errorf("no budget kept a message back: %q", got)
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	p := NewPace(map[string]float64{"androidsms": 0.5, "kannel": 20})
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	taken := func(provider string, tries int) (n int) {
		for range tries {
			if p.Room(provider, now) {
				n++
			}
		}
		return n
	}
	for provider, want := range map[string]int{"androidsms": 1, "kannel": 20, "twilio": 50} {
		if got := taken(provider, 50); got != want {
			t.Errorf("%s took %d at once, want %d", provider, got, want)
		}
	}
	now = now.Add(time.Second)
	if got := taken("androidsms", 1); got != 0 {
		t.Error("half a message a second became one")
	}
	now = now.Add(time.Second)
	if got := taken("androidsms", 5); got != 1 {
		t.Errorf("%d after two seconds, want 1", got)
	}
	if p.Wait(ForAlerts) >= p.Wait(ForReporters) {
		t.Error("an alert looks for room no sooner than an answer")
	}
}
