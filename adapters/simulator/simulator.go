// Package simulator gives phones to those who have none at hand: tests, the terminal and a page of trial mode, each with
// an inbox and a screen. It reaches no network, keeps everything in memory, and forgets it when the gateway stops.
package simulator

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// Name is the adapter's name.
const Name = "simulator"

// mostKept is how many messages of one phone are kept; the oldest go first. It keeps a gateway in trial mode that is
// left running from growing without end.
const mostKept = 500

// Simulator is a network of simulated phones and a Channel to them. It may be used by many goroutines.
type Simulator struct {
	now     func() time.Time
	process string // in every id, so that ids of an earlier process, whose turns are in the ledger, never come again

	mu      sync.Mutex
	last    int // counts ids
	phones  map[phone.Number]*handset
	order   []phone.Number
	moods   map[phone.Number]Behaviour
	tried   map[phone.Number]int
	example Example
	changed chan struct{} // closed, and made anew, when a message arrives
}

// New returns a network without phones; clock tells the time that messages carry.
func New(clock func() time.Time) *Simulator {
	return &Simulator{now: clock, process: strings.ToLower(rand.Text()[:10]), phones: map[phone.Number]*handset{},
		moods: map[phone.Number]Behaviour{}, tried: map[phone.Number]int{}, changed: make(chan struct{})}
}

// Example is what a person tries first: a phone, what it dials, and what it writes to.
type Example struct {
	Country phone.Country `json:"-"` // where a number is at home that is typed without a plus sign
	Number  string        `json:"number"`
	Code    string        `json:"code"`
	To      string        `json:"to"`
}

// Introduce says what the page and the terminal offer to try first.
func (s *Simulator) Introduce(e Example) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.example = e
}

func (s *Simulator) introduced() Example {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.example
}

// Message is a message on a phone.
type Message struct {
	N    int       `json:"n"`    // counts what arrived on this phone, from 1; 0 for what the phone wrote or was answered
	ID   string    `json:"id"`   // the Receipt's id
	From string    `json:"from"` // the sender shown; for what the phone wrote, ""
	To   string    `json:"to"`   // who the phone wrote to; for what arrived, ""
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Behaviour is how the network treats messages to a phone. The zero Behaviour delivers at once.
type Behaviour struct {
	Gate    <-chan struct{} // Send waits until it is closed, or its context ends: a slow network
	Err     error           // what Send returns: an adapters.Permanent, a Throttled, or any other
	Arrives bool            // the message reaches the phone although Send returns Err: the answer was lost
	Times   int             // for so many messages; 0 = until told otherwise
}

// Behave tells the network how to treat messages to n from now on; the zero Number stands for every phone that has no
// Behaviour of its own.
func (s *Simulator) Behave(n phone.Number, b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moods[n] = b
}

// Tried counts how often a message to n was sent, whatever came of it.
func (s *Simulator) Tried(n phone.Number) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tried[n]
}

// Name returns Name.
func (s *Simulator) Name() string { return Name }

// Routes returns none: simulated phones are reached by Handler, on the private address.
func (s *Simulator) Routes() []adapters.Route { return nil }

// Send puts the message into the phone's inbox, unless Behave said otherwise.
func (s *Simulator) Send(ctx context.Context, m adapters.Outgoing) (adapters.Receipt, error) {
	if !m.To.Dialable() {
		return adapters.Receipt{}, adapters.Permanent(errors.New("simulator: the message is to no number"))
	}
	mood := s.mood(m.To)
	if mood.Gate != nil {
		select {
		case <-mood.Gate:
		case <-ctx.Done():
			return adapters.Receipt{}, adapters.Uncertain(fmt.Errorf("simulator: sending: %w", ctx.Err()))
		}
	}
	if err := ctx.Err(); err != nil {
		return adapters.Receipt{}, fmt.Errorf("simulator: sending: %w", err)
	}
	if mood.Err != nil && !mood.Arrives {
		return adapters.Receipt{}, fmt.Errorf("simulator: sending: %w", mood.Err)
	}
	id := s.deliver(m)
	if mood.Err != nil {
		return adapters.Receipt{}, fmt.Errorf("simulator: sending: %w", mood.Err)
	}
	return adapters.Receipt{ID: id}, nil
}

// mood counts a try and returns how it is treated.
func (s *Simulator) mood(n phone.Number) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tried[n]++
	whose := n
	b, ok := s.moods[n]
	if !ok {
		whose = phone.Number{}
		b = s.moods[whose]
	}
	if b.Times > 0 {
		if b.Times--; b.Times == 0 {
			delete(s.moods, whose)
		} else {
			s.moods[whose] = b
		}
	}
	return b
}

func (s *Simulator) deliver(m adapters.Outgoing) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.handset(m.To)
	h.arrived++
	received := Message{N: h.arrived, ID: s.id("out"), From: m.From, Text: m.Text, At: s.now()}
	h.inbox = keep(h.inbox, received)
	h.thread = keep(h.thread, received)
	close(s.changed)
	s.changed = make(chan struct{})
	return received.ID
}

func keep(list []Message, m Message) []Message {
	if len(list) >= mostKept {
		list = slices.Delete(list, 0, len(list)-mostKept+1)
	}
	return append(list, m)
}

// id makes an id that no other process makes; the caller holds mu.
func (s *Simulator) id(what string) string {
	s.last++
	return fmt.Sprintf("%s-%s-%d", what, s.process, s.last)
}

// handset is what is known of one phone.
type handset struct {
	arrived int       // messages so far
	read    int       // the number of the last message that Next gave
	inbox   []Message // what arrived by Send
	thread  []Message // that, and what was written and answered: as the phone shows it
	session string    // the open USSD session, "" = none
	code    string    // what was dialled for it
	screen  string    // what it shows, or showed last
}

// handset finds the phone or adds it; the caller holds mu.
func (s *Simulator) handset(n phone.Number) *handset {
	h, ok := s.phones[n]
	if !ok {
		h = &handset{}
		s.phones[n] = h
		s.order = append(s.order, n)
	}
	return h
}
