package gazetteer

import (
	"bytes"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Folded text is bytes: Latin letters and digits are themselves, a Khmer code point U+1780…U+17DD is 0x80 + its offset.
const (
	coeng      = 0xD2 // ្ puts the next consonant below
	coengDA    = 0x8A // ដ
	coengTA    = 0x8F // ត
	ro         = 0x9A // រ
	bantoc     = 0xCB // ់
	robat      = 0xCC // ៌
	toandakhia = 0xCD // ៍ silences its consonant
	samyok     = 0xD0 // ័
	nikahit    = 0xC6 // ំ
	reahmuk    = 0xC7 // ះ
	muusikat   = 0xC9 // ៉
	triisap    = 0xCA // ៊
	vowelAA    = 0xB6 // ា
	vowelU     = 0xBB // ុ
	vowelOE    = 0xBE // ើ
	vowelE     = 0xC1 // េ
	vowelOO    = 0xC4 // ោ
	vowelII    = 0xB8 // ី
)

// maxRunes is how much of a text Find and Extract read: more than ten SMS.
const maxRunes = 700

// breakKind says what stands between a word and the one before it.
type breakKind uint8

const (
	glued breakKind = iota
	spaced
	apart // a comma, a line, a sentence end: no name goes across it
)

// word is a run of one script in folded text.
type word struct {
	lo, hi int // in scan.buf
	brk    breakKind
	unit   unitWord // what it marks, when it is a unit word
	behind bool     // a unit word that may stand behind its name
	filler bool     // "in", នៅ: says nothing about the name
}

// scan is a text made ready for finding: folded, cut into words.
type scan struct {
	buf   []byte
	words []word
	voc   *vocabulary // the words beside names that are looked for; nil for the Cambodian ones
}

func isKhmer(b byte) bool     { return b >= 0x80 }
func isConsonant(b byte) bool { return b >= 0x80 && b <= 0xA2 }
func isBase(b byte) bool      { return b >= 0x80 && b <= 0xB3 } // a consonant or an independent vowel
func isVowelSign(b byte) bool { return b >= 0xB6 && b <= 0xC5 }
func isUpper(b byte) bool     { return b >= 0xB7 && b <= 0xBA } // ិ ី ឹ ឺ
func isDigit(b byte) bool     { return b >= '0' && b <= '9' }
func isLatin(b byte) bool     { return b >= 'a' && b <= 'z' }

// Fold returns the form in which two spellings of a name are compared: Latin letters lower case and without marks, Khmer
// syllables in one order with the mistakes mended that one cannot see (coeng DA as TA, ឲ as ឱ, េី as ើ), digits and number
// words as Latin digits, without ទី before a number, Cambodian unit words in front, spaces and punctuation. Folding a folded text
// changes nothing. How a name sounds is not folded: that is the business of Find.
func Fold(s string) string {
	for range 8 { // dropping a unit word can make a new one of what stood around it; every round makes the text shorter
		var sc scan
		sc.read(s)
		words := sc.words
		for len(words) > 1 && words[0].unit != 0 {
			words = words[1:]
		}
		var out []byte
		if len(words) > 0 {
			out = sc.buf[words[0].lo:]
		}
		folded := runesOf(out)
		if folded == s {
			return s
		}
		s = folded
	}
	return s
}

// runesOf turns folded bytes back into text.
func runesOf(b []byte) string {
	out := make([]byte, 0, 3*len(b))
	for _, c := range b {
		if isKhmer(c) {
			out = utf8.AppendRune(out, 0x1780+rune(c-0x80))
		} else {
			out = append(out, c)
		}
	}
	return string(out)
}

// read folds a text into the scan.
func (sc *scan) read(s string) {
	if sc.voc == nil {
		sc.voc = cambodian
	}
	brk := apart
	inWord := func(b byte) bool { // whether b goes on with the last word
		if brk != glued || len(sc.words) == 0 {
			return false
		}
		last := sc.buf[len(sc.buf)-1]
		return isKhmer(last) == isKhmer(b) && isDigit(last) == isDigit(b)
	}
	put := func(b byte) {
		if !inWord(b) {
			sc.words = append(sc.words, word{lo: len(sc.buf), brk: brk})
		}
		sc.buf = append(sc.buf, b)
		sc.words[len(sc.words)-1].hi = len(sc.buf)
		brk = glued
	}
	n := 0
	for i := 0; i < len(s) && n < maxRunes; n++ {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		i += size
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			put(byte(r))
		case r >= 'A' && r <= 'Z':
			put(byte(r) | 0x20)
		case r >= 0x17E0 && r <= 0x17E9:
			put('0' + byte(r-0x17E0))
		case r >= 0xFF10 && r <= 0xFF19:
			put('0' + byte(r-0xFF10))
		case r >= 0x1780 && r <= 0x17DD:
			if r == 0x17D4 || r == 0x17D5 || r == 0x17D6 || r == 0x17DA || r == 0x17D9 || r == 0x17D8 {
				brk = apart // ។ ៕ ៖ and their kin
				continue
			}
			if b := khmerByte(r); b != 0 {
				put(b)
			}
		case r == '\'' || r == '’' || r == '‘' || r == '`' || r == '´' || r == 'ʼ' || r == '‹' || r == '›' || r == '«' || r == '»' || r == '"' || r == '“' || r == '”':
			// K'am, ‹ក›: written or left out
		case r == '.' || r == '-' || r == '_' || r == '#' || r == '*' || r == '\u00ad':
			brk = max(brk, spaced)
		case r >= 0x200B && r <= 0x200D || r == 0xFEFF || r == 0x2060 || r >= 0xFE00 && r <= 0xFE0F:
			// invisible
		case unicode.IsSpace(r):
			if r == '\n' || r == '\r' {
				brk = apart
			} else {
				brk = max(brk, spaced)
			}
		case r >= 0xC0 && r <= 0x24F || r >= 0x1E00 && r <= 0x1EFF || r >= 0xFF21 && r <= 0xFF5A:
			if b := plainLetter(r); b != 0 {
				put(b)
			}
		case unicode.Is(unicode.Mn, r):
			// a mark on a Latin letter
		default:
			brk = apart
		}
	}
	sc.mendKhmer()
	sc.mendNumbers()
	sc.markWords()
}

