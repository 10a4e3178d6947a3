package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"chumrok/internal/pack"
	"chumrok/internal/store"
)

// operator is who stands on record for what is done by a subcommand: whoever may run it on the machine.
const operator = "command"

// readAgain is how long the gateway goes by what it read of what operators set beside it: short enough to be noticed while they look, and
// long enough that a thousand callers in a second don't ask the database a thousand times.
const readAgain = 3 * time.Second

// kept is what was read from the store a moment ago. Its zero value has read nothing.
type kept[T any] struct {
	mu   sync.Mutex
	at   time.Time
	list []T
}

// get is what read returns, or what it returned less than readAgain before now. When reading fails it goes on with what it had, and the
// error says so.
func (k *kept[T]) get(now time.Time, read func() ([]T, error)) ([]T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if age := now.Sub(k.at); !k.at.IsZero() && age >= 0 && age < readAgain {
		return k.list, nil
	}
	list, err := read()
	if err != nil {
		return k.list, err
	}
	k.list, k.at = list, now
	return list, nil
}

type emergencies = kept[store.Emergency]

// emergencyIn says whether an emergency is in force for an area: a commune, a district, a province, or "" where the place is not known,
// which only an emergency of the whole nation covers. A database that does not answer ends no emergency.
func (g *Gateway) emergencyIn(ctx context.Context, area string) bool {
	now := g.now()
	list, err := g.emergencies.get(now, func() ([]store.Emergency, error) { return g.store.Emergencies(ctx, now) })
	if err != nil {
		g.log.Warn("emergencies could not be read; going by what was known", "error", err)
	}
	for _, e := range list {
		if e.In(area, now) {
			return true
		}
	}
	return false
}

// emergencyFor says whether a caller is offered the concerns of an emergency: where the place is not known yet, as soon as
// one is in force anywhere, since a caller from there must be able to choose them.
func (g *Gateway) emergencyFor(ctx context.Context, area string) bool {
	if area != "" {
		return g.emergencyIn(ctx, area)
	}
	now := g.now()
	list, err := g.emergencies.get(now, func() ([]store.Emergency, error) { return g.store.Emergencies(ctx, now) })
	if err != nil {
		g.log.Warn("emergencies could not be read; going by what was known", "error", err)
	}
	return slices.ContainsFunc(list, func(e store.Emergency) bool { return e.In(e.AreaCode, now) })
}

type emergencyCommand struct {
	On   emergencyOnCommand   `cmd:"" help:"Switch it on: the emergency's concerns are offered, its clocks and its tier count."`
	Off  emergencyOffCommand  `cmd:"" help:"Switch it off before its date."`
	List emergencyListCommand `cmd:"" help:"List what is in force; --all also what is over."`
}

type emergencyOnCommand struct {
	Area   string `required:"" placeholder:"02|nation" help:"A province's two digits, or nation."`
	Until  string `required:"" placeholder:"DATE" help:"The last day, such as 2026-12-31. It ends by itself after that day."`
	Reason string `required:"" help:"Why, for the record; no person's name."`
}

type emergencyOffCommand struct {
	Area string `placeholder:"02|nation" help:"Which one, where several are in force."`
}

type emergencyListCommand struct {
	All bool `help:"Also those that are over."`
}

// nation is how the whole country is written on the command line.
const nation = "nation"

// province reads a province's two digits or nation, which is "".
func province(text string, p *pack.Pack) (string, error) {
	if strings.EqualFold(text, nation) {
		return "", nil
	}
	if place, ok := p.Gazetteer.Get(text); ok && place.Level == "province" {
		return place.Code, nil
	}
	if place, ok := p.Gazetteer.Get("0" + text); ok && len(text) == 1 {
		return "", fmt.Errorf("--area %s: write %s for %s", text, place.Code, place.Latin)
	}
	return "", fmt.Errorf("--area %s is no province: give its two digits, such as 02, or nation", text)
}

// mostDays keeps a slip of the keyboard (2062 for 2026) from making the exception the rule.
const mostDays = 366

