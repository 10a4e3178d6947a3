package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/outbox"
	"chumrok/internal/panics"
	"chumrok/internal/referral"
	"chumrok/internal/store"
)

const (
	// sweepEvery is how often due work is looked for when nothing wakes the watch earlier.
	sweepEvery = 2 * time.Second
	// leaseTime is how long a piece of work may be held. It is longer than the longest send, and short enough that what
	// a crashed gateway held is taken up by another within the 60 s that promise 2 allows.
	leaseTime = 40 * time.Second
	// sendTime is how long one provider may take for one message at most.
	sendTime = 12 * time.Second
	// roundTime is what all providers of a message may take together: within the lease, or another gateway sends a second copy.
	roundTime = 36 * time.Second
	// sweepSize is how much work is claimed at once, all of it done side by side. Were it more, a provider that hangs would
	// keep the last of it waiting beyond its lease, and an alert of danger that came meanwhile behind it.
	sweepSize = 8
	// pastWait is how long work waits whose matter can be read by nobody here.
	pastWait = time.Hour
	// sweepers is how many look for due work at once, so that what waits for a provider that hangs keeps nothing else back.
	sweepers = 4
)

// Watch does what falls due until the context ends: messages to be sent, clocks that run out, conversations left
// unfinished. What fails is tried again; nothing is ever discarded.
func (g *Gateway) Watch(ctx context.Context) error {
	if err := g.planDrill(ctx); err != nil {
		g.log.Error("the monthly drill could not be planned; it is when the gateway starts again", "error", err)
	}
	if err := g.planRetention(ctx); err != nil {
		g.log.Error("erasing by time could not be planned; it is when the gateway starts again", "error", err)
	}
	if err := g.planKeys(ctx); err != nil {
		g.log.Error("the daily work on keys could not be planned; it is when the gateway starts again", "error", err)
	}
	if err := g.planCheckpoint(ctx); err != nil {
		g.log.Error("the record's checkpoint could not be planned; it is when the gateway starts again", "error", err)
	}
	var watchers errgroup.Group
	for range sweepers {
		watchers.Go(func() error { return g.watch(ctx) })
	}
	return watchers.Wait()
}

func (g *Gateway) watch(ctx context.Context) error {
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
func (g *Gateway) Sweep(ctx context.Context) (n int, err error) {
	defer g.survives(&err)
	if g.replay(ctx) {
		return 0, nil
	}
	if err := g.readPhones(ctx); err != nil {
		g.log.Error("going by the phones that were known", "error", err)
	}
	g.catchUpHourly(ctx)
	if err := g.keepTime(ctx); err != nil {
		g.log.Error("a crash in this moment would forget some seconds of the clock", "error", err)
	}
	if err := g.keepEpochs(ctx); err != nil {
		g.log.Error("going on with the key of the month that was", "error", err)
	}
	claimed, err := g.store.Claim(ctx, g.now(), g.name, leaseTime, sweepSize)
	if err != nil {
		return 0, fmt.Errorf("claiming due work: %w", err)
	}
	var workers errgroup.Group
	for _, due := range claimed {
		workers.Go(func() (err error) {
			defer g.survives(&err)
			g.do(ctx, due)
			return nil
		})
	}
	n = len(claimed)
	return n, workers.Wait()
}

// survives, deferred, makes an error of a panic: one piece of work that breaks us must not end the process that everybody else's alerts wait for,
// and what Go prints of a panic on the way out may be what a caller said.
func (g *Gateway) survives(err *error) {
	if p := recover(); p != nil {
		g.meter.panics.Inc()
		*err = panics.Error(p)
	}
}

// do does one piece of work. A failure is written down and the work comes again.
func (g *Gateway) do(ctx context.Context, due store.Due) {
	err := g.try(ctx, due)
	if err == nil {
		g.meter.due.WithLabelValues(due.Kind, "done").Inc()
		return
	}
	g.meter.due.WithLabelValues(due.Kind, "again").Inc()
	if errors.Is(err, store.ErrPast) { // a copy of the database was put back whose keys are destroyed: a person may put them back, too
		g.log.Warn("due work is about what is past its time here; it waits", "kind", due.Kind, "subject", due.Subject)
		if err := g.store.Retry(context.WithoutCancel(ctx), due, g.now().Add(pastWait)); err != nil {
			g.log.Error("giving work back failed; its lease runs out", "kind", due.Kind, "subject", due.Subject, "error", err)
		}
		return
	}
	g.log.Error("due work failed; it comes again", "kind", due.Kind, "subject", due.Subject, "attempt", due.Attempts, "error", err)
	again := g.now().Add(outbox.Retry(due.Attempts, due.Urgency, g.random))
	if err := g.store.Retry(context.WithoutCancel(ctx), due, again); err != nil {
		g.log.Error("giving work back failed; its lease runs out", "kind", due.Kind, "subject", due.Subject, "error", err)
	}
}

// try does a piece of work according to its kind. What panics is an error like another.
func (g *Gateway) try(ctx context.Context, due store.Due) (err error) {
	defer g.survives(&err)
	switch due.Kind {
	case store.DueSend:
		return g.send(ctx, due)
	case store.DueAccepted, store.DueSeen, store.DueOutcome, store.DueReview, store.DueRemind:
		return g.referralClock(ctx, due)
	case store.DueHold:
		return g.holdClock(ctx, due)
	case store.DueDrill:
		return g.drillCall(ctx, due)
	case store.DueMonthlyDrill:
		return g.monthlyDrill(ctx, due)
	case store.DueDigest:
		return g.digest(ctx, due)
	case store.DueUnfinished:
		return g.unfinished(ctx, due)
	case store.DueLesson:
		return g.lesson(ctx, due)
	case dueTellTaken, dueTellClosed:
		return g.feedback(ctx, due)
	case store.DueArchive:
		return g.store.Archive(ctx, g.now(), due)
	case dueKeys:
		return g.tendKeys(ctx, due)
	case store.DueCheckpoint:
		return g.checkpoint(ctx, due)
	case store.DueErase:
		return g.erase(ctx, due)
	case store.DueForget:
		return g.forget(ctx, due)
	case store.DueRetention:
		return g.retain(ctx, due)
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

// referralClock does what follows when one of a referral's clocks runs out, or somebody is to be reminded before it does.
func (g *Gateway) referralClock(ctx context.Context, due store.Due) error {
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
		decision := alert.Tick(r, present, g.pack.Clocks, now)
		if at := clocksOf(decision.Referral)[due.Kind]; !decision.Changed && !at.IsZero() {
			return store.Effects{}, g.store.Retry(ctx, due, at) // too early: the same work, later
		}
		err = g.carryOut(ctx, &e, decision, now)
		return e, err
	})
}

// clocksOf is when something falls due of a referral, by the kind of the work; a zero time means that it is not wanted.
func clocksOf(r referral.Referral) map[string]time.Time {
	return map[string]time.Time{
		store.DueAccepted: r.AcceptDue,
		store.DueSeen:     r.SeenClock.Next,
		store.DueOutcome:  r.OutcomeClock.Next,
		store.DueReview:   r.ReviewClock.Next,
		store.DueRemind:   alert.NextReminder(r),
	}
}

// holdClock tells the desk again when nobody there has taken a hold.
func (g *Gateway) holdClock(ctx context.Context, due store.Due) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		e := store.Effects{DueFinished: []store.Due{due}}
		h, found, err := g.store.Hold(ctx, due.Subject)
		if err != nil || !found {
			return e, err
		}
		if over, err := g.answeredElsewhere(ctx, h); err != nil || over {
			g.release(&e, h)
			e.DueDone = nil
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
