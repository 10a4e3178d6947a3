package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// conclude adds to a turn what follows from it: the clock that finds the conversation unfinished, the moment at which
// danger was said, and, at its end, the report with those who must act on it, or the mark that nobody need.
func (g *Gateway) conclude(ctx context.Context, e *store.Entry, before, state flows.State, events []flows.Event, now time.Time) error {
	c := &e.Conversation
	var concluded, takenBack bool
	var mark store.Mark
	for _, event := range events {
		switch event.Kind {
		case flows.Danger:
			c.DangerAt = now // the store keeps the first
		case flows.Unanswered:
			// Somebody may have come into the room: what was taken back just now keeps its clock until more is said.
			takenBack = true
		case flows.Concluded:
			concluded = true
		case flows.Ended:
			mark = store.Mark(event.Value)
		}
	}
	wrote := !before.Concluded() && g.wroteOfDanger(state)
	if wrote {
		c.DangerAt = now
	}
	c.Ended = e.Ended
	switch {
	case concluded:
		return g.file(ctx, e, state, true, now)
	case state.Concluded():
		return g.addAfterEnd(ctx, e, events, now) // the kind words and the code after it
	case e.Ended && len(e.Effects.Additions) > 0: // a wish about another report: it belongs to that
		return g.onTheWay(ctx, e, state, now)
	case !e.Ended:
		danger := wrote || saidDanger(state) || takenBack && (saidDanger(before) || g.wroteOfDanger(before))
		e.Effects.Due = append(e.Effects.Due, g.unfinishedDue(c.ID, state, danger, now))
		return nil
	}
	if !state.HasContent() && !c.New {
		earlier, told, err := g.toldBefore(ctx, c.ID)
		if err != nil {
			return err
		}
		if told {
			return g.file(ctx, e, earlier, false, now)
		}
	}
	if state.HasContent() {
		return g.file(ctx, e, state, false, now)
	}
	if mark == "" {
		mark = store.MarkEmpty
	}
	c.Bin, c.Mark = store.Marked, mark
	e.Effects.DueDone = append(e.Effects.DueDone, store.DueKey{Kind: store.DueUnfinished, Subject: c.ID})
	return nil
}

// unfinishedDue is the clock of a conversation without a further word. Where danger was said it is two minutes, and never
// later than half the immediate clock after the conversation began, however long the caller types; and it is looked at
// before everything that can wait.
func (g *Gateway) unfinishedDue(conversation string, state flows.State, danger bool, now time.Time) store.Due {
	due := store.Due{Kind: store.DueUnfinished, Subject: conversation, At: now.Add(g.pack.Sessions.UnfinishedAfter)}
	switch {
	case danger:
		due.At, due.Urgency = now.Add(g.pack.Sessions.DangerIdle), urgency(report.Immediate)
		latest := state.StartedAt().Add(g.pack.Clocks.Of(report.Immediate).Accepted / 2)
		if due.At.After(latest) && now.Before(latest) {
			due.At = latest
		}
	case state.Channel() == flows.SMS:
		due.At = now.Add(g.pack.Sessions.SMSUnfinishedAfter)
	}
	return due
}

// saidDanger says whether the caller chose that a child is, or may be, in danger now.
func saidDanger(state flows.State) bool {
	danger := state.Answer("danger")
	return danger == "yes" || danger == "unsure" || state.Answer("urgent") == "yes" || state.Answer("harm") == "self_harm"
}

// wroteOfDanger says whether what was written speaks of danger now, by the pack's own words. By SMS nobody is asked.
func (g *Gateway) wroteOfDanger(state flows.State) bool {
	if state.Answer("story")+state.Answer("more")+state.Answer("place_typed") == "" {
		return false
	}
	risk, _ := g.pack.Triage.Assess(report.FromAnswers(state.Answer))
	return risk == report.Immediate
}

// file writes the report of a conversation and gives it to those who must act: a finished one to the bodies that are
// responsible, an unfinished or unclear one to the desk. What was filed as unfinished before is brought up to date.
func (g *Gateway) file(ctx context.Context, e *store.Entry, state flows.State, finished bool, now time.Time) error {
	c := &e.Conversation
	stored := store.Resumed{Conversation: *c}
	if !c.New {
		var found bool
		var err error
		if stored, found, err = g.store.Conversation(ctx, c.ID); err != nil || !found {
			return fmt.Errorf("reading the conversation: %w", notFound(err))
		}
	}
	dangerAt := stored.DangerAt
	if dangerAt.IsZero() {
		dangerAt = c.DangerAt
	}
	bin, effects, err := g.fileReport(ctx, stored, dangerAt, state, finished, now)
	if err != nil {
		return err
	}
	if c.Bin = bin; bin == store.Marked {
		c.Mark = store.MarkJoined
	}
	e.Effects = together(e.Effects, effects)
	return nil
}

