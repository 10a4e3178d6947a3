package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"chumrok/adapters"
	"chumrok/locales"
)

// longestText is what is kept of one message, in bytes: more than any phone can send in one go.
const longestText = 8 << 10

// clean makes a text safe to keep, to compare and to show to officers and operators: whole UTF-8, no control and no direction characters, and none
// that shows nothing, such as the zero-width characters that some keyboards put between Khmer words: a word with one inside looks like
// itself and is found by no rule. Khmer's own vowels and signs stay, the sign that joins consonants among them; line ends become spaces.
func clean(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "�")
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == ' ', r == '\r', r == '\u2028', r == '\u2029':
			return ' '
		case unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			return -1 // control, bidi, zero-width space and joiners, byte order mark, fillers, selectors of a letter's look
		}
		return r
	}, text)
	text = strings.TrimSpace(text)
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "")
	}
	return text
}

// fits says whether a text is one USSD screen.
func (g *Gateway) fits(text string) bool {
	return locales.Fits(text, g.pack.Budgets[adapters.USSD])
}