// throughDay reads a day in the deployment's zone, no more than a year away, and returns the moment at which it is over;
// instead says what to do for longer than that.
func throughDay(flag, text, instead string, zone *time.Location, now time.Time) (time.Time, error) {
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %s is no day: write it as 2026-12-31", flag, text)
	}
	end := day.AddDate(0, 0, 1)
	if !end.After(now) {
		return time.Time{}, fmt.Errorf("%s %s is over already: give today or a later day", flag, text)
	}
	if end.Sub(now) > mostDays*24*time.Hour {
		return time.Time{}, fmt.Errorf("%s %s is more than a year away: %s", flag, text, instead)
	}
	return end, nil
}

// lastDay is the day that an end by throughDay closes.
func lastDay(end time.Time, zone *time.Location) string {
	return end.In(zone).Add(-time.Nanosecond).Format(time.DateOnly)
}

// Run switches an emergency on.
func (o emergencyOnCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		now := c.now()
		area, err := province(o.Area, p)
		if err != nil {
			return err
		}
		until, err := throughDay("--until", o.Until, "give an earlier day, and switch it on again then if it must be", p.Zone, now)
		if err != nil {
			return err
		}
		reason := clean(o.Reason)
		if reason == "" {
			return errors.New("--reason is empty: say why, for the record")
		}
		list, err := s.Emergencies(c.ctx, now)
		if err != nil {
			return err
		}
		for _, e := range list {
			if e.AreaCode == area {
				return fmt.Errorf("one is in force in %s until the end of %s: switch it off first to change its date or reason", areaName(area, p), lastDay(e.Until, p.Zone))
			}
		}
		e := store.Emergency{ID: store.NewID(), AreaCode: area, Reason: reason, From: now, Until: until, By: operator}
		if err := s.StartEmergency(c.ctx, e); err != nil {
			return err
		}
		fmt.Fprintf(c.stream.out, "on: %s until the end of %s; running gateways notice within %v, and callers in the middle of a conversation keep theirs\n",
			areaName(area, p), lastDay(until, p.Zone), readAgain)
		return nil
	})
}

// Run switches an emergency off.
func (o emergencyOffCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		now := c.now()
		list, err := s.Emergencies(c.ctx, now)
		if err != nil {
			return err
		}
		if o.Area != "" {
			area, err := province(o.Area, p)
			if err != nil {
				return err
			}
			kept := list[:0]
			for _, e := range list {
				if e.AreaCode == area {
					kept = append(kept, e)
				}
			}
			list = kept
		}
		switch {
		case len(list) == 0:
			return errors.New("none is in force there: 'emergency list' shows them")
		case len(list) > 1 && o.Area == "":
			return fmt.Errorf("%d are in force: say which with --area", len(list))
		}
		for _, e := range list {
			if _, err := s.EndEmergency(c.ctx, now, operator, e.ID); err != nil {
				return err
			}
			fmt.Fprintf(c.stream.out, "off: %s\n", areaName(e.AreaCode, p))
		}
		return nil
	})
}

// Run lists emergencies.
func (l emergencyListCommand) Run(c *call) error {
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		now := c.now()
		list, err := s.Emergencies(c.ctx, now)
		if l.All && err == nil {
			list, err = s.AllEmergencies(c.ctx)
		}
		if err != nil {
			return err
		}
		if len(list) == 0 {
			fmt.Fprintln(c.stream.out, "no emergency")
		}
		for _, e := range list {
			printEmergency(c.stream.out, e, p, now)
		}
		return nil
	})
}

func printEmergency(w io.Writer, e store.Emergency, p *pack.Pack, now time.Time) {
	at := func(t time.Time) string { return t.In(p.Zone).Format("2006-01-02 15:04") }
	state := "in force until the end of " + lastDay(e.Until, p.Zone)
	switch {
	case !e.EndedAt.IsZero():
		state = fmt.Sprintf("switched off %s by %s", at(e.EndedAt), e.EndedBy)
	case !now.Before(e.Until):
		state = "over since the end of " + lastDay(e.Until, p.Zone)
	}
	fmt.Fprintf(w, "%-24s on %s by %s, %s\n        %s\n", areaName(e.AreaCode, p), at(e.From), e.By, state, e.Reason)
}

func areaName(area string, p *pack.Pack) string {
	if area == "" {
		return nation
	}
	return area + " " + p.Gazetteer.Name(area, "en")
}
