package directory

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Hours are the times of a week in which an officer is expected to answer. The zero Hours are always: who said nothing is told at any hour.
type Hours struct {
	Text  string // as it was written
	Spans []Span // none means always
}

// A Span is a part of one day, in minutes after midnight. A span that goes past midnight is two.
type Span struct {
	Day      time.Weekday
	From, To int // To is not part of it; 1440 is midnight
}

// Holidays are days on which offices are closed, written "2026-11-23". Nil has none.
type Holidays map[string]bool

// Has reports whether the day of t, in t's own zone, is a holiday.
func (h Holidays) Has(t time.Time) bool { return h[t.Format(time.DateOnly)] }

var weekdays = map[string]time.Weekday{
	"su": time.Sunday, "mo": time.Monday, "tu": time.Tuesday, "we": time.Wednesday, "th": time.Thursday, "fr": time.Friday, "sa": time.Saturday,
}

// ParseHours reads "always", or days and times such as "Mo-Fr 07:30-11:30 14:00-17:30", several groups separated by ";" as in
// "Mo-Fr 08:00-17:00; Sa 08:00-12:00". Days are Mo Tu We Th Fr Sa Su, a range or a list with commas. A time that ends before it begins goes
// past midnight.
func ParseHours(text string) (Hours, error) {
	h := Hours{Text: strings.Join(strings.Fields(text), " ")}
	if strings.EqualFold(h.Text, "always") {
		return h, nil
	}
	for group := range strings.SplitSeq(h.Text, ";") {
		fields := strings.Fields(group)
		if len(fields) < 2 {
			return Hours{}, errors.New("days and times are needed")
		}
		days, err := parseDays(fields[0])
		if err != nil {
			return Hours{}, err
		}
		for _, f := range fields[1:] {
			from, to, err := parseTimes(f)
			if err != nil {
				return Hours{}, err
			}
			for _, day := range days {
				if to > from {
					h.Spans = append(h.Spans, Span{day, from, to})
					continue
				}
				h.Spans = append(h.Spans, Span{day, from, 24 * 60})
				if to > 0 {
					h.Spans = append(h.Spans, Span{(day + 1) % 7, 0, to})
				}
			}
		}
	}
	return h, nil
}

func parseDays(text string) ([]time.Weekday, error) {
	var days []time.Weekday
	for part := range strings.SplitSeq(text, ",") {
		first, last, isRange := strings.Cut(part, "-")
		from, ok := weekdays[strings.ToLower(first)]
		to := from
		if isRange && ok {
			to, ok = weekdays[strings.ToLower(last)]
		}
		if !ok {
			return nil, fmt.Errorf("%s are no days", show(part))
		}
		for day := from; ; day = (day + 1) % 7 {
			days = append(days, day)
			if day == to {
				break
			}
		}
	}
	return days, nil
}

func parseTimes(text string) (from, to int, err error) {
	first, last, ok := strings.Cut(text, "-")
	from, okFrom := minutes(first)
	to, okTo := minutes(last)
	if !ok || !okFrom || !okTo || from == to || from == 24*60 {
		return 0, 0, fmt.Errorf("%s are no times", show(text))
	}
	return from, to, nil
}

// minutes reads "07:30" as 450; "24:00" is the end of a day.
func minutes(text string) (int, bool) {
	hh, mm, ok := strings.Cut(text, ":")
	h, errH := strconv.ParseUint(hh, 10, 8)
	m, errM := strconv.ParseUint(mm, 10, 8)
	if !ok || errH != nil || errM != nil || len(hh) > 2 || len(mm) != 2 || m > 59 || h*60+m > 24*60 {
		return 0, false
	}
	return int(h*60 + m), true
}

// Always reports whether the hours have no end: such an officer is on duty on holidays too.
func (h Hours) Always() bool { return len(h.Spans) == 0 }

// Open reports whether t lies in the hours. t counts in its own zone, so pass it in the deployment's. On a holiday only always is open.
func (h Hours) Open(t time.Time, holidays Holidays) bool {
	if h.Always() {
		return true
	}
	if holidays.Has(t) {
		return false
	}
	minute := t.Hour()*60 + t.Minute()
	for _, s := range h.Spans {
		if s.Day == t.Weekday() && s.From <= minute && minute < s.To {
			return true
		}
	}
	return false
}

// Next returns t if it lies in the hours, else the first moment after t that does. Where a year of holidays lies ahead it gives up and
// returns t: better told too early than never.
func (h Hours) Next(t time.Time, holidays Holidays) time.Time {
	if h.Open(t, holidays) {
		return t
	}
	for day := range 366 {
		year, month, date := t.AddDate(0, 0, day).Date()
		var first time.Time
		for _, s := range h.Spans {
			at := time.Date(year, month, date, s.From/60, s.From%60, 0, 0, t.Location())
			if s.Day == at.Weekday() && at.After(t) && !holidays.Has(at) && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
		if !first.IsZero() {
			return first
		}
	}
	return t
}

// Add returns the moment at which so much time of the hours has passed since t, which counts in its own zone.
func (h Hours) Add(t time.Time, d time.Duration, holidays Holidays) time.Time {
	if h.Always() {
		return t.Add(d)
	}
	for range 2000 { // spans; more than two years of offices
		from := h.Next(t, holidays)
		if !h.Open(from, holidays) {
			break // no hours lie ahead
		}
		end := h.closes(from)
		if left := end.Sub(from); d > left {
			d, t = d-left, end
			continue
		}
		return from.Add(d)
	}
	return t.Add(d)
}

// closes is the end of the spans that t lies in.
func (h Hours) closes(t time.Time) time.Time {
	year, month, day := t.Date()
	minute, end := t.Hour()*60+t.Minute(), 0
	for _, s := range h.Spans {
		if s.Day == t.Weekday() && s.From <= minute && minute < s.To {
			end = max(end, s.To)
		}
	}
	return time.Date(year, month, day, end/60, end%60, 0, 0, t.Location())
}

// Works reports whether any of the hours lie on the day of t, in t's own zone.
func (h Hours) Works(t time.Time, holidays Holidays) bool {
	return h.Always() || !holidays.Has(t) && slices.ContainsFunc(h.Spans, func(s Span) bool { return s.Day == t.Weekday() })
}
