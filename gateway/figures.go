package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/figures"
	"chumrok/internal/gazetteer"
	"chumrok/internal/pack"
	"chumrok/internal/report"
	"chumrok/internal/store"
)

type figuresCommand struct {
	From      string `placeholder:"MONTH" help:"The first month, such as 2026-01; eleven months before --to when not given."`
	To        string `placeholder:"MONTH" help:"The last month; the last one that is over when not given."`
	Provinces string `placeholder:"LIST" default:"all" help:"all, programme (those of provinces_first in pack.yaml), or codes such as 02,08."`
	CSV       string `name:"csv" placeholder:"FILE" help:"Write them as CSV; - for standard output."`
	HTML      string `name:"html" placeholder:"FILE" help:"Write them as a page with charts, to look at or to print; - for standard output."`
}

// selection is which reports are counted: whole months of the deployment's time, and whole provinces.
type selection struct {
	months    []string
	from, to  time.Time
	provinces []string // nil: all, and reports whose place is not known
	programme bool
}

// figuresAct is what stands on record for each making of figures.
const figuresAct = "figures"

// Run counts, protects what it counted, and prints it. What is made is put on record, since two makings can be subtracted from each other.
func (f figuresCommand) Run(c *call) error {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	if f.CSV == "-" && f.HTML == "-" {
		return errors.New("--csv and --html both ask for standard output: give one of them a file")
	}
	return withRecords(c, func(s *store.Store, p *pack.Pack) error {
		chosen, err := f.choose(p, c.now(), config.Mode)
		if err != nil {
			return err
		}
		if err := f.warn(c, s, chosen); err != nil {
			return err
		}
		result, err := countFigures(c.ctx, s, p, chosen)
		if err != nil {
			return err
		}
		if config.Mode == Trial {
			result.Notes = append(result.Notes, "Trial: the month that is running is counted too.")
		}
		act := audit.Entry{At: c.now(), Who: operator, What: figuresAct, Subject: chosen.String()}
		if _, err := s.Apply(c.ctx, act.At, store.Effects{Audit: []audit.Entry{act}}); err != nil {
			return fmt.Errorf("putting the figures on record: %w", err)
		}
		return f.write(c, result)
	})
}

// write prints the figures in each form that is asked for; in the terminal's when none is.
func (f figuresCommand) write(c *call, result figures.Figures) error {
	for _, form := range []struct {
		to    string
		write func(io.Writer) error
	}{{f.CSV, result.CSV}, {f.HTML, result.HTML}} {
		if form.to == "" {
			continue
		}
		var text bytes.Buffer
		if err := form.write(&text); err != nil {
			return err
		}
		if form.to == "-" {
			if _, err := c.stream.out.Write(text.Bytes()); err != nil {
				return fmt.Errorf("writing the figures: %w", err)
			}
			continue
		}
		if err := os.WriteFile(form.to, text.Bytes(), 0o600); err != nil {
			return fmt.Errorf("writing the figures: %w", err)
		}
		if f.CSV != "-" && f.HTML != "-" {
			fmt.Fprintf(c.stream.out, "written: %s\n", form.to)
		}
	}
	if f.CSV == "" && f.HTML == "" {
		result.Text(c.stream.out)
	}
	return nil
}

