package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/store"
)

type holdsCommand struct {
	List    holdsListCommand    `cmd:"" default:"withargs" help:"List what waits, by its clock. No personal data."`
	Take    holdsTakeCommand    `cmd:"" help:"Take a hold, as an officer of the desk."`
	Assign  holdsAssignCommand  `cmd:"" help:"Give a hold to an officer of the desk, who is told."`
	Join    holdsJoinCommand    `cmd:"" help:"Say that two reports are one: the first is added to the second."`
	Mark    holdsMarkCommand    `cmd:"" help:"Say that a report needs nobody: spam, a test, or a question. Nothing is deleted and no number is blocked."`
	Release holdsReleaseCommand `cmd:"" help:"Give what is held to a commune or an officer; or close a hold that holds nothing back."`
}

type holdsListCommand struct {
	JSON bool `name:"json" help:"Print a JSON array."`
}

type holdsTakeCommand struct {
	Code   string `arg:"" help:"The code of a hold."`
	As     string `required:"" placeholder:"OFFICER" help:"The officer of the desk who takes it, by the id in directory.csv."`
	Reason string `help:"Why, for the record; no person's name."`
}

type holdsAssignCommand struct {
	Code    string `arg:"" help:"The code of a hold."`
	Officer string `arg:"" help:"The officer of the desk who is to decide, by the id in directory.csv."`
	Reason  string `help:"Why, for the record; no person's name."`
}

type holdsJoinCommand struct {
	Code   string `arg:"" help:"The code of the hold or referral that is joined."`
	With   string `arg:"" help:"The code of the referral or hold that it is joined to, and that goes on."`
	Reason string `help:"Why, for the record; no person's name."`
}

type holdsMarkCommand struct {
	Code   string `arg:"" help:"The code of a hold, or of a referral that nobody has accepted."`
	As     string `arg:"" name:"kind" enum:"spam,test,information" help:"spam, test or information."`
	Reason string `required:"" help:"Why, for the record; no person's name."`
}

type holdsReleaseCommand struct {
	Code   string `arg:"" help:"The code of a hold."`
	To     string `placeholder:"AREA|OFFICER" help:"A commune's code, or an officer's id in directory.csv; needed where the hold keeps a report from going on."`
	Reason string `required:"" help:"Why, for the record; no person's name."`
}

// held is a hold as it is listed: no personal data.
type held struct {
	Code     string     `json:"code"`
	Reason   string     `json:"reason"`
	State    string     `json:"state"`
	Risk     string     `json:"risk"`
	Danger   bool       `json:"danger"`
	AreaCode string     `json:"area_code"`
	Place    string     `json:"place"`
	Owner    string     `json:"owner,omitempty"`
	Like     []string   `json:"like,omitempty"`
	Since    time.Time  `json:"since"`
	Due      *time.Time `json:"due"`
	Why      []string   `json:"why"`
}

// Run lists the holds, the one whose clock runs out first at the top.
func (l holdsListCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		holds, err := s.OpenHolds(c.ctx)
		if err != nil {
			return err
		}
		slices.SortStableFunc(holds, func(a, b referral.Hold) int { return a.Due.Compare(b.Due) })
		list := []held{}
		for _, h := range holds {
			one := held{Code: h.Code, Reason: string(h.Reason), State: string(h.State), Risk: h.Risk.String(), Danger: h.Danger, AreaCode: h.AreaCode,
				Owner: h.Owner, Like: h.Like, Since: h.StartedAt, Due: clockAt(h.Due), Why: slices.Compact(append([]string{h.Reason.Meaning()}, h.Why...))}
			if h.AreaCode != "" {
				one.Place = p.Gazetteer.Name(h.AreaCode, "en")
			}
			list = append(list, one)
		}
		if l.JSON {
			return writeJSON(c.stream.out, list)
		}
		printHeld(c.stream.out, list, p.Zone, c.now())
		return nil
	})
}

