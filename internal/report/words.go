package report

import (
	"slices"
	"strings"
	"unicode"

	"chumrok/internal/phone"
)

// A text is what somebody wrote, in the form in which words are looked for: Khmer letters without spaces, since Khmer writes none between
// words, and Latin words one by one.
type text struct {
	khmer []rune
	latin []string
}

const (
	coeng   = '\u17D2' // joins the next consonant under the one before
	subTa   = '\u178F'
	subDa   = '\u178A'
	subRo   = '\u179A'
	vowelE  = '\u17C1'
	vowelAA = '\u17B6'
	vowelII = '\u17B8'
	vowelOE = '\u17BE'
	vowelAU = '\u17C4'
)

// fold reads texts into the comparing form: lower case, Latin digits, no invisible characters, and one spelling for what Khmer keyboards
// write in several ways: DA under a letter as TA, a vowel typed in two halves as one, signs in one order.
func fold(parts ...string) text {
	var t text
	for _, part := range parts {
		part = strings.ToLower(phone.Digits(part))
		var word []rune
		end := func() {
			if len(word) > 0 {
				t.latin = append(t.latin, string(word))
				word = nil
			}
		}
		for _, r := range part {
			switch {
			case invisible(r):
			case unicode.Is(unicode.Khmer, r) && r != '។' && r != '៕' && r != '៖':
				end()
				t.khmer = append(t.khmer, r)
			case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
				word = append(word, r)
			case r == '\'' || r == '’': // don't, child's: one word
			default:
				end()
			}
			if len(t.khmer) > 0 && t.khmer[len(t.khmer)-1] != gap && stop(r) {
				t.khmer = append(t.khmer, gap)
			}
		}
		end()
		// A word is not looked for across two answers.
		if len(t.khmer) > 0 {
			t.khmer = append(t.khmer, gap)
		}
		if len(t.latin) > 0 {
			t.latin = append(t.latin, "")
		}
	}
	for len(t.latin) > 0 && t.latin[len(t.latin)-1] == "" {
		t.latin = t.latin[:len(t.latin)-1]
	}
	for len(t.khmer) > 0 && t.khmer[len(t.khmer)-1] == gap {
		t.khmer = t.khmer[:len(t.khmer)-1]
	}
	t.khmer = ordered(t.khmer)
	return t
}

// gap stands between Khmer letters that belong to different sentences.
const gap = '\n'

func stop(r rune) bool { return strings.ContainsRune("។៕?!.;", r) }

// invisible reports whether r is a character that shows nothing: those that phones put between Khmer words, and control characters that
// no line break is.
func invisible(r rune) bool {
	return r == '\u00AD' || r >= '\u200B' && r <= '\u200F' || r >= '\u202A' && r <= '\u202E' || r == '\u2060' || r == '\uFEFF' ||
		unicode.IsControl(r) && !unicode.IsSpace(r)
}

// ordered writes each Khmer syllable in one way: after its first letter the letters under it (DA as TA), then shifter, vowel and signs in the
// order of their kinds; doubled marks once, two halves of a vowel as the vowel.
func ordered(in []rune) []rune {
	var out, marks []rune
	flush := func() {
		slices.SortStableFunc(marks, func(a, b rune) int { return kind(a) - kind(b) })
		marks = slices.Compact(marks)
		for i := 0; i+1 < len(marks); i++ {
			if marks[i] != vowelE {
				continue
			}
			switch marks[i+1] {
			case vowelAA:
				marks[i], marks = vowelAU, slices.Delete(marks, i+1, i+2)
			case vowelII:
				marks[i], marks = vowelOE, slices.Delete(marks, i+1, i+2)
			}
		}
		out, marks = append(out, marks...), marks[:0]
	}
	for i := 0; i < len(in); i++ {
		r := in[i]
		switch {
		case r == coeng && i+1 < len(in):
			i++
			under := in[i]
			if under == subDa {
				under = subTa
			}
			at := len(out)
			if at > 1 && out[at-2] == coeng && out[at-1] == subRo && under != subRo {
				at -= 2 // RO is the last of the letters under another
			}
			out = slices.Insert(out, at, coeng, under)
		case r == '\u17A4' || r == '\u17A3':
			flush()
			out = append(out, '\u17A2')
		case r == '\u17B2':
			flush()
			out = append(out, '\u17B1')
		case mark(r):
			marks = append(marks, r)
		default:
			flush()
			out = append(out, r)
		}
	}
	flush()
	return out
}

// mark reports whether r is a vowel or sign that hangs on a letter.
func mark(r rune) bool { return r >= '\u17B6' && r <= '\u17D1' || r == '\u17DD' }

// kind gives the place of a mark in a syllable: robat, shifters, vowels, nikahit, other signs, the two that end it.
func kind(r rune) int {
	switch {
	case r == '\u17CC':
		return 0
	case r == '\u17C9' || r == '\u17CA':
		return 1
	case r >= '\u17B6' && r <= '\u17C5':
		return 2
	case r == '\u17C6':
		return 3
	case r == '\u17C7' || r == '\u17C8':
		return 5
	}
	return 4
}

// hasAny reports whether one of the words, in any language, stands in the text.
func (t text) hasAny(words map[string][]string) bool {
	for _, list := range words {
		for _, w := range list {
			if t.has(fold(w)) {
				return true
			}
		}
	}
	return false
}

// has reports whether word stands in the text as whole syllables (Khmer) or whole words (Latin). A word of both scripts needs both.
func (t text) has(word text) bool {
	if len(word.khmer) == 0 && len(word.latin) == 0 {
		return false
	}
	return t.hasKhmer(word.khmer) && t.hasLatin(word.latin)
}

func (t text) hasKhmer(word []rune) bool {
	if len(word) == 0 {
		return true
	}
	for i := 0; i+len(word) <= len(t.khmer); i++ {
		if !slices.Equal(t.khmer[i:i+len(word)], word) {
			continue
		}
		before := i > 0 && t.khmer[i-1] == coeng
		after := i+len(word) < len(t.khmer) && (mark(t.khmer[i+len(word)]) || t.khmer[i+len(word)] == coeng)
		if !before && !after {
			return true
		}
	}
	return false
}

func (t text) hasLatin(words []string) bool {
	if len(words) == 0 {
		return true
	}
	for i := 0; i+len(words) <= len(t.latin); i++ {
		if slices.Equal(t.latin[i:i+len(words)], words) {
			return true
		}
	}
	return false
}
