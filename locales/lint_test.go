package locales

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLint(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, text string
		reader     Reader
		want       []string
	}{
		{"neutral", "អរគុណ។ ជួបគ្នាពេលក្រោយ។", Neutral, nil},
		{"a Khmer word", "សួស្តី កុមារ", Neutral, []string{"កុមារ"}},
		{"inside a conversation harm may be named", "វាយ ធ្វើឱ្យឈឺ", Inside, nil},
		{"a mango is not a blow", "ផ្លែស្វាយ", Neutral, nil},
		{"a blow is", "គេវាយ", Neutral, []string{"វាយ"}},
		{"a blow before another word", "វាយដំ", Neutral, []string{"វាយ"}},
		{"a word inside a longer syllable", "កូនៗ យំា", Neutral, []string{"កូន"}},
		{"spaces and hints hide nothing", "កុ\u200bមារ រាយ ការណ៍", Neutral, []string{"កុមារ", "រាយការណ៍"}},
		{"subscript DA is TA", "ម្ដាយ", Neutral, []string{"ម្តាយ"}},
		{"an older spelling", "ហឹង្សា", Neutral, []string{"ហិង្សា", "ហឹង្សា"}},
		{"an abbreviation without dots", "គកនក", Neutral, []string{"គ.ក.ន.ក"}},
		{"the word for you, on a screen", "ប្អូន", Neutral, nil},
		{"the word for you, by SMS", "ប្អូន និងបង", ReporterSMS, []string{"ប្អូន", "បង"}},
		{"both readers", "ក្មួយ", Neutral | ReporterSMS, []string{"ក្មួយ"}},
		{"Battambang is not an elder sibling", "បាត់ដំបង", Neutral, nil},
		{"Latin words whole", "Safely reported unsafe", Neutral, nil},
		{"Latin words in any case", "Your REPORT is Safe.", Neutral, []string{"report", "safe"}},
		{"two words", "a social worker", Neutral, []string{"social", "worker"}},
		{"romanised Khmer", "Chumrok polis", Neutral, []string{"polis", "chumrok"}},
		{"romanised Khmer in our own spelling", "Kruosar paoun", Neutral, []string{"kruosar"}},
		{"the word for you in Latin letters, by SMS", "Paoun", ReporterSMS, []string{"paoun"}},
		{"what networks swallow", "Reply STOP or help", Inside, []string{"HELP", "STOP"}},
		{"swallowed only whole", "Helpful ending stopped", Inside, nil},
		{"a placeholder is not a word", "{{.police}} {{.child_helpline}}", ReporterSMS, nil},
	} {
		if diff := cmp.Diff(tc.want, Lint("km", tc.text, tc.reader)); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", tc.name, tc.text, diff)
		}
	}
}

// Each word of the lists is found by itself and written in our own form.
func TestLintListsAreWhole(t *testing.T) {
	t.Parallel()
	if n := len(exposedKhmer); n != 75 {
		t.Errorf("%d Khmer words, want 75", n)
	}
	if n := len(exposedRomanised); n != 32 {
		t.Errorf("%d romanised words, want 32", n)
	}
	for _, w := range exposedOurs {
		if slices.Contains(exposedRomanised, w) || slices.Contains(exposedEnglish, w) {
			t.Errorf("%s stands in two lists", w)
		}
	}
	if n := len(exposedEnglish); n != 56 {
		t.Errorf("%d English words, want 56", n)
	}
	for _, w := range exposedKhmer {
		if Lint("km", "ក "+w+"។", Neutral) == nil {
			t.Errorf("%s is not found", w)
		}
		if faults := Normal(w); faults != nil && w != "ហឹង្សា" {
			t.Errorf("%s is not in our form: %v", w, faults)
		}
	}
	for _, w := range slices.Concat(exposedRomanised, exposedOurs, exposedEnglish) {
		if Lint("en", "The "+strings.ToUpper(w)+".", Neutral) == nil {
			t.Errorf("%s is not found", w)
		}
	}
}

