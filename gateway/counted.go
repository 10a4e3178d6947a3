package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"chumrok/adapters"
)

// unanswered are the turns without an id of their provider's that are being taken, by session and input.
type unanswered struct {
	mu   sync.Mutex
	open map[string]*pending
}

// pending is a turn that is being taken and those who wait for its answer.
type pending struct {
	done    chan struct{}
	waiting int
	answer  adapters.Answer
	err     error
}

// join returns the turn that is being taken under a key, and whether it is the caller who has to take it.
func (u *unanswered) join(key string) (p *pending, mine bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if p, found := u.open[key]; found {
		p.waiting++
		return p, false
	}
	if u.open == nil {
		u.open = map[string]*pending{}
	}
	p = &pending{done: make(chan struct{}), err: errors.New("taking the turn broke off")}
	u.open[key] = p
	return p, true
}

// leave lets those who wait have the answer.
func (u *unanswered) leave(key string, p *pending) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.open, key)
	close(p.done)
}

// takeCounted takes a turn that its provider gives no id. What tells a repeat then is that the same input of the same
// session comes while the first is unanswered: all of them wait for one turn and get its answer. The same key pressed on
// the next screen comes after the answer, so it is a turn of its own.
func (g *Gateway) takeCounted(ctx context.Context, m adapters.Message, a *arrival) (adapters.Answer, string, error) {
	key := m.Provider + "|" + m.Session + "|" + strconv.FormatBool(m.New) + "|" + g.phoneIndex(m.From) + "|" + m.Text
	p, mine := g.taking.join(key)
	if !mine {
		select {
		case <-p.done:
			return p.answer, "repeat", p.err
		case <-ctx.Done():
			return adapters.Answer{}, "", fmt.Errorf("waiting for the same turn: %w", ctx.Err())
		}
	}
	defer g.taking.leave(key, p)
	var result string
	p.answer, result, p.err = g.takeOrKeep(ctx, m, a)
	return p.answer, result, p.err
}

// repeatKey is what the ledger tells a repeat by: the provider's id, or, where it gives turns none, the place of the turn
// in its conversation and what was typed. Two processes that take the same turn in the same moment see the same place,
// since such turns are always stepped from the ledger; one of them writes it, the other gets its answer. The
// conversation stands for the session, whose id an operator may give out again.
func (g *Gateway) repeatKey(m adapters.Message, t turn) string {
	switch {
	case m.ID != "" && m.Channel == adapters.USSD: // a session's turns, whose id may come again from another phone
		return g.keys.RepeatKey(m.Provider, m.ID+"|"+g.phoneIndex(m.From))
	case m.ID != "":
		return g.keys.RepeatKey(m.Provider, m.ID)
	}
	return g.keys.RepeatKey(m.Provider, "turn|"+t.entry.Conversation.ID+"|"+strconv.FormatInt(t.entry.Seq, 10)+"|"+m.Text)
}

// begunAnew says that a message begins a session, whatever we know of one with the same id: an operator may give an id
// out again, or use the phone's number for one, and on redial nothing of the last call may show. Where the message has an
// id and comes again, the ledger knows it as a repeat, and the conversation that it began stays.
func begunAnew(m adapters.Message) bool { return m.New && m.Channel == adapters.USSD }

// ofAnother says whether a session goes on from another phone than the one that began it: an operator may give an id out again, and nothing of
// the first call may show in the second. Where a number is hidden nobody can tell.
func (g *Gateway) ofAnother(o openConversation, m adapters.Message) bool {
	if m.From.IsZero() { // some operators name the phone only at first; what opened with a PIN goes on for no nameless turn
		return m.Channel == adapters.USSD && o.state.Answer(pinField) == isOK
	}
	return m.Channel == adapters.USSD && o.phone != "" && o.phone != g.store.PhoneIndex(m.From)
}

// begunWith says whether a conversation has only begun, with this very message, which has no id: it is delivered again.
func (o openConversation) begunWith(m adapters.Message) bool {
	return m.ID == "" && o.state.Seq == 1 && o.heard == m.Text
}
