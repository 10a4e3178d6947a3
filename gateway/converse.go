package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/outbox"
	"chumrok/internal/phone"
	"chumrok/internal/seal"
	"chumrok/internal/session"
	"chumrok/internal/store"
)

// mostRaces is how often a turn is stepped again when another one for the same conversation was written first. Each
// race has a winner, so it only runs out when many more messages than that arrive in the same moment.
const mostRaces = 12

// errRaces says that a turn lost every race; the provider tries again.
var errRaces = errors.New("too many messages for one conversation at once")

// Receive takes one message from a phone and answers it: the spine of the gateway. Nothing is answered that is not
// written, and the same message is answered with the same words however often it comes.
func (g *Gateway) Receive(ctx context.Context, m adapters.Message) (adapters.Answer, error) {
	started := time.Now()
	m.Text = clean(m.Text)
	if isHidden(m.From) { // or strangers would go on in each other's conversations
		m.From = phone.Number{}
	}
	take, arrived := g.takeOrKeep, &arrival{}
	if m.ID == "" {
		take = g.takeCounted
	}
	answer, result, err := take(ctx, m, arrived)
	if err != nil {
		result = "refused"
		g.log.Error("a message could not be written, so it was not answered", "provider", m.Provider, "channel", m.Channel, "error", err)
		err = g.refusal(m, err)
	}
	g.meter.turn(m.Provider, m.Channel, result, started)
	return answer, err
}

// take writes a message into the ledger as a turn of its conversation, at the time when it arrived, and answers it.
func (g *Gateway) take(ctx context.Context, m adapters.Message, a *arrival) (adapters.Answer, string, error) {
	now := a.at
	unpaid := false
	for attempt := range mostRaces {
		turn, err := g.turn(ctx, m, now, attempt > 0 || m.ID == "" || a.late)
		if err != nil {
			return adapters.Answer{}, "", err
		}
		if turn.again {
			return answerOf(m, turn.entry.Answer, turn.entry.Ended), "repeat", nil
		}
		if !a.late {
			a.key = g.repeatKey(m, turn)
		}
		turn.entry.RepeatKey, turn.entry.At = a.key, now
		if a.late {
			g.answerLate(&turn.entry, m, a)
		} else if m.Apart {
			g.answerApart(&turn.entry, m)
		} else if attempt == 0 && answersBySMS(turn.entry, m) && g.overBudget(ctx, outbox.ForReporters, m.From) != "" {
			unpaid = true
		}
		if unpaid {
			turn.entry.Answer = nil // what was written is kept; only the answer is not sent
		}
		outcome, err := g.store.Record(ctx, turn.entry)
		if err != nil {
			return adapters.Answer{}, "", fmt.Errorf("writing the turn: %w", err)
		}
		switch outcome.Kind {
		case store.Fresh:
			g.remember(ctx, turn)
			if !a.late && answersBySMS(turn.entry, m) {
				g.spend(ctx, outbox.ForReporters, m.From)
			}
			return answerOf(m, turn.entry.Answer, turn.entry.Ended), "fresh", nil
		case store.Repeat:
			if a.owed {
				err = g.answerOwed(ctx, m, a, outcome)
				return adapters.Answer{}, "repeat", err
			}
			if len(outcome.Answer) == 0 && m.Channel == adapters.USSD { // it was erased: the words that tell nothing
				return answerOf(m, []byte(g.texts.Text(g.pack.Languages[0], "leave")), true), "repeat", nil
			}
			return answerOf(m, outcome.Answer, outcome.Ended), "repeat", nil
		case store.Behind: // somebody was faster: look again and step on from there
		}
	}
	return adapters.Answer{}, "", errRaces
}

// answersBySMS says whether the response to the provider carries a message to a caller, which costs as one that is sent.
func answersBySMS(e store.Entry, m adapters.Message) bool {
	return m.Channel == adapters.SMS && !m.Apart && len(e.Answer) > 0 && e.Conversation.Mark != store.MarkOfficer
}

