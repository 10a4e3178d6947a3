package main

import (
	"context"
	"fmt"
	"time"

	"chumrok/internal/referral"
	"chumrok/internal/store"
)

// workLate is how long due work may lie before something is wrong with the gateway: far longer than a sweep and a lease.
const workLate = 5 * time.Minute

// healthCommand is for cron or systemd: it ends with 1 as long as something waits that nobody at the last tier has answered, or that no gateway
// does.
type healthCommand struct{}

// Run says how many referrals and holds need a person now.
func (healthCommand) Run(c *call) error {
	s, _, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	codes, err := unansweredCodes(c.ctx, s)
	if err != nil {
		return err
	}
	due, any, err := s.NextDue(c.ctx)
	if err != nil {
		return err
	}
	late := any && c.now().Sub(due) > workLate
	if late {
		fmt.Fprintf(c.stream.out, "work lies since %s: does a gateway run on this database?\n", due.UTC().Format(time.RFC3339))
	}
	for _, code := range codes {
		fmt.Fprintf(c.stream.out, "%s: nobody at the last tier has answered\n", code)
	}
	fmt.Fprintf(c.stream.out, "%d need a person now\n", len(codes))
	if late || len(codes) > 0 {
		return errNotHeld
	}
	return nil
}

// unansweredCodes are the codes of what nobody at the last tier has answered.
func unansweredCodes(ctx context.Context, s *store.Store) ([]string, error) {
	referrals, err := s.OpenReferrals(ctx)
	if err != nil {
		return nil, err
	}
	holds, err := s.OpenHolds(ctx)
	if err != nil {
		return nil, err
	}
	var codes []string
	for _, r := range referrals {
		if r.Unanswered() {
			codes = append(codes, r.Code)
		}
	}
	for _, h := range holds {
		if h.State == referral.HoldWaiting && h.Repeat > 0 {
			codes = append(codes, h.Code)
		}
	}
	return codes, nil
}
