package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"chumrok/internal/alert"
	"chumrok/internal/audit"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// openHold is the hold of a code, while it is open.
func (g *Gateway) openHold(ctx context.Context, typed string) (referral.Hold, error) {
	code := phone.Digits(typed)
	h, found, err := g.store.HoldByCode(ctx, code)
	switch {
	case err != nil:
		return h, err
	case !found:
		return h, fmt.Errorf("no hold has the code %s: 'holds' lists them", code)
	case h.State == referral.HoldReleased:
		return h, fmt.Errorf("%s was decided already", code)
	}
	return h, nil
}

// takeHold gives a hold to an officer who asks for it.
func (g *Gateway) takeHold(ctx context.Context, code, officer, reason string) (referral.Hold, error) {
	return g.ownHold(ctx, code, func(h referral.Hold, now time.Time) (alert.HoldDecision, audit.Entry) {
		d := alert.TakeHold(h, officer, g.roster(), g.pack.Clocks, now)
		return d, onRecord(now, officer, actHoldTaken, h.Code, reason)
	})
}

// assignHold gives a hold to an officer who is told of it.
func (g *Gateway) assignHold(ctx context.Context, code, officer, reason string) (referral.Hold, error) {
	return g.ownHold(ctx, code, func(h referral.Hold, now time.Time) (alert.HoldDecision, audit.Entry) {
		d := alert.AssignHold(h, officer, g.roster(), g.pack.Clocks, now)
		return d, onRecord(now, operator, "hold assigned to "+officer, h.Code, reason)
	})
}

func (g *Gateway) ownHold(ctx context.Context, code string, decide func(referral.Hold, time.Time) (alert.HoldDecision, audit.Entry)) (referral.Hold, error) {
	var owned referral.Hold
	err := g.apply(ctx, func(now time.Time) (store.Effects, error) {
		var e store.Effects
		h, err := g.openHold(ctx, code)
		if err != nil {
			return e, err
		}
		d, act := decide(h, now)
		switch {
		case !d.Changed && d.Reply.Key == "alert.not_yours":
			return e, fmt.Errorf("that officer may not decide on %s: name one of a desk that serves its place and is not kept out of it", h.Code)
		case !d.Changed:
			return e, fmt.Errorf("%s is %s's already: 'holds assign' gives it to somebody else", h.Code, h.Owner)
		}
		g.carryOutHold(&e, d, now)
		e.Audit = append(e.Audit, act)
		owned = d.Hold
		return e, nil
	})
	return owned, err
}

// deskMatter is a report that the desk decides on, with all that stands of it.
type deskMatter struct {
	matterToErase
	code string
	hold referral.Hold // of the code; zero where the code is a referral's
}

// decidable is the report behind the code of a hold or a referral.
func (g *Gateway) decidable(ctx context.Context, typed string) (deskMatter, error) {
	m := deskMatter{code: phone.Digits(typed)}
	conversation, err := conversationOf(ctx, g.store, m.code)
	if err != nil {
		return m, err
	}
	if m.matterToErase, err = aboutErasing(ctx, g.store, conversation); err != nil {
		return m, err
	}
	for _, h := range m.holds {
		if h.Code == m.code {
			m.hold = h
		}
	}
	switch {
	case m.told.Bin == store.Marked:
		return m, fmt.Errorf("%s was decided already: it is marked %s", m.code, m.told.Mark)
	case m.told.Bin == store.StillOpen:
		return m, fmt.Errorf("%s is still being told: look again in half an hour", m.code)
	}
	if _, wished := m.wishOf(); wished {
		return m, fmt.Errorf("the reporter of %s asks that it be erased: decide on that first, with 'erase'", m.code)
	}
	return m, nil
}

// bin moves the report's conversation, unless something was told in it meanwhile, and ends the clock by which it is taken for unfinished.
func (m deskMatter) bin(e *store.Effects, bin store.Bin, mark store.Mark) {
	e.Conversations = append(e.Conversations, store.ConversationChange{ID: m.told.ID, Seq: m.told.Seq, Bin: bin, Mark: mark})
	e.DueDone = append(e.DueDone, store.DueKey{Kind: store.DueUnfinished, Subject: m.told.ID})
}

// withdraw takes back the referrals of a report that nobody accepted; one that somebody did stands against it.
func (g *Gateway) withdraw(ctx context.Context, e *store.Effects, m deskMatter, now time.Time) error {
	for _, r := range m.referrals {
		if !r.State.Open() {
			continue
		}
		d := alert.Withdraw(r, g.roster(), g.pack.Clocks, now)
		if !d.Changed {
			return fmt.Errorf("%s has taken referral %s, and closes it by an outcome: speak with that officer", r.Owner, r.Code)
		}
		if err := g.carryOut(ctx, e, d, now); err != nil {
			return err
		}
	}
	return nil
}

// releaseAll closes the holds of a report.
func (g *Gateway) releaseAll(e *store.Effects, m deskMatter) {
	for _, h := range m.holds {
		if h.State != referral.HoldReleased {
			g.release(e, h)
		}
	}
}

// markReport says that a report needs nobody. Nothing of it is deleted, and its phone is answered as before.
func (g *Gateway) markReport(ctx context.Context, code string, mark store.Mark, reason string) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		var e store.Effects
		m, err := g.decidable(ctx, code)
		if err != nil {
			return e, err
		}
		if m.hold.Reason == referral.Flood && m.told.Bin == store.Concluded {
			return e, fmt.Errorf("%s stands for many reports: mark each by the code of its referral, and then release %s", m.code, m.code)
		}
		if err := g.withdraw(ctx, &e, m, now); err != nil {
			return e, err
		}
		g.releaseAll(&e, m)
		m.bin(&e, store.Marked, mark)
		e.Audit = append(e.Audit, onRecord(now, operator, "marked "+string(mark), m.code, reason))
		return e, nil
	})
}

