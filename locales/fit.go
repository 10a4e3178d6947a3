package locales

import (
	"strings"
	"unicode/utf8"
)

// Encoding is how a text travels.
type Encoding int

const (
	// GSM7 is the 7-bit default alphabet of 3GPP TS 23.038, with its extension table.
	GSM7 Encoding = iota
	// UCS2 is 16-bit; Khmer has no 7-bit table, so every Khmer text is UCS2.
	UCS2
)

// String is "GSM-7" or "UCS-2".
func (e Encoding) String() string {
	if e == GSM7 {
		return "GSM-7"
	}
	return "UCS-2"
}

// Budget is what one screen or message may carry, in each encoding.
type Budget struct {
	Septets int // of GSM-7; a character of the extension table counts two
	Units   int // of UTF-16; a character outside the basic plane counts two
}

// USSD is the budget of a screen unless an operator is known to carry more (up to 182 and 80): gateways differ, and this
// is what all of them carry.
var USSD = Budget{Septets: 160, Units: 70}

// OneSegment and TwoSegments are the budgets of an SMS to a caller and of one to an officer.
var (
	OneSegment  = Budget{Septets: 160, Units: 70}
	TwoSegments = Budget{Septets: 306, Units: 134}
)

// The default alphabet, 3GPP TS 23.038 section 6.2.1, without the escape character, and its extension table, 6.2.1.1,
// whose characters are sent as an escape and one more septet. Form feed is the page break of the extension table.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// septetsBelow holds the septets of the characters below U+0400, 0 where GSM-7 has none: all of the table but the euro
// sign, which septets knows.
var septetsBelow = func() (table [0x400]uint8) {
	for _, r := range gsmBasic {
		table[r] = 1
	}
	for _, r := range gsmExtension {
		if r < 0x400 {
			table[r] = 2
		}
	}
	return table
}()

// septets returns what r takes in GSM-7: 1, 2, or 0 where it cannot be written.
func septets(r rune) int {
	switch {
	case r < 0x400:
		return int(septetsBelow[r])
	case r == '€':
		return 2
	}
	return 0
}

// size is the length of a piece of text in both encodings, so that pieces can be added up.
type size struct {
	septets, units int
	wide           bool // holds a character that GSM-7 has not
}

func (s size) plus(t size) size {
	return size{s.septets + t.septets, s.units + t.units, s.wide || t.wide}
}

func (s size) fits(b Budget) bool {
	if s.wide {
		return s.units <= b.Units
	}
	return s.septets <= b.Septets
}

func sizeOf(text string) size {
	var s size
	for _, r := range text {
		s = s.plus(sizeOfRune(r))
	}
	return s
}

func sizeOfRune(r rune) size {
	n := septets(r)
	units := 1
	if r > 0xffff {
		units = 2
	}
	return size{n, units, n == 0}
}

// Measure returns how text travels and how long it is so: in septets for GSM7, in UTF-16 units for UCS2. It measures
// text as it is, break hints and all; bytes that are not UTF-8 count one unit each.
func Measure(text string) (Encoding, int) {
	s := sizeOf(text)
	if s.wide {
		return UCS2, s.units
	}
	return GSM7, s.septets
}

// Fits reports whether text keeps to b.
func Fits(text string, b Budget) bool { return sizeOf(text).fits(b) }

// SMSSegments returns how many messages carry text: 160 septets or 70 units in one, 153 or 67 in each of several. An
// escaped character or a surrogate pair is never split. The empty text takes none.
func SMSSegments(text string) int {
	s := sizeOf(text)
	if text == "" {
		return 0
	}
	if s.fits(OneSegment) {
		return 1
	}
	room := 153
	if s.wide {
		room = 67
	}
	segments, used := 1, 0
	for _, r := range text {
		n := septets(r)
		if s.wide {
			n = sizeOfRune(r).units
		}
		if used+n > room {
			segments++
			used = 0
		}
		used += n
	}
	return segments
}

// Strip takes out what is never sent: break hints (U+200B) and the other invisible marks that keyboards leave. A
// no-break space becomes a space.
func Strip(text string) string {
	if strings.IndexFunc(text, invisible) < 0 && !strings.ContainsRune(text, '\u00a0') {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case invisible(r):
			return -1
		case r == '\u00a0':
			return ' '
		}
		return r
	}, text)
}

func invisible(r rune) bool {
	return r >= '\u200b' && r <= '\u200d' || r == '\u2060' || r == '\ufeff'
}

// tidy makes a text ready for paging: valid UTF-8, no invisible marks but break hints.
func tidy(text string) string {
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	if strings.IndexFunc(text, func(r rune) bool { return r != zeroSpace && (invisible(r) || r == '\u00a0') }) < 0 {
		return text
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == zeroSpace:
			return r
		case invisible(r):
			return -1
		case r == '\u00a0':
			return ' '
		}
		return r
	}, text)
}
