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

// clean makes a message safe to keep and to compare: whole UTF-8, no control and no direction characters, and none of
// the zero-width characters that some keyboards put between Khmer words. Khmer's own marks and line ends stay.
func clean(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "�")
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t', r == ' ', r == '\r':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1 // control, bidi, zero-width space and joiners, byte order mark
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
