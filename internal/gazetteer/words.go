package gazetteer

import "bytes"

// unitWord says what a unit word makes of the name beside it.
type unitWord uint8

const (
	provinceWord unitWord = 1 << iota // ខេត្ត, រាជធានី
	districtWord                      // ស្រុក, ខណ្ឌ
	cityWord                          // ក្រុង: a district, and in everyday speech some provinces
	communeWord                       // ឃុំ, សង្កាត់
	villageWord                       // ភូមិ: marks a name that this table does not have
)

const placeWord = provinceWord | districtWord | cityWord | communeWord

// allows says whether a name behind this unit word can be a place of the level; without a unit word it can be any.
func (u unitWord) allows(l Level) bool {
	switch l {
	case Commune:
		return u == 0 || u&communeWord != 0
	case District:
		return u == 0 || u&(districtWord|cityWord) != 0
	}
	return u == 0 || u&(provinceWord|cityWord) != 0
}

// khmerFillers say nothing about a name.
var khmerFillers = [][]byte{
	khmer("ខ្ញុំនៅ"), khmer("យើងនៅ"), khmer("រស់នៅ"), khmer("ស្ថិតនៅ"), khmer("នៅក្នុង"), khmer("នៅ"), khmer("ក្នុង"), khmer("នៃ"), khmer("ខ្ញុំ"), khmer("គឺ"), khmer("ប្រទេសកម្ពុជា"), khmer("កម្ពុជា"),
}

// khmerNumbers, the longer ones first, so that ប្រាំមួយ is 6 and not 5 and 1.
var khmerNumbers = []struct {
	b     []byte
	digit string
}{
	{khmer("ប្រាំមួយ"), "6"}, {khmer("ប្រាំពីរ"), "7"}, {khmer("ប្រាំពិល"), "7"}, {khmer("ប្រាំបី"), "8"}, {khmer("ប្រាំបួន"), "9"},
	{khmer("ប្រាំ"), "5"}, {khmer("មួយ"), "1"}, {khmer("ពីរ"), "2"}, {khmer("បី"), "3"}, {khmer("បួន"), "4"}, {khmer("ដប់"), "10"},
}

// khmerNumberMarks stand before a number and say no more than that it is one.
var khmerNumberMarks = [][]byte{khmer("លេខ"), khmer("ទី")}

// startsSyllable says whether a Khmer syllable starts at i of b, so that a word may start there or the one before it end.
func startsSyllable(b []byte, i int) bool {
	if i <= 0 || i >= len(b) || !isKhmer(b[i]) || !isKhmer(b[i-1]) {
		return true
	}
	return isBase(b[i]) && b[i-1] != coeng
}

// mendNumbers turns number words into digits and drops what only announces a number.
func (sc *scan) mendNumbers() {
	var out []byte
	var words []word
	changed := false
	for n, w := range sc.words {
		b := sc.buf[w.lo:w.hi]
		if isKhmer(b[0]) {
			changed = cutKhmerNumbers(b, w.brk, &out, &words) || changed
			continue
		}
		digit, rest := "", len(b)
		if isLatin(b[0]) {
			digit, rest = sc.voc.number(b)
			if add := sc.afterFive(n, digit); add != "" && len(words) > 0 && rest == 0 {
				out = append(out[:words[len(words)-1].lo], add...) // pram bei
				words[len(words)-1].hi = len(out)
				continue
			}
			if n > 0 && w.brk == glued && isDigit(sc.buf[w.lo-1]) && (string(b) == "st" || string(b) == "nd" || string(b) == "rd" || string(b) == "th") {
				changed = true
				continue
			}
		}
		if digit == "" {
			rest = len(b)
		}
		if rest > 0 {
			words = append(words, word{lo: len(out), hi: len(out) + rest, brk: w.brk})
			out = append(out, b[:rest]...)
		}
		if digit != "" {
			changed = true
			brk := w.brk
			if rest > 0 {
				brk = glued
			}
			words = append(words, word{lo: len(out), hi: len(out) + len(digit), brk: brk})
			out = append(out, digit...)
		}
	}
	if changed {
		sc.buf, sc.words = out, words
	}
	sc.dropNumberMarks()
}

// afterFive returns the digit for pram and the number word at n behind it, which are six to nine; "" when that is not so.
func (sc *scan) afterFive(n int, digit string) string {
	if n == 0 || len(digit) != 1 || digit > "4" || sc.words[n].brk != spaced {
		return ""
	}
	if before := sc.words[n-1]; string(sc.buf[before.lo:before.hi]) != sc.voc.five {
		return ""
	}
	return string(digit[0] + 5)
}

// cutKhmerNumbers copies a Khmer word with its number words as digits, each a word of its own.
func cutKhmerNumbers(b []byte, brk breakKind, out *[]byte, words *[]word) (changed bool) {
	from := 0
	add := func(part []byte) {
		if len(part) == 0 {
			return
		}
		*words = append(*words, word{lo: len(*out), hi: len(*out) + len(part), brk: brk})
		*out = append(*out, part...)
		brk = glued
	}
next:
	for i := 0; i < len(b); {
		if startsSyllable(b, i) {
			for _, n := range khmerNumbers {
				if bytes.HasPrefix(b[i:], n.b) && startsSyllable(b, i+len(n.b)) {
					add(b[from:i])
					add([]byte(n.digit))
					i += len(n.b)
					from, changed = i, true
					continue next
				}
			}
		}
		i++
	}
	add(b[from:])
	return changed
}