func printHeld(w io.Writer, list []held, zone *time.Location, now time.Time) {
	if len(list) == 0 {
		fmt.Fprintln(w, "nothing waits at the desk")
		return
	}
	for _, h := range list {
		due, risk := "no clock", h.Risk
		if h.Due != nil {
			due = "due " + h.Due.In(zone).Format("2006-01-02 15:04")
			if h.Due.Before(now) {
				due += " (late)"
			}
		}
		if h.Danger {
			risk = "danger"
		}
		fmt.Fprintf(w, "%s  %-16s %-8s %-9s %s %s  %s", h.Code, h.Reason, h.State, risk, h.AreaCode, h.Place, due)
		if h.Owner != "" {
			fmt.Fprintf(w, "  owner %s", h.Owner)
		}
		fmt.Fprintln(w)
		for _, why := range h.Why {
			fmt.Fprintf(w, "        %s\n", why)
		}
	}
}

// Run takes a hold.
func (k holdsTakeCommand) Run(c *call) error {
	return withDesk(c, k.Reason, func(g *Gateway, reason string) error {
		h, err := g.takeHold(c.ctx, k.Code, k.As, reason)
		if err == nil {
			fmt.Fprintf(c.stream.out, "taken: %s by %s; decide before %s\n", h.Code, h.Owner, h.Due.In(g.pack.Zone).Format("2006-01-02 15:04"))
		}
		return err
	})
}

// Run assigns a hold.
func (k holdsAssignCommand) Run(c *call) error {
	return withDesk(c, k.Reason, func(g *Gateway, reason string) error {
		h, err := g.assignHold(c.ctx, k.Code, k.Officer, reason)
		if err == nil {
			fmt.Fprintf(c.stream.out, "assigned: %s to %s, who is told\n", h.Code, h.Owner)
		}
		return err
	})
}

// Run joins two reports.
func (k holdsJoinCommand) Run(c *call) error {
	return withDesk(c, k.Reason, func(g *Gateway, reason string) error {
		err := g.joinReports(c.ctx, k.Code, k.With, reason)
		if err == nil {
			fmt.Fprintf(c.stream.out, "joined: %s is now part of %s\n", phone.Digits(k.Code), phone.Digits(k.With))
		}
		return err
	})
}

// Run marks a report.
func (k holdsMarkCommand) Run(c *call) error {
	return withDesk(c, k.Reason, func(g *Gateway, reason string) error {
		err := g.markReport(c.ctx, k.Code, store.Mark(k.As), reason)
		if err == nil {
			fmt.Fprintf(c.stream.out, "marked: %s as %s; it stays in the ledger, and its number is answered as ever\n", phone.Digits(k.Code), k.As)
		}
		return err
	})
}

// Run releases a hold.
func (k holdsReleaseCommand) Run(c *call) error {
	return withDesk(c, k.Reason, func(g *Gateway, reason string) error {
		code, err := g.releaseHold(c.ctx, k.Code, k.To, reason)
		switch {
		case err != nil:
			return err
		case code == "":
			fmt.Fprintf(c.stream.out, "closed: %s\n", phone.Digits(k.Code))
		default:
			fmt.Fprintf(c.stream.out, "released: %s goes on as referral %s\n", phone.Digits(k.Code), code)
		}
		return nil
	})
}

// longNumber is what looks like somebody's number in a reason.
var longNumber = regexp.MustCompile(`\p{Nd}[\p{Nd} .-]{6,}\p{Nd}`)

// longestReason is as much as the record takes of a reason: a sentence.
const longestReason = 200

// withDesk runs an act of the desk beside a gateway that may be running: it decides by the same pack and ledger, and the running gateway sends what
// follows from it.
func withDesk(c *call, reason string, do func(g *Gateway, reason string) error) error {
	reason = strings.Join(strings.Fields(clean(reason)), " ")
	if longNumber.MatchString(reason) {
		return errors.New("--reason holds a long number: it stays on record for ever, so write it without numbers and names of persons")
	}
	if len([]rune(reason)) > longestReason {
		return fmt.Errorf("--reason is longer than %d letters: one sentence is enough", longestReason)
	}
	return withOperator(c, func(g *Gateway) error { return do(g, reason) })
}
