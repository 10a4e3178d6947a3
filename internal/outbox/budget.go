package outbox

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Lane says for whom a message is, when not all can be sent.
type Lane int

const (
	// ForReporters are the answers to callers and their lessons.
	ForReporters Lane = iota
	// ForOfficers are the answers to officers.
	ForOfficers
	// ForAlerts asks somebody to act. No budget keeps it back.
	ForAlerts
)

// Budget is what a deployment pays for in a day, so that a flood of messages cannot spend what alerts need. 0 is no limit.
type Budget struct {
	PerDay    int // messages in all
	Reserve   int // of them for officers only
	PerNumber int // messages to one reporter's phone
}

// Spent is what was sent today before this message.
type Spent struct {
	InAll, ToNumber int64
}

// Covers says whether the budget has this message left in it, and otherwise which part of it is used up.
func (b Budget) Covers(lane Lane, spent Spent) (why string) {
	switch {
	case lane != ForReporters: // the reserve is theirs, and being silent to them costs more than going over
	case b.PerDay > 0 && spent.InAll >= int64(b.PerDay-b.Reserve):
		return "the day's messages to reporters are used up"
	case b.PerNumber > 0 && spent.ToNumber >= int64(b.PerNumber):
		return "this phone's messages of today are used up"
	}
	return ""
}

// Pace keeps each provider to the messages a second that it takes. The zero Pace keeps nobody back.
type Pace struct {
	mu    sync.Mutex
	rates map[string]float64
	rooms map[string]*rate.Limiter
}

// NewPace makes a pace of messages a second by provider; a provider that is not named has none.
func NewPace(perSecond map[string]float64) *Pace {
	return &Pace{rates: perSecond, rooms: map[string]*rate.Limiter{}}
}

// Room says whether a provider may be given another message now, and takes the room if so.
func (p *Pace) Room(provider string, now time.Time) bool {
	perSecond := p.rates[provider]
	if perSecond <= 0 {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	room := p.rooms[provider]
	if room == nil {
		room = rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
		p.rooms[provider] = room
	}
	return room.AllowN(now, 1)
}

// Wait is how long a message waits that found no room: what is urgent looks again soon, so that it is the first to find some.
func (p *Pace) Wait(lane Lane) time.Duration {
	if lane == ForAlerts {
		return 250 * time.Millisecond
	}
	return 2 * time.Second
}
