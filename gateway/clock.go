package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"chumrok/internal/store"
)

// clockCommand shows and resets the time that was reached.
type clockCommand struct {
	Show  clockShowCommand  `cmd:"" default:"1" help:"Show the machine's clock and the time that the gateways have reached; exit 1 when they are apart."`
	Reset clockResetCommand `cmd:"" help:"After a wrong clock was believed and set right: let the gateways go by the machine's clock again. Stop them first."`
}

type clockShowCommand struct{}

type clockResetCommand struct {
	Reason string `required:"" help:"Why, for the record."`
}

// Run says how the machine's clock stands to what was reached.
func (clockShowCommand) Run(c *call) error {
	s, _, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	mark, err := s.ClockMark(c.ctx)
	if err != nil {
		return err
	}
	now := c.now()
	fmt.Fprintf(c.stream.out, "machine  %s\nreached  %s\n", shownTime(now), shownTime(mark.At))
	if !mark.Jumped.IsZero() {
		fmt.Fprintf(c.stream.out, "jumped   %s: nothing is destroyed by its age for %s from then\n", shownTime(mark.Jumped), nothingDestroyed)
	}
	if behind := mark.At.Sub(now); behind > clockTolerance {
		fmt.Fprintf(c.stream.out, "the machine's clock is %s behind; the gateways go on from what was reached, a minute in an hour slower until the two are together\n",
			behind.Round(time.Second))
		return errNotHeld
	}
	return nil
}

func shownTime(t time.Time) string {
	if t.IsZero() {
		return "no time yet"
	}
	return t.UTC().Format(time.RFC3339)
}

// Run sets what was reached to the machine's clock.
func (r clockResetCommand) Run(c *call) error {
	reason := strings.TrimSpace(r.Reason)
	if reason == "" {
		return errors.New("--reason is empty: say why, for the record")
	}
	s, _, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	return resetClock(c, s, reason)
}

func resetClock(c *call, s *store.Store, reason string) error {
	now := c.now()
	if err := s.ResetClock(c.ctx, now, operator, hideNumbers(reason)); err != nil {
		return err
	}
	fmt.Fprintf(c.stream.out, "reached  %s; a gateway that still runs keeps its own time and writes it down again: reset it while none runs\n", shownTime(now))
	return nil
}
