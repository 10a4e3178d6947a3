package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"chumrok/adapters"
	"chumrok/internal/alert"
	"chumrok/internal/limits"
	"chumrok/internal/outbox"
	"chumrok/internal/phone"
	"chumrok/internal/store"
)

// send gives one message to a provider, the pack's first that can take it, and writes down what came of it. Where one
// refuses or is silent the next is asked in the same moment. When each of them refused the number for good, the next
// officer is raised at once; anything else is tried again.
func (g *Gateway) send(ctx context.Context, due store.Due) error {
	m, found, err := g.store.Message(ctx, due.Subject)
	if err != nil {
		return fmt.Errorf("reading a message: %w", err)
	}
	if !found || m.State != store.Queued && m.State != store.Failed {
		return g.store.Finish(ctx, due)
	}
	if tooLate(m, g.now()) {
		return g.giveUp(ctx, due, m, "its hours are over")
	}
	if stopped, err := g.contactStopped(ctx, m); err != nil {
		return err
	} else if stopped {
		return g.giveUp(ctx, due, m, "its reader asked not to be written to")
	}
	to := m.Number
	if to.IsZero() {
		officer, known := g.roster().Get(m.OfficerID)
		if !known {
			return g.giveUp(ctx, due, m, "the officer is no longer in the directory")
		}
		if to = officer.Phone; to.IsZero() {
			return g.giveUp(ctx, due, m, "the officer's phone is lost")
		}
	}
	lane := laneOf(m)
	choice := g.outbound.Choose(to, func(provider string) bool { return g.health.Usable(provider, g.now()) })
	if len(choice.Providers) == 0 {
		return g.giveUp(ctx, due, m, "no provider may carry this number")
	}
	waits, leave, err := g.waitsForDigest(ctx, due, m, to)
	if err != nil || waits {
		return err
	}
	defer leave()
	if why := g.overBudget(ctx, lane, to); why != "" {
		return g.giveUp(ctx, due, m, why)
	}
	t := try{m: m, to: to, lane: lane, why: []string{choice.Why},
		// An attempt of which nothing was written down: the process died in it.
		maybe: m.Maybe || due.Attempts > m.Attempts+1}
	all := slices.Concat(choice.Providers, choice.LeftOut)
	t.time = min(sendTime, roundTime/time.Duration(len(all)))
	for i, provider := range all {
		if i >= len(choice.Providers) && t.refusals < i {
			break // who seems not to work is asked only where all others refused the number for good
		}
		if g.give(ctx, &t, provider) {
			return g.handed(ctx, due, t)
		}
	}
	return g.notHanded(ctx, due, t, all)
}

// try is one round of a message through the providers.
type try struct {
	m        store.Message
	to       phone.Number
	lane     outbox.Lane
	provider string // that took it
	receipt  adapters.Receipt
	why      []string      // what was chosen and what came of it, for whoever asks
	maybe    bool          // it may have arrived without our knowing
	given    bool          // somebody was asked
	time     time.Duration // that each provider may take
	refusals int           // how many refused the number for good
	last     error
}

func (t *try) note(words string, args ...any) { t.why = append(t.why, fmt.Sprintf(words, args...)) }

// give asks one provider to carry a message, says whether it did, and remembers how the provider does.
func (g *Gateway) give(ctx context.Context, t *try, provider string) bool {
	if !g.pace.Room(provider, g.now()) {
		t.note("%s had no room at that moment.", provider)
		return false
	}
	t.given = true
	sending, cancel := context.WithTimeout(ctx, t.time)
	receipt, err := g.channel(provider).Send(sending, adapters.Outgoing{ID: t.m.ID, To: t.to, Text: g.textOf(ctx, t.m, t.maybe)})
	cancel()
	now, result := g.now(), "again"
	var throttled adapters.Throttled
	switch {
	case err == nil:
		g.health.Took(provider)
		result, t.provider, t.receipt = "handed", provider, receipt
		t.note("%s took it.", provider)
	case adapters.IsPermanent(err):
		g.health.Took(provider)
		result = "refused"
		t.refusals++
		t.note("%s refused the number for good.", provider)
	case errors.As(err, &throttled):
		g.health.Throttle(provider, throttled.After, now)
		result = "throttled"
		t.note("%s asked to wait.", provider)
	case adapters.IsMisconfigured(err):
		g.health.Break(provider, now)
		result = "broken"
		g.log.Error("a provider refuses us; a person must look at its variables", "provider", provider, "error", err)
		t.note("%s refused us: its set-up needs a person.", provider)
	default:
		g.health.Silence(provider, now)
		unsure := adapters.IsUncertain(err) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
		t.maybe = t.maybe || unsure
		t.note("%s gave no sure answer.", provider)
	}
	g.meter.sends.WithLabelValues(provider, result).Inc()
	if err != nil {
		t.last = fmt.Errorf("%s: %w", provider, err)
	}
	return err == nil
}

