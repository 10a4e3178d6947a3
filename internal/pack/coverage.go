package pack

import (
	"fmt"
	"strings"

	"chumrok/internal/directory"
	"chumrok/internal/phone"
)

// A CoverageKind says how well a commune is served.
type CoverageKind string

const (
	// CoveredByTwo means that officers of two bodies near the commune can be told, each on a phone of their own: no report rests on one phone.
	CoveredByTwo CoverageKind = "two"
	// CoveredByOne means that one body near the commune can be told, and only bodies further off stand behind it.
	CoveredByOne CoverageKind = "one"
	// CoveredByFallback means that nobody near the commune can be told; its reports go to the province or to the desk.
	CoveredByFallback CoverageKind = "fallback"
	// NotCovered means that nobody at all can be told: a report would wait unseen.
	NotCovered CoverageKind = "none"
)

// CommuneCoverage is who can be told of a child in one commune.
type CommuneCoverage struct {
	Code   string
	Kind   CoverageKind
	Near   []directory.Body // bodies of the ladder with officers for the commune or its district, in the ladder's order
	Behind []directory.Body // the other bodies of the ladder that have officers for it: the stated fallback
	Phones int              // how many phones the near bodies have together
	Why    string           // the reason in words, without names or numbers
}

// Ladder returns the order of bodies that holds for an area outside emergency mode.
func (p *Pack) Ladder(area string) []directory.Body {
	if len(area) >= 2 {
		if own, ok := p.Ladders.ByProvince[area[:2]]; ok {
			return own
		}
	}
	return p.Ladders.Default
}

// Coverage says of every commune in force who can be told, by code. A body counts as near when its officers serve the commune or its
// district; that they have a number which can be written to was checked at Load.
func Coverage(p *Pack) []CommuneCoverage {
	communes := p.Gazetteer.Communes()
	out := make([]CommuneCoverage, 0, len(communes))
	for _, c := range communes {
		out = append(out, p.cover(c.Code))
	}
	return out
}

func (p *Pack) cover(commune string) CommuneCoverage {
	c := CommuneCoverage{Code: commune}
	phones := make(map[phone.Number]bool)
	var silent []string
	for _, body := range p.Ladder(commune) {
		officers := p.Directory.Serving(body, commune)
		switch {
		case len(officers) == 0:
			silent = append(silent, plain(body))
		case len(officers[0].AreaCode) >= 4 && body != directory.Desk:
			c.Near = append(c.Near, body)
			for _, o := range officers {
				phones[o.Phone] = true
			}
		default:
			c.Behind = append(c.Behind, body)
		}
	}
	c.Phones = len(phones)
	switch {
	case len(c.Near) >= 2 && c.Phones >= 2:
		c.Kind = CoveredByTwo
		c.Why = fmt.Sprintf("%s can be told, on %d phones", list(c.Near), c.Phones)
	case len(c.Near) > 0:
		c.Kind = CoveredByOne
		c.Why = fmt.Sprintf("only %s can be told", list(c.Near))
		if len(c.Near) > 1 {
			c.Why = fmt.Sprintf("%s share one phone", list(c.Near))
		}
	case len(c.Behind) > 0:
		c.Kind = CoveredByFallback
		c.Why = "nobody near can be told; reports go to " + list(c.Behind)
	default:
		c.Kind = NotCovered
		c.Why = "nobody can be told"
	}
	if len(silent) > 0 {
		c.Why += "; no officer of " + strings.Join(silent, ", ")
	}
	if len(c.Near) > 0 && len(c.Behind) > 0 {
		c.Why += "; behind stands " + list(c.Behind)
	}
	return c
}

// CoverageCounts counts communes by kind.
func CoverageCounts(all []CommuneCoverage) map[CoverageKind]int {
	counts := make(map[CoverageKind]int)
	for _, c := range all {
		counts[c.Kind]++
	}
	return counts
}

func plain(b directory.Body) string { return strings.ReplaceAll(string(b), "_", " ") }

func list(bodies []directory.Body) string {
	names := make([]string, len(bodies))
	for i, b := range bodies {
		names[i] = plain(b)
	}
	return strings.Join(names, " and ")
}
