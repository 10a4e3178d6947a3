package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// mostAdded is how often a report may be added to in a day with its owner told each time. What comes over it is kept in the report all the
// same, and the desk is told once: whoever floods a report silences nobody, and rings no officer's phone all night.
const mostAdded = 5

// mostAlarms is how many additions to one report within an hour ring because they speak of danger, or because somebody whom they name has taken
// it. The danger is known then, and its clock runs; whoever holds the code, an officer among them, could else ring owner and desk without end.
// What comes over it is kept, stands in the hold at the desk, and is refused nobody.
const mostAlarms = 4

// join makes the words of a conversation that gave a code part of the report of that code. It is false where the code is nobody's or is not
// answered now, or where something else was told: then a person at the desk has to read it.
func (g *Gateway) join(ctx context.Context, c store.Resumed, dangerAt time.Time, state flows.State, now time.Time) (store.Effects, bool, error) {
	var e store.Effects
	status := state.Answer("status")
	other := report.FromAnswers(state.Answer)
	other.More = ""
	if state.Answer("asked") == "" || status == "" || status == askCall || c.ReportID != "" || other.HasContent() {
		return e, false, nil
	}
	r, found, err := g.store.ReportByCode(ctx, codeTyped(state.Answer("asked")))
	if err != nil {
		return e, false, fmt.Errorf("looking for the report of a code: %w", err)
	}
	words := state.Answer("more")
	if !found || words == "" {
		return e, false, nil
	}
	after, isNew := r.Report.Add(report.Addition{From: c.ID, At: now, Text: words})
	if !isNew {
		return e, false, nil
	}
	e.Additions = []store.Addition{{ConversationID: c.ID, ReportOf: r.ConversationID}}
	e.DueDone = []store.DueKey{{Kind: store.DueUnfinished, Subject: c.ID}}
	err = g.added(ctx, &e, r, after, dangerAt, now)
	return e, err == nil, err
}

// addAfterEnd adds what a caller writes on the last screens, after she sent her report.
func (g *Gateway) addAfterEnd(ctx context.Context, e *store.Entry, events []flows.Event, now time.Time) error {
	var words []string
	for _, event := range events {
		if event.Kind == flows.Added {
			words = append(words, event.Value)
		}
	}
	c := &e.Conversation
	if len(words) == 0 {
		return nil
	}
	r, found, err := g.store.ReportOf(ctx, c.ID)
	if err != nil || !found {
		return fmt.Errorf("reading the report that was just sent: %w", notFound(err))
	}
	after, isNew := r.Report.Add(report.Addition{From: c.ID, At: now, Text: strings.Join(words, "\n")})
	if !isNew {
		return nil
	}
	e.Effects.Additions = append(e.Effects.Additions, store.Addition{ConversationID: c.ID, ReportOf: c.ID})
	return g.added(ctx, &e.Effects, r, after, time.Time{}, now)
}

// added judges a report again with what was added to it, and tells who answers for it. The risk only ever rises, and who must not be told only
// ever grows.
func (g *Gateway) added(ctx context.Context, e *store.Effects, r store.Report, after report.Report, dangerAt, now time.Time) error {
	return g.addedFrom(ctx, e, r, after, joining{}, dangerAt, now)
}

// joining is what another report brings along that a person at the desk joins to one.
type joining struct {
	byDesk  bool
	risk    report.Risk
	removed referral.Removal
}

