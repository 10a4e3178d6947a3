package gazetteer

import (
	"cmp"
	"slices"
)

// lacking is a sound, or a sound with one letter left out: two sounds that differ in one or two letters share one.
type lacking struct {
	hash uint32
	key  int32 // of Gazetteer.sound
}

// fnv is the 32-bit FNV-1a hash of b without the byte at skip; -1 skips none.
func fnv(b []byte, skip int) uint32 {
	h := uint32(2166136261)
	for i, c := range b {
		if i != skip {
			h = (h ^ uint32(c)) * 16777619
		}
	}
	return h
}

func newLacking(keys []string) []lacking {
	n := 0
	for _, k := range keys {
		n += len(k) + 1
	}
	list := make([]lacking, 0, n)
	var b []byte
	for i, k := range keys {
		b = append(b[:0], k...)
		for skip := -1; skip < len(b); skip++ {
			list = append(list, lacking{fnv(b, skip), int32(i)})
		}
	}
	slices.SortFunc(list, func(a, b lacking) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.key, b.key)) })
	return list
}

// maxNear bounds the text in which near spellings are looked for: no name with its district and province is longer.
const maxNear = 90

// near looks for communes whose names are nearly what the text says, inside the areas that it names rightly. It is never sure.
func (g *Gazetteer) near(spoken *scan, within string) Finding {
	if len(spoken.buf) == 0 || len(spoken.buf) > maxNear {
		return Finding{}
	}
	r := newReader(g, &g.sound, spoken)
	r.unknown = true
	f := Finding{Within: within}
	var whole []hit // places that are written in full, with something beside them that we do not know
	tries := 0
	for _, c := range r.read() {
		if !c.hasUnknown {
			continue
		}
		var rd reading
		g.consider(&rd, &c, within, strict)
		if c.n > 0 && len(rd.hits) == 0 && len(rd.areas) == 0 {
			continue // the rest does not fit together
		}
		unknown := spoken.buf[c.unknown[0]:c.unknown[1]]
		if c.n > 0 && len(rd.hits) > 0 && len(whole) == 0 {
			if c.n > 1 || c.names[0].unit&communeWord != 0 || c.unkUnit&(provinceWord|districtWord|cityWord) != 0 {
				whole = rd.hits
			} else {
				whole = g.besideNearly(rd.hits, unknown)
			}
		}
		if c.n > 0 && len(rd.areas) == 0 || c.unkUnit != 0 && c.unkUnit&communeWord == 0 {
			continue
		}
		area, one := g.theArea(rd.areas)
		if c.n == 0 {
			area, one = within, true
		}
		if one && f.Within == within && len(area) > len(within) {
			f.Within = area // of the reading that leaves least unknown
		}
		if tries++; tries > 4 {
			break
		}
		if hits := g.nearly(unknown, area, Commune); len(hits) > 0 {
			rd := reading{hits: slices.Clone(whole)}
			for _, h := range hits {
				rd.addHit(h, 0)
			}
			if c.n == 1 && c.names[0].unit == 0 && c.unkUnit == 0 {
				// Kouk Chork is nearly the one commune Kok Chak before it is something in the district Chhuk.
				for _, h := range g.nearly(spoken.buf, within, Commune) {
					rd.addHit(h, 0)
				}
			}
			return unsure(g.list(rd.hits, max(area, within)))
		}
	}
	if len(whole) > 0 {
		return unsure(g.list(whole, f.Within))
	}
	return f
}

// besideNearly returns the communes that lie in an area whose name is nearly the given sound: "Trapeang Prasat, Otdor Menchey".
func (g *Gazetteer) besideNearly(hits []hit, sound []byte) []hit {
	var in []hit
	for _, level := range [...]Level{Province, District} {
		for _, a := range g.nearly(sound, "", level) {
			for _, h := range hits {
				if g.lies(h.place, a.place) && !slices.Contains(in, h) {
					in = append(in, h)
				}
			}
		}
	}
	return in
}

// nearly returns the places of a level inside an area whose sound is nearest to the given one, if it is near at all.
func (g *Gazetteer) nearly(sound []byte, area string, level Level) []hit {
	if len(sound) < 3 {
		return nil
	}
	bound := 2 // a consonant, or two vowels
	if len(sound) > 5 {
		bound = 3
	}
	if len(sound) > 8 {
		bound = 4
	}
	if len(sound) < 5 {
		bound = 1
	}
	if area != "" {
		bound++ // the area says that she means one of few
	}
	type near struct {
		place int32
		d     int
	}
	var found []near
	best := bound
	var seen [64]int32
	seenN := 0
	try := func(key int32) {
		if slices.Contains(seen[:seenN], key) {
			return
		}
		if seenN < len(seen) {
			seen[seenN] = key
			seenN++
		}
		inside := false
		for _, p := range g.sound.vals[key] {
			inside = inside || g.places[p].Level == level && g.inside(p, area)
		}
		if !inside {
			return
		}
		d := distance(sound, g.sound.keys[key])
		if d > bound || d > best+1 {
			return
		}
		best = min(best, d)
		for _, p := range g.sound.vals[key] {
			if g.places[p].Level == level && g.inside(p, area) {
				found = append(found, near{p, d})
			}
		}
	}
	var bones [64]byte
	for _, key := range g.bones.get(consonantsOf(bones[:0], sound)) {
		try(key)
	}
	for skip := -1; skip < len(sound); skip++ {
		h := fnv(sound, skip)
		i, _ := slices.BinarySearchFunc(g.lacking, h, func(l lacking, h uint32) int { return cmp.Compare(l.hash, h) })
		for ; i < len(g.lacking) && g.lacking[i].hash == h; i++ {
			try(g.lacking[i].key)
		}
	}
	var rd reading
	for limit := best; limit <= best+1; limit++ { // the nearest; the next nearest too if the list stays short
		var more reading
		more.hits = slices.Clone(rd.hits)
		for _, n := range found {
			if n.d <= limit {
				more.addHit(hit{g.target[n.place], g.target[n.place] != n.place}, 0)
			}
		}
		if limit > best && len(more.hits) > 4 {
			break
		}
		rd = more
	}
	return rd.hits
}

// distance is how far two sounds are apart: 2 for each consonant that differs, is missing or has changed places, 1 for each
// vowel. It is at least 100 when they are too long to compare.
func distance(a []byte, b string) int {
	const most = 48
	if len(a) > most || len(b) > most {
		return 100
	}
	var rows [3][most + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(b) {
		last[j+1] = last[j] + weight(b[j])
	}
	for i := range a {
		row[0] = last[0] + weight(a[i])
		for j := range len(b) {
			d := last[j]
			if a[i] != b[j] {
				d += max(weight(a[i]), weight(b[j]))
			}
			d = min(d, last[j+1]+weight(a[i]), row[j]+weight(b[j]))
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				d = min(d, before[j-1]+2)
			}
			row[j+1] = d
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// weight is how much a letter of a sound counts.
func weight(c byte) int {
	if isVowelSign(c) || isVowelLetter(c) || c == 'U' || c == 'y' || c == 'h' {
		return 1
	}
	return 2
}
