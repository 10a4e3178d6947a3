package directory

import (
	"maps"
	"slices"
	"time"

	"chumrok/internal/phone"
)

// Without returns a directory in which those who are away are asked nothing: At and Serving pass them over, on every row of their phones,
// while Get, ByPhone, Areas and All know them as before, so that who is away can still answer, still owns what was accepted, and is still
// removed where the phone is. A desk of which everybody is away is asked all the same: behind it there is nobody.
func (d *Directory) Without(away map[string]bool) *Directory {
	if len(away) == 0 {
		return d
	}
	out := func(o Officer) bool {
		return away[o.ID] || slices.ContainsFunc(d.byPhone[o.Phone], func(row Officer) bool { return away[row.ID] })
	}
	present := *d
	present.away = maps.Clone(d.away)
	if present.away == nil {
		present.away = make(map[string]bool)
	}
	for _, o := range d.all {
		if out(o) {
			present.away[o.ID] = true
		}
	}
	present.byArea = make(map[Body]map[string][]Officer, len(d.byArea))
	for body, areas := range d.byArea {
		if body == Desk && !slices.ContainsFunc(d.all, func(o Officer) bool { return o.Body == Desk && !out(o) }) {
			present.byArea[body] = areas
			continue
		}
		here := make(map[string][]Officer, len(areas))
		for area, officers := range areas {
			if left := slices.DeleteFunc(slices.Clone(officers), out); len(left) > 0 {
				here[area] = left
			}
		}
		present.byArea[body] = here
	}
	return &present
}

// IsAway reports whether an officer was left out by Without.
func (d *Directory) IsAway(o Officer) bool { return d.away[o.ID] }

// On returns a directory that knows who is on duty at a time, which counts in its own zone: pass it in the deployment's.
func (d *Directory) On(t time.Time, holidays Holidays) *Directory {
	there := *d
	there.at, there.holidays = t, holidays
	return &there
}

// OffDuty reports whether the officer's hours do not hold now. A directory that was given no time by On has everybody on duty.
func (d *Directory) OffDuty(o Officer) bool { return !d.at.IsZero() && !o.Hours.Open(d.at, d.holidays) }

// With returns a directory in which these officers, by id, have other phones. A zero number is a phone that was lost: that officer is passed
// over as one who is away, and no phone is his.
func (d *Directory) With(phones map[string]phone.Number) *Directory {
	if len(phones) == 0 {
		return d
	}
	officers, lost := d.All(), map[string]bool{}
	for i, o := range officers {
		if n, changed := phones[o.ID]; changed {
			officers[i].Phone = n
			if n.IsZero() {
				lost[o.ID] = true
			}
		}
	}
	return New(officers...).Without(lost)
}