// fileReport decides who must act on what was told, and what has to be written for it. What was told to a code is joined to its report: then
// the bin is marked.
func (g *Gateway) fileReport(ctx context.Context, c store.Resumed, dangerAt time.Time, state flows.State, finished bool, now time.Time) (store.Bin, store.Effects, error) {
	var e store.Effects
	if !finished {
		if joined, done, err := g.join(ctx, c, dangerAt, state, now); err != nil || done {
			return store.Marked, joined, err
		}
	}
	r := store.Report{Report: report.FromAnswers(state.Answer)}
	if finished {
		r.Code = state.Code // before the end nobody was told it
		if c.Channel == adapters.USSD && state.Answer(proofField) == proofTold {
			r.Proof = state.Proof
		}
	}
	if err := g.keepSaid(ctx, c, &r.Report); err != nil {
		return "", e, err
	}
	r.ID, r.ConversationID, r.Channel, r.DangerAt, r.At = store.NewID(), c.ID, c.Channel, dangerAt, now
	r.Emergency = g.emergencyIn(ctx, r.AreaCode)
	r.Risk, r.Reasons = g.pack.Triage.Assess(r.Report)
	if r.Emergency && r.Risk < report.High {
		r.Risk++
		r.Reasons = append(r.Reasons, "Emergency mode is on here: the clocks are those of the next higher risk.")
	}
	hold, err := g.filedBefore(ctx, c, &r)
	if err != nil {
		return "", e, err
	}
	e.DueDone = append(e.DueDone, store.DueKey{Kind: store.DueUnfinished, Subject: c.ID})

	caller := c.Number
	plan, unclear := referral.Route(r.Report, r.Risk, caller, g.pack.Ladders, g.roster(), g.places)
	switch {
	case !finished:
		r.State = report.Unfinished
		half := referral.Unfinished(r.Report, r.Risk, caller, g.roster(), g.places)
		half.Danger = half.Danger || r.Danger == "" && !dangerAt.IsZero()
		unclear = &half
	case unclear != nil:
		r.State = report.Held
	default:
		r.State = report.Referred
		if unclear, err = g.tooMany(ctx, c, r, plan, now); err != nil {
			return "", e, err
		} else if unclear != nil {
			r.State = report.Held
		}
	}
	if r.State == report.Referred {
		if hold != nil { // it was held as unfinished; now it is whole, and goes its way
			g.release(&e, *hold)
		}
		if err := g.refer(ctx, &e, r, plan, now); err != nil {
			return "", e, err
		}
		if err := g.lookAround(ctx, &e, r, plan, now); err != nil {
			return "", e, err
		}
		e.Report = &r
		return store.Concluded, e, nil
	}
	e.Report = &r
	if hold != nil {
		// The desk has it already. What was added stands in the report and decides who may still be told; danger said
		// meanwhile, or a greater risk that nobody has taken, is told anew.
		danger := !hold.Danger && unclear.Danger
		raised := unclear.Risk > hold.Risk && hold.State == referral.HoldWaiting && !hold.Danger
		hold.Reason, hold.Why, hold.AreaCode, hold.Removed = unclear.Reason, unclear.Why, unclear.AreaCode, unclear.Removed
		hold.Risk = max(hold.Risk, unclear.Risk)
		if danger {
			hold.Danger, hold.DangerAt = true, dangerAt
		}
		if danger || raised {
			err := g.startHold(ctx, &e, *hold, now)
			return store.Held, e, err
		}
		e.Holds = append(e.Holds, *hold)
		return store.Held, e, nil
	}
	err = g.startHold(ctx, &e, *unclear, now)
	return store.Held, e, err
}

// filedBefore finds what was filed of this conversation when it was taken for unfinished: the report, which keeps its
// identity, and the hold that waits for somebody at the desk.
func (g *Gateway) filedBefore(ctx context.Context, c store.Resumed, r *store.Report) (*referral.Hold, error) {
	if c.ReportID == "" {
		return nil, nil
	}
	earlier, found, err := g.store.Report(ctx, c.ReportID)
	if err != nil || !found {
		return nil, fmt.Errorf("reading the earlier report: %w", notFound(err))
	}
	r.ID, r.Version = earlier.ID, earlier.Version
	holds, err := g.store.HoldsOf(ctx, c.ID)
	if err != nil {
		return nil, fmt.Errorf("reading the holds of a report: %w", err)
	}
	for _, hold := range holds {
		if hold.State != referral.HoldReleased {
			return &hold, nil
		}
	}
	return nil, nil
}

