package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

// What a conversation with an officer branches by. Whatever is not the officer's is gone: there is no word for "it is
// somebody else's", since that would say that it is there.
const (
	isOK     = "ok"
	isSome   = "some"
	isNone   = "none"
	isDone   = "done"
	isNoted  = "noted" // done, and nobody has to go anywhere by a time
	isReview = "review"
	isTaken  = "taken"
	isGone   = "gone"
	isNext   = "next"
)

// pinField is the field of the officers' conversation that holds "ok" once the PIN was right. Without it everything is
// gone, whatever a pack's own conversation asks for.
const pinField = "pin_is"

// mostListed is how many matters are listed at once, the most pressing first: three to a screen, and each is kept with
// the state of the conversation.
const mostListed = 20

// onDuty is an officer who dialled from a phone of the directory.
type onDuty struct {
	phone    phone.Number
	index    string
	rows     []directory.Officer // of the phone; at least one
	language string              // of the conversation
}

func (o onDuty) is(officerID string) bool {
	return slices.ContainsFunc(o.rows, func(row directory.Officer) bool { return row.ID == officerID })
}

// dutyOf is who dialled, and whether that officer may see and do something: by USSD, from a number of the directory, with
// the PIN given in this conversation and not locked or taken away since.
func (g *Gateway) dutyOf(ctx context.Context, m adapters.Message, state flows.State) (onDuty, bool, error) {
	o := onDuty{phone: m.From, rows: g.roster().ByPhone(m.From), language: state.Language()}
	if m.Channel != adapters.USSD || len(o.rows) == 0 {
		return onDuty{}, false, nil
	}
	o.index = g.store.PhoneIndex(m.From)
	if state.Answer(pinField) != isOK {
		return o, false, nil
	}
	pin, found, err := g.store.PIN(ctx, o.index)
	if err != nil {
		return onDuty{}, false, fmt.Errorf("reading the officer's PIN: %w", err)
	}
	return o, found && !pin.Locked() && !pin.SetAt.After(state.StartedAt()), nil
}

// dutyPIN compares a PIN. Nothing typed is no try.
func (g *Gateway) dutyPIN(ctx context.Context, o onDuty, typed []string, _ *store.Effects, _ time.Time) (flows.Supplied, error) {
	switch {
	case len(o.rows) == 0:
		return flows.Supplied{Answer: string(store.PINNone)}, nil
	case len(typed) != 1:
		return flows.Supplied{Answer: string(store.PINWrong)}, nil
	}
	answer, err := g.tryPIN(ctx, o.phone, typed[0])
	return flows.Supplied{Answer: string(answer)}, err
}

// charge is a referral or a hold that an officer was alerted to, or has taken, and from which he is not removed.
type charge struct {
	store.Alerted
	officer  directory.Officer // the row under which
	referral referral.Referral // or
	hold     referral.Hold
	risk     report.Risk
	report   string
	area     string
	owns     bool
	asked    bool      // nobody has taken it, and the officer has not said "cannot"
	reviews  bool      // the officer is asked to agree with its outcome
	due      time.Time // of the clock that runs; zero when none does
}

// charges are the open matters of an officer's phone. Those of another phone do not exist, nor do those from which somebody
// on this phone was removed; what others took stays among them, for the answer "taken".
func (g *Gateway) charges(ctx context.Context, o onDuty, now time.Time) ([]charge, error) {
	matters, err := g.store.AlertsForPhone(ctx, o.index, now)
	if err != nil {
		return nil, fmt.Errorf("looking for what the phone was alerted about: %w", err)
	}
	var ids []string
	for _, row := range o.rows {
		ids = append(ids, row.ID)
	}
	owned, err := g.store.Owned(ctx, ids...)
	if err != nil {
		return nil, fmt.Errorf("looking for what the officer has taken: %w", err)
	}
	for _, a := range owned {
		if !slices.ContainsFunc(matters, func(b store.Alerted) bool { return a.ReferralID+a.HoldID == b.ReferralID+b.HoldID }) {
			matters = append(matters, a)
		}
	}
	var list []charge
	for _, a := range matters {
		// A phone that was given to somebody else since then brings no matters along.
		if !a.ClosedAt.IsZero() || !o.is(a.OfficerID) {
			continue
		}
		c, removed, err := g.charge(ctx, o, a)
		if err != nil {
			return nil, err
		}
		if !removed.RemovedPhone(o.phone, g.roster()) {
			list = append(list, c)
		}
	}
	return list, nil
}

