package phone

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseReadsTheFormsPeopleWrite(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"+85512000123":                "+85512000123",
		"85512000123":                 "+85512000123",
		"0085512000123":               "+85512000123",
		"012000123":                   "+85512000123",
		"012 000 123":                 "+85512000123",
		"012-000-123":                 "+85512000123",
		"012.000.123":                 "+85512000123",
		" +855 (0)12 000 123 ":        "+85512000123",
		"+855012000123":               "+85512000123",
		"០១២ ០០០ ១២៣":                 "+85512000123",
		"+៨៥៥ ១២ ០០០ ១២៣":             "+85512000123",
		"＋８５５１２０００１２３":                "+85512000123",
		"\u202a012 000 123\u202c":     "+85512000123",
		"012\u200b000\u200b123":       "+85512000123",
		"\ufeff012\u00a0000\u00a0123": "+85512000123",
		"0120001234":                  "+855120001234",
		"+14155550123":                "+14155550123",
		"+66 2 000 0123":              "+6620000123",
	} {
		n, err := Parse(raw)
		if err != nil || n.E164() != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", raw, n.E164(), err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"", " ", "+", "0", "00855", "1280", "117", "+1280", "+117", "12000123", "01200012", "01200012345", "855", "+855", "+85500000123",
		"012 000 123 / 012 000 124", "phone 012000123", "012000123x", "+99912345678", "0066812345678", "14155550123",
		"+", "++85512000123", "0+12000123", "\xff012000123", strings.Repeat("0", 1000), "+855" + strings.Repeat("1", 30),
	} {
		if n, err := Parse(raw); !errors.Is(err, ErrNotANumber) || !n.IsZero() {
			t.Errorf("Parse(%q) = %q, %v; want ErrNotANumber", raw, n.E164(), err)
		}
	}
}

func TestParseSenderKeepsEverySender(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"+85512000123": "+85512000123",
		" 85512000123": "+85512000123",
		"12000123":     "+85512000123",
		"14155552671":  "+14155552671",
		"1280":         "1280",
		"១២៨០":         "1280",
		"117":          "117",
		"Operator":     "Operator",
		"+117":         "117",
	} {
		n, err := ParseSender(raw)
		if err != nil || n.E164() != want {
			t.Errorf("ParseSender(%q) = %q, %v; want %q", raw, n.E164(), err, want)
		}
		if got, want := n.Dialable(), strings.HasPrefix(want, "+"); got != want {
			t.Errorf("ParseSender(%q).Dialable() = %v, want %v", raw, got, want)
		}
	}
	for _, raw := range []string{"", " \u200b ", "+", strings.Repeat("x", 65)} {
		if n, err := ParseSender(raw); !errors.Is(err, ErrNotANumber) {
			t.Errorf("ParseSender(%q) = %q, %v; want ErrNotANumber", raw, n.E164(), err)
		}
	}
}

// TestNumberCannotBePrinted prints a number every way we know and looks for its digits.
func TestNumberCannotBePrinted(t *testing.T) {
	t.Parallel()
	const digits = "12000123"
	n, err := Parse("0" + digits)
	if err != nil {
		t.Fatal(err)
	}
	type inner struct {
		Shown  Number
		hidden Number
	}
	values := map[string]any{
		"value":   n,
		"pointer": &n,
		"struct":  inner{n, n},
		"*struct": &inner{n, n},
		"slice":   []Number{n},
		"array":   [1]Number{n},
		"*slice":  &[]Number{n},
		"map":     map[string]Number{"a": n},
		"key":     map[Number]string{n: "a"},
		"structs": []inner{{n, n}},
		"any":     []any{n, &n, inner{n, n}},
		"error":   fmt.Errorf("calling %v and %s: %w", n, n, ErrNotANumber),
		"chain":   fmt.Errorf("outer: %w", fmt.Errorf("inner %+v %#v %q", n, n, n)),
	}
	var out strings.Builder
	for name, v := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%o", "%b", "%c", "%U", "%e", "%t", "%p", "%T", "%10.3s", "%z"} {
			fmt.Fprintf(&out, "%s "+verb+"\n", name, v)
		}
		fmt.Fprintln(&out, v)
		j, err := json.Marshal(v)
		fmt.Fprintf(&out, "%s %s %v\n", name, j, err)
		slog.New(slog.NewTextHandler(&out, nil)).Info("text", "v", v, slog.Group("g", "v", v))
		slog.New(slog.NewJSONHandler(&out, nil)).Info("json", "v", v, slog.Group("g", "v", v))
		fmt.Fprintln(&out, cmp.Diff(v, 0, cmp.AllowUnexported(inner{})))
	}
	x, err := xml.Marshal(inner{Shown: n})
	fmt.Fprintf(&out, "%s %v\n", x, err)
	var g bytes.Buffer
	fmt.Fprintln(&out, gob.NewEncoder(&g).Encode(inner{Shown: n}), g.String())
	if err := template.Must(template.New("").Parse("{{.}} {{printf `%d` .}}")).Execute(&out, n); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { fmt.Fprintln(&out, recover()) }()
		panic(n)
	}()

	text := out.String()
	for _, secret := range []string{digits, "2000123", fmt.Sprintf("%x", digits), fmt.Sprintf("%X", digits), fmt.Sprintf("% x", digits)} {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%q came out: …%s…", secret, text[max(0, at-80):min(len(text), at+80)])
		}
	}
	if !strings.Contains(text, `"v":"phone"`) {
		t.Error("a log in JSON should say phone")
	}
}

