package gazetteer

import (
	"slices"
	"strings"
)

// maxList is how many places are offered to choose from; more are no list but a reason to ask for the province.
const maxList = 8

// shortSound is the length under which a name that only sounds like a commune's, with no area beside it, is too likely to be
// something else to be sure.
const shortSound = 5

// Finding is what was understood of a text.
type Finding struct {
	// Places is empty when nothing was found, or Many; else the commune, or up to eight to choose from, by code. All are in force.
	Places []Place
	// Many says that more than eight communes fit: ask for the province, or list on from Within if that is set.
	Many bool
	// Sure is true only for exactly one place, whose name was written in full or sounds like no other. Anything else is to be
	// confirmed by the caller, as a near spelling is. It is never true for a list.
	Sure bool
	// Within is the code of the province or district that the text names, or may name: where to list on from when Many is true,
	// when nothing was found, or when the caller says that none of Places is hers. It may be "".
	Within string
	// Followed says that a name or code no longer in force was meant, and that Places has its successor.
	Followed bool
}

// Find returns the communes that a person may mean who answers "which commune?". It reads Khmer and Latin script, with unit
// words or without, commune alone or with its district and province in any order, official codes of six digits, and spellings
// that sound alike or nearly so. With within, a province's or district's code, only communes there are found; a commune that has
// left that district is found by its old name as its successor.
func (g *Gazetteer) Find(text, within string) Finding {
	sc := scan{voc: g.voc}
	sc.read(text)
	if len(sc.words) == 0 {
		return Finding{}
	}
	if f, ok := g.byOfficialCode(&sc, within); ok {
		return f
	}
	exact := newReader(g, &g.exact, &sc)
	exactCovers := exact.read()
	f, ok := g.settle(exactCovers, within, strict)
	f.Sure = f.Sure && !sc.isVillage(exactCovers) // f is sure of a cover, so there is one
	bare := ok && within == "" && exactCovers[0].n == 1 && isLatin(sc.buf[0])
	if ok && !bare {
		return f
	}
	spoken := sc.soundOf()
	sound := newReader(g, &g.sound, &spoken)
	soundCovers := sound.read()
	if s, spelt := g.settle(soundCovers, within, strict); spelt {
		if !ok {
			s.Sure = s.Sure && !spoken.isVillage(soundCovers) && (within != "" || soundCovers[0].n > 1 || len(spoken.buf) >= shortSound)
			return s
		}
		return g.widen(f, s)
	}
	if ok {
		return f
	}
	for _, covers := range [...][]cover{exactCovers, soundCovers} {
		if f, ok := g.settle(covers, within, anyUnit); ok {
			return unsure(f)
		}
	}
	f = g.near(&spoken, within)
	for _, covers := range [...][]cover{exactCovers, soundCovers} {
		if len(f.Places) == 0 || f.Within != "" {
			f = g.elsewhere(f, covers, within)
		}
	}
	return f
}

// isVillage says whether a text is one name that starts with ភូមិ: Phum Thmei is a commune, and any number of villages.
func (sc *scan) isVillage(covers []cover) bool {
	return sc.words[0].unit == villageWord && covers[0].n == 1 && covers[0].names[0].lo == 0 && covers[0].names[0].unit == 0
}

// widen adds to the communes that have a bare Latin name those whose names only sound like it: nobody has learnt to write Khmer
// names in Latin letters, so Samrong, which is one commune, is far more often one of the ten called Samraong.
func (g *Gazetteer) widen(exact, sound Finding) Finding {
	if len(exact.Places) == 0 || exact.Many {
		return exact
	}
	if sound.Many && exact.Within == "" {
		return Finding{Many: true, Within: sound.Within}
	}
	for _, p := range sound.Places {
		if slices.ContainsFunc(exact.Places, func(q Place) bool { return q.Code == p.Code }) {
			continue
		}
		if len(exact.Places) == maxList {
			return Finding{Many: true}
		}
		exact.Places = append(exact.Places, p)
		exact.Sure = false
		exact.Followed = exact.Followed || sound.Followed
	}
	return exact
}