// dropNumberMarks takes ទី, លេខ, ti and lekh away before a number.
func (sc *scan) dropNumberMarks() {
	kept := sc.words[:0]
	for n, w := range sc.words {
		b := sc.buf[w.lo:w.hi]
		if n+1 < len(sc.words) && isDigit(sc.buf[sc.words[n+1].lo]) && sc.words[n+1].brk != apart {
			if isLatin(b[0]) && sc.voc.marks[string(b)] {
				sc.words[n+1].brk = max(w.brk, sc.words[n+1].brk)
				continue
			}
			if isKhmer(b[0]) {
				for _, mark := range khmerNumberMarks {
					if bytes.HasSuffix(b, mark) && startsSyllable(b, len(b)-len(mark)) {
						w.hi -= len(mark)
						break
					}
				}
				if w.hi == w.lo {
					sc.words[n+1].brk = max(w.brk, sc.words[n+1].brk)
					continue
				}
			}
		}
		kept = append(kept, w)
	}
	if len(kept) == len(sc.words) && (len(kept) == 0 || kept[len(kept)-1].hi == len(sc.buf)) && contiguous(kept) {
		return
	}
	out := make([]byte, 0, len(sc.buf))
	for i, w := range kept {
		kept[i].lo = len(out)
		out = append(out, sc.buf[w.lo:w.hi]...)
		kept[i].hi = len(out)
	}
	sc.buf, sc.words = out, kept
}

func contiguous(words []word) bool {
	at := 0
	for _, w := range words {
		if w.lo != at {
			return false
		}
		at = w.hi
	}
	return true
}

// markWords finds the unit words and the fillers; in Khmer they are cut out of the run that they are written into.
func (sc *scan) markWords() {
	var words []word
	for n := 0; n < len(sc.words); n++ {
		w := sc.words[n]
		b := sc.buf[w.lo:w.hi]
		switch {
		case isKhmer(b[0]):
			words = sc.voc.cutKhmerUnits(b, w, words)
			continue
		case isLatin(b[0]):
			if u, last := sc.latinUnitAt(n); u.unit != 0 {
				w.hi, w.unit, w.behind = sc.words[last].hi, u.unit, u.behind
				n = last
			} else if sc.voc.fillers[string(b)] {
				w.filler = true
			} else {
				for _, u := range sc.voc.glued {
					if len(b) >= len(u)+3 && string(b[:len(u)]) == u {
						words = append(words, word{lo: w.lo, hi: w.lo + len(u), brk: w.brk, unit: sc.voc.latin[u].unit})
						w.lo, w.brk = w.lo+len(u), glued
						break
					}
				}
			}
		}
		words = append(words, w)
	}
	sc.words = words
}

// latinUnitAt returns the longest unit word that starts at word n, and its last word: Reach Theani has two.
func (sc *scan) latinUnitAt(n int) (u latinUnit, last int) {
	end := n
	for end+1 < len(sc.words) && end-n+1 < sc.voc.longest && sc.words[end+1].brk != apart && isLatin(sc.buf[sc.words[end+1].lo]) {
		end++
	}
	for ; end >= n; end-- {
		u, ok := sc.voc.latin[string(sc.buf[sc.words[n].lo:sc.words[end].hi])]
		if ok && (end == n || u.words == end-n+1) {
			return u, end
		}
	}
	return latinUnit{}, n
}

// cutKhmerUnits appends the parts of a Khmer word: names, unit words, and a filler where one starts the word.
func (v *vocabulary) cutKhmerUnits(b []byte, w word, words []word) []word {
	from, brk := 0, w.brk
	add := func(lo, hi int, unit unitWord, filler bool) {
		if hi > lo {
			words = append(words, word{lo: w.lo + lo, hi: w.lo + hi, brk: brk, unit: unit, filler: filler})
			brk = glued
		}
	}
	for i := 0; i < len(b); {
		unit, n := v.khmerUnitAt(b, i)
		filler := false
		if n == 0 && i == from { // only where a word may start
			for _, f := range khmerFillers {
				if bytes.HasPrefix(b[i:], f) && startsSyllable(b, i+len(f)) {
					n, filler = len(f), true
					break
				}
			}
		}
		if n == 0 {
			i++
			continue
		}
		add(from, i, 0, false)
		add(i, i+n, unit, filler)
		i += n
		from = i
	}
	add(from, len(b), 0, false)
	return words
}

// khmerUnitAt returns the unit word that stands at i of b and its length.
func (v *vocabulary) khmerUnitAt(b []byte, i int) (u unitWord, n int) {
	if !isConsonant(b[i]) || !startsSyllable(b, i) {
		return 0, 0
	}
	for _, k := range v.khmer {
		if len(k.b) > n && bytes.HasPrefix(b[i:], k.b) && startsSyllable(b, i+len(k.b)) {
			u, n = k.unit, len(k.b)
		}
	}
	return u, n
}