func TestNumberIsLostInNoEncoding(t *testing.T) {
	t.Parallel()
	n, _ := Parse("012000123")
	j, err := json.Marshal(n)
	if err != nil || string(j) != `"phone"` {
		t.Fatalf("got %s, %v", j, err)
	}
	var back Number
	if err := json.Unmarshal(j, &back); err == nil {
		t.Error("a hidden number was read back without an error")
	}
}

func TestNumberIsComparable(t *testing.T) {
	t.Parallel()
	a, _ := Parse("012 000 123")
	b, _ := Parse("+85512000123")
	c, _ := Parse("+85512000124")
	if a != b || a == c || !a.Equal(b) || (a == Number{}) {
		t.Error("the same telephone in two forms should be one number, and another telephone another")
	}
	key := []byte("key")
	if a.Index(key) != b.Index(key) || a.Index(key) == c.Index(key) || a.Index(key) == a.Index([]byte("other")) || len(a.Index(key)) != 64 {
		t.Error("the blind index should follow the number and the key")
	}
	var none Number
	if got := []any{none.IsZero(), none.E164(), none.Index(key), none.Last2(), none.HasPrefix(""), none.Dialable(), none.String()}; !cmp.Equal(got, []any{true, "", "", "", false, false, "no phone"}) {
		t.Errorf("no number: %v", got)
	}
	if a.Last2() != "23" || !a.HasPrefix("+855") || a.HasPrefix("+66") {
		t.Errorf("Last2 %q", a.Last2())
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	if got, want := Digits("កូដ ៤៨២១៣១ ０９ ๑ 7"), "កូដ 482131 09 1 7"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Digits("\xff៣"); got[len(got)-1] != '3' {
		t.Errorf("got %q", got)
	}
}

func TestNumberWord(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{
		"សូន្យ": 0, "មួយ": 1, "ពីរ": 2, "បី": 3, "បួន": 4, "ប្រាំ": 5, "ប្រាំមួយ": 6, "ប្រាំពីរ": 7, "ប្រាំបី": 8, "ប្រាំបួន": 9, "ដប់": 10,
		"muoy": 1, "Pir": 2, "BEI": 3, "buon": 4, "pram": 5, "pram muoy": 6, "pram-pir": 7, "prampil": 7, "prambei": 8, "pram buon": 9, "dop": 10,
		"zero": 0, "one": 1, " Nine ": 9, "ten": 10, "មួយ\u200b": 1, "ប្រាំ\u200bមួយ": 6,
	} {
		if n, ok := NumberWord(s); !ok || n != want {
			t.Errorf("NumberWord(%q) = %d, %v; want %d", s, n, ok, want)
		}
	}
	for _, s := range []string{"", "1", "eleven", "muoys", "យ", strings.Repeat("one", 100)} {
		if n, ok := NumberWord(s); ok {
			t.Errorf("NumberWord(%q) = %d", s, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"+85512000123", "0085512000123", "០១២០០០១២៣", "1280", "+14155550123", "12000123", "Operator", "\xff", "+855 (0)12"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		n, err := Parse(raw)
		if (err != nil) != n.IsZero() {
			t.Fatalf("error %v and number do not agree", err)
		}
		if err == nil {
			again, err := Parse(n.E164())
			if err != nil || again != n {
				t.Fatalf("%q reads as %q, which reads as %q, %v", raw, n.E164(), again.E164(), err)
			}
			if s := n.E164(); s[0] != '+' || len(s) < 6 || len(s) > 18 || strings.Trim(s[1:], "0123456789") != "" {
				t.Fatalf("%q reads as %q", raw, s)
			}
		}
		sender, err := ParseSender(raw)
		if err == nil {
			again, err := ParseSender(sender.E164())
			if err != nil || again != sender {
				t.Fatalf("sender %q reads as %q, which reads as %q, %v", raw, sender.E164(), again.E164(), err)
			}
		}
		if !n.IsZero() && sender != n {
			t.Fatalf("%q is %q, and as a sender %q", raw, n.E164(), sender.E164())
		}
		NumberWord(raw)
	})
}
