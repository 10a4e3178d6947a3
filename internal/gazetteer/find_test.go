package gazetteer

import (
	"slices"
	"strings"
	"testing"
)

// unitKm are the Khmer unit words.
var unitKm = map[string]string{
	"Khum": "ឃុំ", "Sangkat": "សង្កាត់", "Srok": "ស្រុក", "Krong": "ក្រុង", "Khan": "ខណ្ឌ", "Khaet": "ខេត្ត", "Reach Theani": "រាជធានី",
}

// twins returns how many communes in force share a name inside an area.
func twins(g *Gazetteer, area string, same func(Place) bool) int {
	n := 0
	for _, p := range g.Communes() {
		if strings.HasPrefix(p.Code, area) && same(p) {
			n++
		}
	}
	return n
}

// Every commune is found by each full way to write it; where two communes share what is written both are offered and none is sure.
func TestEveryCommuneIsFound(t *testing.T) {
	t.Parallel()
	g := Default()
	for _, c := range g.Communes() {
		path := g.Path(c.Code)
		p, d := path[0], path[1]
		sameKm := func(q Place) bool { return Fold(q.Km) == Fold(c.Km) }
		sameLatin := func(q Place) bool { return Fold(q.Latin) == Fold(c.Latin) }
		u := func(p Place) string { return unitKm[p.Unit] + p.Km }
		cases := []struct {
			text string
			area string
			same func(Place) bool
		}{
			{c.Km + " " + p.Km, p.Code, sameKm},
			{p.Km + " " + c.Km, p.Code, sameKm},
			{c.Km + p.Km, p.Code, sameKm},
			{c.Latin + ", " + p.Latin, p.Code, sameLatin},
			{p.Latin + " " + c.Latin, p.Code, sameLatin},
			{strings.ToUpper(c.Latin + " " + p.Latin + " PROVINCE"), p.Code, sameLatin},
			{c.Latin + " " + d.Latin + " " + p.Latin, d.Code, sameLatin},
			{"khum " + c.Latin + " srok " + d.Latin + " khaet " + p.Latin, "", nil},
			{"sangkat " + c.Latin + " khan " + d.Latin, "", nil},
			{c.Latin + " commune, " + d.Latin + " district, " + p.Latin + " province", "", nil},
			{u(c) + u(d) + u(p), d.Code, sameKm},
			{strings.ReplaceAll(u(c)+"\u200b"+u(d)+" "+u(p), " ", ""), d.Code, sameKm},
			{u(c) + " " + u(p), p.Code, sameKm},
			{u(c) + "\u00a0" + d.Km, "", nil},
			{c.Code, c.Code, func(Place) bool { return true }},
		}
		for _, tc := range cases {
			f := g.Find(tc.text, "")
			if !slices.ContainsFunc(f.Places, func(q Place) bool { return q.Code == c.Code }) {
				t.Errorf("%s: Find(%q) = %s, many %v, within %q", c.Code, tc.text, codes(f), f.Many, f.Within)
				continue
			}
			if tc.same == nil {
				continue
			}
			n := twins(g, tc.area, tc.same)
			// "Sambour, Kampong Cham" is also the commune Kampong Cham in the district Sambour: then both are offered.
			if n == 1 && (len(f.Places) > 2 || len(f.Places) == 2 && (f.Sure || tc.area == d.Code || tc.area == c.Code)) {
				t.Errorf("%s: Find(%q) = %s, want it alone", c.Code, tc.text, codes(f))
			}
			if n > 1 && (f.Sure || len(f.Places) != n) {
				t.Errorf("%s: Find(%q) = %s, sure %v; want its %d namesakes, not sure", c.Code, tc.text, codes(f), f.Sure, n)
			}
		}
	}
}

// A commune's bare name, and its name within its province or district, never finds another one alone.
func TestNeverAWrongSingleAnswer(t *testing.T) {
	t.Parallel()
	g := Default()
	for _, c := range g.Communes() {
		for _, text := range []string{c.Km, c.Latin, unitKm[c.Unit] + c.Km, "khum " + c.Latin, strings.ToLower(strings.ReplaceAll(c.Latin, " ", "")), c.Latin + " commune"} {
			for _, within := range []string{"", c.Code[:2], c.Code[:4]} {
				f := g.Find(text, within)
				in := slices.ContainsFunc(f.Places, func(q Place) bool { return q.Code == c.Code })
				if !in && !f.Many {
					t.Errorf("%s: Find(%q, %q) = %s", c.Code, text, within, codes(f))
				}
				if within != "" && !in {
					t.Errorf("%s: Find(%q, %q) = %s, many %v", c.Code, text, within, codes(f), f.Many)
				}
				for _, p := range f.Places {
					if !strings.HasPrefix(p.Code, within) && !f.Followed {
						t.Errorf("%s: Find(%q, %q) has %s", c.Code, text, within, p.Code)
					}
				}
			}
		}
	}
}

func codes(f Finding) string {
	var list []string
	for _, p := range f.Places {
		list = append(list, p.Code)
	}
	return "[" + strings.Join(list, " ") + "]"
}
