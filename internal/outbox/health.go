package outbox

import (
	"sync"
	"time"
)

const (
	// silencesBefore is how many sends in a row a provider may leave without a sure answer before it is passed over: one
	// may be chance, and each costs an alert the time that is waited for it.
	silencesBefore = 3
	// firstRest is how long a provider is passed over the first time; it doubles up to mostRest while trying it fails.
	firstRest = 10 * time.Second
	mostRest  = 5 * time.Minute
	// brokenRest is for a provider that a person must set right: a wrong key does not mend itself in seconds.
	brokenRest = time.Minute
)

// State is how a provider does, as a figure shows it.
type State string

// The states of a provider.
const (
	Working   State = "working"
	Silent    State = "silent"    // it does not answer, or not surely
	Throttled State = "throttled" // it asked to wait
	Broken    State = "broken"    // it refuses us: its set-up needs a person
)

// States lists every state of a provider.
func States() []State { return []State{Working, Silent, Throttled, Broken} }

// Health remembers how the providers do, so that an alert does not wait for one that is down. It never keeps a message
// back: that is for who asks. The zero Health is ready, and may be used by many goroutines at once.
type Health struct {
	mu        sync.Mutex
	providers map[string]*condition
}

// condition is how one provider does.
type condition struct {
	state    State
	failures int       // in a row
	until    time.Time // passed over until then
	rest     time.Duration
}

func (h *Health) change(provider string, do func(*condition)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.providers == nil {
		h.providers = map[string]*condition{}
	}
	c := h.providers[provider]
	if c == nil {
		c = &condition{state: Working}
		h.providers[provider] = c
	}
	do(c)
}

// Took notes that a provider took a message, or refused one in a way that shows it to be well.
func (h *Health) Took(provider string) {
	h.change(provider, func(c *condition) { *c = condition{state: Working} })
}

// Silence notes that a provider gave no sure answer.
func (h *Health) Silence(provider string, now time.Time) {
	h.change(provider, func(c *condition) {
		if c.failures++; c.failures >= silencesBefore {
			c.pass(Silent, now, 0)
		}
	})
}

// Throttle notes that a provider asked to wait; after 0 it did not say how long.
func (h *Health) Throttle(provider string, after time.Duration, now time.Time) {
	h.change(provider, func(c *condition) { c.pass(Throttled, now, after) })
}

// Break notes that a provider refuses us until a person mends its set-up.
func (h *Health) Break(provider string, now time.Time) {
	h.change(provider, func(c *condition) { c.pass(Broken, now, brokenRest) })
}

// pass lets a provider rest: as long as it asked, else longer each time. What was sent side by side and failed together
// counts as one failure.
func (c *condition) pass(state State, now time.Time, rest time.Duration) {
	if c.until.After(now) && state == c.state {
		return
	}
	if rest <= 0 {
		c.rest = min(max(2*c.rest, firstRest), mostRest)
		rest = c.rest
	}
	c.state, c.until = state, now.Add(min(rest, mostRest))
}

// Usable says whether a provider may be tried now. When its rest is over one message tries it, and the others go on past
// it until that one is answered.
func (h *Health) Usable(provider string, now time.Time) bool {
	usable := true
	h.change(provider, func(c *condition) {
		switch {
		case c.state == Working:
		case now.Before(c.until):
			usable = false
		default:
			c.until = now.Add(firstRest)
		}
	})
	return usable
}

// State is how a provider does.
func (h *Health) State(provider string) (state State) {
	h.change(provider, func(c *condition) { state = c.state })
	return state
}
