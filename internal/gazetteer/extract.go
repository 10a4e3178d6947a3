package gazetteer

import "slices"

// Extract finds a place inside a longer story. It answers only where the story marks a name as a place: by a unit word (ឃុំបវេល,
// Bavel commune), or by the commune's own district or province beside it; many communes have the names of everyday things. A
// marked province or district without a commune is in Within. Several places are a list, and never sure.
func (g *Gazetteer) Extract(story string) Finding {
	sc := scan{voc: g.voc}
	sc.read(story)
	if len(sc.words) == 0 {
		return Finding{}
	}
	f, ok := g.extract(&g.exact, &sc)
	if ok && (len(f.Places) > 0 || f.Many) {
		return f
	}
	spoken := sc.soundOf()
	if s, ok := g.extract(&g.sound, &spoken); ok && (len(s.Places) > 0 || s.Many || f.Within == "") {
		return s
	}
	return f
}

// mark is a place that a story marks.
type mark struct {
	hits  []hit
	areas []int32
	end   int
	clean bool // nothing that we do not know is written to it, and it is no district's name as well
}

// extract looks for marked places with one of the indexes; ok is false when the story has none.
func (g *Gazetteer) extract(x *index, sc *scan) (f Finding, ok bool) {
	r := newReader(g, x, sc)
	r.partial = true
	var rd reading
	clean := true
	for wi, end := 0, 0; wi < len(sc.words); wi++ {
		w := sc.words[wi]
		if w.lo < end || w.filler {
			continue
		}
		m := g.markAt(&r, wi)
		if len(m.hits) == 0 && len(m.areas) == 0 {
			continue
		}
		end = m.end
		for _, h := range m.hits {
			rd.addHit(h, 0)
			clean = clean && m.clean
		}
		rd.areas = append(rd.areas, m.areas...)
	}
	if len(rd.hits) == 0 && len(rd.areas) == 0 {
		return Finding{}, false
	}
	area, one := g.theArea(rd.areas)
	if len(rd.hits) == 0 {
		return Finding{Within: area}, true
	}
	if one { // ឃុំសំរោង here and ខេត្តតាកែវ there
		inside := slices.Clone(rd.hits)
		inside = slices.DeleteFunc(inside, func(h hit) bool { return !g.lies(h.place, g.byCode[area]) })
		if len(inside) > 0 {
			rd.hits = inside
		} else {
			clean = false
		}
	}
	f = g.list(rd.hits, area)
	f.Sure = len(f.Places) == 1 && clean
	return f, true
}

// markAt reads the marked place that starts at word wi: the longest that fits together.
func (g *Gazetteer) markAt(r *reader, wi int) (best mark) {
	r.covers, r.steps = r.covers[:0], 0
	var c cover
	r.from(r.sc.words[wi].lo, wi, 0, &c)
	for i := range r.covers {
		c := &r.covers[i]
		if c.cost > c.n || c.end <= best.end && len(best.hits) > 0 {
			continue // cut out of a Latin word, or behind a village
		}
		unit := false
		for _, n := range c.names[:c.n] {
			unit = unit || n.unit&placeWord != 0
		}
		if !unit && (c.n == 1 || r.oneName(c.end)) {
			continue // not marked; រកាកណ្ដាល is a name of its own before it is Roka in Kandal
		}
		var rd reading
		g.consider(&rd, c, "", strict)
		cut := !r.endsWord(c.end)
		m := mark{hits: rd.hits, end: c.end, clean: !cut && len(rd.inner) == 0}
		last := c.names[c.n-1]
		if cut && (c.n == 1 && syllables(r.sc.buf[last.lo:last.hi]) < 2) {
			continue // ឃុំព្រៃ… may be the start of any name
		}
		if len(m.hits) == 0 {
			if cut || len(best.hits) > 0 || c.end <= best.end || !unitOnAll(c) {
				continue
			}
			m.areas = rd.areas
		}
		if len(m.hits) > 0 || len(m.areas) > 0 {
			best = m
		}
	}
	return best
}

// oneName says whether one name of the covers reaches as far as end.
func (r *reader) oneName(end int) bool {
	return slices.ContainsFunc(r.covers, func(c cover) bool { return c.n == 1 && c.end >= end })
}

// unitOnAll says whether every name of a cover has its unit word.
func unitOnAll(c *cover) bool {
	for _, n := range c.names[:c.n] {
		if n.unit&placeWord == 0 {
			return false
		}
	}
	return true
}

// endsWord says whether a word ends at pos, so that nothing unknown is written to what ends there.
func (r *reader) endsWord(pos int) bool {
	for _, w := range r.sc.words {
		if w.hi == pos {
			return true
		}
	}
	return pos >= len(r.sc.buf)
}

// syllables counts the letters of folded Khmer that are not subscripts, or the vowels of Latin: enough to tell short from long.
func syllables(b []byte) int {
	n := 0
	for i, c := range b {
		if isKhmer(c) && isBase(c) && startsSyllable(b, i) || isVowelLetter(c) && (i == 0 || !isVowelLetter(b[i-1])) {
			n++
		}
	}
	return n
}