func TestNormal(t *testing.T) {
	t.Parallel()
	for _, good := range []string{
		"", "ស្ត្រី", "ញ៉ាំ", "ខ្ញុំ", "ម្តាយ", "ឱ្យ", "ឪពុក", "ការណ៍", "ច័ន្ទ", "ភ័យ", "ស៊ី", "ប៉ី", "ក៏", "នេះ", "កម្ពុជា", "គ.ក.ន.ក",
		"ប្អូនៗ លេង។ ទេ? 1 បន្ត\n0 ចេញ", "ក្មេង\u200bច្រើន", "ធម៌", "Hello, 1280.", "អ៊ីនធឺណិត", "ហ៊ាន", "សង្ឃឹម", "ឈ្មោះ",
	} {
		if faults := Normal(good); faults != nil {
			t.Errorf("%q: %v", good, faults)
		}
	}
	for bad, want := range map[string]string{
		"ស្រ្តី":    "a subscript after RO",
		"ញាំ៉":      "marks in the wrong order",
		"ខែ្ម":      "marks in the wrong order",
		"កំា":       "marks in the wrong order",
		"កិិ":       "a mark twice",
		"កំំ":       "a mark twice",
		"ក្្ក":      "a coeng without a consonant",
		"ក្":        "a coeng at the end",
		"ក្ ក":      "a coeng without a consonant",
		" ិ":        "a mark without a consonant",
		"ម្ដាយ":     "a subscript DA",
		"ធេ្វី":     "marks in the wrong order",
		"ធ្វេី":     "in pieces",
		"េា":        "in pieces",
		"សុី":       "in pieces",
		"បុី":       "in pieces",
		"ឲ្យ":       "another spelling",
		"អោយ":       "another spelling",
		"ទូរសព្ទ":   "another spelling",
		"\u17a3":    "outdated",
		"ក\u17b4":   "outdated",
		"១":         "Khmer digit",
		"ទេ ។":      "a space before",
		"ចប់៕":      "not used on phones",
		"«ក»":       "not used on phones",
		"ក\u200dខ":  "invisible",
		"ក\u00a0ខ":  "invisible",
		"ក \u200bខ": "break hint",
		"ក\u200b":   "break hint",
		"ក\u200b។":  "break hint",
	} {
		if faults := strings.Join(Normal(bad), "; "); !strings.Contains(faults, want) {
			t.Errorf("%q (%+q): got %q, want %q", bad, bad, faults, want)
		}
	}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	zone := time.FixedZone("ICT", 7*3600)
	for _, tc := range []struct {
		hour, minute int
		km, en, latn string
	}{
		{0, 0, "ម៉ោង 0 ព្រឹក 22/11", "00:00 22/11", "maong 0 preuk 22/11"},
		{3, 20, "ម៉ោង 3:20 ព្រឹក 22/11", "03:20 22/11", "maong 3:20 preuk 22/11"},
		{6, 0, "ម៉ោង 6 ព្រឹក 22/11", "06:00 22/11", "maong 6 preuk 22/11"},
		{11, 59, "ម៉ោង 11:59 ព្រឹក 22/11", "11:59 22/11", "maong 11:59 preuk 22/11"},
		{12, 0, "ថ្ងៃត្រង់ 22/11", "12:00 22/11", "thngai trong 22/11"},
		{12, 30, "ម៉ោង 12:30 ថ្ងៃ 22/11", "12:30 22/11", "maong 12:30 thngai 22/11"},
		{13, 0, "ម៉ោង 1 រសៀល 22/11", "13:00 22/11", "maong 1 rosiel 22/11"},
		{16, 5, "ម៉ោង 4:05 រសៀល 22/11", "16:05 22/11", "maong 4:05 rosiel 22/11"},
		{17, 0, "ម៉ោង 5 ល្ងាច 22/11", "17:00 22/11", "maong 5 lngeach 22/11"},
		{18, 0, "ម៉ោង 6 ល្ងាច 22/11", "18:00 22/11", "maong 6 lngeach 22/11"},
		{19, 0, "ម៉ោង 7 យប់ 22/11", "19:00 22/11", "maong 7 yob 22/11"},
		{23, 45, "ម៉ោង 11:45 យប់ 22/11", "23:45 22/11", "maong 11:45 yob 22/11"},
	} {
		at := time.Date(2026, 11, 22, tc.hour, tc.minute, 0, 0, zone)
		if got := c.When("km", at); got != tc.km {
			t.Errorf("%s: got %q, want %q", at, got, tc.km)
		}
		if got := c.When("en", at); got != tc.en {
			t.Errorf("%s: got %q, want %q", at, got, tc.en)
		}
		if got := c.When("km-Latn", at); got != tc.latn {
			t.Errorf("%s: got %q, want %q", at, got, tc.latn)
		}
	}
	// The time's own zone counts, and no time is longer than what the alerts were measured with.
	if got := c.When("km", time.Date(2026, 11, 22, 11, 0, 0, 0, time.UTC).In(zone)); got != "ម៉ោង 6 ល្ងាច 22/11" {
		t.Errorf("in its own zone: got %q", got)
	}
	for _, lang := range c.Languages() {
		_, most := Measure(longest[lang]["when"])
		for m := range 24 * 60 {
			if _, n := Measure(c.When(lang, time.Date(2026, 11, 22, 0, m, 0, 0, zone))); n > most {
				t.Fatalf("%s: minute %d takes %d, more than %d", lang, m, n, most)
			}
		}
	}
}
