package locales

import (
	"fmt"
	"strings"
	"unicode"
)

// The parts of a Khmer syllable in the order in which Unicode has them written:
// consonant, robat, subscripts (RO last), shifter, vowel, nikahit, other signs, visarga.
const (
	slotNone = iota
	slotBase
	slotRobat
	slotCoeng
	slotShifter
	slotVowel
	slotNikahit
	slotSign
	slotVisarga
)

const (
	coeng     = '\u17d2'
	khmerDa   = '\u178a'
	khmerTa   = '\u178f'
	khmerRo   = '\u179a'
	zeroSpace = '\u200b'
)

func slotOf(r rune) int {
	switch {
	case r >= 0x1780 && r <= 0x17b3:
		return slotBase
	case r == 0x17cc:
		return slotRobat
	case r == coeng:
		return slotCoeng
	case r == 0x17c9 || r == 0x17ca:
		return slotShifter
	case r >= 0x17b6 && r <= 0x17c5:
		return slotVowel
	case r == 0x17c6:
		return slotNikahit
	case r == 0x17cb || r >= 0x17cd && r <= 0x17d1 || r == 0x17dd:
		return slotSign
	case r == 0x17c7 || r == 0x17c8:
		return slotVisarga
	}
	return slotNone
}

// spellings are words that people write in several ways; we write the second. Compared without spaces, so that a text
// and a word list meet in one form.
var spellings = strings.NewReplacer(
	"អោយ", "ឱ្យ", "ឲ្យ", "ឱ្យ", "ឲ", "ឱ",
	"ឳពុក", "ឪពុក",
	"ហឹង្សា", "ហិង្សា",
	"ទូរសព្ទ", "ទូរស័ព្ទ",
	"អ៊ីនធើណិត", "អ៊ីនធឺណិត", "អ៊ិនធឺណិត", "អ៊ីនធឺណិត",
)

// slips are marks typed in pieces or in the wrong place.
var slips = strings.NewReplacer(
	"េី", "ើ", "េា", "ោ", "សុី", "ស៊ី", "បុី", "ប៉ី",
)

// Normal says what in a text is not in our one written form of Khmer; nil where all is well. Each answer is a short
// sentence with its mend.
func Normal(text string) []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	runes := []rune(text)
	slot := slotNone // of the mark before
	subscriptRo := false
	for i, r := range runes {
		switch r {
		case 0x17a3, 0x17a4, 0x17b4, 0x17b5, 0x17d3, 0x17d8:
			say("U+%04X is outdated; write the letters that it stood for", r)
		case '\u200c', '\u200d', '\u00a0', '\ufeff', '\u2060':
			say("U+%04X is invisible; take it out", r)
		case '«', '»', '៕':
			say("%q is not used on phones; take it out", r)
		case zeroSpace:
			if i == 0 || i == len(runes)-1 || hintMisplaced(runes[i-1]) || hintMisplaced(runes[i+1]) {
				say("a break hint (U+200B) stands beside a space or a mark; take it out")
			}
		}
		if r >= '០' && r <= '៩' {
			say("%q is a Khmer digit; write 0-9", r)
		}
		if i > 0 && runes[i-1] == ' ' && strings.ContainsRune("។៖ៗ?", r) {
			say("a space before %q; take it out", r)
		}
		s := slotOf(r)
		after := i > 0 && runes[i-1] == coeng
		if after && s != slotBase {
			say("a coeng without a consonant in %q; write the consonant after it", near(runes, i))
		}
		switch {
		case s == slotNone:
			if r != coeng && unicode.Is(unicode.Khmer, r) && unicode.IsMark(r) {
				say("U+%04X is not used; take it out", r)
			}
			slot, subscriptRo = slotNone, false
			continue
		case s == slotBase && after:
			if r == khmerDa {
				say("a subscript DA in %q; write TA (U+178F)", near(runes, i))
			}
			if subscriptRo {
				say("a subscript after RO in %q; write RO last", near(runes, i))
			}
			subscriptRo = r == khmerRo
			slot = slotCoeng
			continue
		case s == slotBase:
			slot, subscriptRo = slotBase, false
			continue
		case slot == slotNone:
			say("a mark without a consonant in %q; write the consonant before it", near(runes, i))
		case s < slot:
			say("marks in the wrong order in %q; write subscripts, shifter, vowel, signs", near(runes, i))
		case s == slot && s != slotCoeng && s != slotSign:
			say("a mark twice in %q; write it once", near(runes, i))
		}
		slot = s
	}
	if len(runes) > 0 && runes[len(runes)-1] == coeng {
		say("a coeng at the end; write the consonant after it")
	}
	if mended := slips.Replace(text); mended != text {
		say("a vowel or shifter in pieces; write ើ ោ ស៊ី ប៉ី in one")
	}
	if mended := spellings.Replace(text); mended != text {
		say("another spelling than ours; write ឱ្យ ឪពុក ហិង្សា ទូរស័ព្ទ អ៊ីនធឺណិត")
	}
	return found
}

func hintMisplaced(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("។៖ៗ?.,\u200b", r) || r >= '0' && r <= '9'
}

// near shows the few letters around i.
func near(runes []rune, i int) string {
	return string(runes[max(0, i-3):min(len(runes), i+3)])
}

// fold brings a text to the form in which words are compared: without spaces, invisible marks and dots, one spelling,
// subscript DA as TA.
func fold(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	before := rune(0)
	for _, r := range text {
		switch {
		case unicode.IsSpace(r), r == '.', r == zeroSpace, r == '\u200c', r == '\u200d', r == '\ufeff', r == '\u2060':
			continue
		case r == khmerDa && before == coeng:
			r = khmerTa
		case r >= '០' && r <= '៩':
			r = r - '០' + '0'
		}
		b.WriteRune(r)
		before = r
	}
	return spellings.Replace(slips.Replace(b.String()))
}
