// Package figures makes of many reports what may leave the desk: how many there were and how soon they were answered, by province, harm,
// age, sex, channel and month, so that those who plan help see where it is needed. It gives out no count under five, also none that could
// be worked out from the others; it reads no clock, does no I/O, and is told only coarse words, never a place under a province.
package figures

import (
	"slices"
	"time"
)

// Least is the smallest count that is given out.
const Least = 5

// A Value is one row of a table: a word of a closed list and what people read for it.
type Value struct {
	Code  string
	Label string
}

// A Dimension is one way to divide reports, with all the values that there are. The values are the deployment's lists and not those that
// were found, since a row that is missing would say "none". What stands in no list counts as the last value.
type Dimension struct {
	Name   string
	Values []Value
}

// Times are how long after a referral began it was accepted, the child was seen, and it was closed. What has not happened is below zero.
type Times struct {
	Accepted, Seen, Closed time.Duration
}

// NotYet is the time of what has not happened.
const NotYet = time.Duration(-1)

// A Tally counts reports. The zero Tally is not ready: NewTally makes one. It holds counts that must not leave it: Result gives what may.
type Tally struct {
	dimensions []Dimension
	place      []map[string]int
	total      row
	rows       [][]row
}

// row is what is counted of one value, unprotected.
type row struct {
	reports, referred         int
	accepted, seen, closedFor []time.Duration
}

// NewTally is an empty tally over these dimensions.
func NewTally(dimensions ...Dimension) *Tally {
	t := &Tally{dimensions: dimensions}
	for _, d := range dimensions {
		places := make(map[string]int, len(d.Values))
		for i, v := range d.Values {
			places[v.Code] = i
		}
		t.place = append(t.place, places)
		t.rows = append(t.rows, make([]row, len(d.Values)))
	}
	return t
}

// each does the same for the total and for the row of each dimension that the values name.
func (t *Tally) each(values []string, do func(*row)) {
	do(&t.total)
	for i, places := range t.place {
		if len(t.rows[i]) == 0 {
			continue
		}
		at, known := places[values[i]]
		if !known {
			at = len(t.rows[i]) - 1
		}
		do(&t.rows[i][at])
	}
}

// Report counts a report: values has one code for each dimension, referred says whether a body was asked to act on it.
func (t *Tally) Report(values []string, referred bool) {
	t.each(values, func(r *row) {
		r.reports++
		if referred {
			r.referred++
		}
	})
}

// Referral adds the times of one referral of a report with these values.
func (t *Tally) Referral(values []string, times Times) {
	t.each(values, func(r *row) {
		keep(&r.accepted, times.Accepted)
		keep(&r.seen, times.Seen)
		keep(&r.closedFor, times.Closed)
	})
}

func keep(list *[]time.Duration, d time.Duration) {
	if d >= 0 {
		*list = append(*list, d)
	}
}

// A Count is a number that may be given out, or one that is hidden; a hidden one holds nothing that could be read from it.
type Count struct {
	N      int
	Hidden bool
}

// A Spell is the median and the 90th percentile of a time, each the time of a case that there was (nearest rank); hidden where fewer than
// five cases stand behind it.
type Spell struct {
	Median, P90 time.Duration
	Hidden      bool
}

// A Row is what is given out of one value.
type Row struct {
	Value
	Reports  Count
	Referred Count // of the reports, those that a body was asked to act on
	Accept   Spell
	See      Spell
	Close    Spell
}

// Hidden reports whether nothing of the row is given out.
func (r Row) Hidden() bool { return r.Reports.Hidden }

// A Table is one way to divide the reports.
type Table struct {
	Name string
	Rows []Row
}

// Figures are what may leave the desk.
type Figures struct {
	Title     string   // whose figures these are
	Period    string   // which months
	Provinces string   // which provinces
	Notes     []string // what a reader should know of them
	Total     Row
	Tables    []Table
}

// Result is what may be given out of what was counted.
func (t *Tally) Result() Figures {
	f := Figures{Total: given(Value{Code: "all", Label: "all"}, t.total, t.total.reports < Least)}
	for i, d := range t.dimensions {
		counts := make([][]int, len(d.Values))
		for j, r := range t.rows[i] {
			counts[j] = []int{r.reports}
			// Where the whole column is hidden there is no total to work back from, so it hides no row.
			if t.total.referred >= Least {
				counts[j] = append(counts[j], r.referred)
			}
		}
		hidden := protect(counts)
		table := Table{Name: d.Name}
		for j, r := range t.rows[i] {
			table.Rows = append(table.Rows, given(d.Values[j], r, hidden[j]))
		}
		f.Tables = append(f.Tables, table)
	}
	return f
}

func given(v Value, r row, hidden bool) Row {
	if hidden {
		none := Count{Hidden: true}
		return Row{Value: v, Reports: none, Referred: none, Accept: Spell{Hidden: true}, See: Spell{Hidden: true}, Close: Spell{Hidden: true}}
	}
	return Row{Value: v, Reports: count(r.reports), Referred: count(r.referred),
		Accept: spell(r.accepted), See: spell(r.seen), Close: spell(r.closedFor)}
}

func count(n int) Count {
	if n < Least {
		return Count{Hidden: true}
	}
	return Count{N: n}
}

func spell(times []time.Duration) Spell {
	if len(times) < Least {
		return Spell{Hidden: true}
	}
	slices.Sort(times)
	return Spell{Median: rank(times, 50), P90: rank(times, 90)}
}

// rank is the percentile of a sorted list by nearest rank.
func rank(sorted []time.Duration, percent int) time.Duration {
	return sorted[max(0, (len(sorted)*percent+99)/100-1)]
}