// answerOf is the answer as the provider's response carries it; where answers are sent apart the response is empty.
func answerOf(m adapters.Message, text []byte, ended bool) adapters.Answer {
	if m.Apart {
		return adapters.Answer{End: ended}
	}
	return adapters.Answer{Text: string(text), End: ended}
}

// refusal is what a caller hears when a turn could neither be written nor kept in the spool. A USSD caller is told, in both languages, whom
// to call; an SMS is left with the provider, which delivers it again.
func (g *Gateway) refusal(m adapters.Message, err error) error {
	if m.Channel != adapters.USSD {
		return err
	}
	return adapters.Refused{Text: g.downText(), Err: err}
}

// turn is one step, decided but not yet written.
type turn struct {
	entry store.Entry
	live  string       // the session's key
	phone string       // the index of the phone that the conversation is of
	state flows.State  // after the step; meaningless for an officer's turn
	kept  seal.Wrapped // the conversation's key as it is kept beside the state
	left  string       // the key of the call that was cut, where its conversation is taken up in this one
	ours  bool         // whether the session is worth remembering: an officer's turn is not
	again bool         // it is in the ledger already, with this answer: there is nothing to write
}

// turn decides what to answer: as an officer where an officer answers an alert, else in the conversation.
func (g *Gateway) turn(ctx context.Context, m adapters.Message, now time.Time, fromLedger bool) (turn, error) {
	if err := g.stopLessons(ctx, m, now); err != nil {
		return turn{}, err
	}
	if m.Channel == adapters.SMS && isService(m.From) {
		return g.serviceTurn(ctx, m, now)
	}
	if m.Channel == adapters.SMS && len(g.roster().ByPhone(m.From)) > 0 {
		t, taken, err := g.respond(ctx, m, now)
		if err != nil || taken {
			return t, err
		}
	}
	return g.converse(ctx, m, now, fromLedger)
}

// converse steps the caller's conversation.
func (g *Gateway) converse(ctx context.Context, m adapters.Message, now time.Time, fromLedger bool) (turn, error) {
	live := g.liveKey(m)
	open, found, err := g.open(ctx, live, fromLedger)
	if err != nil {
		return turn{}, err
	}
	over := func() bool { return g.flows.ByHash(open.state.Hash()) == nil || now.After(open.state.ExpiresAt()) }
	if found && over() && !fromLedger {
		// Redis may be behind: only the ledger can say that a conversation is over.
		if open, found, err = g.open(ctx, live, true); err != nil {
			return turn{}, err
		}
	}
	if found && g.ofAnother(open, m) && !fromLedger {
		if open, found, err = g.open(ctx, live, true); err != nil {
			return turn{}, err
		}
	}
	replaces := ""
	if found && g.ofAnother(open, m) { // the operator gave its id out again
		replaces, found = open.conversation.ID, false
	}
	if found && begunAnew(m) && !over() {
		if open.begunWith(m) {
			return turn{again: true, entry: store.Entry{Answer: open.answer}}, nil
		}
		replaces, found = open.conversation.ID, false
	}
	if found && over() {
		replaces, found = open.conversation.ID, false
	}
	if !found {
		if open, err = g.begin(ctx, m, live, replaces, now); err != nil {
			return turn{}, err
		}
	}
	said := hear(m, open.state.Heard, g.flows.Secret(open.state))
	if open.conversation.New && m.Channel == adapters.USSD {
		said.input = "" // what was dialled behind the code names a club; the first screen is always the same
	}

	t := turn{live: live, phone: open.phone, kept: open.conversation.Wrapped, ours: true}
	t.entry = store.Entry{Conversation: open.conversation, Seq: open.state.Seq + 1, Heard: []byte(said.record)}
	step, err := g.step(ctx, m, &t.entry, open.state, said.input, now)
	if err != nil {
		return turn{}, err
	}
	if step.back != nil {
		return g.takeUp(ctx, open, *step.back, said, now)
	}
	if step.state.Concluded() && !open.state.Concluded() {
		code, err := g.ownCode(ctx, open.state.Code, now)
		if err != nil {
			return turn{}, err
		}
		if code != open.state.Code { // drawn twice: the caller is told the new one
			open.state.Code = code
			if step, err = g.step(ctx, m, &t.entry, open.state, said.input, now); err != nil {
				return turn{}, err
			}
		}
	}
	step.state.Seq, step.state.Heard = t.entry.Seq, said.heard
	t.state = step.state
	t.entry.Answer, t.entry.State, t.entry.Ended = []byte(step.screen.Text), step.state.AppendBinary(nil), step.screen.End
	err = g.conclude(ctx, &t.entry, open.state, step.state, step.events, now)
	return t, err
}

