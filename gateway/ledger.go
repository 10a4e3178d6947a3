package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"chumrok/internal/store"
)

type ledgerCommand struct {
	Check bool `help:"Prove that nothing is lost: exit 1 and name what does not add up."`
	JSON  bool `name:"json" help:"Print one JSON object."`
}

// counts is the ledger as it is printed.
type counts struct {
	store.Counts
	Faults []string `json:"faults,omitempty"` // with --check: what does not add up
}

// Run counts what was received and where it stands.
func (l ledgerCommand) Run(c *call) error {
	s, _, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	stored, err := s.Counts(c.ctx)
	if err != nil {
		return err
	}
	n := counts{Counts: stored}
	if l.Check {
		if n.Faults, err = s.Check(c.ctx); err != nil {
			return err
		}
	}
	if l.JSON {
		if err := writeJSON(c.stream.out, n); err != nil {
			return err
		}
	} else {
		n.print(c.stream.out, l.Check)
	}
	if len(n.Faults) > 0 {
		return errNotHeld
	}
	return nil
}

func (n counts) print(w io.Writer, checked bool) {
	fmt.Fprintf(w, "turns      %6d\nreceived   %6d conversations\n", n.Turns, n.Received)
	fmt.Fprintf(w, "  open     %6d  may still go on\n  concluded%6d  a body has the referral\n  held     %6d  a person must decide\n", n.Open, n.Concluded, n.Held)
	total := int64(0)
	for _, v := range n.Marked {
		total += v
	}
	fmt.Fprintf(w, "  marked   %6d  need nobody%s\n", total, each(n.Marked))
	fmt.Fprintf(w, "reports    %6d\n", n.Reports)
	for _, row := range []struct {
		name   string
		states map[string]int64
	}{{"referrals", n.Referrals}, {"holds", n.Holds}, {"alerts", n.Alerts}, {"messages", n.Messages}} {
		total := int64(0)
		for _, v := range row.states {
			total += v
		}
		fmt.Fprintf(w, "%-10s %6d%s\n", row.name, total, each(row.states))
	}
	for _, fault := range n.Faults {
		fmt.Fprintf(w, "does not add up: %s\n", fault)
	}
	if checked && len(n.Faults) == 0 {
		fmt.Fprintln(w, "it adds up: every turn belongs to a conversation and every conversation is in one bin")
	}
}

func each(states map[string]int64) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(states)) {
		if states[name] > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", name, states[name]))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "  (" + strings.Join(parts, ", ") + ")"
}