// charge reads one matter, and who is removed from it.
func (g *Gateway) charge(ctx context.Context, o onDuty, a store.Alerted) (charge, referral.Removal, error) {
	c := charge{Alerted: a}
	c.officer, _ = g.roster().Get(a.OfficerID)
	declined := func(ids []string) bool { return slices.ContainsFunc(ids, o.is) }
	if a.HoldID != "" {
		h, found, err := g.store.Hold(ctx, a.HoldID)
		if err != nil || !found {
			return c, referral.Removal{}, fmt.Errorf("reading hold %s: %w", a.HoldID, notFound(err))
		}
		c.hold, c.risk, c.report, c.area, c.due = h, h.Risk, h.ReportID, h.AreaCode, h.Due
		c.owns = o.is(h.Owner)
		c.asked = h.State == referral.HoldWaiting && !declined(h.Declined)
		return c, h.Removed, nil
	}
	r, found, err := g.store.Referral(ctx, a.ReferralID)
	if err != nil || !found {
		return c, referral.Removal{}, fmt.Errorf("reading referral %s: %w", a.ReferralID, notFound(err))
	}
	c.referral, c.risk, c.report, c.area, c.due = r, r.Risk, r.ReportID, r.AreaCode, clockOf(r)
	c.owns = o.is(r.Owner)
	c.asked = r.State == referral.Alerting && !declined(r.Declined)
	c.reviews = alert.Reviews(r, a.OfficerID, g.roster())
	return c, r.Plan.Removed, nil
}

// clockOf is the time by which something must be done about a referral.
func clockOf(r referral.Referral) time.Time {
	switch r.State {
	case referral.Alerting:
		return r.AcceptDue
	case referral.Accepted:
		return r.SeenDue
	case referral.Seen:
		return r.OutcomeDue
	case referral.Review:
		return r.ReviewClock.Next
	case referral.Closed:
	}
	return time.Time{}
}

// chargeOf is the matter of a code among those of an officer's phone.
func (g *Gateway) chargeOf(ctx context.Context, o onDuty, words []string, now time.Time) (charge, bool, error) {
	if len(words) == 0 {
		return charge{}, false, nil
	}
	list, err := g.charges(ctx, o, now)
	if err != nil {
		return charge{}, false, err
	}
	i := slices.IndexFunc(list, func(c charge) bool { return c.Code == words[0] })
	if i < 0 {
		return charge{}, false, nil
	}
	return list[i], true, nil
}

// dutyList lists what an officer has taken and what he is asked to take, the earliest clock first: code, risk, and the hour
// or, where that is more than a day away, the day at which the clock runs out.
func (g *Gateway) dutyList(ctx context.Context, o onDuty, _ []string, _ *store.Effects, now time.Time) (flows.Supplied, error) {
	all, err := g.charges(ctx, o, now)
	if err != nil {
		return flows.Supplied{}, err
	}
	list := slices.DeleteFunc(all, func(c charge) bool { return !c.owns && !c.asked && !c.reviews })
	slices.SortStableFunc(list, func(a, b charge) int {
		switch {
		case a.due.IsZero() != b.due.IsZero():
			if a.due.IsZero() {
				return 1
			}
			return -1
		default:
			return a.due.Compare(b.due)
		}
	})
	answer := flows.Supplied{Answer: isNone}
	for _, c := range list[:min(len(list), mostListed)] {
		answer.Answer = isSome
		line := c.Code + " " + g.texts.Text(o.language, "risk."+c.risk.String())
		if due := c.due.In(g.pack.Zone); !c.due.IsZero() {
			layout := "15:04"
			if c.due.Sub(now).Abs() >= 24*time.Hour {
				layout = "2/1"
			}
			line += " " + due.Format(layout)
		}
		answer.Options = append(answer.Options, flows.Option{Value: c.Code, Text: line})
	}
	return answer, nil
}

// dutyDetails shows a matter: to who has taken it what was told, and each such look is on record; to who is asked to take it
// no more than the alert said.
func (g *Gateway) dutyDetails(ctx context.Context, o onDuty, words []string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	c, found, err := g.chargeOf(ctx, o, words, now)
	if err != nil {
		return flows.Supplied{}, err
	}
	if !found || !c.owns && !c.asked && !c.reviews {
		return flows.Supplied{Answer: isGone}, nil
	}
	if !c.owns && !c.reviews {
		return flows.Supplied{Answer: isOK, Text: g.matterText(o, c)}, nil
	}
	r, found, err := g.store.Report(ctx, c.report)
	if err != nil || !found {
		return flows.Supplied{}, fmt.Errorf("reading the report of %s: %w", c.Code, notFound(err))
	}
	e.Audit = append(e.Audit, onRecord(now, c.officer.ID, actDetails, c.Code, ""))
	e.Shown = append(e.Shown, store.Shown{ReportOf: r.ConversationID}) // what is shown stands in this conversation's turns
	return flows.Supplied{Answer: isOK, Text: g.detailsText(o, c, r.Report)}, nil
}

func (g *Gateway) dutyAccept(ctx context.Context, o onDuty, words []string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	return g.dutyAnswer(ctx, o, alert.AcceptIt, words, 0, e, now)
}

func (g *Gateway) dutySeen(ctx context.Context, o onDuty, words []string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	return g.dutyAnswer(ctx, o, alert.HaveSeen, words, 0, e, now)
}

// reasons are the words of the officers' conversation for why somebody cannot.
var reasons = map[string]int{"away": alert.Away, "connected": alert.Connected, "wrong": alert.NotOurs, "other": alert.AnotherCause}