// addedFrom is added for what may come from another report.
func (g *Gateway) addedFrom(ctx context.Context, e *store.Effects, r store.Report, after report.Report, from joining, dangerAt, now time.Time) error {
	n, err := g.store.AddedSince(ctx, r.ConversationID, now.Add(-24*time.Hour))
	if err != nil {
		return fmt.Errorf("counting what was added: %w", err)
	}
	t := telling{e: e, now: now, earlier: n, before: r.Risk, dangerAt: dangerAt}
	if t.alarms, err = g.store.DangerAddedSince(ctx, r.ConversationID, now.Add(-time.Hour)); err != nil {
		return fmt.Errorf("counting what was added of danger: %w", err)
	}
	if t.hour, err = g.store.AddedSince(ctx, r.ConversationID, now.Add(-time.Hour)); err != nil {
		return fmt.Errorf("counting what was added: %w", err)
	}
	const sexual = string(report.HarmSexual)
	wasSexual := r.Says("harm", sexual)
	kept := r.Suggested
	r.Report = after
	r.Suggested = g.pack.Triage.Suggest(r.Report)
	for field, values := range kept { // whom she named and took back stays out
		for _, value := range values {
			keepOut(&r.Report, field, value)
		}
	}
	risk, reasons := g.pack.Triage.Assess(r.Report)
	r.Risk = max(r.Risk, risk, from.risk)
	for _, reason := range reasons {
		if risk > t.before && !slices.Contains(r.Reasons, reason) {
			r.Reasons = append(r.Reasons, reason)
		}
	}
	t.sexual = !wasSexual && r.Says("harm", sexual)
	if t.r = r; r.Risk == report.Immediate && t.before < report.Immediate && dangerAt.IsZero() {
		t.dangerAt = now
	}
	e.Report = &r
	c, found, err := g.store.Conversation(ctx, r.ConversationID)
	if err != nil || !found {
		return fmt.Errorf("reading the conversation of a report: %w", notFound(err))
	}
	plan, unclear := referral.Route(r.Report, r.Risk, c.Number, g.pack.Ladders, g.roster(), g.places)
	if t.removed = plan.Removed; unclear != nil {
		t.removed = unclear.Removed
	}
	t.removed = t.removed.And(from.removed)
	if err := g.tellOwners(ctx, &t); err != nil {
		return err
	}
	if from.byDesk && !t.pressing() {
		return nil // a person at the desk is doing this
	}
	return g.tellDesk(ctx, &t)
}

// telling is who hears of an addition.
type telling struct {
	e        *store.Effects
	now      time.Time
	r        store.Report
	before   report.Risk
	removed  referral.Removal
	earlier  int       // additions of this day before
	hour     int       // of them within the last hour
	alarms   int       // of these the ones that spoke of danger
	dangerAt time.Time // when danger was said in what was added; zero when it was not
	told     bool      // somebody who answers for it was told
	closed   bool      // somebody who answered for it may not know of it any more
	wider    bool      // and that is new: somebody is kept out who was not before
	sexual   bool      // it speaks of sexual harm now, and did not before: others are responsible
}

func (t *telling) danger() bool { return !t.dangerAt.IsZero() }

// pressing says that somebody must hear of it whatever came before. What is new always is; the same alarm again is so mostAlarms times an hour.
func (t *telling) pressing() bool {
	again := t.danger() && t.alarms < mostAlarms || t.closed && t.hour < mostAlarms
	return again || t.r.Risk > t.before || t.closed && t.wider || t.sexual
}

// tellOwners tells who has taken the open referrals of a report, and makes these more pressing where the report became so.
func (g *Gateway) tellOwners(ctx context.Context, t *telling) error {
	referrals, err := g.store.ReferralsOf(ctx, t.r.ConversationID)
	if err != nil {
		return fmt.Errorf("reading the referrals of a report: %w", err)
	}
	present, err := g.present(ctx, t.now)
	if err != nil {
		return err
	}
	for _, ref := range referrals {
		t.removed = t.removed.And(ref.Plan.Removed)
	}
	for _, ref := range referrals {
		if !ref.State.Open() {
			continue
		}
		wider := t.removed.Wider(ref.Plan.Removed)
		t.wider = t.wider || wider
		ref.Plan.Removed = ref.Plan.Removed.And(t.removed)
		d := alert.Raise(ref, t.r.Risk, present, g.pack.Clocks, t.now)
		d.Changed = d.Changed || wider
		if owner, known := g.roster().Get(ref.Owner); ref.Owner != "" {
			switch {
			case !known || ref.Plan.Removed.IsRemoved(owner, g.roster()):
				t.closed = true // who is named in it may not read it: the desk gives it to somebody else
			case t.earlier < mostAdded || t.pressing():
				d.Calls = append(d.Calls, alert.Call{OfficerID: owner.ID, Key: "alert.added", Tier: string(owner.Body)})
				t.told = true
			}
		}
		if err := g.carryOut(ctx, t.e, d, t.now); err != nil {
			return err
		}
	}
	return nil
}