// stepped is what a step came to.
type stepped struct {
	state  flows.State
	screen flows.Screen
	events []flows.Event
	back   *cutOff // an earlier conversation, to be taken up instead
}

// mostWants bounds how often one step may ask for something; the longest chain of our conversations asks twice.
const mostWants = 8

// step takes one input, and supplies what the conversation wants to know on the way to its next screen.
func (g *Gateway) step(ctx context.Context, m adapters.Message, e *store.Entry, state flows.State, input string, now time.Time) (stepped, error) {
	e.Effects = store.Effects{}
	var out stepped
	out.state, out.screen, out.events = g.flows.Step(state, flows.Input{Text: input}, now)
	for range mostWants {
		last := len(out.events) - 1
		if last < 0 || out.events[last].Kind != flows.Wanted {
			return out, nil
		}
		want := out.events[last]
		if want.Name == wantBack {
			back, err := g.provenBack(ctx, m, e.Conversation.ID, want.Value, &e.Effects, now)
			if err != nil || back != nil {
				return stepped{back: back}, err
			}
		}
		supplied, err := g.supply(ctx, m, out.state, want, &e.Effects, now)
		if err != nil {
			return stepped{}, err
		}
		belongsTo(e)
		var more []flows.Event
		out.state, out.screen, more = g.flows.Supply(out.state, supplied, now)
		out.events = append(out.events[:last], more...)
	}
	return stepped{}, errors.New("a conversation wants without end")
}

// openConversation is a conversation with the state that it is in.
type openConversation struct {
	conversation store.Conversation
	state        flows.State
	phone        string // the index of its phone; "" when that is hidden
	heard        string // in its last turn, and
	answer       []byte // what was answered; only where it was read from the ledger
}

// open finds the conversation: in Redis, or, where Redis lost it or is behind, in the ledger.
func (g *Gateway) open(ctx context.Context, live string, fromLedger bool) (openConversation, bool, error) {
	if !fromLedger {
		kept, found, err := g.sessions.Load(ctx, live)
		switch {
		case errors.Is(err, session.ErrUnreadable):
			g.log.Error("Redis holds a state that is not ours to read; going on from the ledger", "error", err)
		case err != nil:
			g.meter.redis.Inc()
			g.log.Warn("Redis did not answer; going on from the ledger", "error", err)
		}
		if found {
			if key, err := g.keys.Unwrap(kept.Conversation, kept.Wrapped); err == nil {
				return openConversation{state: kept.State, phone: kept.Phone, conversation: store.Conversation{
					ID: kept.Conversation, LiveKey: live, Key: key, Wrapped: kept.Wrapped}}, true, nil
			}
		}
	}
	resumed, found, err := g.store.Resume(ctx, live)
	if err != nil || !found {
		return openConversation{}, false, err
	}
	state, err := flows.Decode(resumed.State)
	if err != nil {
		// The state is of a release that this one cannot read. What was said is in the ledger and its idle clock
		// brings it to a person; the caller begins anew.
		g.log.Error("a conversation's state could not be read; it begins anew", "session", resumed.Conversation.ID)
	}
	resumed.Conversation.Bin, resumed.Conversation.Mark = "", "" // the turn changes them only where it says so
	return openConversation{conversation: resumed.Conversation, state: state, phone: g.store.PhoneIndex(resumed.Number), heard: string(resumed.Heard), answer: resumed.Answer}, true, nil
}

