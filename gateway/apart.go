package main

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/phone"
	"chumrok/internal/store"
)

// longestName is how long a name in place of a number may be: eleven letters are what the networks carry. What is longer is a
// number that somebody masked.
const longestName = 11

// namesOfPeople are what networks write in place of a number that its owner hides.
var namesOfPeople = map[string]bool{"anonymous": true, "unknown": true, "restricted": true, "unavailable": true, "private": true,
	"withheld": true, "hidden": true, "blocked": true}

// isHidden says whether a sender stands for a number that its owner hides: a word, or digits of which some are crossed out. Many people
// share it, so it is nobody's phone.
func isHidden(from phone.Number) bool {
	if from.IsZero() || from.Dialable() {
		return false
	}
	name := strings.ToLower(from.E164())
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("x*#•.- ", r) {
			return -1
		}
		return r
	}, name)
	crossedOut := digits != name && len(name) > 6 && strings.Trim(digits, "0123456789") == ""
	return crossedOut || namesOfPeople[name]
}

// isService says whether a sender cannot be a person's phone: a short code, or the name of a service. A number that nobody
// recognises may be a person's, and so may one that is hidden.
func isService(from phone.Number) bool {
	if from.IsZero() || from.Dialable() || isHidden(from) {
		return false
	}
	name := from.E164()
	if strings.Trim(name, "0123456789") == "" {
		return len(name) <= 6
	}
	return len([]rune(name)) <= longestName && strings.ContainsFunc(name, unicode.IsLetter)
}

// serviceTurn takes a message of a service. It is kept and counted, and never answered: two robots that answer each other
// do not stop. Where it speaks of harm, somebody may have forwarded a child's words: a person at the desk reads it.
func (g *Gateway) serviceTurn(ctx context.Context, m adapters.Message, now time.Time) (turn, error) {
	if !g.tellsOfHarm(m.Text) {
		return g.markedTurn(ctx, m, "service", store.MarkService)
	}
	live := g.keys.Blind("forwarded", m.Provider+"|"+m.ID)
	t, state, err := g.wordsTurn(ctx, m, live, store.Resumed{}, now)
	if err != nil {
		return turn{}, err
	}
	return t, g.file(ctx, &t.entry, state, false, now)
}

// markedTurn is the turn of a message that needs nobody. All of a sender's are one conversation of that kind.
func (g *Gateway) markedTurn(ctx context.Context, m adapters.Message, kind string, mark store.Mark) (turn, error) {
	live := g.keys.Blind(kind, m.From.E164())
	resumed, found, err := g.store.Resume(ctx, live)
	if err != nil {
		return turn{}, fmt.Errorf("looking for the sender's thread: %w", err)
	}
	c := resumed.Conversation
	if !found {
		id := store.NewID()
		key, wrapped, err := g.keys.NewDataKey(id)
		if err != nil {
			return turn{}, fmt.Errorf("making the conversation's key: %w", err)
		}
		c = store.Conversation{ID: id, LiveKey: live, Channel: m.Channel, Provider: m.Provider, Number: m.From, New: true, Key: key, Wrapped: wrapped}
	}
	c.Bin, c.Mark = store.Marked, mark
	return turn{entry: store.Entry{Conversation: c, Seq: resumed.Seq + 1, Heard: []byte(m.Text), Ended: false}}, nil
}

// wordsTurn takes a text as somebody's story, in a conversation in which nothing is asked. What such a conversation holds
// already is kept before it.
func (g *Gateway) wordsTurn(ctx context.Context, m adapters.Message, live string, before store.Resumed, now time.Time) (turn, flows.State, error) {
	open, err := g.begin(ctx, m, live, "", now)
	if err != nil {
		return turn{}, flows.State{}, err
	}
	said := m.Text
	if before.ID != "" {
		open.conversation = before.Conversation
		if earlier, err := flows.Decode(before.State); err == nil && earlier.Answer("story") != "" {
			said = earlier.Answer("story") + "\n" + said
		}
	}
	t := turn{entry: store.Entry{Conversation: open.conversation, Seq: before.Seq + 1, Heard: []byte(m.Text)}}
	step, err := g.step(ctx, m, &t.entry, open.state, said, now)
	if err != nil {
		return turn{}, flows.State{}, err
	}
	step.state.Seq = t.entry.Seq
	t.entry.State, t.entry.Effects = step.state.AppendBinary(nil), store.Effects{}
	return t, step.state, nil
}

// mistypedFor is how long after words that were no answer an answer still says that they were meant as one. It is what a
// question stands open for in package alert.
const mistypedFor = 10 * time.Minute

func (g *Gateway) wordsKey(from phone.Number) string { return g.keys.Blind("words", from.E164()) }

// mistyped takes words from an officer's phone that are no answer to an alert. They may be a slip, or a neighbour's report
// from a phone that a family shares. So the officer is asked once; without an answer they go to the desk by the clock of
// whoever says no more, and further words that are no answer take them there at once.
func (g *Gateway) mistyped(ctx context.Context, m adapters.Message, officer directory.Officer, match alert.Match, now time.Time) (turn, error) {
	live := g.wordsKey(m.From)
	before, found, err := g.store.Resume(ctx, live)
	if err != nil {
		return turn{}, fmt.Errorf("looking for earlier words: %w", err)
	}
	replaces := ""
	if found && now.Sub(before.LastAt) >= g.pack.Sessions.SMSResume {
		before, replaces, found = store.Resumed{}, before.ID, false
	}
	t, state, err := g.wordsTurn(ctx, m, live, before, now)
	if err != nil {
		return turn{}, err
	}
	t.entry.Conversation.Replaces = replaces
	if found && state.HasContent() {
		err = g.file(ctx, &t.entry, state, false, now)
	} else {
		t.entry.Effects.Due = append(t.entry.Effects.Due, g.unfinishedDue(t.entry.Conversation.ID, state, false, now))
	}
	g.answerMatch(&t.entry, m, officer, match.Reply, match.Question, matter{})
	return t, err
}

// meant adds that earlier words of an officer's phone were a slip, now that the answer came.
func (g *Gateway) meant(ctx context.Context, e *store.Effects, from phone.Number, now time.Time) error {
	words, found, err := g.store.Resume(ctx, g.wordsKey(from))
	if err != nil {
		return fmt.Errorf("looking for earlier words: %w", err)
	}
	if !found || words.Bin != store.StillOpen || now.Sub(words.LastAt) > mistypedFor {
		return nil
	}
	e.Conversations = append(e.Conversations, store.ConversationChange{ID: words.ID, Seq: words.Seq, Bin: store.Marked, Mark: store.MarkOfficer, Ended: true})
	e.DueDone = append(e.DueDone, store.DueKey{Kind: store.DueUnfinished, Subject: words.ID})
	return nil
}
