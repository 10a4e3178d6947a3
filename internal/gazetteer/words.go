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

type khmerUnit struct {
	b    []byte
	unit unitWord
}

// khmerUnits are the unit words in folded Khmer, also as they are often misspelt.
var khmerUnits = []khmerUnit{
	{khmer("សង្កាត់"), communeWord}, {khmer("សង្កាត"), communeWord}, {khmer("ឃុំ"), communeWord}, {khmer("ឃំុ"), communeWord},
	{khmer("ស្រុក"), districtWord}, {khmer("ស្រុក់"), districtWord}, {khmer("ខណ្ឌ"), districtWord}, {khmer("ខ័ណ្ឌ"), districtWord}, {khmer("ខណ្ខ"), districtWord},
	{khmer("ក្រុង"), cityWord},
	{khmer("ខេត្ត"), provinceWord}, {khmer("ខេត"), provinceWord}, {khmer("ខែត្ត"), provinceWord}, {khmer("រាជធានី"), provinceWord},
	{khmer("ភូមិ"), villageWord}, {khmer("ភូមិ៍"), villageWord},
}

type latinUnit struct {
	unit unitWord
	eng  bool
}

// latinUnits are the unit words in Latin letters. English ones may stand behind their name.
var latinUnits = map[string]latinUnit{
	"khum": {communeWord, false}, "khom": {communeWord, false}, "khoum": {communeWord, false}, "kum": {communeWord, false},
	"sangkat": {communeWord, false}, "songkat": {communeWord, false}, "sangkath": {communeWord, false}, "sankat": {communeWord, false},
	"sangat": {communeWord, false}, "songkhat": {communeWord, false}, "sangkhat": {communeWord, false},
	"srok": {districtWord, false}, "srouk": {districtWord, false}, "sruk": {districtWord, false}, "srk": {districtWord, false},
	"khan": {districtWord, false}, "khann": {districtWord, false}, "khand": {districtWord, false},
	"krong": {cityWord, false}, "krung": {cityWord, false}, "krog": {cityWord, false},
	"khaet": {provinceWord, false}, "khet": {provinceWord, false}, "khett": {provinceWord, false}, "kheth": {provinceWord, false},
	"khaett": {provinceWord, false}, "reachtheani": {provinceWord, false}, "reachtheany": {provinceWord, false},
	"phum": {villageWord, false}, "phoum": {villageWord, false}, "phumi": {villageWord, false}, "poum": {villageWord, false},
	"commune": {communeWord, true}, "district": {districtWord, true}, "province": {provinceWord, true}, "city": {cityWord, true},
	"municipality": {cityWord, true}, "town": {cityWord, true}, "prov": {provinceWord, true}, "dist": {districtWord, true},
	"village": {villageWord, true}, "capital": {provinceWord, true},
}

// gluedUnits are the Latin unit words that people write to the name without a space: khumbavel.
var gluedUnits = []string{"sangkat", "songkat", "khum", "srok", "krong", "khaet", "khet"}

// latinFillers and khmerFillers say nothing about a name.
var latinFillers = map[string]bool{
	"in": true, "at": true, "of": true, "the": true, "is": true, "my": true, "i": true, "live": true, "from": true, "it": true, "near": true, "cambodia": true,
	"kampuchea": true, "nov": true, "neov": true, "now": true, "knong": true, "knung": true, "khnom": true, "khnhom": true, "and": true, "please": true, "we": true, "am": true,
}

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

// latinNumbers are number words as they are written in Latin letters; each counts only as a whole word.
var latinNumbers = map[string]string{
	"muoy": "1", "mouy": "1", "muy": "1", "muay": "1", "mouey": "1", "muoi": "1", "moy": "1", "one": "1",
	"pir": "2", "pii": "2", "pi": "2", "pee": "2", "py": "2", "two": "2", "ii": "2",
	"bei": "3", "bey": "3", "bi": "3", "three": "3", "iii": "3",
	"buon": "4", "boun": "4", "bun": "4", "buan": "4", "bourn": "4", "four": "4", "iv": "4",
	"pram": "5", "five": "5", "prammuoy": "6", "prammouy": "6", "prammuy": "6", "six": "6",
	"prampir": "7", "prampi": "7", "prampil": "7", "prampii": "7", "seven": "7", "prambei": "8", "prambey": "8", "prambi": "8", "eight": "8",
	"prambuon": "9", "pramboun": "9", "nine": "9",
}

// numberMarks stand before a number and say no more than that it is one.
var numberMarks = map[string]bool{"ti": true, "tii": true, "lek": true, "lekh": true, "leik": true, "no": true, "number": true}

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
			digit, rest = latinNumber(b)
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

// latinNumber returns the digits that a Latin word stands for and how much of the word comes before them.
func latinNumber(b []byte) (digit string, rest int) {
	if d, ok := latinNumbers[string(b)]; ok {
		return d, 0
	}
	for _, end := range [...]string{"timuoy", "tipir", "tibei", "tibuon", "muoy", "pir"} {
		if len(b) >= len(end)+3 && string(b[len(b)-len(end):]) == end {
			if end[0] == 't' {
				return latinNumbers[end[2:]], len(b) - len(end)
			}
			return latinNumbers[end], len(b) - len(end)
		}
	}
	return "", len(b)
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
			if isLatin(b[0]) && numberMarks[string(b)] {
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
	for n, w := range sc.words {
		b := sc.buf[w.lo:w.hi]
		switch {
		case isKhmer(b[0]):
			words = cutKhmerUnits(b, w, words)
			continue
		case isLatin(b[0]):
			if u, ok := latinUnits[string(b)]; ok {
				w.unit, w.eng = u.unit, u.eng
			} else if latinFillers[string(b)] {
				w.filler = true
			} else if string(b) == "theani" && n > 0 && len(words) > 0 && string(sc.buf[words[len(words)-1].lo:words[len(words)-1].hi]) == "reach" {
				words[len(words)-1].hi = w.hi
				words[len(words)-1].unit = provinceWord
				continue
			} else {
				for _, u := range gluedUnits {
					if len(b) >= len(u)+3 && string(b[:len(u)]) == u {
						words = append(words, word{lo: w.lo, hi: w.lo + len(u), brk: w.brk, unit: latinUnits[u].unit})
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

// cutKhmerUnits appends the parts of a Khmer word: names, unit words, and a filler where one starts the word.
func cutKhmerUnits(b []byte, w word, words []word) []word {
	from, brk := 0, w.brk
	add := func(lo, hi int, unit unitWord, filler bool) {
		if hi > lo {
			words = append(words, word{lo: w.lo + lo, hi: w.lo + hi, brk: brk, unit: unit, filler: filler})
			brk = glued
		}
	}
	for i := 0; i < len(b); {
		unit, n := khmerUnitAt(b, i)
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
func khmerUnitAt(b []byte, i int) (u unitWord, n int) {
	if !isConsonant(b[i]) || !startsSyllable(b, i) {
		return 0, 0
	}
	for _, k := range khmerUnits {
		if len(k.b) > n && bytes.HasPrefix(b[i:], k.b) && startsSyllable(b, i+len(k.b)) {
			u, n = k.unit, len(k.b)
		}
	}
	return u, n
}
