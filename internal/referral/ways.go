package referral

import (
	"slices"

	"chumrok/internal/directory"
	"chumrok/internal/report"
)

// byHarm gives the harm of a report that has a way of its own: sexual harm, a child who wants to hurt herself, bullying; empty for any
// other. Where several were said, the one that fewer people may know of.
func byHarm(r report.Report) report.Harm {
	for _, h := range []report.Harm{report.HarmSexual, report.HarmSelf, report.HarmBullying} {
		if r.Says("harm", string(h)) {
			return h
		}
	}
	return ""
}

// order picks the order of bodies for a report. The desk is always in it, and last. A harm's own ladder comes before the one of a province
// or of an emergency: it is there because of who may know, and that does not change with the place or the flood.
func (l Ladders) order(r report.Report, commune string, by report.Harm) []directory.Body {
	order := usual
	if len(l.Default) > 0 {
		order = l.Default
	}
	if own := l.ByProvince[commune[:2]]; len(own) > 0 {
		order = own
	}
	switch own := l.ByHarm[by]; {
	case len(own) > 0:
		order = own
	case r.Emergency && by != report.HarmSexual && len(l.Emergency) > 0:
		order = l.Emergency
	}
	order = slices.DeleteFunc(slices.Clone(order), func(b directory.Body) bool { return b == directory.Desk })
	return append(order, directory.Desk)
}

// explained says what the harm changes about who is told.
func (rt *route) explained() string {
	switch rt.by {
	case report.HarmSexual:
		return "Sexual harm: told to the district and to one focal person, not to the whole committee."
	case report.HarmSelf:
		return "A child wants to hurt herself or himself: told at once, and to one person of a committee, not to all of it."
	case report.HarmBullying:
		return "Bullying: on a committee those who know the children are told first."
	}
	return ""
}

// onePerson reports whether only one person of a committee may be told.
func (rt *route) onePerson() bool {
	return rt.by == report.HarmSexual || rt.by == report.HarmSelf
}

// manyEyed reports whether a body is a committee, of which what few may know is told to one person only.
func manyEyed(b directory.Body) bool {
	return b == directory.Committee || b == directory.DistrictCommittee || b == directory.ProvinceCommittee
}

// one puts the persons of a committee of whom one is told in order: its focal persons, women first, then by the order of the directory. Where
// there is none, sexual harm is told to nobody of it, since who a stranger to the child is can't be known; a child who wants to hurt herself
// needs somebody near, and gets one of the others.
func (rt *route) one(officers []directory.Officer) []directory.Officer {
	found := withRole(officers, directory.Focal)
	if len(found) == 0 && rt.by == report.HarmSelf {
		return officers
	}
	slices.SortStableFunc(found, func(a, b directory.Officer) int { return womenFirst(a) - womenFirst(b) })
	return found
}

// womenFirst sorts women before all others.
func womenFirst(o directory.Officer) int {
	if woman(o) {
		return 0
	}
	return 1
}

// knowsChildren are the officers of a committee who are told of bullying first: the focal person, then who sits there for a school. Where
// only her words speak of bullying she was never asked who does it, and nobody from a school comes first.
func (rt *route) knowsChildren(officers []directory.Officer) []string {
	first := withRole(officers, directory.Focal)
	if rt.chosen {
		first = append(first, withRole(officers, directory.School)...)
	}
	return ids(first)
}

// befores names those who are told first in a sentence.
func (rt *route) befores(s Step) string {
	focal, school := false, false
	for _, id := range s.First {
		o, _ := rt.d.Get(id)
		focal, school = focal || o.Role == directory.Focal, school || o.Role == directory.School
	}
	switch {
	case focal && school:
		return "the focal person and who sits there for a school"
	case school:
		return "who sits there for a school"
	}
	return "the focal person"
}

func withRole(officers []directory.Officer, role directory.Role) []directory.Officer {
	var found []directory.Officer
	for _, o := range officers {
		if o.Role == role {
			found = append(found, o)
		}
	}
	return found
}

func ids(officers []directory.Officer) []string {
	var out []string
	for _, o := range officers {
		out = append(out, o.ID)
	}
	return out
}

func woman(o directory.Officer) bool { return o.Gender == "f" }