func (g *Gateway) dutyCannot(ctx context.Context, o onDuty, words []string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	if len(words) != 2 || reasons[words[1]] == 0 {
		return flows.Supplied{Answer: isGone}, nil
	}
	return g.dutyAnswer(ctx, o, alert.CannotDo, words, reasons[words[1]], e, now)
}

func (g *Gateway) dutyOutcome(ctx context.Context, o onDuty, words []string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	if len(words) < 2 {
		return flows.Supplied{Answer: isGone}, nil
	}
	digit, _ := strconv.Atoi(words[1]) // 0 for what is no number, and no outcome
	if _, ok := alert.OutcomeOf(digit); !ok {
		return flows.Supplied{Answer: isGone}, nil
	}
	answer, err := g.dutyAnswer(ctx, o, alert.GiveOutcome, words, digit, e, now)
	if note := strings.Join(words[2:], " "); note != "" && err == nil {
		for i := range e.Referrals {
			if r := &e.Referrals[i]; r.Code == words[0] && r.Outcome != "" {
				r.Note = note
			}
		}
	}
	return answer, err
}

// dutyAnswer does what an officer says about a matter, as respond does with an SMS. Who says that the child was seen, or how
// it ended, before anybody took it, has taken it: here, unlike in an SMS, no digit can have meant something else.
func (g *Gateway) dutyAnswer(ctx context.Context, o onDuty, verb alert.Verb, words []string, follow int, e *store.Effects, now time.Time) (flows.Supplied, error) {
	c, found, err := g.chargeOf(ctx, o, words, now)
	if err != nil || !found {
		return flows.Supplied{Answer: isGone}, err
	}
	present, err := g.present(ctx, now)
	if err != nil {
		return flows.Supplied{}, err
	}
	if c.reviews { // the words for that are others
		return flows.Supplied{Answer: isGone}, nil
	}
	match := alert.Match{Found: true, Verb: verb, Follow: follow}
	var reply alert.Reply
	if c.HoldID != "" {
		d := alert.AnswerHold(c.hold, c.officer.ID, match, present, g.pack.Clocks, now)
		g.carryOutHold(e, d, now)
		deskActed(e, c.officer.ID, verb, d, now)
		reply = d.Reply
	} else {
		ref := c.referral
		if c.asked && (verb == alert.HaveSeen || verb == alert.GiveOutcome) {
			taken := alert.Accept(ref, c.officer.ID, present, g.pack.Clocks, now)
			officerActed(e, c.officer.ID, alert.AcceptIt, false, taken, now)
			ref = taken.Referral
		}
		d := alert.Answer(ref, c.officer.ID, match, present, g.pack.Clocks, now)
		if err := g.carryOut(ctx, e, d, now); err != nil {
			return flows.Supplied{}, err
		}
		officerActed(e, c.officer.ID, verb, false, d, now)
		reply = d.Reply
	}
	if c.AlertID != "" {
		e.AlertStates = append(e.AlertStates, store.AlertState{ID: c.AlertID, State: store.Answered})
	}
	e.ClearQuestions = append(e.ClearQuestions, o.index) // a bare digit by SMS answers nothing that was settled here
	vars := map[string]string{"code": c.Code, "when": ""}
	if !reply.When.IsZero() {
		vars["when"] = g.texts.When(o.language, reply.When.In(g.pack.Zone))
	}
	return flows.Supplied{Answer: cameOfIt[reply.Key], Vars: vars}, nil
}

// cameOfIt says in the words of the officers' conversation what an SMS would say with these sentences. Any other is gone.
var cameOfIt = map[string]string{
	"alert.accepted":       isDone,
	"alert.hold_taken":     isNoted,
	"alert.seen":           isDone,
	"alert.outcome_kept":   isDone,
	"alert.wrong_commune":  isDone,
	"alert.declined":       isNext,
	"alert.outcome_review": isReview,
	"alert.already_taken":  isTaken,
	"alert.again":          isGone,
	"alert.not_yours":      isGone,
	"alert.not_understood": isGone,
}

// mostDaysAway is how long an officer may be away by his own word; longer is for the desk, which knows who stands in.
const mostDaysAway = 60

// dutyAway notes that an officer is away for so many days from now, on every row of the phone.
func (g *Gateway) dutyAway(ctx context.Context, o onDuty, words []string, _ *store.Effects, now time.Time) (flows.Supplied, error) {
	days := 0
	if len(words) == 1 {
		days, _ = strconv.Atoi(phone.Digits(words[0])) // what is no number is none
	}
	if days < 1 || days > mostDaysAway {
		return flows.Supplied{Answer: isGone}, nil
	}
	until := now.In(g.pack.Zone).AddDate(0, 0, days)
	for _, row := range o.rows {
		if err := g.store.SetAway(ctx, now, row.ID, store.Away{OfficerID: row.ID, From: now, Until: until}); err != nil {
			return flows.Supplied{}, fmt.Errorf("noting that an officer is away: %w", err)
		}
	}
	return flows.Supplied{Answer: isDone, Vars: map[string]string{"when": g.texts.When(o.language, until)}}, nil
}
