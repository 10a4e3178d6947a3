package gazetteer

import (
	"cmp"
	"slices"
)

const (
	maxNames  = 4   // village words aside, nobody writes more than commune, district, province and one of them again
	maxCovers = 24  // ways to read one text that are looked at
	maxSteps  = 800 // bounds the work on a text that could be read in very many ways

	villageCost = 6 // passing over a village is the last resort: ភូមិថ្មី is a commune too
)

// named is a name in a text: the places that have it, and the unit word beside it.
type named struct {
	places []int32
	unit   unitWord
	lo, hi int
}

// cover is one way to read a whole text as names; unknown is the part that is none, if that was allowed.
type cover struct {
	names      [maxNames]named
	n          int
	cost       int // the fewer names, and names that end where a word ends, the better
	unknown    [2]int
	unkUnit    unitWord
	hasUnknown bool
	// afterVillage says that a village was passed over of which nobody marked the end: a single name behind it proves nothing.
	afterVillage bool
	passed       int // fillers that were passed over: ក្នុង says nothing, but in Samraong Knong it is a name
	end          int // where it ends; only of a partial cover
}

// reader reads a scan in all ways that one of the indexes allows.
type reader struct {
	g       *Gazetteer
	x       *index
	sc      *scan
	runEnd  []int // of each word: where the run ends that no name goes across
	covers  []cover
	steps   int
	unknown bool // one part may be unknown
	partial bool // a cover may end before the text does
	found   []match
}

func newReader(g *Gazetteer, x *index, sc *scan) reader {
	r := reader{g: g, x: x, sc: sc, runEnd: make([]int, len(sc.words)), found: make([]match, 0, 32)}
	end := len(sc.buf)
	for i := len(sc.words) - 1; i >= 0; i-- {
		r.runEnd[i] = end
		if sc.words[i].brk == apart {
			end = sc.words[i].lo
		}
	}
	return r
}

// read collects the covers of the whole text, the cheapest first.
func (r *reader) read() []cover {
	if len(r.sc.words) > 0 {
		var c cover
		r.from(0, 0, 0, &c)
	}
	slices.SortStableFunc(r.covers, func(a, b cover) int { return cmp.Or(a.cost-b.cost, a.passed-b.passed) })
	return r.covers
}

// from reads on at pos, which lies in word wi, behind a unit word if there was one.
func (r *reader) from(pos, wi int, unit unitWord, c *cover) {
	r.steps++
	if r.steps > maxSteps || len(r.covers) >= maxCovers {
		return
	}
	if r.partial && c.n > 0 && unit == 0 {
		r.covers = append(r.covers, *c)
		r.covers[len(r.covers)-1].end = pos
	}
	if wi >= len(r.sc.words) {
		if !r.partial {
			r.finish(unit, c)
		}
		return
	}
	w := r.sc.words[wi]
	if pos == w.lo {
		r.atWord(w, wi, unit, c)
	}
	r.names(pos, wi, unit, c)
	if r.unknown && !c.hasUnknown && w.unit == 0 && !w.filler {
		r.skipUnknown(pos, wi, unit, c)
	}
}

// finish records a cover. A unit word at the end of the text belongs to the name before it.
func (r *reader) finish(unit unitWord, c *cover) {
	if c.n == 0 && !c.hasUnknown {
		return
	}
	done := *c
	if unit != 0 && done.n > 0 && done.names[done.n-1].unit == 0 {
		done.names[done.n-1].unit = unit
		done.cost++
	}
	r.covers = append(r.covers, done)
}

