package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"chumrok/internal/referral"
	"chumrok/internal/spool"
	"chumrok/internal/store"
)

// workLate is how long due work may lie before something is wrong with the gateway: far longer than a sweep and a lease.
const workLate = 5 * time.Minute

// healthCommand is for cron or systemd: it ends with 1 as long as something waits that nobody at the last tier has answered, or that no gateway
// does.
type healthCommand struct{}

// Run says how many referrals and holds need a person now.
func (healthCommand) Run(c *call) error {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	waits, err := c.lookIntoSpool(config) // first: it can be told without the database
	if err != nil {
		return err
	}
	s, _, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := c.goesOn(s); err != nil {
		return err
	}
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
	if late || waits || len(codes) > 0 {
		return errNotHeld
	}
	return nil
}

// lookIntoSpool says what waits in the spool of this data folder, and whether anything does.
func (c *call) lookIntoSpool(config Config) (bool, error) {
	st, err := spool.Look(filepath.Join(config.Data, "spool"))
	if err != nil {
		return false, err
	}
	if st.Waiting > 0 {
		fmt.Fprintf(c.stream.out, "%d messages wait in the spool, the first since %s: does the database answer, and does a gateway run on this CHUMROK_DATA?\n",
			st.Waiting, st.Since.UTC().Format(time.RFC3339))
	}
	if st.Broken > 0 {
		fmt.Fprintf(c.stream.out, "%d messages of the spool could not be read or replayed: they are in %s and are tried again when the gateway starts, with the key file that they were written with\n",
			st.Broken, filepath.Join(config.Data, "spool", "broken"))
	}
	return st.Waiting+st.Broken > 0, nil
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
