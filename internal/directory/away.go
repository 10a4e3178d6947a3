package directory

import "slices"

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
	present.away = make(map[string]bool)
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
