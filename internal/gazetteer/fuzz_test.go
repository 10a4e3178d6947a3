package gazetteer

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var khmerBlock = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x1780, Hi: 0x17E9, Stride: 1}}}

func FuzzFind(f *testing.F) {
	for _, s := range []string{
		"", "បវេល", "ឃុំបវេលស្រុកបវេលខេត្តបាត់ដំបង", "Samraong, Takeo", "khum khum khum", "020401", "សង្កាត់ ២", "a a a a a a a a a a a a a a",
		"ព្រៃព្រៃព្រៃព្រៃព្រៃព្រៃព្រៃព្រៃ", "ou ou ou ou ou ou ou", "\xff្្្ំុិ", "Bavel commune district province village", "ភូមិ", "ទី១ទី២", "i live in ti pir",
	} {
		f.Add(s, "")
		f.Add(s, "02")
		f.Add(s, "0204")
	}
	g := Default()
	f.Fuzz(func(t *testing.T, text, within string) {
		for _, found := range []Finding{g.Find(text, within), g.Extract(text)} {
			n := len(found.Places)
			if n > maxList || found.Many && n > 0 || found.Sure && n != 1 {
				t.Errorf("%q in %q: %+v", text, within, found)
			}
			seen := map[string]bool{}
			for _, p := range found.Places {
				if p.Level != Commune || p.Retired || seen[p.Code] {
					t.Errorf("%q in %q: %+v", text, within, p)
				}
				seen[p.Code] = true
			}
			if found.Within != "" && found.Within != within {
				if _, ok := g.Get(found.Within); !ok {
					t.Errorf("%q in %q: within %q", text, within, found.Within)
				}
			}
		}
		for _, p := range g.Find(text, within).Places {
			if g.Find(text, within).Followed {
				break
			}
			if !strings.HasPrefix(p.Code, within) {
				t.Errorf("%q in %q: %s", text, within, p.Code)
			}
		}
		if folded := Fold(text); !utf8.ValidString(folded) || Fold(folded) != folded {
			t.Errorf("Fold(%q) = %q", text, folded)
		}
	})
}
