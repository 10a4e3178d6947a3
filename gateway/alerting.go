package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
	"chumrok/locales"
)

// matter is what a message to an officer is about: a referral, or a hold at the desk.
type matter struct {
	conversation string
	referral     string // or
	hold         string
	code         string
	area         string // "" when the place is not known
	risk         report.Risk
	danger       bool      // a child is in danger now: it goes alone and first, whatever else waits
	due          time.Time // when the next tier is told
	outcome      string    // one of the outcomes of package alert, or ""
}

// matterOf is what a message about a referral is about.
func matterOf(r referral.Referral) matter {
	return matter{conversation: r.ConversationID, referral: r.ID, code: r.Code, area: r.AreaCode, risk: r.Risk, due: r.AcceptDue, outcome: r.Outcome}
}

// carryOut adds what a decision about a referral changes: the referral, its alerts with their texts, and its clock.
func (g *Gateway) carryOut(ctx context.Context, e *store.Effects, d alert.Decision, now time.Time) error {
	r := d.Referral
	if d.Changed {
		tellReporter(e, &r, now)
		e.Referrals = append(e.Referrals, r)
		if err := g.takenAfterAll(ctx, e, r); err != nil {
			return err
		}
	}
	g.writeTo(e, d.Calls, matterOf(r), now)
	// A decision that changes nothing touches no clock: nothing would tell that it is older than what stands now, and it
	// could stop a clock that somebody else has just started.
	if !d.Changed {
		return nil
	}
	for kind, at := range clocksOf(r) {
		switch {
		case at.IsZero() && r.Version == 0: // it is new: none can run
		case at.IsZero():
			e.DueDone = append(e.DueDone, store.DueKey{Kind: kind, Subject: r.ID})
		default:
			e.Due = append(e.Due, store.Due{Kind: kind, Subject: r.ID, At: at, Urgency: urgency(r.Risk)})
		}
	}
	g.alarm(d.Alarm, "referral", r.ID)
	if d.Hold != nil {
		return g.startHold(ctx, e, *d.Hold, now)
	}
	return nil
}

// takenAfterAll releases the hold for a referral that everybody had declined once somebody takes it: there is nothing left to decide.
func (g *Gateway) takenAfterAll(ctx context.Context, e *store.Effects, r referral.Referral) error {
	if r.State != referral.Accepted || r.Version == 0 {
		return nil
	}
	holds, err := g.store.HoldsOf(ctx, r.ConversationID)
	if err != nil {
		return err
	}
	for _, h := range holds {
		if h.Reason == referral.DeclinedByAll && h.ReferralID == r.ID && h.State != referral.HoldReleased {
			g.release(e, h)
		}
	}
	return nil
}

// carryOutHold is carryOut for a hold.
func (g *Gateway) carryOutHold(e *store.Effects, d alert.HoldDecision, now time.Time) {
	h := d.Hold
	if d.Changed {
		e.Holds = append(e.Holds, h)
	}
	g.writeTo(e, d.Calls, matter{conversation: h.ConversationID, hold: h.ID, code: h.Code, area: h.AreaCode, risk: h.Risk, danger: h.Danger, due: h.Due}, now)
	if !d.Changed {
		return // and no clock is touched, as in carryOut
	}
	if d.Clock.IsZero() {
		e.DueDone = append(e.DueDone, store.DueKey{Kind: store.DueHold, Subject: h.ID})
	} else {
		e.Due = append(e.Due, store.Due{Kind: store.DueHold, Subject: h.ID, At: d.Clock, Urgency: urgency(h.Risk)})
	}
	if d.Deserted && len(d.Calls) > 0 {
		g.log.Warn("everybody at the desk is away; all of them were told of a hold", "hold", h.ID)
	}
	g.alarm(d.Alarm, "hold", h.ID)
}

// alarm raises what cannot be overlooked: an error in the log and a counter. That somebody still has not answered is
// shown as a figure for as long as it is so.
func (g *Gateway) alarm(words, what, id string) {
	if words == "" {
		return
	}
	g.meter.alarms.Inc()
	g.log.Error("ALARM: nobody at the last tier has answered; a person must act now", what, id)
}

