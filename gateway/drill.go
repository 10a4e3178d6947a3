package main

import (
	"fmt"
	"io"
	"time"

	"chumrok/internal/pack"
	"chumrok/internal/store"
)

type drillCommand struct {
	Start drillStartCommand `cmd:"" help:"Send a test to every officer's phone, within his hours and by day."`
	List  drillListCommand  `cmd:"" help:"List drills and what came of them."`
	Show  drillShowCommand  `cmd:"" help:"Show who answered a drill, who did not, and what failed."`
}

type drillStartCommand struct {
	Area   string `help:"Only officers of this place: two, four or six digits, or KH."`
	Reason string `help:"Why, for the record; no person's name."`
}

type drillListCommand struct {
	JSON bool `name:"json" help:"Print a JSON array."`
}

type drillShowCommand struct {
	ID   string `arg:"" help:"The id of a drill, as 'drill list' prints it."`
	JSON bool   `name:"json" help:"Print a JSON array."`
}

// drillLine is a drill as it is listed.
type drillLine struct {
	ID       string    `json:"id"`
	AreaCode string    `json:"area_code,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
	EndsAt   time.Time `json:"ends_at"`
	Phones   int       `json:"phones"`
	Answered int       `json:"answered"`
	Failed   int       `json:"failed"`
	Waiting  int       `json:"waiting"`
	Skipped  int       `json:"skipped"`
}

// callLine is one phone of a drill as it is shown. It names the officer by id.
type callLine struct {
	Officer string    `json:"officer"`
	Result  string    `json:"result"` // answered, silent, failed, waiting, skipped
	Why     string    `json:"why,omitempty"`
	At      time.Time `json:"at"` // when it answered, or else when it is or was called
}

// Run starts a drill.
func (k drillStartCommand) Run(c *call) error {
	return withDesk(c, k.Reason, func(g *Gateway, reason string) error {
		d, err := g.startDrill(c.ctx, store.NewID(), k.Area, reason, operator)
		if err == nil {
			fmt.Fprintf(c.stream.out, "drill %s: %d phones are called, each within its officer's hours; answers count until %s\n", d.ID, d.Phones,
				d.EndsAt.In(g.pack.Zone).Format("2006-01-02 15:04"))
		}
		return err
	})
}

// Run lists drills.
func (k drillListCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		drills, err := s.Drills(c.ctx)
		if err != nil {
			return err
		}
		list := []drillLine{}
		for _, d := range drills {
			list = append(list, drillLine{d.ID, d.AreaCode, d.Reason, d.By, d.At, d.EndsAt, d.Phones, d.Answered, d.Failed, d.Waiting, d.Skipped})
		}
		if k.JSON {
			return writeJSON(c.stream.out, list)
		}
		for _, d := range list {
			fmt.Fprintf(c.stream.out, "%s  %s  %d phones: %d answered, %d failed, %d not called yet, %d left out\n", d.ID,
				d.At.In(p.Zone).Format("2006-01-02 15:04"), d.Phones, d.Answered, d.Failed, d.Waiting, d.Skipped)
		}
		if len(list) == 0 {
			fmt.Fprintln(c.stream.out, "there was no drill yet: 'drill start' begins one")
		}
		return nil
	})
}

// Run shows a drill.
func (k drillShowCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		calls, err := s.DrillCalls(c.ctx, k.ID)
		if err != nil {
			return err
		}
		if len(calls) == 0 {
			return fmt.Errorf("there is no drill %s: 'drill list' shows their ids", k.ID)
		}
		list := []callLine{}
		for _, one := range calls {
			list = append(list, resultOf(one, c.now()))
		}
		if k.JSON {
			return writeJSON(c.stream.out, list)
		}
		printCalls(c.stream.out, list, p.Zone)
		return nil
	})
}

// resultOf says what came of a call.
func resultOf(c store.DrillCall, now time.Time) callLine {
	line := callLine{Officer: c.OfficerID, At: c.At}
	switch {
	case !c.AnsweredAt.IsZero():
		line.Result, line.At = "answered", c.AnsweredAt
	case c.Skipped != "":
		line.Result, line.Why = "skipped", c.Skipped
	case c.State == store.Failed:
		line.Result, line.Why = "failed", c.Reason
	case now.Before(c.EndsAt):
		line.Result = "waiting"
	default:
		line.Result = "silent"
	}
	return line
}

func printCalls(w io.Writer, list []callLine, zone *time.Location) {
	for _, one := range list {
		fmt.Fprintf(w, "%-8s  %s  %s", one.Result, one.At.In(zone).Format("2006-01-02 15:04"), one.Officer)
		if one.Why != "" {
			fmt.Fprintf(w, ": %s", one.Why)
		}
		fmt.Fprintln(w)
	}
}
