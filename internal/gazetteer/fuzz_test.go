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

// FuzzLoad gives any text as a gazetteer: it is refused with faults that name a line and a mend, or every place of it is found by its code, lies in its
// parent, and Find and Extract give no place that is not in it.
func FuzzLoad(f *testing.F) {
	head := "code,level,name_km,name_latin,unit,status,successor\n"
	for _, s := range []string{"", head, head + "01,province,ក,Ka,province,current,\n0101,district,ខ,Kha,district,current,\n010101,commune,គ,Ko,commune,current,\n",
		head + "01,province,ក,Ka,,retired,02\n", head + "1,commune,\xff,\"", "\ufeff" + head + "01;province", strings.Repeat(head, 3)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := Load(strings.NewReader(text), "places.csv")
		if (g == nil) != (err != nil) {
			t.Fatalf("a gazetteer %t and the error %v", g != nil, err)
		}
		if err != nil {
			for _, line := range strings.Split(err.Error(), "\nplaces.csv:") {
				if !strings.Contains(line, "; ") {
					t.Fatalf("a fault without a mend: %q", line)
				}
			}
			return
		}
		for _, c := range g.Communes() {
			if got, ok := g.Get(c.Code); !ok || got.Code != c.Code || len(c.Code) != 6 {
				t.Fatalf("commune %q is not found by its code", c.Code)
			}
			for _, parent := range []string{c.Code[:2], c.Code[:4]} {
				if _, ok := g.Get(parent); !ok {
					t.Fatalf("commune %q lies in %q, which there is not", c.Code, parent)
				}
			}
			for _, found := range []Finding{g.Find(c.Latin, ""), g.Extract(c.Latin)} {
				for _, p := range found.Places {
					if _, ok := g.Get(p.Code); !ok {
						t.Fatalf("%q finds %q, which is not in it", c.Latin, p.Code)
					}
				}
			}
		}
	})
}