// tellDesk tells the desk of what nobody else was told, of danger, and once a day of what is too much.
func (g *Gateway) tellDesk(ctx context.Context, t *telling) error {
	holds, err := g.store.HoldsOf(ctx, t.r.ConversationID)
	if err != nil {
		return fmt.Errorf("reading the holds of a report: %w", err)
	}
	for _, h := range holds {
		if h.State == referral.HoldReleased || h.Reason == referral.AskedToErase {
			continue
		}
		h.Removed, h.Risk = h.Removed.And(t.removed), max(h.Risk, t.r.Risk)
		if t.pressing() {
			h.Danger = h.Danger || t.danger()
			if t.danger() {
				h.DangerAt = t.dangerAt
			}
			return g.startHold(ctx, t.e, h, t.now)
		}
		if t.danger() && !slices.Contains(h.Why, alarmsAgain) {
			h.Why = append(h.Why, alarmsAgain)
		}
		d := alert.HoldDecision{Hold: h, Changed: true, Clock: h.Due}
		if t.earlier <= mostAdded && !t.told {
			who := []string{h.Owner}
			if h.State == referral.HoldWaiting {
				who = h.Called
			}
			for _, id := range who {
				if officer, known := g.roster().Get(id); known && !h.Removed.IsRemoved(officer, g.roster()) {
					d.Calls = append(d.Calls, alert.Call{OfficerID: id, Key: "alert.added", Tier: string(officer.Body)})
				}
			}
		}
		g.carryOutHold(t.e, d, t.now)
		return nil
	}
	if t.told && !t.danger() && !t.closed && !t.sexual || t.earlier > mostAdded && !t.pressing() && !t.danger() {
		return nil
	}
	h := referral.Hold{ReportID: t.r.ID, ConversationID: t.r.ConversationID, Reason: referral.AddedTo, Risk: t.r.Risk, Danger: t.danger(),
		DangerAt: t.dangerAt, AreaCode: t.r.AreaCode, Removed: t.removed, Why: []string{t.why()}}
	return g.startHold(ctx, t.e, h, t.now)
}

// alarmsAgain is what the desk reads in a hold into which danger is written again and again.
var alarmsAgain = fmt.Sprintf("Danger was added more than %d times within an hour. All of it is in the report; no phone rings for each any more.", mostAlarms)

// why says to the desk what is to be looked at.
func (t *telling) why() string {
	switch {
	case t.closed:
		return "What was added names who has taken it, or whom the directory no longer has: it must be given to somebody else."
	case t.sexual:
		return "What was added speaks of sexual harm: is it with the right people?"
	case t.danger():
		return "What was added speaks of danger."
	case t.earlier >= mostAdded:
		return fmt.Sprintf("More than %d additions came within a day; its owner is not told of each any more.", mostAdded)
	}
	return "Nobody has taken it who could be told of what was added."
}

// belongsTo gives the turn's conversation to what only the turn knows whose it is.
func belongsTo(e *store.Entry) {
	for i := range e.Effects.Shown {
		e.Effects.Shown[i].ConversationID = e.Conversation.ID
	}
	for i := range e.Effects.Additions {
		e.Effects.Additions[i].ConversationID = e.Conversation.ID
	}
}

// together is what both bring about. Of what there is only one of, the second counts.
func together(a, b store.Effects) store.Effects {
	if b.Report == nil {
		b.Report = a.Report
	}
	if b.Question == nil {
		b.Question = a.Question
	}
	if b.EraseTry == nil {
		b.EraseTry = a.EraseTry
	}
	if b.ProofTried == nil {
		b.ProofTried = a.ProofTried
	}
	b.Conversations = slices.Concat(a.Conversations, b.Conversations)
	b.Referrals, b.Holds = slices.Concat(a.Referrals, b.Referrals), slices.Concat(a.Holds, b.Holds)
	b.Alerts, b.AlertStates = slices.Concat(a.Alerts, b.Alerts), slices.Concat(a.AlertStates, b.AlertStates)
	b.DrillMoves = slices.Concat(a.DrillMoves, b.DrillMoves)
	b.Digested = slices.Concat(a.Digested, b.Digested)
	b.Messages, b.MessageStates = slices.Concat(a.Messages, b.Messages), slices.Concat(a.MessageStates, b.MessageStates)
	b.Due, b.DueDone, b.DueFinished = slices.Concat(a.Due, b.Due), slices.Concat(a.DueDone, b.DueDone), slices.Concat(a.DueFinished, b.DueFinished)
	b.ClearQuestions, b.LessonsSent = slices.Concat(a.ClearQuestions, b.ClearQuestions), slices.Concat(a.LessonsSent, b.LessonsSent)
	b.Additions, b.Shown, b.Erasures = slices.Concat(a.Additions, b.Additions), slices.Concat(a.Shown, b.Shown), slices.Concat(a.Erasures, b.Erasures)
	b.Audit = slices.Concat(a.Audit, b.Audit)
	return b
}