// begin starts a conversation with a key and a reporter's code of its own.
func (g *Gateway) begin(ctx context.Context, m adapters.Message, live, replaces string, now time.Time) (openConversation, error) {
	id := store.NewID()
	key, wrapped, err := g.keys.NewDataKey(id)
	if err != nil {
		return openConversation{}, fmt.Errorf("making the conversation's key: %w", err)
	}
	code, err := alert.NewCode(g.random, alert.ReporterDigits)
	if err != nil {
		return openConversation{}, fmt.Errorf("drawing the reporter's code: %w", err)
	}
	proof, err := newProof(g.random)
	if err != nil {
		return openConversation{}, fmt.Errorf("drawing the caller's proof: %w", err)
	}
	b := flows.Beginning{Channel: flows.Channel(m.Channel), Code: code, Proof: proof, Expires: g.pack.Sessions.USSDResume,
		Officer: m.Channel == adapters.USSD && len(g.roster().ByPhone(m.From)) > 0}
	if m.Channel == adapters.SMS {
		b.Expires = g.pack.Sessions.SMSResume
	}
	if number := clubDialled(m); number != "" {
		b.AreaCode, _ = g.clubArea(ctx, number)
	}
	b.Emergency = g.emergencyFor(ctx, b.AreaCode)
	state := g.flows.Begin(b, now)
	return openConversation{
		state: state,
		phone: g.store.PhoneIndex(m.From),
		conversation: store.Conversation{ID: id, LiveKey: live, Channel: m.Channel, Provider: m.Provider,
			Definition: state.Hash(), Number: m.From, New: true, Replaces: replaces, Bin: store.StillOpen, Key: key, Wrapped: wrapped},
	}, nil
}

// ownCode is the reporter's code, or another one where some report has it: it was drawn when the conversation began, and
// looked up only now that it is told.
func (g *Gateway) ownCode(ctx context.Context, code string, now time.Time) (string, error) {
	for range 100 {
		free, err := g.store.CodeFree(ctx, code, now)
		if err != nil {
			return "", fmt.Errorf("looking up the reporter's code: %w", err)
		}
		if free {
			return code, nil
		}
		if code, err = alert.NewCode(g.random, alert.ReporterDigits); err != nil {
			return "", fmt.Errorf("drawing the reporter's code: %w", err)
		}
	}
	return "", errors.New("drawing the reporter's code: a hundred in a row were taken")
}

// liveKey names the session without naming the phone: a USSD session is the network's, an SMS one the number's. What came
// without a sender belongs to no other message, or strangers would go on in each other's conversations.
func (g *Gateway) liveKey(m adapters.Message) string {
	switch {
	case m.Channel == adapters.USSD:
		return g.keys.Blind("session", m.Provider+"|"+m.Session)
	case m.From.IsZero():
		return g.keys.Blind("nameless", m.Provider+"|"+m.ID)
	}
	return g.keys.Blind("thread", m.From.E164())
}

// remember writes the new state to Redis, or forgets it when the conversation has ended. A failure is no loss: the next
// turn finds the state in the ledger.
func (g *Gateway) remember(ctx context.Context, t turn) {
	if !t.ours {
		return
	}
	var err error
	if t.left != "" { // what Redis has of either call is over, and its count of turns says nothing about this one's
		err = errors.Join(g.sessions.Drop(ctx, t.live), g.sessions.Drop(ctx, t.left))
	}
	if t.entry.Ended {
		err = g.sessions.Drop(ctx, t.live)
	} else if err == nil {
		err = g.sessions.Save(ctx, session.Open{Key: t.live, Conversation: t.entry.Conversation.ID,
			Wrapped: t.kept, Seq: t.state.Seq, State: t.state, Phone: t.phone})
	}
	if err != nil {
		g.meter.redis.Inc()
		g.log.Warn("Redis did not take the state; the ledger has it", "error", err)
	}
}
