package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"chumrok/adapters"
	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/outbox"
	"chumrok/internal/store"
)

const (
	// sweepEvery is how often due work is looked for when nothing wakes the watch earlier.
	sweepEvery = 2 * time.Second
	// leaseTime is how long a piece of work may be held. It is longer than the longest send, and short enough that what
	// a crashed gateway held is taken up by another within the 60 s that promise 2 allows.
	leaseTime = 40 * time.Second
	// sendTime is how long one provider may take for one message.
	sendTime = 15 * time.Second
	// sweepSize is how much work is claimed at once, all of it done side by side. Were it more, a provider that hangs would
	// keep the last of it waiting beyond its lease, and an alert of danger that came meanwhile behind it.
	sweepSize = 16
)

// Watch does what falls due until the context ends: messages to be sent, clocks that run out, conversations left
// unfinished. What fails is tried again; nothing is ever discarded.
func (g *Gateway) Watch(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		for {
			n, err := g.Sweep(ctx)
			if err != nil && ctx.Err() == nil {
				g.log.Error("due work could not be looked for; trying again", "error", err)
			}
			if n == 0 || ctx.Err() != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-g.store.Woken():
		case <-tick.C:
		}
	}
}

// Sweep does the work that is due now, the most urgent first, and says how much there was.
func (g *Gateway) Sweep(ctx context.Context) (int, error) {
	claimed, err := g.store.Claim(ctx, g.now(), g.name, leaseTime, sweepSize)
	if err != nil {
		return 0, fmt.Errorf("claiming due work: %w", err)
	}
	var workers errgroup.Group
	for _, due := range claimed {
		workers.Go(func() error {
			g.do(ctx, due)
			return nil
		})
	}
	return len(claimed), workers.Wait()
}

// do does one piece of work. A failure is written down and the work comes again.
func (g *Gateway) do(ctx context.Context, due store.Due) {
	err := g.try(ctx, due)
	if err == nil {
		g.meter.due.WithLabelValues(due.Kind, "done").Inc()
		return
	}
	g.meter.due.WithLabelValues(due.Kind, "again").Inc()
	g.log.Error("due work failed; it comes again", "kind", due.Kind, "subject", due.Subject, "attempt", due.Attempts, "error", err)
	again := g.now().Add(outbox.Retry(due.Attempts, due.Urgency, g.random))
	if err := g.store.Retry(context.WithoutCancel(ctx), due, again); err != nil {
		g.log.Error("giving work back failed; its lease runs out", "kind", due.Kind, "subject", due.Subject, "error", err)
	}
}

// try does a piece of work according to its kind. What panics is an error like another, named by its place in the code
// alone: one piece that breaks us must not end the process that everybody else's alerts wait for.
func (g *Gateway) try(ctx context.Context, due store.Due) (err error) {
	defer func() {
		if p := recover(); p != nil {
			g.meter.panics.Inc()
			err = fmt.Errorf("%T at %s", p, panicSite())
		}
	}()
	switch due.Kind {
	case store.DueSend:
		return g.send(ctx, due)
	case store.DueAccepted:
		return g.acceptedClock(ctx, due)
	case store.DueHold:
		return g.holdClock(ctx, due)
	case store.DueUnfinished:
		return g.unfinished(ctx, due)
	case store.DueLesson:
		return g.lesson(ctx, due)
	case store.DueErase:
		return g.erase(ctx, due)
	case store.DueForget:
		return g.forget(ctx, due)
	}
	// Written by a newer release: it stays for the gateway that knows it.
	return errors.New("work of an unknown kind")
}

// apply writes effects; when somebody was faster, decide is asked again on what stands now.
func (g *Gateway) apply(ctx context.Context, decide func(now time.Time) (store.Effects, error)) error {
	for range mostRaces {
		now := g.now()
		effects, err := decide(now)
		if err != nil {
			return err
		}
		kind, err := g.store.Apply(ctx, now, effects)
		if err != nil {
			return err
		}
		if kind != store.Behind {
			return nil
		}
	}
	return errRaces
}

// acceptedClock tells the next tier when nobody accepted in time.
func (g *Gateway) acceptedClock(ctx context.Context, due store.Due) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		e := store.Effects{DueFinished: []store.Due{due}}
		r, found, err := g.store.Referral(ctx, due.Subject)
		if err != nil || !found {
			return e, err
		}
		present, err := g.present(ctx, now)
		if err != nil {
			return e, err
		}
		decision := alert.TimeOut(r, present, g.pack.Clocks, now)
		if !decision.Changed && !decision.Clock.IsZero() {
			return store.Effects{}, g.store.Retry(ctx, due, decision.Clock) // too early: the same work, later
		}
		err = g.carryOut(ctx, &e, decision, now)
		return e, err
	})
}

// holdClock tells the desk again when nobody there has taken a hold.
func (g *Gateway) holdClock(ctx context.Context, due store.Due) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		e := store.Effects{DueFinished: []store.Due{due}}
		h, found, err := g.store.Hold(ctx, due.Subject)
		if err != nil || !found {
			return e, err
		}
		present, err := g.present(ctx, now)
		if err != nil {
			return e, err
		}
		decision := alert.HoldTimeOut(h, present, g.pack.Clocks, now)
		if !decision.Changed && !decision.Clock.IsZero() {
			return store.Effects{}, g.store.Retry(ctx, due, decision.Clock)
		}
		g.carryOutHold(&e, decision, now)
		return e, nil
	})
}

