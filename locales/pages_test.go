package locales

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestPages(t *testing.T) {
	t.Parallel()
	nav := func(m Menu) Menu {
		m.Leave, m.More, m.Leaveable = "0 ចេញ", "9 ទៀត", true
		return m
	}
	for _, tc := range []struct {
		name   string
		menu   Menu
		budget Budget
		want   []string
	}{
		{"nothing", Menu{}, USSD, []string{""}},
		{"only the way out", nav(Menu{}), USSD, []string{"0 ចេញ"}},
		{"one page", nav(Menu{Heading: "ផ្ញើឥឡូវនេះទេ?", Options: []Option{{"1", "ផ្ញើ"}, {"2", "ថយក្រោយ"}}}), USSD,
			[]string{"ផ្ញើឥឡូវនេះទេ?\n1 ផ្ញើ\n2 ថយក្រោយ\n0 ចេញ"}},
		{"a way out that is not shown", Menu{Heading: "អរគុណ។", Leave: "0 ចេញ", More: "9 ទៀត"}, USSD, []string{"អរគុណ។"}},
		{"broken after an option", nav(Menu{Heading: "ខេត្តណា?", Options: []Option{{"02", "បាត់ដំបង"}, {"08", "កណ្តាល"}, {"12", "ភ្នំពេញ"}, {"14", "ព្រៃវែង"}, {"01", "បន្ទាយមានជ័យ"}, {"03", "កំពង់ចាម"}}}), USSD,
			[]string{"ខេត្តណា?\n02 បាត់ដំបង\n08 កណ្តាល\n12 ភ្នំពេញ\n14 ព្រៃវែង\n9 ទៀត 0 ចេញ", "01 បន្ទាយមានជ័យ\n03 កំពង់ចាម\n0 ចេញ"}},
		{"an option of two lines stays together", nav(Menu{Heading: "?", Options: []Option{{"1", "កកកកកកកកកក"}, {"2", "ខខខខខ\nគគគគគ"}}}), Budget{160, 32},
			[]string{"?\n1 កកកកកកកកកក\n9 ទៀត 0 ចេញ", "2 ខខខខខ\nគគគគគ\n0 ចេញ"}},
		{"a text broken at a line", Menu{Heading: "កកក\nខខខ\nគគគគគគគ", More: "9 ទៀត"}, Budget{160, 14},
			[]string{"កកក\nខខខ\n9 ទៀត", "គគគគគគគ"}},
		{"a text broken at a space", Menu{Heading: "ពេលខឹង ឈប់សិន។ ដកដង្ហើមវែងៗ", More: "9 ទៀត"}, Budget{160, 22},
			[]string{"ពេលខឹង ឈប់សិន។\n9 ទៀត", "ដកដង្ហើមវែងៗ"}},
		{"a text broken at a hint", Menu{Heading: "ក្មេងច្រើន\u200bនាក់នៅផ្ទះ", More: "9 ទៀត"}, Budget{160, 18},
			[]string{"ក្មេងច្រើន\n9 ទៀត", "នាក់នៅផ្ទះ"}},
		{"a word longer than a screen is cut between syllables", Menu{Heading: "ស្ត្រីស្ត្រីស្ត្រីស្ត្រី", More: "9"}, Budget{160, 10},
			[]string{"ស្ត្រី\n9", "ស្ត្រី\n9", "ស្ត្រី\n9", "ស្ត្រី"}},
		{"a mark hangs on its word", Menu{Heading: "កកកកកកក។", More: "9"}, Budget{160, 7},
			[]string{"កកកកក\n9", "កក។"}},
		{"a key stays with its words", Menu{Heading: "?", Options: []Option{{"1", "កកកកកកកក ខខ"}}, More: "9"}, Budget{160, 10},
			[]string{"?\n9", "1 កកកកកក\n9", "កក ខខ"}},
		{"English has more room", nav(Menu{Heading: strings.Repeat("word ", 30) + "end."}), USSD,
			[]string{strings.TrimSpace(strings.Repeat("word ", 11)) + "\n9 ទៀត 0 ចេញ", strings.TrimSpace(strings.Repeat("word ", 11)) + "\n9 ទៀត 0 ចេញ", strings.Repeat("word ", 8) + "end.\n0 ចេញ"}},
		{"English with English keys", Menu{Heading: strings.Repeat("word ", 31) + "last.", Leave: "0 Exit", More: "9 More", Leaveable: true}, USSD,
			[]string{strings.TrimSpace(strings.Repeat("word ", 29)) + "\n9 More 0 Exit", "word word last.\n0 Exit"}},
		{"page keys that leave no room are not shown", nav(Menu{Heading: "កខគឃងចឆជឈញ"}), Budget{160, 6},
			[]string{"កខគឃងច", "ឆជឈញ"}},
		{"a zero budget is a screen", nav(Menu{Heading: "អរគុណ។"}), Budget{}, []string{"អរគុណ។\n0 ចេញ"}},
		{"invisible marks go", Menu{Heading: "\ufeffក\u200b ខ\u200d\u00a0គ"}, USSD, []string{"ក ខ គ"}},
		{"not UTF-8", Menu{Heading: "a\xffb"}, USSD, []string{"a\ufffdb"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := Pages(tc.menu, tc.budget)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Words as they come: Khmer syllables with every kind of mark, names, Latin, digits, emoji.
var pieces = []string{
	"ស្ត្រី", "ញ៉ាំ", "ម្តាយ", "ឱ្យ", "ក្លឹប", "ធឺណិត", "ភ័យ", "ច័ន្ទ", "ក៏", "ធ្វើ", "ខ្ញុំ", "ប៊ុន", "បាត់ដំបង", "ការណ៍", "ស៊ី", "រំឭក", "កម្ពុជា", "ះ", "១២",
	"commune", "Phnom Penh", "1280", "e\u0301", "€", "[x]", "🙂", "👩‍👧", "។", "ៗ", "៖", "?",
	" ", " ", "\u200b", "\n", "  ",
}

func genText(most int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, most).Draw(t, "pieces"), "")
	})
}

