package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/audit"
	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/store"
)

// dutyHandOn gives what an officer owns to the next tier; of what a reviewer does not agree with, it is his "not with this owner".
func (g *Gateway) dutyHandOn(ctx context.Context, o onDuty, words []string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	c, found, err := g.chargeOf(ctx, o, words, now)
	if err != nil || !found || c.HoldID != "" || !c.owns && !c.reviews {
		return flows.Supplied{Answer: isGone}, err
	}
	present, err := g.present(ctx, now)
	if err != nil {
		return flows.Supplied{}, err
	}
	d := alert.Review(c.referral, c.officer.ID, alert.HaveSeen, present, g.pack.Clocks, now)
	if !c.reviews {
		d = alert.HandOn(c.referral, "", present, g.pack.Clocks, now)
	}
	return g.dutyDecided(ctx, o, c, d, isNext, actHandOn, e, now)
}

func (g *Gateway) dutyAgree(ctx context.Context, o onDuty, words []string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	return g.dutyReview(ctx, o, words, alert.AcceptIt, actAgree, e, now)
}

func (g *Gateway) dutyRefuse(ctx context.Context, o onDuty, words []string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	return g.dutyReview(ctx, o, words, alert.CannotDo, actRefuse, e, now)
}

// dutyReview is a reviewer's word on an outcome.
func (g *Gateway) dutyReview(ctx context.Context, o onDuty, words []string, verb alert.Verb, what string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	c, found, err := g.chargeOf(ctx, o, words, now)
	if err != nil || !found || !c.reviews {
		return flows.Supplied{Answer: isGone}, err
	}
	present, err := g.present(ctx, now)
	if err != nil {
		return flows.Supplied{}, err
	}
	d := alert.Review(c.referral, c.officer.ID, verb, present, g.pack.Clocks, now)
	return g.dutyDecided(ctx, o, c, d, isDone, what, e, now)
}

// dutyDecided carries a decision out and puts it on record.
func (g *Gateway) dutyDecided(ctx context.Context, o onDuty, c charge, d alert.Decision, answer, what string, e *store.Effects, now time.Time) (flows.Supplied, error) {
	if !d.Changed {
		return flows.Supplied{Answer: isGone}, nil
	}
	if err := g.carryOut(ctx, e, d, now); err != nil {
		return flows.Supplied{}, err
	}
	e.Audit = append(e.Audit, onRecord(now, c.officer.ID, what, c.Code, ""))
	e.ClearQuestions = append(e.ClearQuestions, o.index)
	return flows.Supplied{Answer: answer}, nil
}

type referralsHandOnCommand struct {
	Code    string `arg:"" help:"The code of a referral that somebody has taken."`
	Officer string `arg:"" help:"officer_id of directory.csv; 'next' for the next tier."`
	Reason  string `required:"" help:"Why, in a few words without names. It is put on record."`
}

// Run hands a referral on.
func (r referralsHandOnCommand) Run(c *call) error {
	return withOperator(c, func(g *Gateway) error {
		ref, found, err := g.store.ReferralByCode(c.ctx, phone.Digits(r.Code))
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("no referral has the code %s: 'referrals' lists them", r.Code)
		}
		to, err := handedTo(g.pack, r.Officer)
		if err != nil {
			return err
		}
		now := c.now()
		var d alert.Decision
		err = g.apply(c.ctx, func(time.Time) (store.Effects, error) {
			e := store.Effects{Audit: []audit.Entry{onRecord(now, operator, actHandOn, ref.Code, r.Reason)}}
			stands, _, err := g.store.Referral(c.ctx, ref.ID)
			if err != nil {
				return e, err
			}
			present, err := g.present(c.ctx, now)
			if err != nil {
				return e, err
			}
			if d = alert.HandOn(stands, to, present, g.pack.Clocks, now); !d.Changed {
				return e, cannotHand(stands)
			}
			err = g.carryOut(c.ctx, &e, d, now)
			return e, err
		})
		if err != nil {
			return err
		}
		for _, call := range d.Calls {
			if call.Asks() {
				fmt.Fprintf(c.stream.out, "%s is handed on: %s is asked\n", ref.Code, call.OfficerID)
			}
		}
		return nil
	})
}

// handedTo is the officer that a referral is handed to; empty for the next tier.
func handedTo(p *pack.Pack, id string) (string, error) {
	if id == "next" {
		return "", nil
	}
	o, err := officerOf(p, id)
	return o.ID, err
}

// cannotHand says why a referral was not handed on, without saying who must not be told of it.
func cannotHand(r referral.Referral) error {
	if _, ok := r.State.After(referral.HandOn); !ok {
		return fmt.Errorf("referral %s is %s: only what somebody has taken can be handed on", r.Code, r.State)
	}
	return errors.New("that officer has it already or may not be told of it: name another, or 'next' for the next tier")
}