// handed writes down that a provider took a message. What came of it is written even while the gateway stops.
func (g *Gateway) handed(ctx context.Context, due store.Due, t try) error {
	ctx = context.WithoutCancel(ctx)
	_, err := g.store.Apply(ctx, g.now(), store.Effects{
		MessageStates: []store.MessageState{{ID: t.m.ID, State: store.Handed, Provider: t.provider, ProviderID: t.receipt.ID,
			Attempts: due.Attempts, Maybe: t.maybe, Why: strings.Join(t.why, " ")}},
		DueFinished: []store.Due{due},
	})
	if err != nil {
		return err
	}
	g.spend(ctx, t.lane, t.to)
	early, found, err := g.store.Early(ctx, t.provider, t.receipt.ID)
	if err != nil || !found {
		return err
	}
	return g.delivered(ctx, adapters.Delivery{Provider: t.provider, ID: t.receipt.ID, State: adapters.DeliveryState(early.State), Reason: early.Reason})
}

// notHanded writes down that nobody took a message this time, and when it is tried again.
func (g *Gateway) notHanded(ctx context.Context, due store.Due, t try, asked []string) error {
	ctx = context.WithoutCancel(ctx)
	switch {
	case t.refusals == len(asked):
		if err := g.endLessons(ctx, t.m); err != nil {
			return err
		}
		return g.giveUp(ctx, due, t.m, "every provider refused the number for good")
	case !t.given: // nobody had room: this was no attempt
		return g.store.Postpone(ctx, due, g.now().Add(g.pace.Wait(t.lane)))
	}
	state := store.MessageState{ID: t.m.ID, State: store.Queued, Attempts: due.Attempts, Maybe: t.maybe, Why: strings.Join(t.why, " ")}
	if _, err := g.store.Apply(ctx, g.now(), store.Effects{MessageStates: []store.MessageState{state}}); err != nil {
		return fmt.Errorf("writing down an attempt: %w", err)
	}
	if due.Attempts == attemptsBeforeNext {
		if raised := g.raiseNext(ctx, t.m); raised != nil {
			g.log.Error("raising the next officer failed", "alert", t.m.AlertID, "error", raised)
		}
	}
	if t.last == nil {
		return errors.New("some providers refused the number, the others had no room")
	}
	return t.last
}

// laneOf says for whom a message is.
func laneOf(m store.Message) outbox.Lane {
	switch m.Kind {
	case store.ToAlert, store.ToDigest:
		return outbox.ForAlerts
	case store.ToReporter:
		return outbox.ForReporters
	}
	return outbox.ForOfficers
}

// budgetWindow is the day of a budget. It begins at midnight UTC, which is morning where most of our phones are.
const budgetWindow = 24 * time.Hour

// budgetCounters are what a message to this phone is counted by.
func (g *Gateway) budgetCounters(lane outbox.Lane, to phone.Number, cost int64) []limits.Counter {
	counters := []limits.Counter{{Subject: "all", Window: budgetWindow, Cost: cost}}
	if lane == outbox.ForReporters && !to.IsZero() {
		counters = append(counters, limits.Counter{Subject: g.store.PhoneIndex(to), Window: budgetWindow, Cost: cost})
	}
	return counters
}

// overBudget says why the day's budget does not cover a message, "" when it does. Redis counts; when it does not answer,
// the message goes: money is not worth a message.
func (g *Gateway) overBudget(ctx context.Context, lane outbox.Lane, to phone.Number) string {
	if lane != outbox.ForReporters {
		return ""
	}
	before, err := g.limits.Spend(ctx, "outbound", g.now(), g.budgetCounters(lane, to, 0)...)
	if err != nil {
		g.meter.redis.Inc()
		return ""
	}
	spent := outbox.Spent{InAll: before[0]}
	if len(before) > 1 {
		spent.ToNumber = before[1]
	}
	why := outbox.Budget(g.pack.Outbound.Budget).Covers(lane, spent)
	if why != "" {
		g.meter.overBudget.Inc()
	}
	return why
}

// spend counts a message that was sent.
func (g *Gateway) spend(ctx context.Context, lane outbox.Lane, to phone.Number) {
	if _, err := g.limits.Spend(ctx, "outbound", g.now(), g.budgetCounters(lane, to, 1)...); err != nil {
		g.meter.redis.Inc()
	}
}

// textOf is what to send. An alert that may have arrived already says that it is sent again: two that look alike would
// be taken for two children.
func (g *Gateway) textOf(ctx context.Context, m store.Message, again bool) string {
	if m.Kind == store.ToDigest {
		return g.digestText(ctx, m)
	}
	if m.Kind != store.ToAlert || !again {
		return m.Text
	}
	about, err := g.aboutAlert(ctx, m.AlertID)
	officer, known := g.roster().Get(m.OfficerID)
	if err != nil || !known {
		return m.Text
	}
	return g.toOfficer(officer, "alert.again", about, nil)
}

