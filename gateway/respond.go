package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"chumrok/adapters"
	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// respond takes an SMS from a phone that stands in the directory. It answers as to an officer unless the phone is in a
// conversation of its own, or tells something that is no answer to an alert: then it is not taken, and converse does.
func (g *Gateway) respond(ctx context.Context, m adapters.Message, now time.Time) (turn, bool, error) {
	index := g.store.PhoneIndex(m.From)
	words, understood := alert.ParseWords(g.pack.Spoken.Read(m.Text))
	var talkedAt time.Time // when the phone last spoke in a conversation of its own, if one is going on
	if words.Code == "" {
		own, found, err := g.store.Resume(ctx, g.liveKey(m))
		if err != nil {
			return turn{}, false, fmt.Errorf("looking for the officer's own conversation: %w", err)
		}
		if found && now.Sub(own.LastAt) < g.pack.Sessions.SMSUnfinishedAfter {
			if talkedAt = own.LastAt; !understood {
				return turn{}, false, nil
			}
		}
	}
	if !understood && len([]rune(m.Text)) > longestMistake {
		return turn{}, false, nil // a story: an officer can see a child in need, too
	}
	alerted, err := g.store.AlertsForPhone(ctx, index, now)
	if err != nil {
		return turn{}, false, fmt.Errorf("looking for what the phone was alerted about: %w", err)
	}
	pending, err := g.pending(ctx, index)
	if err != nil {
		return turn{}, false, err
	}
	inWords := !understood && strings.ContainsFunc(m.Text, unicode.IsLetter)
	if inWords && (len(alerted) == 0 && pending == nil || g.tellsOfHarm(m.Text)) {
		return turn{}, false, nil // nobody asked this phone anything, or it speaks of harm: a family's phone is a child's, too
	}
	officer := g.roster().ByPhone(m.From)[0]
	if alerted, err = g.stillTheirs(ctx, officer, alerted); err != nil {
		return turn{}, false, err
	}
	open := openFor(alerted, words)
	if open, err = g.withDrills(ctx, index, open, words, now); err != nil {
		return turn{}, false, err
	}
	match := alert.Resolve(words, understood, open, pending, now)
	if !talkedAt.IsZero() {
		// A digit alone may answer the question of the officer's own report, or an alert that came after it.
		if !slices.ContainsFunc(open, func(o alert.Open) bool { return o.AlertedAt.After(talkedAt) }) {
			return turn{}, false, nil
		}
		match = alert.Match{Reply: alert.Several(open), Question: pending}
	}

	if inWords {
		t, err := g.mistyped(ctx, m, officer, match, now)
		return t, true, err
	}
	t, err := g.markedTurn(ctx, m, "officer", store.MarkOfficer)
	if err != nil {
		return turn{}, false, err
	}
	if err := g.meant(ctx, &t.entry.Effects, m.From, now); err != nil {
		return turn{}, false, err
	}
	about := matter{}
	reply, question := match.Reply, match.Question
	switch {
	case match.Found && match.Open.Kind == alert.ForDrill:
		t.entry.Effects.DrillMoves = append(t.entry.Effects.DrillMoves, store.DrillMove{CallID: match.Open.ID, Answered: true})
		reply, question = alert.Reply{Key: "alert.drill_thanks", Code: match.Open.Code}, pending
	case match.Found:
		if known, ok := g.roster().Get(match.Open.OfficerID); ok {
			officer = known
		}
		if about, reply, question, err = g.carryOutAnswer(ctx, &t.entry.Effects, officer, match, now); err != nil {
			return turn{}, false, err
		}
		if match.Verb != alert.AskHelp {
			for _, a := range alerted {
				if a.ReferralID+a.HoldID == match.Open.ID {
					t.entry.Effects.AlertStates = append(t.entry.Effects.AlertStates, store.AlertState{ID: a.AlertID, State: store.Answered})
				}
			}
		}
	}
	g.answerMatch(&t.entry, m, officer, reply, question, about)
	return t, true, nil
}

// answerMatch adds the reply to an officer's phone, and the question that it asks.
func (g *Gateway) answerMatch(e *store.Entry, m adapters.Message, officer directory.Officer, reply alert.Reply, question *alert.Question, about matter) {
	index := g.store.PhoneIndex(m.From)
	if question != nil {
		e.Effects.Question = &store.Question{PhoneIndex: index, Kind: string(question.Kind), Code: question.Code, AskedAt: question.AskedAt}
	} else {
		e.Effects.ClearQuestions = append(e.Effects.ClearQuestions, index)
	}
	e.Answer = []byte(g.answerTo(officer, reply, about))
}

// longestMistake is how many characters of an officer's SMS are still taken for a mistyped answer. Longer than any
// answer that our texts teach, and shorter than a sentence about a child.
const longestMistake = 24

// tellsOfHarm says whether a text speaks of something that the pack's triage knows by its words.
func (g *Gateway) tellsOfHarm(text string) bool {
	without, _ := g.pack.Triage.Assess(report.Report{})
	with, _ := g.pack.Triage.Assess(report.Report{Story: text})
	return with > without || g.pack.Triage.Suggest(report.Report{Story: text}) != nil
}

