package gazetteer

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// answer is a finding in short: codes, "many", within, sure, followed.
func answer(f Finding) string {
	s := strings.Trim(codes(f), "[]")
	if f.Many {
		s += "many"
	}
	if f.Within != "" {
		s += " in " + f.Within
	}
	if f.Sure {
		s += " sure"
	}
	if f.Followed {
		s += " followed"
	}
	return s
}

func TestFindAnswers(t *testing.T) {
	t.Parallel()
	g := Default()
	for _, tc := range []struct{ why, text, within, want string }{
		{"a name that only one commune has", "ទួលទទឹង", "", "180213 sure"},
		{"a namesake of its district is asked about, and the district listed on from", "បវេល", "", "020401 in 0204"},
		{"so is it with the province", "Bavel, Battambang", "", "020401 in 0204"},
		{"with its unit word it is sure", "khum Bavel", "", "020401 sure"},
		{"the district alone is no commune", "srok Bavel", "", "many in 0204"},
		{"a small district is a list", "ក្រុងបូកគោ", "", "070901 070902 070903 in 0709"},
		{"a small province is a list", "Kep province", "", "230101 230103 230201 230202 230203 in 23"},
		{"a province is many", "Kampong Thom", "", "many in 06"},
		{"a capital is many", "រាជធានីភ្នំពេញ", "", "many in 12"},
		{"a name of commune and province is taken for the province", "Kampong Cham", "", "many in 03"},
		{"unless a unit word says commune", "sangkat Kampong Cham", "03", "030502 in 03 sure"},
		{"a homonym with more than eight is many", "Samraong", "", "many"},
		{"inside a province it is resolved", "Samraong", "14", "141309 in 14 sure"},
		{"inside a district too", "សំរោង", "2107", "210708 in 2107 sure"},
		{"two in one province are both offered", "សំរោង តាកែវ", "", "210708 210910 in 2107"},
		{"and told apart by their district", "សំរោង ត្រាំកក់", "", "210910 sure"},
		{"written out, but in another province: offered, never sure", "បវេល កំពត", "", "020401 in 07"},
		{"and not even offered where only one province counts", "បវេល", "07", " in 07"},
		{"an unknown name in a known province: nothing, and where to list", "ខ្ចឹបខ្ចប់ ខេត្តកំពត", "", " in 07"},
		{"a near spelling is offered, never sure", "Tuol Tetueng", "", "180213"},
		{"a retired name in its old district", "Bak Dav, Khsach Kandal", "", "081301 followed sure"},
		{"a retired code", "050501", "", "051001 sure followed"},
		{"a code elsewhere", "020401", "07", ""},
		{"a bare number is offered, never sure", "២", "", "180102"},
		{"a numbered sangkat", "សង្កាត់លេខ២", "", "180102 sure"},
		{"a village is not known", "ភូមិអូរស្វាយចន្ទី", "", ""},
		{"a village before its commune is passed over", "ភូមិថ្មី ឃុំបវេល", "", "020401 sure"},
		{"and with commas", "Thmei village, Bavel commune, Battambang", "", "020401 sure"},
		{"a confused unit word is not sure", "ស្រុកទួលទទឹង", "", "180213"},
		{"nothing", "", "", ""},
		{"no letters", "  ...?!  ", "", ""},
	} {
		want := strings.Replace(tc.want, "followed sure", "sure followed", 1)
		if diff := cmp.Diff(want, answer(g.Find(tc.text, tc.within))); diff != "" {
			t.Errorf("%s: Find(%q, %q): %s", tc.why, tc.text, tc.within, diff)
		}
	}
}

// The pairs that clash inside a province are asked about, never guessed.
func TestClashesInsideAProvince(t *testing.T) {
	t.Parallel()
	g := Default()
	clashes := 0
	for _, name := range []func(Place) string{func(p Place) string { return p.Km }, func(p Place) string { return p.Latin }} {
		groups := map[string][]string{}
		for _, c := range g.Communes() {
			k := c.Code[:2] + Fold(name(c))
			groups[k] = append(groups[k], c.Code)
		}
		for _, group := range groups {
			if len(group) < 2 {
				continue
			}
			clashes++
			c, _ := g.Get(group[0])
			p, _ := g.Get(group[0][:2])
			f := g.Find(name(c)+" "+name(p), "")
			if f.Sure {
				t.Errorf("%s %s is sure: %s", c.Latin, p.Latin, codes(f))
			}
			for _, code := range group {
				if !slices.ContainsFunc(f.Places, func(p Place) bool { return p.Code == code }) {
					t.Errorf("%s %s = %s, without %s", c.Latin, p.Latin, codes(f), code)
				}
			}
		}
	}
	if clashes < 20 {
		t.Errorf("%d clashes seen, want all 23 of the table", clashes)
	}
}