// choose reads which months and provinces are meant. The month that is running is not over: counted today and again tomorrow it would show
// the one report of a day. A trial has no such reports.
func (f figuresCommand) choose(p *pack.Pack, now time.Time, mode Mode) (selection, error) {
	var s selection
	running := monthOf(now.In(p.Zone))
	last := running.AddDate(0, -1, 0)
	if mode == Trial {
		last = running
	}
	to, err := month(f.To, last, true, p.Zone)
	if err != nil {
		return s, fmt.Errorf("--to: %w", err)
	}
	from, err := month(f.From, to.AddDate(0, -11, 0), false, p.Zone)
	switch {
	case err != nil:
		return s, fmt.Errorf("--from: %w", err)
	case from.After(to):
		return s, errors.New("--from is after --to: let the earlier month come first")
	case to.After(last):
		return s, fmt.Errorf("--to: figures are of months that are over, and %s is not: take %s", to.Format("2006-01"), last.Format("2006-01"))
	case from.AddDate(20, 0, 0).Before(to):
		return s, errors.New("--from: take at most twenty years")
	}
	s.from, s.to = from, to.AddDate(0, 1, 0)
	for m := from; !m.After(to); m = m.AddDate(0, 1, 0) {
		s.months = append(s.months, m.Format("2006-01"))
	}
	s.provinces, err = f.chooseProvinces(p)
	s.programme = f.Provinces == "programme"
	return s, err
}

// chooseProvinces reads which provinces are meant; nil for all.
func (f figuresCommand) chooseProvinces(p *pack.Pack) (chosen []string, err error) {
	switch f.Provinces {
	case "all", "":
		return nil, nil
	case "programme":
		if len(p.ProvincesFirst) == 0 {
			return nil, fmt.Errorf("--provinces programme: %s names none under provinces_first: add them, or give their codes", p.File("pack.yaml"))
		}
		return slices.Sorted(slices.Values(p.ProvincesFirst)), nil
	}
	for code := range strings.SplitSeq(f.Provinces, ",") {
		code = strings.TrimSpace(code)
		if place, ok := p.Gazetteer.Get(code); !ok || place.Level != gazetteer.Province || place.Retired {
			return nil, fmt.Errorf("--provinces: %q is no province: give two digits, such as 02,08; there are no figures of a smaller area", code)
		}
		chosen = append(chosen, code)
	}
	slices.Sort(chosen)
	return slices.Compact(chosen), nil
}

func monthOf(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, t.Location())
}

// month reads 2026-01, or a day that begins or ends a month.
func month(text string, otherwise time.Time, end bool, zone *time.Location) (time.Time, error) {
	if text == "" {
		return otherwise, nil
	}
	if m, err := time.ParseInLocation("2006-01", text, zone); err == nil {
		return m, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return day, fmt.Errorf("%q is no month: write it as 2026-01", text)
	}
	first := monthOf(day)
	if !end && !day.Equal(first) || end && !day.Equal(first.AddDate(0, 1, -1)) {
		return day, fmt.Errorf("%s cuts a month in two, and figures are of whole months, so that no two of them show a single day: write %s", text, first.Format("2006-01"))
	}
	return first, nil
}

// String is what stands on record: the months and the provinces.
func (s selection) String() string {
	where := "all"
	if s.provinces != nil {
		where = strings.Join(s.provinces, ",")
	}
	return s.months[0] + ".." + s.months[len(s.months)-1] + " " + where
}

// overlaps says whether figures on record and these count some of the same reports and are not the same figures.
func (s selection) overlaps(subject string) bool {
	period, where, _ := strings.Cut(subject, " ")
	first, last, ok := strings.Cut(period, "..")
	if !ok || subject == s.String() || last < s.months[0] || first > s.months[len(s.months)-1] {
		return false
	}
	return where == "all" || s.provinces == nil ||
		slices.ContainsFunc(strings.Split(where, ","), func(code string) bool { return slices.Contains(s.provinces, code) })
}

// warn says which figures that were made before can be subtracted from these.
func (f figuresCommand) warn(c *call, s *store.Store, chosen selection) error {
	acts, err := s.Acts(c.ctx, figuresAct)
	if err != nil {
		return err
	}
	said := make(map[string]bool)
	for _, act := range slices.Backward(acts) {
		if said[act.Subject] || !chosen.overlaps(act.Subject) {
			continue
		}
		said[act.Subject] = true
		fmt.Fprintf(c.stream.err, "note: figures of %s were made on %s; who holds both can subtract one from the other, so give out only one\n",
			act.Subject, act.At.UTC().Format(time.DateOnly))
		if len(said) == 3 {
			break
		}
	}
	return nil
}