func genMenu() *rapid.Generator[Menu] {
	return rapid.Custom(func(t *rapid.T) Menu {
		m := Menu{
			Heading:   genText(60).Draw(t, "heading"),
			Leave:     rapid.SampledFrom([]string{"0 ចេញ", "0 Exit", ""}).Draw(t, "leave"),
			More:      rapid.SampledFrom([]string{"9 ទៀត", "9 More", ""}).Draw(t, "more"),
			Leaveable: rapid.Bool().Draw(t, "leaveable"),
		}
		for range rapid.IntRange(0, 9).Draw(t, "options") {
			m.Options = append(m.Options, Option{
				Key:  rapid.SampledFrom([]string{"1", "12", "02", ""}).Draw(t, "key"),
				Text: genText(20).Draw(t, "text"),
			})
		}
		return m
	})
}

// bare is a text without what a cut may take: spaces, line breaks, break hints and other invisible marks.
func bare(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || invisible(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
}

func bareMenu(m Menu) string {
	var b strings.Builder
	b.WriteString(bare(m.Heading))
	for _, o := range m.Options {
		b.WriteString(bare(o.Key + o.Text))
	}
	return b.String()
}

// barePages joins pages without their page keys.
func barePages(m Menu, pages []string) string {
	leave := ""
	if m.Leaveable {
		leave = bare(m.Leave)
	}
	var b strings.Builder
	for i, page := range pages {
		page = bare(page)
		if i < len(pages)-1 {
			if cut, ok := strings.CutSuffix(page, bare(m.More)+leave); ok {
				page = cut
			} else if cut, ok := strings.CutSuffix(page, bare(m.More)); ok {
				page = cut
			}
		} else {
			page = strings.TrimSuffix(page, leave)
		}
		b.WriteString(page)
	}
	return b.String()
}

func TestPagesKeepToTheBudgetAndLoseNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := genMenu().Draw(t, "menu")
		// The longest cluster of pieces takes six units; the page keys twelve.
		b := Budget{Septets: rapid.IntRange(30, 182).Draw(t, "septets"), Units: rapid.IntRange(20, 80).Draw(t, "units")}
		pages := Pages(m, b)
		if got, want := barePages(m, pages), bareMenu(m); got != want {
			t.Fatalf("the pages hold %q, the menu %q", got, want)
		}
		ownMarks := map[rune]bool{} // a line that begins with a mark of its own
		for _, text := range append([]string{m.Heading}, texts(m)...) {
			for l := range strings.SplitSeq(Strip(text), "\n") {
				r, _ := utf8.DecodeRuneInString(strings.TrimLeft(l, " "))
				ownMarks[r] = true
			}
		}
		for i, page := range pages {
			if !Fits(page, b) {
				enc, n := Measure(page)
				t.Fatalf("page %d has %d of %s, the budget is %+v: %q", i+1, n, enc, b, page)
			}
			if page != Strip(page) {
				t.Fatalf("page %d holds an invisible mark: %q", i+1, page)
			}
			first, _ := utf8.DecodeRuneInString(page)
			if (unicode.IsMark(first) || first == coeng) && !ownMarks[first] {
				t.Fatalf("page %d begins with the mark U+%04X: %q", i+1, first, page)
			}
			if strings.Trim(page, " \n") != page {
				t.Fatalf("page %d begins or ends with a space: %q", i+1, page)
			}
			body, _, _ := strings.Cut(page, "\n")
			if last, _ := utf8.DecodeLastRuneInString(body); last == coeng {
				t.Fatalf("page %d is cut after a coeng: %q", i+1, page)
			}
		}
	})
}