// urgency orders due work: whoever is in danger now goes first.
func urgency(risk report.Risk) int { return int(risk) }

// writeTo adds the alerts of a decision, one text for each officer in the officer's own language.
func (g *Gateway) writeTo(e *store.Effects, calls []alert.Call, about matter, now time.Time) {
	for _, call := range calls {
		officer, known := g.roster().Get(call.OfficerID)
		if !known {
			continue // the decision read the same directory
		}
		when := about.due
		if !call.When.IsZero() {
			when = call.When
		}
		m := store.Message{ID: store.NewID(), ConversationID: about.conversation, Kind: store.ToInform, OfficerID: officer.ID,
			Text: g.toOfficer(officer, call.Key, about, map[string]string{"tier": g.tier(officer, call.Other), "when": g.when(officer, when)})}
		if call.Asks() {
			a := store.Alert{ID: store.NewID(), ReferralID: about.referral, HoldID: about.hold, OfficerID: officer.ID,
				PhoneIndex: g.store.PhoneIndex(officer.Phone), Code: about.code, Key: call.Key, Tier: call.Tier, Round: call.Repeat, State: store.Queued}
			e.Alerts = append(e.Alerts, a)
			m.Kind, m.AlertID = store.ToAlert, a.ID
		} else {
			e.ClearQuestions = append(e.ClearQuestions, g.store.PhoneIndex(officer.Phone))
		}
		e.Messages = append(e.Messages, m)
		due := store.Due{Kind: store.DueSend, Subject: m.ID, At: now, Urgency: urgency(about.risk)}
		if about.danger {
			due.Urgency = urgency(report.Immediate)
		}
		e.Due = append(e.Due, due)
	}
}

// toOfficer is a sentence to an officer. It names the place only to one whose phone serves more than one commune.
func (g *Gateway) toOfficer(officer directory.Officer, key string, about matter, vars map[string]string) string {
	language := g.languageFor(officer)
	all := map[string]string{
		"code": about.code,
		"risk": g.texts.Text(language, "risk."+about.risk.String()),
		"desk": g.pack.Facts()["desk"],
	}
	if about.area != "" && g.servesMore(officer) {
		all["place"] = g.places.Name(about.area, language)
	}
	if about.outcome != "" {
		all["outcome"] = g.texts.Text(language, "outcome."+about.outcome)
	}
	for name, value := range vars {
		all[name] = value
	}
	return locales.Strip(g.texts.Format(language, key, all))
}

// servesMore says whether an officer's phone serves more than one commune.
func (g *Gateway) servesMore(officer directory.Officer) bool {
	areas := g.roster().Areas(officer.Phone)
	return len(areas) != 1 || len(areas[0]) != 6
}

func (g *Gateway) languageFor(officer directory.Officer) string {
	for _, language := range officer.Languages {
		if g.texts.Has(language, "alert.new") {
			return language
		}
	}
	return g.pack.Languages[0]
}

func (g *Gateway) tier(officer directory.Officer, tier string) string {
	if tier == "" {
		return ""
	}
	return g.texts.Text(g.languageFor(officer), "tier."+tier)
}

func (g *Gateway) when(officer directory.Officer, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return g.texts.When(g.languageFor(officer), t.In(g.pack.Zone))
}

// answerTo is the text of a reply to the officer who wrote.
func (g *Gateway) answerTo(officer directory.Officer, reply alert.Reply, about matter) string {
	if reply.Key == "" {
		return ""
	}
	about.code = reply.Code
	return g.toOfficer(officer, reply.Key, about, map[string]string{
		"when":  g.when(officer, reply.When),
		"n":     strconv.Itoa(reply.N),
		"codes": strings.Join(reply.Codes, " "),
	})
}

// unanswered counts what nobody at the last tier has answered: what was sent there again.
func (g *Gateway) unanswered() (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	codes, err := unansweredCodes(ctx, g.store)
	return len(codes), err
}