// countFigures counts what the ledger has of the selection, and gives what may be given out.
func countFigures(ctx context.Context, s *store.Store, p *pack.Pack, chosen selection) (figures.Figures, error) {
	tally := figures.NewTally(divisions(p, chosen)...)
	values := make([]string, 6)
	err := s.EachReported(ctx, chosen.from, chosen.to, func(r store.Reported) {
		province := provinceOf(p.Gazetteer, r.AreaCode)
		if chosen.provinces != nil && !slices.Contains(chosen.provinces, province) {
			return
		}
		values = append(values[:0], province, r.Harm, r.Age, r.Sex, r.Channel, r.At.In(p.Zone).Format("2006-01"))
		if !r.Again {
			tally.Report(values, r.Referred)
		}
		if r.Referred {
			tally.Referral(values, figures.Times{Accepted: after(r.Started, r.Accepted), Seen: after(r.Started, r.Seen), Closed: after(r.Started, r.Closed)})
		}
	})
	if err != nil {
		return figures.Figures{}, err
	}
	result := tally.Result()
	result.Title = "Chumrok · " + p.Name
	result.Period = chosen.months[0] + " to " + chosen.months[len(chosen.months)-1]
	switch {
	case chosen.programme:
		result.Provinces = fmt.Sprintf("the programme's %d provinces", len(chosen.provinces))
	case chosen.provinces != nil:
		result.Provinces = "provinces " + strings.Join(chosen.provinces, ", ")
	default:
		result.Provinces = "all provinces"
	}
	return result, nil
}

// after is how long after the start something was, or NotYet.
func after(start, at time.Time) time.Duration {
	if at.IsZero() || at.Before(start) {
		return figures.NotYet
	}
	return at.Sub(start)
}

// provinceOf is the province in which an area lies today; "" where it is not known.
func provinceOf(g *gazetteer.Gazetteer, area string) string {
	if place, _, ok := g.Current(area); ok {
		return place.Code[:2]
	}
	return ""
}

// divisions are the lists by which reports are counted. They are the deployment's and the product's, never what was found.
func divisions(p *pack.Pack, chosen selection) []figures.Dimension {
	var provinces, months []figures.Value
	for _, place := range p.Gazetteer.Children("") {
		if chosen.provinces == nil || slices.Contains(chosen.provinces, place.Code) {
			provinces = append(provinces, figures.Value{Code: place.Code, Label: place.Code + " " + place.Latin})
		}
	}
	if chosen.provinces == nil {
		provinces = append(provinces, figures.Value{Label: "not known"})
	}
	for _, m := range slices.Backward(chosen.months) { // the newest first: what is hidden besides is taken from the end of a list
		months = append(months, figures.Value{Code: m, Label: m})
	}
	return []figures.Dimension{
		{Name: "province", Values: provinces},
		{Name: "harm", Values: listed("harm", nil)},
		{Name: "age", Values: listed("age", map[string]string{"under_6": "under 6", "6_11": "6 to 11", "12_14": "12 to 14", "15_17": "15 to 17",
			"unknown": "not known"})}, // who was not asked counts with who did not know
		{Name: "sex", Values: listed("sex", map[string]string{"female": "girl", "male": "boy"})},
		{Name: "channel", Values: listed("channel", map[string]string{"ussd": "USSD", "sms": "SMS"})},
		{Name: "month", Values: months},
	}
}

// listed is the list of what can be told in a field, and last what was not: a row that is always empty would take another one with it.
func listed(field string, labels map[string]string) []figures.Value {
	var list []figures.Value
	for _, code := range report.Values(field) {
		label := labels[code]
		if label == "" {
			label = strings.ReplaceAll(code, "_", " ")
		}
		list = append(list, figures.Value{Code: code, Label: label})
	}
	if field == "age" || field == "channel" { // "unknown" stands last already; each report has a channel
		return list
	}
	return append(list, figures.Value{Label: "not said"})
}
