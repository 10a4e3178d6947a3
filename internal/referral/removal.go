package referral

import (
	"slices"
	"strings"

	"chumrok/internal/directory"
	"chumrok/internal/phone"
)

// A Removal says who must not be told of a report, nor see it anywhere. It holds rules as well as names, so that it applies to people who
// enter the directory later.
type Removal struct {
	Area       string           `json:",omitempty"` // the commune; Bodies are removed where they serve it
	Bodies     []directory.Body `json:",omitempty"` // bodies that serve Area
	Everywhere []directory.Body `json:",omitempty"` // bodies removed in the whole country
	Roles      []directory.Role `json:",omitempty"` // roles removed in the whole country, in whichever body they sit
	Officers   []string         `json:",omitempty"` // officer ids
}

// Empty reports whether nobody is removed.
func (x Removal) Empty() bool {
	return len(x.Bodies) == 0 && len(x.Everywhere) == 0 && len(x.Roles) == 0 && len(x.Officers) == 0
}

// Covers reports whether this row of the directory is removed by itself. A person may stand on several rows: ask IsRemoved before anybody
// is told or shown anything.
func (x Removal) Covers(o directory.Officer) bool {
	return slices.Contains(x.Officers, o.ID) || slices.Contains(x.Roles, o.Role) || slices.Contains(x.Everywhere, o.Body) ||
		slices.Contains(x.Bodies, o.Body) && serves(o.AreaCode, x.Area)
}

// IsRemoved reports whether the officer must not be told: because of this row, or because the same phone stands on another row that is
// removed. A commune chief who also keeps the district's phone is removed as both.
func (x Removal) IsRemoved(o directory.Officer, d *directory.Directory) bool {
	if x.Empty() {
		return false
	}
	return x.Covers(o) || x.RemovedPhone(o.Phone, d)
}

// RemovedPhone reports whether this phone stands on a row that is removed.
func (x Removal) RemovedPhone(n phone.Number, d *directory.Directory) bool {
	if x.Empty() || n.IsZero() {
		return false
	}
	return slices.ContainsFunc(d.ByPhone(n), x.Covers)
}

// With returns a copy that removes these officers too.
func (x Removal) With(officerIDs ...string) Removal {
	x.Officers = slices.Clone(x.Officers)
	for _, id := range officerIDs {
		if !slices.Contains(x.Officers, id) {
			x.Officers = append(x.Officers, id)
		}
	}
	return x
}

// And returns what removes whoever one of the two removes. Where the areas differ, the first one's counts.
func (x Removal) And(y Removal) Removal {
	if x.Empty() {
		return y
	}
	x.Bodies, x.Everywhere = either(x.Bodies, y.Bodies), either(x.Everywhere, y.Everywhere)
	x.Roles, x.Officers = either(x.Roles, y.Roles), either(x.Officers, y.Officers)
	return x
}

// Wider reports whether this removes anybody by a rule that y does not have.
func (x Removal) Wider(y Removal) bool {
	z := y.And(x)
	return len(z.Bodies)+len(z.Everywhere)+len(z.Roles)+len(z.Officers) > len(y.Bodies)+len(y.Everywhere)+len(y.Roles)+len(y.Officers)
}

func either[T comparable](a, b []T) []T {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// serves reports whether an officer of area answers for the commune. An unknown commune is answered for by everybody, so that a removal
// without a place removes too many rather than too few.
func serves(area, commune string) bool {
	return commune == "" || area == directory.National || strings.HasPrefix(commune, area)
}

// Officers returns those of a step who may be told, by order, each phone once.
func (p Plan) Officers(step int, d *directory.Directory) []directory.Officer {
	if step < 0 || step >= len(p.Steps) {
		return nil
	}
	s := p.Steps[step]
	officers := allowed(d.At(s.Body, s.Area), s.Only, p.Removed, d)
	slices.SortStableFunc(officers, func(a, b directory.Officer) int { return s.turn(a) - s.turn(b) })
	return officers
}

// turn is an officer's place among those of the step who are told first.
func (s Step) turn(o directory.Officer) int {
	if i := slices.Index(s.First, o.ID); i >= 0 {
		return i
	}
	return len(s.First)
}

func allowed(officers []directory.Officer, only []string, removed Removal, d *directory.Directory) []directory.Officer {
	var out []directory.Officer
	phones := map[phone.Number]bool{}
	for _, o := range officers {
		if len(only) > 0 && !slices.Contains(only, o.ID) || phones[o.Phone] || removed.IsRemoved(o, d) {
			continue
		}
		phones[o.Phone] = true
		out = append(out, o)
	}
	return out
}
