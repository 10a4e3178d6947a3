package directory

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"chumrok/internal/phone"
)

// byLine returns every officer in the order of the file.
func (d *Directory) byLine() []Officer {
	all := d.All()
	slices.SortStableFunc(all, func(a, b Officer) int { return cmp.Compare(a.Line, b.Line) })
	return all
}

// A Change is one officer in whom two rosters differ.
type Change struct {
	Officer Officer  // as he will be; as he was, where he goes
	Was     Officer  // as he was
	What    []string // what changes, such as "area_code 020101 → 020102"; a phone without its numbers
	Phone   bool     // his phone is another one
}

// A Difference is what becomes different when one roster takes the place of another. No number stands in it.
type Difference struct {
	Added, Changed, Gone []Change
	Doubtful             []Note // what loads, and a person should look at: the same person twice, one phone under two names
}

// None reports whether nothing changes.
func (d Difference) None() bool { return len(d.Added)+len(d.Changed)+len(d.Gone) == 0 }

// Compare says what changes when after takes the place of before, officers by their ids.
func Compare(before, after *Directory, file string) Difference {
	var d Difference
	for _, o := range after.byLine() {
		was, known := before.Get(o.ID)
		switch changes := changed(was, o); {
		case !known:
			d.Added = append(d.Added, Change{Officer: o})
		case len(changes) > 0:
			d.Changed = append(d.Changed, Change{Officer: o, Was: was, What: changes, Phone: was.Phone != o.Phone})
		}
	}
	for _, o := range before.byLine() {
		if _, stays := after.Get(o.ID); !stays {
			d.Gone = append(d.Gone, Change{Officer: o, Was: o})
		}
	}
	for _, gone := range d.Gone {
		for _, added := range d.Added {
			if gone.Officer.Phone == added.Officer.Phone && gone.Officer.Body == added.Officer.Body && gone.Officer.AreaCode == added.Officer.AreaCode {
				d.Doubtful = append(d.Doubtful, Note{File: file, Line: added.Officer.Line, Text: fmt.Sprintf(
					"%s has the phone of %s, who goes: the same person? Then keep the officer_id, under which open matters and away dates stand", added.Officer.ID, gone.Officer.ID)})
			}
		}
	}
	d.Doubtful = append(d.Doubtful, doubtful(after, file)...)
	return d
}

// changed names each column that is another one.
func changed(was, now Officer) (what []string) {
	for _, c := range []struct{ name, was, now string }{
		{"area_code", was.AreaCode, now.AreaCode}, {"body", string(was.Body), string(now.Body)}, {"role", string(was.Role), string(now.Role)},
		{"order", strconv.Itoa(was.Order), strconv.Itoa(now.Order)}, {"name", was.Name, now.Name},
		{"languages", strings.Join(was.Languages, "|"), strings.Join(now.Languages, "|")}, {"hours", was.Hours.Text, now.Hours.Text},
		{"gender", was.Gender, now.Gender}, {"case_system", was.CaseSystem, now.CaseSystem}, {"case_account", was.CaseAccount, now.CaseAccount},
	} {
		if c.was != c.now {
			what = append(what, fmt.Sprintf("%s %s → %s", c.name, orNothing(c.was), orNothing(c.now)))
		}
	}
	if was.Phone != now.Phone {
		what = append(what, "phone")
	}
	return what
}

func orNothing(text string) string {
	if text == "" {
		return "(empty)"
	}
	return text
}

// doubtful finds who seems to stand twice: one phone twice in one place, and one phone under two names.
func doubtful(d *Directory, file string) (notes []Note) {
	type seat struct {
		phone phone.Number
		body  Body
		area  string
	}
	seats := make(map[seat]Officer)
	names := make(map[phone.Number]Officer)
	for _, o := range d.byLine() {
		s := seat{o.Phone, o.Body, o.AreaCode}
		if first, twice := seats[s]; twice {
			notes = append(notes, Note{File: file, Line: o.Line, Text: fmt.Sprintf("%s has the phone of %s (line %d) in the same body and place: one person twice?", o.ID, first.ID, first.Line)})
		} else {
			seats[s] = o
		}
		if first, known := names[o.Phone]; known && first.Name != o.Name {
			notes = append(notes, Note{File: file, Line: o.Line, Text: fmt.Sprintf("%s has the phone of %s (line %d) and another name", o.ID, first.ID, first.Line)})
		} else if !known {
			names[o.Phone] = o
		}
	}
	return notes
}
