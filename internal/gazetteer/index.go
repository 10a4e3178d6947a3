package gazetteer

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"slices"
	"strings"
)

// index maps folded spellings to the places that have them. It is walked byte by byte, so that all names that a text starts
// with are found in one go.
type index struct {
	keys  []string  // sorted
	vals  [][]int32 // of each key: places by their number in Gazetteer.places
	first [257]int32
}

// spelling is one way to write one place.
type spelling struct {
	key   string
	place int32
}

func newIndex(list []spelling) index {
	slices.SortFunc(list, func(a, b spelling) int {
		return cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(a.place, b.place))
	})
	list = slices.Compact(list)
	var x index
	places := make([]int32, len(list))
	for i, s := range list {
		places[i] = s.place
		if i == 0 || list[i-1].key != s.key {
			x.keys = append(x.keys, s.key)
			x.vals = append(x.vals, places[i:i:len(places)])
		}
		last := &x.vals[len(x.vals)-1]
		*last = append(*last, s.place)
	}
	b := 0
	for i, k := range x.keys {
		for ; b <= int(k[0]); b++ {
			x.first[b] = int32(i)
		}
	}
	for ; b < len(x.first); b++ {
		x.first[b] = int32(len(x.keys))
	}
	return x
}

// match is a name that a text starts with: its length and the places that have it.
type match struct {
	n      int
	places []int32
}

// prefixes appends all names that b starts with, the shortest first.
func (x *index) prefixes(dst []match, b []byte) []match {
	if len(b) == 0 {
		return dst
	}
	lo, hi := int(x.first[b[0]]), int(x.first[int(b[0])+1])
	for d := 0; lo < hi; d++ {
		// All keys in [lo,hi) agree with b up to and with d.
		if len(x.keys[lo]) == d+1 {
			dst = append(dst, match{d + 1, x.vals[lo]})
			lo++
		}
		if d+1 == len(b) {
			break
		}
		c := b[d+1]
		lo = x.search(lo, hi, d+1, c)
		hi = x.search(lo, hi, d+1, c+1) // no folded byte is 0xFF
	}
	return dst
}