func unsure(f Finding) Finding {
	f.Sure = false
	return f
}

// byOfficialCode reads a text that is nothing but a commune's code.
func (g *Gazetteer) byOfficialCode(sc *scan, within string) (Finding, bool) {
	if len(sc.buf) != 6 {
		return Finding{}, false
	}
	for _, c := range sc.buf {
		if !isDigit(c) {
			return Finding{}, false
		}
	}
	code := string(sc.buf)
	p, followed, ok := g.Current(code)
	if !ok || !strings.HasPrefix(p.Code, within) && !strings.HasPrefix(code, within) {
		return Finding{}, true
	}
	return Finding{Places: []Place{p}, Sure: true, Followed: followed}, true
}

// rule says how unit words are taken.
type rule bool

const (
	strict  rule = true  // a name behind khum is a commune
	anyUnit rule = false // people confuse srok and khum
)

func (n named) allows(l Level, r rule) bool { return r == anyUnit || n.unit.allows(l) }

// hit is a commune read out of a cover.
type hit struct {
	place    int32 // in force
	followed bool
}

// reading is what covers of the same cost say together.
type reading struct {
	hits    []hit
	fit     int // of hits, as surrounded has it
	areas   []int32
	inner   []int32 // districts that the same words may name as a whole, beside a commune in them
	lone    bool    // one name, with no unit word and nothing beside it
	numeric bool    // that name is only a number
}

func (g *Gazetteer) inside(i int32, within string) bool {
	return within == "" || strings.HasPrefix(g.places[i].Code, within) || strings.HasPrefix(g.places[g.target[i]].Code, within)
}

// lies says whether place i lies in area a, by its code now or by the one it had.
func (g *Gazetteer) lies(i, a int32) bool {
	area := g.places[a].Code
	return strings.HasPrefix(g.places[i].Code, area) || strings.HasPrefix(g.places[g.target[i]].Code, area)
}

// settle makes a finding of the covers that say something consistent; ok is false when none does. A text may well be one long
// name or two short ones (Roka Kandal, and Roka in Kandal): both count. Only then come readings that cut words or pass over some.
func (g *Gazetteer) settle(covers []cover, within string, r rule) (f Finding, ok bool) {
	for from := 0; from < len(covers); {
		to := from
		var rd reading
		for ; to < len(covers) && covers[to].cost == covers[from].cost && covers[to].passed == covers[from].passed; to++ {
			g.consider(&rd, &covers[to], within, r)
		}
		if len(rd.hits) == 0 && len(rd.areas) == 0 {
			from = to
			continue
		}
		var more reading
		for ; to < len(covers); to++ {
			if covers[to].cost-covers[to].n == covers[from].cost-covers[from].n && covers[to].passed == covers[from].passed {
				g.consider(&more, &covers[to], within, r)
			}
		}
		if len(more.hits) > 0 {
			rd.lone = false
			rd.inner = append(rd.inner, rd.areas...)
			for _, h := range more.hits {
				rd.addHit(h, rd.fit)
			}
		}
		return g.conclude(rd, within), true
	}
	return Finding{}, false
}

// consider adds what one cover says, if its names fit together: the one a commune and the others areas around it, or all areas
// in one another.
func (g *Gazetteer) consider(rd *reading, c *cover, within string, r rule) {
	names := c.names[:c.n]
	if c.afterVillage && c.n == 1 && names[0].unit == 0 {
		return
	}
	for i := range names {
		for _, p := range names[i].places {
			if g.places[p].Level != Commune {
				g.considerArea(rd, names, i, p, within, r)
				continue
			}
			if !names[i].allows(Commune, r) || !g.inside(p, within) {
				continue
			}
			if fit := g.surrounded(names, i, p, r); fit > 0 {
				rd.addHit(hit{g.target[p], g.target[p] != p}, fit)
			}
		}
	}
	if c.n == 1 && names[0].unit == 0 && within == "" {
		rd.lone = true
		rd.numeric = c.names[0].hi-c.names[0].lo <= 2 && len(names[0].places) == 1 && strings.Trim(g.places[names[0].places[0]].Km, "០១២៣៤៥៦៧៨៩លេខទី ") == ""
	}
}