// khmerByte returns the folded byte of a Khmer code point: outdated ones become what they stand for, or 0 when they say nothing.
func khmerByte(r rune) byte {
	switch r {
	case 0x17A3: // ឣ
		return 0xA2
	case 0x17B2: // ឲ is ឱ
		return 0xB1
	case 0x17A8: // ឨ is ឧក; rare enough to be ឧ
		return 0xA7
	case 0x17D3: // an old nikahit
		return nikahit
	case 0x17B4, 0x17B5, 0x17D7, 0x17DB, 0x17DC, 0x17DD:
		return 0
	}
	return 0x80 + byte(r-0x1780)
}

// plainLetter returns the Latin letter under the marks of r, or 0.
func plainLetter(r rune) byte {
	var b [utf8.UTFMax]byte
	d := norm.NFKD.Bytes(b[:utf8.EncodeRune(b[:], r)])
	if len(d) == 0 {
		return 0
	}
	switch c := d[0] | 0x20; {
	case isLatin(c):
		return c
	case r == 'ø' || r == 'Ø':
		return 'o'
	}
	return 0
}

// mendKhmer puts the marks of each Khmer syllable into one order and mends what typing gets wrong.
func (sc *scan) mendKhmer() {
	out := make([]byte, 0, len(sc.buf)+16)
	var syllable [24]byte
	for w := range sc.words {
		lo := len(out)
		b := sc.buf[sc.words[w].lo:sc.words[w].hi]
		if len(b) == 0 || !isKhmer(b[0]) {
			out = append(out, b...)
			sc.words[w].lo, sc.words[w].hi = lo, len(out)
			continue
		}
		for i := 0; i < len(b); {
			if !isBase(b[i]) { // a mark without a consonant
				i++
				continue
			}
			end := i + 1
			for end < len(b) && (!isBase(b[end]) || b[end-1] == coeng) {
				end++
			}
			n := mendSyllable(syllable[:0], b[i:end])
			out = append(out, n...)
			i = end
		}
		out = append(out[:lo], mendWords(out[lo:])...)
		sc.words[w].lo, sc.words[w].hi = lo, len(out)
	}
	sc.buf = out
	kept := sc.words[:0]
	for _, w := range sc.words {
		if w.hi > w.lo {
			kept = append(kept, w)
		}
	}
	sc.words = kept
}