// joinReports makes one report part of another. What it told is added to the other, whose risk only rises and which nobody may read who was kept
// from either.
func (g *Gateway) joinReports(ctx context.Context, code, with, reason string) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		var e store.Effects
		m, err := g.decidable(ctx, code)
		if err != nil {
			return e, err
		}
		into, err := g.decidable(ctx, with)
		switch {
		case err != nil:
			return e, err
		case into.told.ID == m.told.ID:
			return e, fmt.Errorf("%s and %s are the same report already", m.code, into.code)
		}
		if n, err := g.store.AddedSince(ctx, m.told.ID, time.UnixMilli(0)); err != nil || n > 0 {
			if err == nil {
				err = fmt.Errorf("others were added to %s: join %s to it instead", m.code, into.code)
			}
			return e, err
		}
		if err := g.withdraw(ctx, &e, m, now); err != nil {
			return e, err
		}
		g.releaseAll(&e, m)
		m.bin(&e, store.Marked, store.MarkJoined)
		e.Additions = append(e.Additions, store.Addition{ConversationID: m.told.ID, ReportOf: into.told.ID})
		after, _ := into.report.Add(report.Addition{From: m.told.ID, At: now, Text: inWords(m.report)})
		dangerAt := m.told.DangerAt
		if into.report.Risk == report.Immediate {
			dangerAt = time.Time{} // said there already
		}
		from := joining{byDesk: true, risk: m.report.Risk, removed: m.removed()}
		if err := g.addedFrom(ctx, &e, into.report, after, from, dangerAt, now); err != nil {
			return e, err
		}
		e.Audit = append(e.Audit, onRecord(now, operator, "joined to "+into.code, m.code, reason))
		return e, nil
	})
}

// inWords is what a report told, for whoever reads the one that it is joined to.
func inWords(r store.Report) string {
	var parts []string
	for _, one := range []struct{ what, said string }{{"harm", string(r.Harm)}, {"danger", string(r.Danger)}, {"who", r.Who}, {"about", r.About}, {"age", r.Age},
		{"sex", r.Sex}, {"by", r.ByWhom}, {"official", r.Official}, {"place", r.PlaceTyped}, {"story", r.Story}, {"more", r.More}} {
		if one.said != "" {
			parts = append(parts, one.what+": "+one.said)
		}
	}
	for _, a := range r.Added {
		parts = append(parts, a.Text)
	}
	return strings.Join(parts, "\n")
}

// errNeedsTo says that a hold keeps a report back.
var errNeedsTo = errors.New("it holds a report that nobody has been given: say with --to which commune or officer gets it, or mark it")

// releaseHold lets what was held go on: to a commune or an officer, with the rules and alerts of any report. It returns the code of the referral; "" where
// there is none because the hold kept nothing back.
func (g *Gateway) releaseHold(ctx context.Context, typed, to, reason string) (string, error) {
	code := ""
	err := g.apply(ctx, func(now time.Time) (store.Effects, error) {
		var e store.Effects
		h, err := g.openHold(ctx, typed)
		if err != nil {
			return e, err
		}
		m, err := g.decidable(ctx, h.Code)
		if err != nil {
			return e, err
		}
		act := onRecord(now, operator, "hold closed", h.Code, reason)
		if to == "" {
			if m.told.Bin == store.Held {
				return e, fmt.Errorf("%s: %w", h.Code, errNeedsTo)
			}
			g.release(&e, h)
		} else {
			if code, err = g.giveTo(ctx, &e, m, to, now); err != nil {
				return e, err
			}
			act = onRecord(now, operator, "hold released to "+to, h.Code, reason)
		}
		e.Audit = append(e.Audit, act)
		return e, nil
	})
	return code, err
}

// giveTo makes the referral that a hold waited for. A referral that was in the wrong place, and that nobody accepted, is taken back.
func (g *Gateway) giveTo(ctx context.Context, e *store.Effects, m deskMatter, to string, now time.Time) (string, error) {
	target := referral.Target{Officer: to}
	if _, isOfficer := g.roster().Get(to); !isOfficer {
		target = referral.Target{Area: to}
		if _, _, isPlace := g.places.Current(to); !isPlace {
			return "", fmt.Errorf("--to %s is neither a place in force nor an officer of directory.csv", to)
		}
	}
	r := m.report
	plan, area, err := referral.Given(r.Report, r.Risk, m.told.Number, target, m.removed(), g.pack.Ladders, g.roster(), g.places)
	if err != nil {
		return "", fmt.Errorf("%s cannot go to %s: %w", m.code, to, err)
	}
	for _, old := range m.referrals {
		if old.ID != m.hold.ReferralID || old.State != referral.Alerting {
			continue
		}
		if err := g.carryOut(ctx, e, alert.Withdraw(old, g.roster(), g.pack.Clocks, now), now); err != nil {
			return "", err
		}
	}
	for _, h := range m.holds {
		// With this one go those that speak of the same referral, and of a report that was kept back there is only one.
		if h.ID == m.hold.ID || h.State != referral.HoldReleased && h.ReferralID != "" && h.ReferralID == m.hold.ReferralID {
			g.release(e, h)
		}
	}
	r.AreaCode, r.State = area, report.Referred
	if r.DangerAt.IsZero() {
		r.DangerAt = m.told.DangerAt
	}
	if err := g.refer(ctx, e, r, plan, now); err != nil {
		return "", err
	}
	e.Report = &r
	m.bin(e, store.Concluded, "")
	return e.Referrals[len(e.Referrals)-1].Code, nil
}