// aboutAlert is the matter that an alert is about.
func (g *Gateway) aboutAlert(ctx context.Context, id string) (matter, error) {
	a, found, err := g.store.Alert(ctx, id)
	if err != nil || !found {
		return matter{}, fmt.Errorf("reading alert %s: %w", id, notFound(err))
	}
	if a.HoldID != "" {
		h, found, err := g.store.Hold(ctx, a.HoldID)
		if err != nil || !found {
			return matter{}, fmt.Errorf("reading hold %s: %w", a.HoldID, notFound(err))
		}
		return matter{hold: h.ID, code: h.Code, area: h.AreaCode, risk: h.Risk}, nil
	}
	r, found, err := g.store.Referral(ctx, a.ReferralID)
	if err != nil || !found {
		return matter{}, fmt.Errorf("reading referral %s: %w", a.ReferralID, notFound(err))
	}
	return matterOf(r), nil
}

// attemptsBeforeNext is how often a message is tried before the next officer is raised beside it: with the retry policy
// of package outbox a quarter of a minute.
const attemptsBeforeNext = 3

// giveUp writes a message off and, where it was an alert, raises the next officer in the same moment.
func (g *Gateway) giveUp(ctx context.Context, due store.Due, m store.Message, why string) error {
	g.log.Error("a message is failed for good", "message", m.ID, "alert", m.AlertID, "why", why)
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		e := store.Effects{
			MessageStates: []store.MessageState{{ID: m.ID, State: store.Failed, Attempts: due.Attempts, Reason: why}},
			DueFinished:   []store.Due{due},
		}
		err := g.failed(ctx, &e, m, now)
		return e, err
	})
}

// raiseNext asks the next officer while the first one's message is still being tried.
func (g *Gateway) raiseNext(ctx context.Context, m store.Message) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		var e store.Effects
		err := g.failed(ctx, &e, m, now)
		return e, err
	})
}

// failed adds what follows when an alert, or one that carries many, does not reach its officer.
func (g *Gateway) failed(ctx context.Context, e *store.Effects, m store.Message, now time.Time) error {
	alerts := []string{m.AlertID}
	if m.Kind == store.ToDigest {
		var err error
		if alerts, err = g.store.AlertsIn(ctx, m.ID); err != nil {
			return err
		}
	}
	raised := map[string]bool{}
	for _, id := range alerts {
		if err := g.failedAlert(ctx, e, id, raised, now); err != nil {
			return err
		}
	}
	return nil
}

// failedAlert asks the next officer of a referral, once for each.
func (g *Gateway) failedAlert(ctx context.Context, e *store.Effects, id string, raised map[string]bool, now time.Time) error {
	if id == "" {
		return nil
	}
	a, found, err := g.store.Alert(ctx, id)
	if err != nil || !found || a.ReferralID == "" || raised[a.ReferralID] {
		return err
	}
	raised[a.ReferralID] = true
	r, found, err := g.store.Referral(ctx, a.ReferralID)
	if err != nil || !found {
		return err
	}
	present, err := g.present(ctx, now)
	if err != nil {
		return err
	}
	return g.carryOut(ctx, e, alert.Failed(r, a.OfficerID, present, g.pack.Clocks, now), now)
}

// Delivered keeps what became of a message after the provider took it, in the spool where the ledger cannot be written: not every provider
// says it twice.
func (g *Gateway) Delivered(ctx context.Context, d adapters.Delivery) error {
	return g.orKeep(ctx, g.keys.Blind("delivery", d.Provider+"|"+d.ID), spooled{Kind: keptDelivery, Delivery: &d}, func(ctx context.Context) error { return g.delivered(ctx, d) })
}

// delivered writes down what became of a message; a number that cannot be reached raises the next.
func (g *Gateway) delivered(ctx context.Context, d adapters.Delivery) error {
	m, found, err := g.store.MessageByProviderID(ctx, d.Provider, d.ID)
	if err != nil {
		return fmt.Errorf("reading a message: %w", err)
	}
	if !found { // where the id is ours, it is known also when our note of the handing is late, or was lost in a crash
		if m, found, err = g.store.Message(ctx, d.ID); err != nil {
			return fmt.Errorf("reading a message: %w", err)
		}
	}
	if !found && d.State != adapters.Handed {
		// It came before the provider's own answer to us, or is of another program on the same account.
		kept, err := g.store.KeepEarly(ctx, g.now(), d.Provider, d.ID, store.Early{State: store.DeliveryState(d.State), Reason: d.Reason})
		if err != nil || kept {
			return err
		}
		if m, found, err = g.store.MessageByProviderID(ctx, d.Provider, d.ID); err != nil {
			return fmt.Errorf("reading a message: %w", err)
		}
	}
	if !found {
		return nil
	}
	if d.State == adapters.Failed {
		if err := g.endLessons(ctx, m); err != nil {
			return err
		}
	}
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		e := store.Effects{MessageStates: []store.MessageState{{ID: m.ID, State: store.DeliveryState(d.State), Reason: d.Reason}}}
		if d.State != adapters.Failed {
			return e, nil
		}
		err := g.failed(ctx, &e, m, now)
		return e, err
	})
}