// surrounded says how well the other names are areas around place p: 2 when each can be another one, 1 when a name stands twice,
// 0 when one is no such area.
func (g *Gazetteer) surrounded(names []named, i int, p int32, r rule) (fit int) {
	districts, provinces, either := 0, 0, 0
	for j := range names {
		if j == i {
			continue
		}
		var district, province bool
		for _, a := range names[j].places {
			l := g.places[a].Level
			if l == Commune || a == p || !names[j].allows(l, r) || !g.lies(p, a) {
				continue
			}
			district = district || l == District
			province = province || l == Province
		}
		switch {
		case district && province:
			either++
		case district:
			districts++
		case province:
			provinces++
		default:
			return 0
		}
	}
	if districts > 1 || provinces > 1 || districts+provinces+either > 2 {
		return 1
	}
	return 2
}

// considerArea adds area p of name i if the other names are areas around it.
func (g *Gazetteer) considerArea(rd *reading, names []named, i int, p int32, within string, r rule) {
	code := g.places[p].Code
	if !names[i].allows(g.places[p].Level, r) || !strings.HasPrefix(code, within) && !strings.HasPrefix(within, code) {
		return
	}
	if g.surrounded(names, i, p, r) == 0 {
		return
	}
	if len(names) > 1 && g.places[p].Level == District {
		rd.inner = append(rd.inner, p)
	}
	if names[i].unit&cityWord != 0 && g.places[p].Level == Province {
		// Krong Battambang is the town, where there is a town of that name.
		for _, q := range names[i].places {
			if g.places[q].Level == District && g.lies(q, p) {
				return
			}
		}
	}
	if !slices.Contains(rd.areas, p) {
		rd.areas = append(rd.areas, p)
	}
}

// addHit adds a commune, unless those before fit better; those that fit less well go.
func (rd *reading) addHit(h hit, fit int) {
	if fit < rd.fit {
		return
	}
	if fit > rd.fit {
		rd.hits, rd.fit = rd.hits[:0], fit
	}
	for i, known := range rd.hits {
		if known.place == h.place {
			rd.hits[i].followed = known.followed && h.followed
			return
		}
	}
	rd.hits = append(rd.hits, h)
}

// elsewhere adds to a finding the communes of a name that is written out but does not lie where the rest of the text says: a
// caller may not know that a district went to another province. They are never sure.
func (g *Gazetteer) elsewhere(f Finding, covers []cover, within string) Finding {
	var hits []hit
	for i := range covers {
		c := &covers[i]
		if c.cost > covers[0].cost || c.n < 2 {
			break
		}
		for j, n := range c.names[:c.n] {
			if n.hi-n.lo < 2 {
				continue
			}
			var rd reading
			for _, p := range n.places {
				if g.places[p].Level == Commune && n.unit.allows(Commune) && g.inside(p, within) {
					rd.addHit(hit{g.target[p], g.target[p] != p}, 1)
				}
			}
			hits = append(hits, rd.hits...)
			if len(rd.hits) > 0 && within == "" {
				f.Within = g.otherArea(c, j)
			}
		}
	}
	for _, h := range hits {
		p := g.places[h.place]
		if len(f.Places) < maxList && !f.Many && !slices.ContainsFunc(f.Places, func(q Place) bool { return q.Code == p.Code }) {
			f.Places = append(f.Places, p)
			f.Followed = f.Followed || h.followed
		}
	}
	f.Sure = false
	return f
}

// otherArea returns the widest area that a name of a cover other than the one at skip stands for; "" when there is none.
func (g *Gazetteer) otherArea(c *cover, skip int) (code string) {
	for j, n := range c.names[:c.n] {
		if j == skip {
			continue
		}
		for _, p := range n.places {
			if a := g.places[p]; a.Level != Commune && n.unit.allows(a.Level) && (code == "" || len(a.Code) < len(code)) {
				code = a.Code
			}
		}
	}
	return code
}
