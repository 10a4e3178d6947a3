package phone

import (
	"strings"
	"testing"
)

// FuzzCountry reads numbers as other countries write them. A number that is read is read again alike, what is kept is given back as it was, and Digits
// leaves nothing to convert.
func FuzzCountry(f *testing.F) {
	for _, s := range []string{"07700 900 193", "+447700900193", "00447700900193", "1280", "Operator", "០១២", "+1 415 555 0123", "0", "\xff"} {
		for _, prefix := range []string{"+44", "+1", "+977", "+855", "+", "x"} {
			f.Add(prefix, s)
		}
	}
	f.Fuzz(func(t *testing.T, prefix, raw string) {
		c, ok := CountryOf(prefix)
		if !ok {
			c = Country{}
		}
		if n, err := c.Parse(raw); err == nil {
			again, err := c.Parse(n.E164())
			if err != nil || again != n || !n.Dialable() {
				t.Fatalf("in %q %q is %q, and that %q, %v", prefix, raw, n.E164(), again.E164(), err)
			}
		} else if !n.IsZero() || strings.Contains(err.Error(), raw) && len(raw) > 6 && strings.Trim(raw, "0123456789+ ") == "" {
			t.Fatalf("refused with %v, and yet %q", err, n.E164())
		}
		if n, err := c.ParseSender(raw); err == nil {
			kept, err := Restore(n.E164())
			if err != nil || kept.E164() != n.E164() {
				t.Fatalf("in %q the sender %q is kept as %q and comes back as %q, %v", prefix, raw, n.E164(), kept.E164(), err)
			}
		}
		if d := Digits(raw); Digits(d) != d {
			t.Fatalf("the digits of %q are %q, and those of that %q", raw, d, Digits(d))
		}
	})
}