// unfinished closes a conversation that stopped half-way: what was told goes to a person. The session itself stays
// open as long as its state lives, so that a later answer is added.
func (g *Gateway) unfinished(ctx context.Context, due store.Due) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		done := store.Effects{DueFinished: []store.Due{due}}
		last, found, err := g.store.Conversation(ctx, due.Subject)
		if err != nil || !found || last.Bin != store.StillOpen && last.Bin != store.Held {
			return done, err
		}
		state, err := flows.Decode(last.State)
		told := err == nil && state.HasContent()
		if !told { // taken back, or of a release that this one cannot read
			if state, told, err = g.toldBefore(ctx, due.Subject); err != nil {
				return done, err
			}
		}
		change := store.ConversationChange{ID: due.Subject, Seq: last.Seq}
		effects := done
		if told {
			if change.Bin, effects, err = g.fileReport(ctx, last, last.DangerAt, state, false, now); err != nil {
				return done, err
			}
			if change.Bin == store.Marked {
				change.Mark = store.MarkJoined
			}
			effects.DueDone = nil
			effects.DueFinished = []store.Due{due}
		} else {
			change.Bin, change.Mark = store.Marked, cmp.Or(store.Mark(state.Mark()), store.MarkEmpty)
		}
		effects.Conversations = append(effects.Conversations, change)
		return effects, nil
	})
}

// send gives one message to a provider, the pack's first that can take it, and writes down what came of it. A refusal
// for good raises the next officer at once; anything else is tried again, also by the next provider.
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
		officer, known := g.directory.Get(m.OfficerID)
		if !known {
			return g.giveUp(ctx, due, m, "the officer is no longer in the directory")
		}
		to = officer.Phone
	}
	choice := g.outbound.Choose(to, nil)
	if len(choice.Providers) == 0 {
		return g.giveUp(ctx, due, m, "no provider may carry this number")
	}
	provider := choice.Providers[(due.Attempts-1)%len(choice.Providers)]
	sending, cancel := context.WithTimeout(ctx, sendTime)
	receipt, err := g.channel(provider).Send(sending, adapters.Outgoing{ID: m.ID, To: to, Text: g.textOf(ctx, m, due.Attempts)})
	cancel()
	ctx = context.WithoutCancel(ctx) // what came of it is written even while the gateway stops
	switch {
	case err == nil:
		g.meter.sends.WithLabelValues(provider, "handed").Inc()
		_, err := g.store.Apply(ctx, g.now(), store.Effects{
			MessageStates: []store.MessageState{{ID: m.ID, State: store.Handed, Provider: provider, ProviderID: receipt.ID, Attempts: due.Attempts}},
			DueFinished:   []store.Due{due},
		})
		return err
	case adapters.IsPermanent(err):
		g.meter.sends.WithLabelValues(provider, "refused").Inc()
		if due.Attempts < len(choice.Providers) {
			return fmt.Errorf("%s refused a message; the next provider is tried: %w", provider, err)
		}
		if err := g.endLessons(ctx, m); err != nil {
			return err
		}
		return g.giveUp(ctx, due, m, "the provider refused the number for good")
	}
	g.meter.sends.WithLabelValues(provider, "again").Inc()
	if due.Attempts == attemptsBeforeNext {
		if raised := g.raiseNext(ctx, m, provider); raised != nil {
			g.log.Error("raising the next officer failed", "alert", m.AlertID, "error", raised)
		}
	}
	var throttled adapters.Throttled
	if errors.As(err, &throttled) && throttled.After > 0 && len(choice.Providers) == 1 {
		g.log.Warn("a provider asks to wait", "provider", provider, "attempt", due.Attempts)
		return g.store.Retry(ctx, due, g.now().Add(min(throttled.After, time.Minute)))
	}
	return err
}

// textOf is what to send. An alert that may have arrived already, since it was tried before, says that it is sent again:
// two that look alike would be taken for two children.
func (g *Gateway) textOf(ctx context.Context, m store.Message, attempt int) string {
	if m.Kind != store.ToAlert || attempt < 2 {
		return m.Text
	}
	about, err := g.aboutAlert(ctx, m.AlertID)
	officer, known := g.directory.Get(m.OfficerID)
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
	return matter{referral: r.ID, code: r.Code, area: r.AreaCode, risk: r.Risk}, nil
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
func (g *Gateway) raiseNext(ctx context.Context, m store.Message, _ string) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		var e store.Effects
		err := g.failed(ctx, &e, m, now)
		return e, err
	})
}

// failed adds what follows when an alert does not reach its officer.
func (g *Gateway) failed(ctx context.Context, e *store.Effects, m store.Message, now time.Time) error {
	if m.AlertID == "" {
		return nil
	}
	a, found, err := g.store.Alert(ctx, m.AlertID)
	if err != nil || !found || a.ReferralID == "" {
		return err
	}
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

// Delivered keeps what became of a message after the provider took it; a number that cannot be reached raises the next.
func (g *Gateway) Delivered(ctx context.Context, d adapters.Delivery) error {
	m, found, err := g.store.MessageByProviderID(ctx, d.Provider, d.ID)
	if err != nil {
		return fmt.Errorf("reading a message: %w", err)
	}
	if !found {
		return nil // of another program on the same account, or older than our memory
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