// refer makes a referral of a report and starts its ladder.
func (g *Gateway) refer(ctx context.Context, e *store.Effects, r store.Report, plan referral.Plan, now time.Time) error {
	code, err := g.freeCode(ctx, now)
	if err != nil {
		return err
	}
	area := r.AreaCode
	if place, _, ok := g.places.Current(area); ok {
		area = place.Code
	}
	present, err := g.present(ctx, now) // who is away is not asked
	if err != nil {
		return err
	}
	decision := alert.Start(referral.Referral{
		ID: store.NewID(), ReportID: r.ID, ConversationID: r.ConversationID, Code: code, Risk: r.Risk, AreaCode: area,
		Plan: plan, StartedAt: now, DangerAt: r.DangerAt,
	}, present, g.pack.Clocks, now)
	return g.carryOut(ctx, e, decision, now)
}

// startHold puts something before the desk: a new hold gets its id and its code.
func (g *Gateway) startHold(ctx context.Context, e *store.Effects, h referral.Hold, now time.Time) error {
	if h.ID == "" {
		code, err := g.freeCode(ctx, now)
		if err != nil {
			return err
		}
		h.ID, h.Code = store.NewID(), code
	}
	present, err := g.present(ctx, now)
	if err != nil {
		return err
	}
	g.carryOutHold(e, alert.StartHold(h, present, g.pack.Clocks, now), now)
	return nil
}

// release ends a hold whose matter went on.
func (g *Gateway) release(e *store.Effects, h referral.Hold) {
	if slices.ContainsFunc(e.Holds, func(x referral.Hold) bool { return x.ID == h.ID && x.State == referral.HoldReleased }) {
		return
	}
	h.State = referral.HoldReleased
	h.Due = time.Time{}
	e.Holds = append(e.Holds, h)
	e.DueDone = append(e.DueDone, store.DueKey{Kind: store.DueHold, Subject: h.ID})
}

// freeCode draws a code that no open referral or hold has, nor one of the last 90 days.
func (g *Gateway) freeCode(ctx context.Context, now time.Time) (string, error) {
	for range 100 {
		code, err := alert.NewCode(g.random, alert.ReferralDigits)
		if err != nil {
			return "", fmt.Errorf("drawing a code: %w", err)
		}
		free, err := g.store.CodeFree(ctx, code, now)
		if err != nil {
			return "", fmt.Errorf("drawing a code: %w", err)
		}
		if free {
			return code, nil
		}
	}
	return "", fmt.Errorf("drawing a code: a hundred in a row were taken; close old referrals")
}

// Ended notes that the network ended a session: what was told so far goes to a person now. Where the ledger cannot be written the spool keeps
// the note.
func (g *Gateway) Ended(ctx context.Context, ended adapters.Ended) error {
	session := adapters.Message{Provider: ended.Provider, Channel: adapters.USSD, Session: ended.Session}
	return g.orKeep(ctx, g.liveKey(session), spooled{Kind: keptEnd, Ended: &ended}, func(ctx context.Context) error { return g.ended(ctx, ended) })
}

// ended makes the clock of an unfinished conversation run out.
func (g *Gateway) ended(ctx context.Context, ended adapters.Ended) error {
	live := g.liveKey(adapters.Message{Provider: ended.Provider, Channel: adapters.USSD, Session: ended.Session})
	resumed, found, err := g.store.Resume(ctx, live)
	if err != nil {
		return fmt.Errorf("reading the session: %w", err)
	}
	if !found {
		return nil // over already, or never begun
	}
	due := store.Due{Kind: store.DueUnfinished, Subject: resumed.Conversation.ID, At: g.now()}
	if !resumed.DangerAt.IsZero() {
		due.Urgency = urgency(report.Immediate)
	}
	e := store.Effects{Due: []store.Due{due}}
	if resumed.Bin != store.StillOpen && resumed.Bin != store.Held {
		return nil // referred or marked already
	}
	if _, err := g.store.Apply(ctx, g.now(), e); err != nil {
		return fmt.Errorf("noting the end of a session: %w", err)
	}
	return nil
}
