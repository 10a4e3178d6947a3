package phone

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// cambodia is the calling code of the country whose pack is the default.
const cambodia = "855"

// A Country is where numbers are at home that have no plus sign: which calling code they lack, and how they are dialled there. The zero
// Country is Cambodia.
type Country struct {
	code   string // the calling code
	region string // as the numbering plans call it
}

// CountryOf returns the country of a prefix in international form, such as +855 or +4477; ok is false when no country has it. Countries
// that share a calling code, as those of +1 do, are one country here: they write their numbers alike.
func CountryOf(prefix string) (c Country, ok bool) {
	digits, plus := strings.CutPrefix(prefix, "+")
	for n := 1; plus && n <= min(3, len(digits)); n++ {
		code, number := digits[:n], 0
		for _, d := range code {
			if d < '0' || d > '9' {
				return Country{}, false
			}
			number = number*10 + int(d-'0')
		}
		if region := phonenumbers.GetRegionCodeForCountryCode(number); region != phonenumbers.UNKNOWN_REGION {
			if code == cambodia {
				return Country{}, true
			}
			return Country{code: code, region: region}, true
		}
	}
	return Country{}, false
}

// Parse reads a telephone number that somebody typed or that stands in a file, in international form (+855…, and at home 855… and
// 00855…) or as it is dialled at home (0…), with spaces, hyphens, dots or brackets, in Latin, Khmer or full-width digits. A number of
// another country needs its plus sign. Short codes such as 1280 are not telephone numbers; ParseSender keeps them. The error is
// ErrNotANumber.
//
// A number is checked by its length only (a Cambodian one has eight or nine digits after the 0), not against the list of prefixes in use:
// operators open new prefixes faster than lists follow, and a number refused is a child who is not called back.
func (c Country) Parse(raw string) (Number, error) {
	digits, plus, ok := clean(raw)
	switch {
	case !ok:
		return Number{}, ErrNotANumber
	case plus && strings.HasPrefix(digits, cambodia):
		return cambodian(digits[len(cambodia):])
	case plus:
		return foreign(digits)
	case c.region != "":
		return c.national(digits)
	case strings.HasPrefix(digits, "00"+cambodia):
		return cambodian(digits[len("00"+cambodia):])
	case strings.HasPrefix(digits, cambodia):
		return cambodian(digits[len(cambodia):])
	case strings.HasPrefix(digits, "0"):
		return cambodian(digits)
	}
	return Number{}, ErrNotANumber
}

// shortest is how many digits a number dialled at home has at least: what is shorter is a short code, or lacks its area.
const shortest = 7

// national reads a number as it is dialled at home, or with the calling code and without the plus sign.
func (c Country) national(digits string) (Number, error) {
	if len(digits) < shortest {
		return Number{}, ErrNotANumber
	}
	n, err := phonenumbers.Parse(digits, c.region)
	if err != nil || phonenumbers.IsPossibleNumberWithReason(n) != phonenumbers.IS_POSSIBLE {
		return Number{}, ErrNotANumber
	}
	// A trunk prefix that is still there belongs to no number: what follows it is too short for one.
	if trunk := phonenumbers.GetNddPrefixForRegion(c.region, true); trunk != "" && strings.HasPrefix(phonenumbers.GetNationalSignificantNumber(n), trunk) && !phonenumbers.IsValidNumber(n) {
		return Number{}, ErrNotANumber
	}
	return Parse(phonenumbers.Format(n, phonenumbers.E164))
}

// ParseSender reads who sent a message, as a provider names it. It takes all that Parse takes; a number of home that lost its 0 and an
// international one that lost its plus, since some networks deliver them so; and short codes and names ("1280", "Operator"), which are
// kept as they are and can't be written to (Dialable is false). Only a blank sender or one over 64 bytes is ErrNotANumber: an authentic
// message is kept, whoever sent it.
func (c Country) ParseSender(raw string) (Number, error) {
	if n, err := c.Parse(raw); err == nil {
		return n, nil
	}
	if digits, plus, ok := clean(raw); ok && !plus && len(digits) > 6 {
		if c.region == "" && valid(cambodia+digits) {
			return cambodian(digits)
		}
		if valid(digits) {
			return foreign(digits)
		}
	}
	// A plus sign marks what can be written to, so a name may not begin with one.
	name := strings.TrimLeft(strings.TrimSpace(strings.Map(visible, Digits(raw))), "+ ")
	if name == "" || len(name) > 64 {
		return Number{}, ErrNotANumber
	}
	if name != raw {
		return c.ParseSender(name)
	}
	return number(name), nil
}

// valid reports whether the digits, calling code first, are a number of a plan that is known.
func valid(digits string) bool {
	n, err := phonenumbers.Parse("+"+digits, "")
	return err == nil && phonenumbers.IsValidNumber(n)
}
