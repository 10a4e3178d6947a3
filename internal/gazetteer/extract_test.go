package gazetteer

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExtract(t *testing.T) {
	t.Parallel()
	g := Default()
	for _, tc := range []struct {
		story  string
		want   string // codes
		sure   bool
		within string
	}{
		{"ពុកខ្ញុំវាយខ្ញុំរាល់ថ្ងៃ ខ្ញុំនៅឃុំបវេល ស្រុកបវេល សូមជួយ", "020401", true, "*"},
		{"ខ្ញុំនៅឃុំបវេលស្រុកបវេលគេវាយខ្ញុំ", "020401", false, "*"},
		{"my father hits me. i live in Bavel commune, Bavel district, Battambang. please help", "020401", true, "*"},
		{"help my friend in khum Prey Nob srok Prey Nob", "180207", true, "*"},
		{"Prey Nob Preah Sihanouk father drunk", "180207", false, "*"},
		{"ខ្ញុំឈ្មោះ ស នៅសង្កាត់ទួលទំពូងទី២ ខណ្ឌចំការមន", "120109", true, "*"},
		{"នៅ សង្កាត់ ទឹកថ្លា ខណ្ឌសែនសុខ មានក្មេងយំ", "120802", true, "*"},
		{"ក្មេងម្នាក់ធ្វើការនៅឡឥដ្ឋ ខេត្តកណ្ដាល", "", false, "08"},
		{"a boy works in a brick kiln in Kandal province", "", false, "08"},
		{"ឃុំសំរោង ខេត្តកំពង់ចាម", "031311", true, "*"},
		{"khum samraong khaet kampong cham", "031311", true, "*"},
		{"នៅក្បែរព្រែក មានត្រពាំងមួយ គេវាយក្មេង", "", false, ""},
		{"ព្រៃ ព្រែក ត្រពាំង ផ្សារ", "", false, ""},
		{"they beat the child near the market and the pagoda", "", false, ""},
		{"i am sad. prey. peam. char", "", false, ""},
		{"ភូមិព្រែក មានក្មេងម្នាក់ត្រូវគេវាយ", "", false, ""},
		{"the commune chief hit my sister", "", false, ""},
		{"មេឃុំវាយប្អូនស្រីខ្ញុំ", "", false, ""},
		{"khum bavel and khum prey nob", "020401 180207", false, "*"},
		{"", "", false, ""},
		{"ឃុំ", "", false, ""},
		{"khum", "", false, ""},
	} {
		f := g.Extract(tc.story)
		if got := strings.Trim(codes(f), "[]"); got != tc.want {
			t.Errorf("Extract(%q) = %q, want %q", tc.story, got, tc.want)
		}
		if f.Sure != tc.sure {
			t.Errorf("Extract(%q) is sure: %v", tc.story, f.Sure)
		}
		if tc.within != "*" {
			if diff := cmp.Diff(tc.within, f.Within); diff != "" {
				t.Errorf("Extract(%q).Within: %s", tc.story, diff)
			}
		}
	}
}

// Names of communes are ordinary words; a story of them without a unit word or an area says nothing.
func TestExtractNeverFromOrdinaryWords(t *testing.T) {
	t.Parallel()
	g := Default()
	for _, c := range g.Communes() {
		for _, story := range []string{"ខ្ញុំ " + c.Km + " វាយ", "we saw " + c.Latin + " yesterday"} {
			if f := g.Extract(story); len(f.Places) > 0 || f.Many {
				t.Errorf("Extract(%q) = %s", story, codes(f))
			}
		}
	}
}

func BenchmarkExtract(b *testing.B) {
	g := Default()
	story := "ពុកខ្ញុំវាយខ្ញុំរាល់ថ្ងៃ ខ្ញុំនៅឃុំបវេល ស្រុកបវេល ខេត្តបាត់ដំបង។ សូមជួយខ្ញុំផង ខ្ញុំខ្លាចណាស់ មិនហ៊ានប្រាប់អ្នកណាទេ"
	b.ReportAllocs()
	for b.Loop() {
		g.Extract(story)
	}
}