// mendSyllable appends one syllable in order: base, robat, subscripts (រ last), shifter, vowel, ំ, other signs, ះ.
func mendSyllable(dst, s []byte) []byte {
	var hasRobat, hasRo, hasDot, hasBreath bool
	var shifter byte
	var vowels, signs [2]byte
	dst = append(dst, s[0])
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == coeng:
			if i+1 >= len(s) || !isBase(s[i+1]) {
				continue // nothing below, or a second coeng
			}
			i++
			sub := s[i]
			switch {
			case sub == ro:
				hasRo = true
			default:
				if sub == coengDA {
					sub = coengTA
				}
				if len(dst) < 8 && (len(dst) < 3 || dst[len(dst)-1] != sub) {
					dst = append(dst, coeng, sub)
				}
			}
		case c == robat:
			hasRobat = true
		case c == muusikat || c == triisap:
			shifter = c
		case c == nikahit:
			hasDot = true
		case c == reahmuk || c == 0xC8:
			hasBreath = true
		case isVowelSign(c):
			addVowel(&vowels, c)
		case signs[0] == 0:
			signs[0] = c
		case signs[1] == 0 && signs[0] != c:
			signs[1] = c
		}
	}
	if vowels[0] == vowelU && isUpper(vowels[1]) { // សុី for ស៊ី: ុ stands where the shifter would
		if shifter == 0 {
			shifter = muusikat
			if s[0] == 0x9F || s[0] == 0xA0 || s[0] == 0xA2 { // ស ហ អ take ៊
				shifter = triisap
			}
		}
		vowels[0], vowels[1] = vowels[1], 0
	}
	if hasRobat {
		dst = append(dst, robat)
	}
	if hasRo {
		dst = append(dst, coeng, ro)
	}
	for _, c := range [...]byte{shifter, vowels[0], vowels[1]} {
		if c != 0 {
			dst = append(dst, c)
		}
	}
	if hasDot {
		dst = append(dst, nikahit)
	}
	for _, c := range signs {
		if c != 0 {
			dst = append(dst, c)
		}
	}
	if hasBreath {
		dst = append(dst, reahmuk)
	}
	return dst
}

// addVowel adds a vowel sign to those of a syllable: េ and ី make ើ, េ and ា make ោ, the same one twice is one, ុ comes first.
func addVowel(v *[2]byte, c byte) {
	switch {
	case v[0] == 0:
		v[0] = c
	case v[0] == c || v[1] != 0:
	case v[0] == vowelE && c == vowelII || v[0] == vowelII && c == vowelE:
		v[0] = vowelOE
	case v[0] == vowelE && c == vowelAA || v[0] == vowelAA && c == vowelE:
		v[0] = vowelOO
	case c == vowelU:
		v[0], v[1] = c, v[0]
	default:
		v[1] = c
	}
}

// foldWords are words with two spellings, in folded bytes.
var foldWords = [][2][]byte{
	{khmer("ឳពុក"), khmer("ឪពុក")},
	{khmer("ហឹង្សា"), khmer("ហិង្សា")},
	{khmer("ទូរសព្ទ"), khmer("ទូរស័ព្ទ")},
	{khmer("អ៊ីនធើណិត"), khmer("អ៊ីនធឺណិត")},
	{khmer("អ៊ិនធឺណិត"), khmer("អ៊ីនធឺណិត")},
	{khmer("អោយ"), khmer("ឱ្យ")},
}

// mendWords folds the words with two spellings.
func mendWords(b []byte) []byte {
	for _, w := range foldWords {
		if bytes.Contains(b, w[0]) {
			b = bytes.ReplaceAll(b, w[0], w[1])
		}
	}
	return b
}

// khmer returns the folded bytes of Khmer letters, as they stand.
func khmer(s string) []byte {
	b := make([]byte, 0, len(s)/3)
	for _, r := range s {
		b = append(b, 0x80+byte(r-0x1780))
	}
	return b
}