// atWord passes over a word that is not a name: a unit word, a village, a filler.
func (r *reader) atWord(w word, wi int, unit unitWord, c *cover) {
	switch {
	case w.unit&placeWord != 0:
		if w.behind && c.n > 0 && c.names[c.n-1].hi == w.lo && c.names[c.n-1].unit == 0 && w.brk != apart {
			was := *c // Bavel district
			c.names[c.n-1].unit = w.unit
			r.from(w.hi, wi+1, 0, c)
			*c = was
		}
		r.from(w.hi, wi+1, w.unit, c) // district Bavel
	case w.unit == villageWord:
		// What follows up to the next unit word or comma is, or starts with, a village that we do not know.
		end := wi + 1
		for end < len(r.sc.words) && r.sc.words[end].brk != apart && r.sc.words[end].unit == 0 {
			end++
		}
		c.cost += villageCost
		for k := end; k > wi+1 && (k == end || !r.unknown); k-- {
			c.afterVillage = k < end
			r.from(r.sc.words[k-1].hi, k, unit, c)
		}
		c.afterVillage = false
		c.cost -= villageCost
	case w.filler:
		c.passed++
		r.from(w.hi, wi+1, unit, c)
		c.passed--
	default:
		// Toul Ta Ek village, …
		for k := wi + 1; k < len(r.sc.words) && k <= wi+4 && r.sc.words[k].brk != apart; k++ {
			if v := r.sc.words[k]; v.unit == villageWord && v.behind {
				c.cost += villageCost
				r.from(v.hi, k+1, unit, c)
				c.cost -= villageCost
				break
			} else if v.unit != 0 {
				break
			}
		}
	}
}

// names tries every name that starts at pos, the longest first.
func (r *reader) names(pos, wi int, unit unitWord, c *cover) {
	if c.n == maxNames || isDigit(r.sc.buf[pos]) && pos > r.sc.words[wi].lo {
		return
	}
	base := len(r.found)
	r.found = r.x.prefixes(r.found, r.sc.buf[pos:r.runEnd[wi]])
	for i := len(r.found) - 1; i >= base; i-- {
		m := r.found[i]
		end, k := pos+m.n, wi
		for k < len(r.sc.words) && r.sc.words[k].hi < end {
			k++
		}
		cost := 1
		if end == r.sc.words[k].hi {
			k++
		} else if end == r.sc.words[k].lo {
			// cannot be: words are not empty
			continue
		} else if !r.cutAt(end, r.sc.words[k], m.n) {
			continue
		} else if !isKhmer(r.sc.buf[end]) {
			cost += 2
		}
		c.names[c.n] = named{places: m.places, unit: unit, lo: pos, hi: end}
		c.n++
		c.cost += cost
		r.from(end, k, 0, c)
		c.cost -= cost
		c.n--
	}
	r.found = r.found[:base]
}

// cutAt says whether a name of n bytes may end inside a word: between Khmer syllables; in Latin letters only if what is cut is
// long enough not to be chance.
func (r *reader) cutAt(end int, w word, n int) bool {
	switch b := r.sc.buf[end]; {
	case isKhmer(b):
		return startsSyllable(r.sc.buf, end)
	case isLatin(b):
		return n >= 3 && w.hi-end >= 2
	}
	return false
}

// skipUnknown passes over a part that is no name we know.
func (r *reader) skipUnknown(pos, wi int, unit unitWord, c *cover) {
	c.hasUnknown, c.unkUnit = true, unit
	was := c.cost
	for k := wi; k < len(r.sc.words); k++ {
		w := r.sc.words[k]
		if k > wi && (w.brk == apart || w.unit != 0) {
			break
		}
		if isKhmer(r.sc.buf[w.lo]) {
			for e := max(w.lo, pos) + 1; e < w.hi; e++ {
				if startsSyllable(r.sc.buf, e) {
					c.unknown = [2]int{pos, e}
					c.cost = was + 4*(e-pos)
					r.names(e, k, 0, c)
				}
			}
		}
		c.unknown = [2]int{pos, w.hi}
		c.cost = was + 4*(w.hi-pos)
		r.from(w.hi, k+1, 0, c)
	}
	c.hasUnknown, c.unkUnit, c.cost, c.unknown = false, 0, was, [2]int{}
}
