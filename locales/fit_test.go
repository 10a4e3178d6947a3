package locales

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		enc        Encoding
		n          int
	}{
		{"nothing", "", GSM7, 0},
		{"letters", "Hello 1280", GSM7, 10},
		{"a line break", "1 a\n2 b", GSM7, 7},
		{"extension characters count two", "[a]{b}~|^\\€\f", GSM7, 22},
		{"accents of the basic table", "éèàùìòñüöäßÆøåÉ£¥¡¿§¤", GSM7, 21},
		{"Greek capitals", "ΔΦΓΛΩΠΨΣΘΞ", GSM7, 10},
		{"an accent that the table lacks", "ê", UCS2, 1},
		{"a curly quote", "It’s", UCS2, 4},
		{"a backtick", "`", UCS2, 1},
		{"a tab", "\t", UCS2, 1},
		{"Khmer", "ចេញ", UCS2, 3},
		{"one Khmer letter changes all", "Exit ច", UCS2, 6},
		{"an emoji counts two", "🙂", UCS2, 2},
		{"a break hint counts until it is stripped", "ក\u200bខ", UCS2, 3},
		{"bytes that are not UTF-8", "\xff\xfe", UCS2, 2},
	} {
		if enc, n := Measure(tc.text); enc != tc.enc || n != tc.n {
			t.Errorf("%s: got %d of %s, want %d of %s", tc.name, n, enc, tc.n, tc.enc)
		}
	}
}

// The table of TS 23.038 has 128 places, the escape among them, and ten characters behind the escape.
func TestGSMTableIsWhole(t *testing.T) {
	t.Parallel()
	if n := len([]rune(gsmBasic)); n != 127 {
		t.Errorf("%d basic characters, want 127", n)
	}
	if n := len([]rune(gsmExtension)); n != 10 {
		t.Errorf("%d extension characters, want 10", n)
	}
	one, two := 0, 0
	for r := rune(0); r < 0x3000; r++ {
		switch septets(r) {
		case 1:
			one++
		case 2:
			two++
		}
	}
	if one != 127 || two != 10 {
		t.Errorf("%d characters of one septet and %d of two, want 127 and 10", one, two)
	}
}

func TestSMSSegments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		want       int
	}{
		{"nothing", "", 0},
		{"one Latin", strings.Repeat("a", 160), 1},
		{"two Latin", strings.Repeat("a", 161), 2},
		{"two full Latin", strings.Repeat("a", 306), 2},
		{"three Latin", strings.Repeat("a", 307), 3},
		{"one Khmer", strings.Repeat("ក", 70), 1},
		{"two Khmer", strings.Repeat("ក", 71), 2},
		{"two full Khmer", strings.Repeat("ក", 134), 2},
		{"three Khmer", strings.Repeat("ក", 135), 3},
		// 152 + an escaped pair would straddle the border, so the pair moves and the last letter needs a third message.
		{"an escaped character is not split", strings.Repeat("a", 152) + "[" + strings.Repeat("a", 152), 3},
		{"the same without the bracket", strings.Repeat("a", 306), 2},
		{"a surrogate pair is not split", strings.Repeat("ក", 66) + "🙂" + strings.Repeat("ក", 66), 3},
	} {
		if got := SMSSegments(tc.text); got != tc.want {
			t.Errorf("%s: got %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestStrip(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                           "",
		"ក\u200bខ":                   "កខ",
		"\ufeffa\u200c\u200d\u2060b": "ab",
		"a\u00a0b":                   "a b",
		"ឆ្លើយ 1":                    "ឆ្លើយ 1",
	} {
		if got := Strip(in); got != want {
			t.Errorf("Strip(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzMeasure(f *testing.F) {
	for _, s := range []string{"", "Exit", "ចេញ", "€[]", "🙂", "\xff", "a\u200bb"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		enc, n := Measure(text)
		units := len(utf16.Encode([]rune(text)))
		if enc == UCS2 && n != units {
			t.Errorf("%q: %d units, want %d", text, n, units)
		}
		if enc == GSM7 && (n < units || n > 2*units) {
			t.Errorf("%q: %d septets of %d characters", text, n, units)
		}
		one := Budget{Septets: n, Units: n}
		if !Fits(text, one) {
			t.Errorf("%q does not fit its own measure", text)
		}
		switch segments := SMSSegments(text); {
		case text == "" && segments != 0, text != "" && segments < 1:
			t.Errorf("%q: %d segments", text, segments)
		case segments == 1 != Fits(text, OneSegment) && text != "":
			t.Errorf("%q: %d segments, but Fits says otherwise", text, segments)
		case Fits(text, Budget{Septets: 152 * 2, Units: 66 * 2}) && segments > 2:
			t.Errorf("%q: %d segments for so little", text, segments)
		}
		if got, _ := Measure(Strip(text)); got > enc {
			t.Errorf("%q became wide by stripping", text)
		}
	})
}
