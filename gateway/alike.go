package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// alikeWithin is how far apart two reports of one child are told: a mother today, a neighbour tomorrow.
const alikeWithin = 24 * time.Hour

// ageBands are the ages that a caller chooses from, in order; "unknown" is like none.
var ageBands = []string{"under_6", "6_11", "12_14", "15_17"}

// agesAlike are an age band and its neighbours: two callers rarely guess the same age.
func agesAlike(age string) []string {
	i := slices.Index(ageBands, age)
	if i < 0 {
		return nil
	}
	return ageBands[max(0, i-1):min(len(ageBands), i+2)]
}

// tooMany holds a report of a phone that told very many in a day, unless it is pressing: a person looks first, so that one phone does not bury
// what others tell. The phone is not blocked, and is answered as ever.
func (g *Gateway) tooMany(ctx context.Context, c store.Resumed, r store.Report, plan referral.Plan, now time.Time) (*referral.Hold, error) {
	if c.Number.IsZero() || r.Risk >= report.High {
		return nil, nil
	}
	n, err := g.store.ReportsBy(ctx, g.store.PhoneIndex(c.Number), now.Add(-24*time.Hour))
	if err != nil || n < g.pack.Floods.PerNumber {
		return nil, err
	}
	return &referral.Hold{ReportID: r.ID, ConversationID: r.ConversationID, Reason: referral.Flood, State: referral.HoldWaiting, Risk: r.Risk,
		AreaCode: r.AreaCode, Removed: plan.Removed,
		Why: append([]string{fmt.Sprintf("The same phone told %d reports within a day before this one.", n)}, plan.Why...)}, nil
}

// lookAround opens a hold beside a referral that has just gone its way: one for a commune from which very many come, else one that offers to join
// what may be the same child's. Neither keeps anything back.
func (g *Gateway) lookAround(ctx context.Context, e *store.Effects, r store.Report, plan referral.Plan, now time.Time) error {
	h := referral.Hold{ReportID: r.ID, ConversationID: r.ConversationID, State: referral.HoldWaiting, AreaCode: r.AreaCode, Removed: plan.Removed}
	n, err := g.store.ReportsOn(ctx, r.AreaCode, now.Add(-g.pack.Floods.Within))
	if err != nil {
		return err
	}
	if n++; n > g.pack.Floods.Commune {
		known, err := g.floodKnown(ctx, r.AreaCode)
		if err != nil || known {
			return err
		}
		h.Reason, h.Risk = referral.Flood, report.High
		h.Why = []string{fmt.Sprintf("%d reports came from this commune within %s. Each of them was given to somebody.", n, g.pack.Floods.Within)}
		return g.startHold(ctx, e, h, now)
	}
	ages := agesAlike(r.Age)
	if r.Harm == "" || len(ages) == 0 {
		return nil
	}
	alike, err := g.store.AlikeTo(ctx, r.ConversationID, r.AreaCode, string(r.Harm), ages, now.Add(-alikeWithin))
	if err != nil || len(alike) == 0 {
		return err
	}
	h.Reason, h.Risk = referral.SuspectedDuplicate, r.Risk
	for _, a := range alike {
		about, err := aboutErasing(ctx, g.store, a.ConversationID)
		if err != nil {
			continue // erased in this moment
		}
		h.Removed = h.Removed.And(about.removed()) // who decides sees both
		h.Like = append(h.Like, a.Code)
	}
	if len(h.Like) == 0 {
		return nil
	}
	h.Why = []string{"It may be the same as " + strings.Join(h.Like, ", ") + ": one commune, one harm, and about one age, within a day."}
	return g.startHold(ctx, e, h, now)
}

// floodKnown says whether the desk has a hold for the flood from a commune already.
func (g *Gateway) floodKnown(ctx context.Context, area string) (bool, error) {
	holds, err := g.store.OpenHolds(ctx)
	return slices.ContainsFunc(holds, func(h referral.Hold) bool { return h.Reason == referral.Flood && h.AreaCode == area }), err
}

// answeredElsewhere says whether what a quiet hold waits for has come about: somebody has taken the referral that everybody had declined.
func (g *Gateway) answeredElsewhere(ctx context.Context, h referral.Hold) (bool, error) {
	if h.Reason != referral.DeclinedByAll || h.State == referral.HoldReleased {
		return false, nil
	}
	r, found, err := g.store.Referral(ctx, h.ReferralID)
	return found && r.State != referral.Alerting, err
}
