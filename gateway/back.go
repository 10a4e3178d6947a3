package main

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"strconv"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/store"
)

// wantBack is what the report wants with the number of an earlier call: that call, if the number is right. Whatever else was
// typed, also where there was no call, gets the same nothing after the same work, and the conversation goes on at the
// screen that everybody gets.
const wantBack = "back"

// proofField is the field that says "told" once a conversation's number was on the screen. Before that nobody can know it, and a
// guess shall find nothing.
const (
	proofField = "proof"
	proofTold  = "told"
)

// newProof draws the two digits, 10 to 99, by which a caller can show later that she is the one who called. The first is
// never 0: a number that begins with it is said and pressed in two ways.
func newProof(random io.Reader) (string, error) {
	one := make([]byte, 1)
	for {
		if _, err := io.ReadFull(random, one); err != nil {
			return "", fmt.Errorf("making a proof: %w", err)
		}
		if one[0] < 180 { // twice 90, so that each is as likely as the next
			return strconv.Itoa(10 + int(one[0])%90), nil
		}
	}
}

// cutOff is a conversation that was cut off and is taken up again, and what it shows then.
type cutOff struct {
	store.Resumed
	state  flows.State
	screen flows.Screen
}

// provenBack finds the conversation that a number takes up again: one of the same phone by USSD, not silent for longer than the
// pack's window, not concluded, whose number was told and is this one. Where it finds none, no number takes any of that
// phone's earlier calls up any more: one try is all that whoever picked up the phone has.
func (g *Gateway) provenBack(ctx context.Context, m adapters.Message, asking, typed string, e *store.Effects, now time.Time) (*cutOff, error) {
	since := now.Add(-g.pack.Sessions.USSDResume)
	list, err := g.store.CutOff(ctx, m.From, m.Channel, since, asking)
	if err != nil {
		return nil, fmt.Errorf("looking for a call that was cut: %w", err)
	}
	var found *cutOff
	for _, c := range list {
		state, err := flows.Decode(c.State)
		if err != nil || state.Answer(proofField) != proofTold || state.Proof == "" {
			continue
		}
		right := subtle.ConstantTimeCompare([]byte(state.Proof), []byte(typed)) == 1
		if state, screen, able := g.flows.TakeUp(state, now); right && able && found == nil {
			found = &cutOff{Resumed: c, state: state, screen: screen}
		}
	}
	if found == nil {
		e.ProofTried = &store.ProofTried{Number: m.From, Channel: m.Channel, Since: since, Except: asking}
	}
	return found, nil
}

// takeUp makes a turn in which a cut-off conversation goes on in the call in which its number was given: its screen is shown
// again, and it has the call from now on. The short conversation that asked for the number is over; it is marked as joined,
// unless something was told in it, which then goes to a person on its own.
func (g *Gateway) takeUp(ctx context.Context, asking openConversation, back cutOff, heard said, now time.Time) (turn, error) {
	live := asking.conversation.LiveKey
	t := turn{live: live, phone: asking.phone, kept: back.Wrapped, ours: true, left: back.LiveKey}
	c := store.Conversation{ID: back.ID, LiveKey: live, Channel: back.Channel, Provider: back.Provider, Definition: back.Definition,
		Number: back.Number, Replaces: asking.conversation.ID, Key: back.Key, Wrapped: back.Wrapped}
	if back.Bin == store.Marked { // as one in which nothing was told yet
		c.Bin = store.StillOpen
	}
	before := back.state
	t.state = back.state
	t.state.Seq, t.state.Heard = back.Seq+1, heard.heard
	t.entry = store.Entry{Conversation: c, Seq: t.state.Seq, Heard: []byte(heard.record), Answer: []byte(back.screen.Text),
		State: t.state.AppendBinary(nil), Ended: back.screen.End}
	if err := g.conclude(ctx, &t.entry, before, t.state, nil, now); err != nil {
		return turn{}, err
	}
	told := asking.state.HasContent()
	if !told {
		var err error
		if _, told, err = g.toldBefore(ctx, asking.conversation.ID); err != nil {
			return turn{}, err
		}
	}
	change := store.ConversationChange{ID: asking.conversation.ID, Seq: asking.state.Seq, Ended: true}
	if !told {
		change.Bin, change.Mark = store.Marked, store.MarkJoined
		t.entry.Effects.DueDone = append(t.entry.Effects.DueDone, store.DueKey{Kind: store.DueUnfinished, Subject: change.ID})
	}
	t.entry.Effects.Conversations = append(t.entry.Effects.Conversations, change)
	if !told { // so that erasing reaches it too
		t.entry.Effects.Additions = append(t.entry.Effects.Additions, store.Addition{ConversationID: change.ID, ReportOf: back.ID})
	}
	return t, nil
}