// search returns the first key in [lo,hi) whose byte at d is at least c.
func (x *index) search(lo, hi, d int, c byte) int {
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if x.keys[mid][d] < c {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// get returns the places with exactly this spelling.
func (x *index) get(b []byte) []int32 {
	i, ok := slices.BinarySearchFunc(x.keys, b, func(k string, b []byte) int { return strings.Compare(k, string(b)) })
	if !ok {
		return nil
	}
	return x.vals[i]
}

// buildIndexes makes the indexes of a loaded table.
func (g *Gazetteer) buildIndexes() {
	g.target = make([]int32, len(g.places))
	exact, sound := make([]spelling, 0, 3*len(g.places)), make([]spelling, 0, 5*len(g.places))
	var bones []spelling
	add := func(i int32, name string) {
		sc := scan{voc: g.voc}
		sc.read(name)
		if len(sc.buf) == 0 {
			return
		}
		exact = append(exact, spelling{string(sc.buf), i})
		if len(sc.buf) < 3 && isLatin(sc.buf[0]) && !isVowelLetter(sc.buf[0]) && len(g.places[i].Code) < 6 {
			return // PP sounds like too much
		}
		for _, s := range soundsOf(&sc) {
			sound = append(sound, spelling{s, i})
		}
	}
	latins, numbered := map[string][]string{}, map[string]int{}
	for _, p := range g.places {
		if p.Km != p.Latin && !slices.Contains(latins[p.Km], p.Latin) {
			latins[p.Km] = append(latins[p.Km], p.Latin)
		}
		if stem, ok := g.withoutNumber(p.Latin); ok && !p.Retired && p.Level == Commune {
			numbered[p.Code[:2]+stem]++
		}
	}
	for i, p := range g.places {
		g.target[i] = int32(i)
		if p.Retired {
			now, _, _ := g.Current(p.Code)
			g.target[i] = g.byCode[now.Code]
		}
		add(int32(i), p.Km)
		for _, name := range g.shortNames(p, numbered) {
			add(int32(i), name)
		}
		for _, latin := range latins[p.Km] {
			add(int32(i), latin) // names of one spelling in Khmer are romanised in more than one way
		}
		add(int32(i), p.Latin)
		if !strings.Contains(p.Latin, " ") {
			continue
		}
		one := scan{voc: g.voc}
		one.read(strings.ReplaceAll(p.Latin, " ", ""))
		if string(one.buf) != exact[len(exact)-1].key {
			add(int32(i), string(one.buf)) // written as one, a number word in it stays a word
		}
	}
	for _, a := range aliases() {
		if i, ok := g.byCode[a.code]; ok && g.places[i].Km == a.km {
			add(i, a.alias)
		}
	}
	g.exact = newIndex(exact)
	g.sound = newIndex(sound)
	var buf []byte
	for i, k := range g.sound.keys {
		buf = consonantsOf(buf[:0], []byte(k))
		bones = append(bones, spelling{string(buf), int32(i)})
	}
	g.bones = newIndex(bones) // its values are keys of g.sound
	g.lacking = newLacking(g.sound.keys)
}

// withoutNumber returns a Latin name folded and without the number at its end; ok is false when it has none, or nothing else.
func (g *Gazetteer) withoutNumber(latin string) (stem string, ok bool) {
	sc := scan{voc: g.voc}
	sc.read(latin)
	n := len(sc.words) - 1
	if n < 1 || !isDigit(sc.buf[sc.words[n].lo]) {
		return "", false
	}
	return string(sc.buf[:sc.words[n].lo]), true
}

// shortNames returns the names that a place goes by when what is obvious is left out: the number, where a province has several of
// one name (Chaom Chau, which are three), and in Cambodia the ខាង before a point of the compass (Smaong Cheung).
func (g *Gazetteer) shortNames(p Place, numbered map[string]int) (names []string) {
	if stem, ok := g.withoutNumber(p.Latin); ok && numbered[p.Code[:2]+stem] > 1 {
		latin := strings.TrimRight(p.Latin, "0123456789 ")
		if latin == p.Latin {
			latin = latin[:strings.LastIndexByte(latin, ' ')]
			latin = strings.TrimSuffix(latin, " Ti")
		}
		names = append(names, latin)
		var sc scan
		sc.read(p.Km)
		if n := len(sc.words) - 1; n > 0 && isDigit(sc.buf[sc.words[n].lo]) {
			names = append(names, runesOf(sc.buf[:sc.words[n].lo]))
		}
	}
	if g.voc == cambodian {
		if before, after, ok := strings.Cut(p.Latin, " Khang "); ok {
			names = append(names, before+" "+after)
		}
		if before, after, ok := strings.Cut(p.Km, "ខាង"); ok && before != "" {
			names = append(names, before+after)
		}
	}
	return names
}

// soundsOf returns how a name sounds: word by word, and with its words written as one, since some rules see where a word ends.
func soundsOf(sc *scan) []string {
	spoken := sc.soundOf()
	sounds := []string{string(spoken.buf)}
	joined := scan{buf: sc.buf, voc: sc.voc}
	for _, w := range sc.words {
		n := len(joined.words)
		if n > 0 && isKhmer(sc.buf[w.lo]) == isKhmer(sc.buf[w.lo-1]) && isDigit(sc.buf[w.lo]) == isDigit(sc.buf[w.lo-1]) {
			joined.words[n-1].hi = w.hi
		} else {
			joined.words = append(joined.words, w)
		}
	}
	if len(joined.words) != len(sc.words) {
		spoken = joined.soundOf()
		sounds = append(sounds, string(spoken.buf))
	}
	// ពោធិ៍ is read ពោ: what ៍ stands on may be left out with it.
	if i := bytes.IndexByte(sc.buf, toandakhia); i > 1 {
		from := i - 1
		for from > 0 && !isBase(sc.buf[from]) {
			from--
		}
		silent := scan{voc: sc.voc}
		silent.read(runesOf(sc.buf[:from]) + " " + runesOf(sc.buf[i+1:]))
		spoken = silent.soundOf()
		sounds = append(sounds, string(spoken.buf))
	}
	return sounds
}

// alias is a name that people use for a place beside the official one.
type alias struct{ code, km, alias string }

func aliases() []alias {
	rows, err := csv.NewReader(bytes.NewReader(aliasesCSV)).ReadAll()
	if err != nil {
		panic("the embedded aliases are faulty: " + err.Error()) // a build fault, shown by any test
	}
	list := make([]alias, 0, len(rows))
	for _, r := range rows[1:] {
		list = append(list, alias{r[0], r[1], r[2]})
	}
	return list
}