func texts(m Menu) []string {
	var out []string
	for _, o := range m.Options {
		out = append(out, o.Text)
	}
	return out
}

// Every text that we have, cut to screens too small for it, is cut between syllables.
func TestOurSentencesAreCutBetweenSyllables(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	for _, key := range c.Keys() {
		text := c.Format(Khmer, key, longest[Khmer])
		for units := 12; units <= 70; units++ {
			pages := Pages(Menu{Heading: text, More: "9 ទៀត"}, Budget{Septets: 30, Units: units})
			for _, page := range pages {
				if !Fits(page, Budget{Septets: 30, Units: units}) {
					t.Fatalf("%s at %d: %q", key, units, page)
				}
				first, _ := utf8.DecodeRuneInString(page)
				if unicode.IsMark(first) {
					t.Fatalf("%s at %d begins with a mark: %q", key, units, page)
				}
			}
			if got := barePages(Menu{More: "9 ទៀត"}, pages); got != bare(text) {
				t.Fatalf("%s at %d: got %q, want %q", key, units, got, bare(text))
			}
		}
	}
}

func FuzzPages(f *testing.F) {
	f.Add("ផ្ញើឥឡូវនេះទេ?", "ផ្ញើ", "ថយក្រោយ", 160, 70)
	f.Add("ស្ត្រី\u200bស្ត្រី", "\u17d2\u17d2", "\xff", 20, 20)
	f.Add("e\u0301\u0301\u0301", "🙂🙂🙂", "a b", 5, 5)
	f.Add("", "", "\n\n", 1, 1)
	f.Fuzz(func(t *testing.T, heading, first, second string, septets, units int) {
		b := Budget{Septets: 2 + septets&0xff, Units: 2 + units&0x7f}
		m := Menu{Heading: heading, Options: []Option{{"1", first}, {"2", second}}, Leave: "0 ចេញ", More: "9 ទៀត", Leaveable: true}
		pages := Pages(m, b)
		if len(pages) == 0 {
			t.Fatal("no page")
		}
		for i, page := range pages {
			if !Fits(page, b) {
				t.Errorf("page %d of %+v does not fit: %q", i+1, b, page)
			}
		}
		if got, want := barePages(m, pages), bareMenu(m); got != want && len(pages) == 1 {
			t.Errorf("the page holds %q, the menu %q", got, want)
		}
	})
}
