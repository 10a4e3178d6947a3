package phone

import "testing"

// The numbers +44 7700 900000 to 900999 are set aside by the United Kingdom's regulator for plays and films and are given to nobody.
func TestParseInAnotherCountry(t *testing.T) {
	t.Parallel()
	country, ok := CountryOf("+4477009")
	if !ok {
		t.Fatal("+44 is no country's calling code")
	}
	for _, c := range []struct {
		raw, want string // "" = not a number
	}{
		{"07700 900 123", "+447700900123"},
		{"+44 7700 900123", "+447700900123"},
		{"+44 (0)7700 900123", "+447700900123"},
		{"447700900123", "+447700900123"},
		{"00447700900123", "+447700900123"},
		{"៧700900123", "+447700900123"},
		{"+855 12 000 501", "+85512000501"},
		{"012 000 501", ""},
		{"900123", ""},
		{"112", ""},
		{"prenas", ""},
		{"", ""},
	} {
		n, err := country.Parse(c.raw)
		if n.E164() != c.want || (err == nil) != (c.want != "") {
			t.Errorf("Parse(%q) is %q, %v; expected %q", c.raw, n.E164(), err, c.want)
		}
	}
	for raw, want := range map[string]string{"447700900123": "+447700900123", "4040": "4040", "Servo": "Servo", "07700900123": "+447700900123"} {
		n, err := country.ParseSender(raw)
		if err != nil || n.E164() != want {
			t.Errorf("ParseSender(%q) is %q, %v; expected %q", raw, n.E164(), err, want)
		}
	}
}

func TestCountryOf(t *testing.T) {
	t.Parallel()
	for prefix, want := range map[string]string{"+1709": "1", "+44": "44", "+977": "977", "+856": "856", "+855": "", "+85512": ""} {
		if c, ok := CountryOf(prefix); !ok || c.code != want {
			t.Errorf("CountryOf(%s) is %q, %v; expected %q", prefix, c.code, ok, want)
		}
	}
	for _, prefix := range []string{"", "+", "855", "+210", "+x44"} {
		if c, ok := CountryOf(prefix); ok {
			t.Errorf("CountryOf(%q) is %q", prefix, c.code)
		}
	}
}

// TestRestore: what was kept comes back as it was, also where the same digits would now be read as a telephone's.
func TestRestore(t *testing.T) {
	t.Parallel()
	for _, kept := range []string{"+85512000501", "+447700900123", "1280", "Servo", "85512000501"} {
		if n, err := Restore(kept); err != nil || n.E164() != kept {
			t.Errorf("Restore(%q) is %q, %v", kept, n.E164(), err)
		}
	}
	if n, err := Restore(""); err == nil || !n.IsZero() {
		t.Error("nothing is a number")
	}
}