// stillTheirs leaves out the matters from which the phone's officers have been removed since they were alerted: for them
// those do not exist, not even as a code to choose from.
func (g *Gateway) stillTheirs(ctx context.Context, officer directory.Officer, alerted []store.Alerted) ([]store.Alerted, error) {
	kept := alerted[:0]
	for _, a := range alerted {
		var removed referral.Removal
		if a.ReferralID != "" {
			r, found, err := g.store.Referral(ctx, a.ReferralID)
			if err != nil || !found && a.ClosedAt.IsZero() {
				return nil, fmt.Errorf("reading referral %s: %w", a.ReferralID, notFound(err))
			}
			removed = r.Plan.Removed // of what was erased by time nobody knows it any more, and nothing is told but that it is over
		} else {
			h, found, err := g.store.Hold(ctx, a.HoldID)
			if err != nil || !found && a.ClosedAt.IsZero() {
				return nil, fmt.Errorf("reading hold %s: %w", a.HoldID, notFound(err))
			}
			removed = h.Removed
		}
		if !removed.RemovedPhone(officer.Phone, g.roster()) {
			kept = append(kept, a)
		}
	}
	return kept, nil
}

// openFor are the matters that an officer's words may mean: a bare digit only what is still open, a code also what was
// closed, so that the officer learns so.
func openFor(alerted []store.Alerted, words alert.Words) []alert.Open {
	var open []alert.Open
	for _, a := range alerted {
		if words.Code == "" && !a.ClosedAt.IsZero() {
			continue
		}
		o := alert.Open{Code: a.Code, Kind: alert.ForReferral, ID: a.ReferralID, OfficerID: a.OfficerID,
			Taken: a.Owner != "" && a.Owner != a.OfficerID, AlertedAt: a.AlertedAt}
		if a.HoldID != "" {
			o.Kind, o.ID = alert.ForHold, a.HoldID
		}
		open = append(open, o)
	}
	return open
}

// pending is the question that waits for an answer of this phone.
func (g *Gateway) pending(ctx context.Context, index string) (*alert.Question, error) {
	q, found, err := g.store.Question(ctx, index)
	if err != nil {
		return nil, fmt.Errorf("looking for a question to the phone: %w", err)
	}
	if !found {
		return nil, nil
	}
	return &alert.Question{Kind: alert.QuestionKind(q.Kind), Code: q.Code, AskedAt: q.AskedAt}, nil
}

// carryOutAnswer does what an officer's answer means for the referral or the hold that it is about.
func (g *Gateway) carryOutAnswer(ctx context.Context, e *store.Effects, officer directory.Officer, match alert.Match, now time.Time) (matter, alert.Reply, *alert.Question, error) {
	if match.Open.Kind == alert.ForHold {
		h, found, err := g.store.Hold(ctx, match.Open.ID)
		if err != nil || !found {
			return matter{}, isClosed(match.Open), nil, err
		}
		present, err := g.present(ctx, now)
		if err != nil {
			return matter{}, alert.Reply{}, nil, err
		}
		d := alert.AnswerHold(h, officer.ID, match, present, g.pack.Clocks, now)
		g.carryOutHold(e, d, now)
		deskActed(e, officer.ID, match.Verb, d, now)
		return matter{hold: h.ID, area: h.AreaCode, risk: h.Risk}, d.Reply, d.Question, nil
	}
	r, found, err := g.store.Referral(ctx, match.Open.ID)
	if err != nil || !found {
		return matter{}, isClosed(match.Open), nil, err
	}
	present, err := g.present(ctx, now)
	if err != nil {
		return matter{}, alert.Reply{}, nil, err
	}
	d := alert.Answer(r, officer.ID, match, present, g.pack.Clocks, now)
	if err := g.carryOut(ctx, e, d, now); err != nil {
		return matter{}, alert.Reply{}, nil, err
	}
	officerActed(e, officer.ID, match.Verb, alert.Reviews(r, officer.ID, present), d, now)
	return matter{referral: r.ID, area: r.AreaCode, risk: r.Risk, outcome: d.Referral.Outcome}, d.Reply, d.Question, nil
}

// isClosed is what is said of a matter that was erased since it was closed; what is open is always there, which stillTheirs has seen to.
func isClosed(o alert.Open) alert.Reply { return alert.Reply{Key: "alert.outcome_kept", Code: o.Code} }

// answerApart adds the answer as a message of its own, for channels whose response carries none.
func (g *Gateway) answerApart(e *store.Entry, m adapters.Message) {
	g.answerApartAs(store.NewID(), e, m)
}

// answerApartAs is answerApart with an id for the message.
func (g *Gateway) answerApartAs(id string, e *store.Entry, m adapters.Message) {
	if len(e.Answer) == 0 || m.From.IsZero() {
		return
	}
	kind := store.ToReporter
	if e.Conversation.Mark == store.MarkOfficer {
		kind = store.ToReply
	}
	out := store.Message{ID: id, ConversationID: e.Conversation.ID, Kind: kind, Number: m.From, Text: string(e.Answer)}
	e.Effects.Messages = append(e.Effects.Messages, out)
	e.Effects.Due = append(e.Effects.Due, store.Due{Kind: store.DueSend, Subject: out.ID, At: e.At, Urgency: answersFirst})
}

// answersFirst puts the answer to somebody who waits with the phone in hand before every alert but those of danger.
const answersFirst = 3
