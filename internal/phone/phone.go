// Package phone holds a telephone number so that it cannot be given away by printing it: whatever is logged, formatted or put into JSON
// shows the word "phone". It looks nothing up, keeps nothing and does no I/O.
package phone

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unique"

	"github.com/nyaruka/phonenumbers"
)

// ErrNotANumber says that a text is no telephone number. It never carries the text, so that a mistyped number reaches no log either.
var ErrNotANumber = errors.New("not a telephone number")

// hidden is what a number shows of itself wherever it is printed.
const hidden = "phone"

// A Number is a telephone number in international form, or, from ParseSender, a short code or a sender's name. The zero Number is no number.
// Two Numbers of the same telephone are equal by ==, so a Number can be a map key. Printed by any verb, or put into JSON or a log,
// it shows "phone"; as an unexported field of a struct it shows the address of a pointer. E164 is the one way out.
type Number struct{ h unique.Handle[string] }

// Parse reads a telephone number as Cambodia writes it, whose pack is the default; Country.Parse reads another country's.
func Parse(raw string) (Number, error) { return Country{}.Parse(raw) }

// ParseSender reads who sent a message to a deployment in Cambodia; Country.ParseSender is for another country's.
func ParseSender(raw string) (Number, error) { return Country{}.ParseSender(raw) }

// Restore gives back a number, a short code or a sender's name as E164 gave it, in whatever country that was: what was kept is not read
// anew, or a short code of one country would become a telephone of another. The error is ErrNotANumber.
func Restore(kept string) (Number, error) {
	if strings.HasPrefix(kept, "+") {
		return Parse(kept)
	}
	if kept == "" || len(kept) > 64 {
		return Number{}, ErrNotANumber
	}
	return number(kept), nil
}

// IsZero reports whether n is no number.
func (n Number) IsZero() bool { return n == Number{} }

// Dialable reports whether n is a telephone number that can be written to or called from anywhere; a short code or a name is not.
func (n Number) Dialable() bool { return n.HasPrefix("+") }

// E164 returns the number itself, "+" and up to fifteen digits, for sending and for sealing and for nothing else. For a short code or a
// sender's name it returns that; for no number, "".
func (n Number) E164() string {
	if n.IsZero() {
		return ""
	}
	return n.h.Value()
}

// Index returns the blind index of n under key: 64 hex digits of HMAC-SHA256, by which a number is found again without being kept in
// the clear. For no number it returns "", which is the index of nobody.
func (n Number) Index(key []byte) string {
	if n.IsZero() {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, "phone\x00"+n.h.Value()) // a hash never fails to write
	return hex.EncodeToString(mac.Sum(nil))
}

// HasPrefix reports whether the number in international form begins with p, such as "+855" or "+85512": what routes are chosen by.
func (n Number) HasPrefix(p string) bool { return !n.IsZero() && strings.HasPrefix(n.h.Value(), p) }

// Last2 returns the last two digits of a telephone number, by which a caller may recognise it on a screen of her own; "" for no number,
// a short code or a name.
func (n Number) Last2() string {
	if !n.Dialable() {
		return ""
	}
	s := n.h.Value()
	return s[len(s)-2:]
}

// Equal reports whether n and o are the same number; comparing tools look for a method of this name.
func (n Number) Equal(o Number) bool { return n == o }

// String returns "phone", or "no phone" for the zero Number.
func (n Number) String() string {
	if n.IsZero() {
		return "no " + hidden
	}
	return hidden
}

// GoString returns what String does.
func (n Number) GoString() string { return n.String() }

// Format prints what String returns, whatever the verb.
func (n Number) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, n.String()) }

// LogValue is what a structured log shows of n.
func (n Number) LogValue() slog.Value { return slog.StringValue(n.String()) }

// MarshalText writes what String returns, for JSON and every other encoding that asks.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText always fails: a number that went through an encoding was hidden there, and reading it back would lose it unseen.
func (n *Number) UnmarshalText([]byte) error {
	return errors.New("reading a phone number from an encoding that hides it: seal it instead")
}

func number(s string) Number { return Number{unique.Make(s)} }

// cambodian makes a number of what follows 855, or of a number in national form; one leading 0 is the trunk prefix. Eight or nine
// digits remain: operator or area code and subscriber number.
func cambodian(digits string) (Number, error) {
	digits = strings.TrimPrefix(digits, "0")
	if len(digits) < 8 || len(digits) > 9 || digits[0] == '0' {
		return Number{}, ErrNotANumber
	}
	return number("+855" + digits), nil
}

// foreign makes a number of another country's digits, country code first. A trunk 0 that slipped in is taken out, again and again until
// none is left, so that one telephone has one form.
func foreign(digits string) (Number, error) {
	for e164 := "+" + digits; ; {
		n, err := phonenumbers.Parse(e164, "")
		if err != nil || !phonenumbers.IsPossibleNumber(n) {
			return Number{}, ErrNotANumber
		}
		before := e164
		if e164 = phonenumbers.Format(n, phonenumbers.E164); e164 == before {
			return number(e164), nil
		}
		if len(e164) >= len(before) {
			return Number{}, ErrNotANumber
		}
	}
}

// clean takes out what people and address books put between digits. ok is false when anything else stands in the text, or when there
// are more digits than any number has (fifteen, and a 00 in front).
func clean(raw string) (digits string, plus, ok bool) {
	if len(raw) > 200 {
		return "", false, false
	}
	var b strings.Builder
	for _, r := range strings.Map(visible, Digits(raw)) {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case (r == '+' || r == '＋') && !plus && b.Len() == 0:
			plus = true
		case strings.ContainsRune(" \t\r\n-‐‑‒–—.()", r):
		default:
			return "", false, false
		}
	}
	return b.String(), plus, b.Len() > 0 && b.Len() <= 17
}

// visible drops the marks that no eye sees and that keyboards and address books leave in a text; NBSP becomes a space.
func visible(r rune) rune {
	switch {
	case r == '\u00a0' || r == '\u202f':
		return ' '
	case r >= '\u200b' && r <= '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2060' && r <= '\u2069', r == '\ufeff', r < ' ', r == 0x7f:
		return -1
	}
	return r
}
