package simulator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// ErrNoSession says that a key was pressed on a phone that has no call open.
var ErrNoSession = errors.New("simulator: no call is open; dial first")

// Phone is one simulated phone, in somebody's hand. Two Phones of the same number are the same phone.
type Phone struct {
	s *Simulator
	n phone.Number
}

// Phone returns the phone with that number.
func (s *Simulator) Phone(n phone.Number) *Phone { return &Phone{s, n} }

// Number returns the phone's number.
func (p *Phone) Number() phone.Number { return p.n }

func (p *Phone) with(do func(*handset)) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	do(p.s.handset(p.n))
}

// Text writes an SMS and returns what it is answered at once, if anything; what is sent later is in the inbox. The error
// is the sink's, unless it carries a text for the caller, which is then the answer.
func (p *Phone) Text(ctx context.Context, sink adapters.Sink, to, text string) (adapters.Answer, error) {
	m := adapters.Message{Provider: Name, Channel: adapters.SMS, From: p.n, To: to, Text: adapters.Text(text), At: p.s.now()}
	p.with(func(h *handset) {
		m.ID = p.s.id("sms")
		h.thread = keep(h.thread, Message{ID: m.ID, To: to, Text: m.Text, At: m.At})
	})
	answer, err := receive(ctx, sink, m)
	if err == nil && answer.Text != "" {
		p.with(func(h *handset) {
			h.thread = keep(h.thread, Message{ID: m.ID, From: to, Text: answer.Text, At: p.s.now()})
		})
	}
	return answer, err
}

// Dial opens a USSD session and returns its first screen. A session that was open is left without a word to the sink, as
// a phone that lost its network leaves it; HangUp is the polite way.
func (p *Phone) Dial(ctx context.Context, sink adapters.Sink, code string) (adapters.Answer, error) {
	var session string
	p.with(func(h *handset) {
		session = p.s.id("ussd")
		h.session, h.code, h.screen = session, code, ""
	})
	return p.press(ctx, sink, session, code, "", true)
}

// Key answers the screen that is shown. The error is ErrNoSession when none is.
func (p *Phone) Key(ctx context.Context, sink adapters.Sink, text string) (adapters.Answer, error) {
	var session, code string
	p.with(func(h *handset) { session, code = h.session, h.code })
	if session == "" {
		return adapters.Answer{}, ErrNoSession
	}
	return p.press(ctx, sink, session, code, text, false)
}

// HangUp ends the session and tells the sink, as a network does. Without an open session it does nothing.
func (p *Phone) HangUp(ctx context.Context, sink adapters.Sink) error {
	var session string
	p.with(func(h *handset) { session, h.session, h.screen = h.session, "", "" })
	if session == "" {
		return nil
	}
	if err := sink.Ended(ctx, adapters.Ended{Provider: Name, Session: session}); err != nil {
		return fmt.Errorf("simulator: hanging up: %w", err)
	}
	return nil
}

// Screen returns what the phone shows of a session, and whether the session is open.
func (p *Phone) Screen() (text string, open bool) {
	p.with(func(h *handset) { text, open = h.screen, h.session != "" })
	return text, open
}

func (p *Phone) press(ctx context.Context, sink adapters.Sink, session, code, text string, fresh bool) (adapters.Answer, error) {
	m := adapters.Message{Provider: Name, Channel: adapters.USSD, Session: session, New: fresh, From: p.n, To: code,
		Text: adapters.Text(text), At: p.s.now()}
	p.with(func(*handset) { m.ID = p.s.id(session) })
	answer, err := receive(ctx, sink, m)
	p.with(func(h *handset) {
		if h.session != session {
			return // dialled anew meanwhile
		}
		h.screen = answer.Text
		if answer.End || answer.Text == "" || err != nil {
			h.session = ""
		}
	})
	return answer, err
}

func receive(ctx context.Context, sink adapters.Sink, m adapters.Message) (adapters.Answer, error) {
	answer, err := sink.Receive(ctx, m)
	var refused adapters.Refused
	if errors.As(err, &refused) && refused.Text != "" {
		return adapters.Answer{Text: refused.Text, End: true}, nil
	}
	if err != nil {
		return adapters.Answer{}, fmt.Errorf("simulator: %w", err)
	}
	return answer, nil
}

// Inbox returns what was sent to the phone, the oldest first; answers to its own SMS are not among it.
func (p *Phone) Inbox() []Message { return p.After(0) }

// After returns the messages of the inbox that came after message n.
func (p *Phone) After(n int) []Message {
	list := []Message{}
	p.with(func(h *handset) {
		for _, m := range h.inbox {
			if m.N > n {
				list = append(list, m)
			}
		}
	})
	return list
}

// Thread returns everything on the phone as a person sees it: what it wrote, what it was answered, what arrived.
func (p *Phone) Thread() (list []Message) {
	p.with(func(h *handset) { list = slices.Clone(h.thread) })
	return list
}

// Next returns the first message that no Next gave before, waiting for it as long as ctx allows.
func (p *Phone) Next(ctx context.Context) (Message, error) {
	for {
		var changed <-chan struct{}
		var found *Message
		p.with(func(h *handset) {
			changed = p.s.changed
			for _, m := range h.inbox {
				if m.N > h.read {
					h.read, found = m.N, &m
					return
				}
			}
		})
		if found != nil {
			return *found, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Message{}, fmt.Errorf("simulator: waiting for a message: %w", ctx.Err())
		}
	}
}

// Unread returns the messages that no Next gave, without taking them.
func (p *Phone) Unread() []Message {
	read := 0
	p.with(func(h *handset) { read = h.read })
	return p.After(read)
}

// Changed returns a channel that is closed when the next message arrives on any phone.
func (s *Simulator) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Phones returns the phones that wrote, called or were written to, in that order.
func (s *Simulator) Phones() []*Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Phone, 0, len(s.order))
	for _, n := range s.order {
		list = append(list, &Phone{s, n})
	}
	return list
}
