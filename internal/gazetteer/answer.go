package gazetteer

import (
	"slices"
	"strings"
)

// conclude turns a reading into a finding.
func (g *Gazetteer) conclude(rd reading, within string) Finding {
	area, one := g.theArea(rd.areas)
	switch {
	case len(rd.hits) == 0:
		return g.ofArea(area, one, within)
	case rd.lone && len(rd.areas) > 0:
		return g.communeOrArea(rd, area, one)
	}
	f := g.list(rd.hits, within)
	f.Sure = len(f.Places) == 1 && !rd.numeric
	if len(rd.inner) > 0 && len(rd.areas) > 0 {
		// "Bavel, Battambang" may be the whole district of that name.
		f.Sure = false
		if one && f.Within == "" {
			f.Within = area
		}
	}
	return f
}

// theArea returns the area that all areas lie in, or the one of them; one is false when they lie apart.
func (g *Gazetteer) theArea(areas []int32) (code string, one bool) {
	for _, a := range areas {
		c := g.places[a].Code
		switch {
		case code == "" || strings.HasPrefix(code, c):
			code = c
		case !strings.HasPrefix(c, code):
			return "", false
		}
	}
	return code, code != ""
}

// ofArea answers a text that names an area and no commune.
func (g *Gazetteer) ofArea(area string, one bool, within string) Finding {
	if !one {
		return Finding{Many: true, Within: within}
	}
	if len(area) < len(within) {
		area = within
	}
	if places := g.fewUnder(area); places != nil {
		return Finding{Places: places, Within: area}
	}
	return Finding{Many: true, Within: area}
}

// fewUnder returns the communes of an area if they are few enough for a list.
func (g *Gazetteer) fewUnder(area string) []Place {
	if len(area) == 2 {
		n := 0
		for _, d := range g.children[area] {
			n += len(g.children[d.Code])
		}
		if n > maxList {
			return nil
		}
	}
	places := g.under(area)
	if len(places) == 0 || len(places) > maxList {
		return nil
	}
	return slices.Clone(places)
}

// communeOrArea answers a bare name that communes and areas share: all of it if that is a short list; the commune, to be
// confirmed, where the district of that name is the one around it; else the province or the question for it.
func (g *Gazetteer) communeOrArea(rd reading, area string, one bool) Finding {
	f := g.list(rd.hits, "")
	if one {
		if few := g.fewUnder(area); few != nil && !f.Many {
			all := f.Places
			for _, p := range few {
				if !slices.ContainsFunc(all, func(q Place) bool { return q.Code == p.Code }) {
					all = append(all, p)
				}
			}
			if len(all) <= maxList {
				f.Places, f.Within = all, area
				return f
			}
		}
		if len(area) == 2 {
			return Finding{Many: true, Within: area}
		}
	}
	for _, a := range rd.areas {
		if !slices.ContainsFunc(rd.hits, func(h hit) bool { return g.lies(h.place, a) }) {
			return Finding{Many: true}
		}
	}
	if one {
		f.Within = area
	}
	return f
}

// list makes a finding of communes: one, a few, or too many.
func (g *Gazetteer) list(hits []hit, within string) Finding {
	if len(hits) > maxList {
		return Finding{Many: true, Within: within}
	}
	f := Finding{Places: make([]Place, 0, maxList), Within: within}
	slices.SortFunc(hits, func(a, b hit) int { return int(a.place - b.place) })
	for _, h := range hits {
		f.Places = append(f.Places, g.places[h.place])
		f.Followed = f.Followed || h.followed
	}
	return f
}
