package poster

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"chumrok/locales"
)

var facts = map[string]string{"child_helpline": "1280", "police": "117", "desk": "012000900"}

func catalogue(t *testing.T) *locales.Catalogue {
	t.Helper()
	c, err := locales.Load(facts)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var numbers = []Number{{"1", "report.harm.physical.child"}, {"2", "report.harm.sexual.child"}, {"11", "report.harm.online.child"}}

func club() Sheet {
	return Sheet{Code: "0204", Club: "<Lotus>", Dial: "*1280*0204#", ShortCode: "1280", Urgent: []string{"1280", "117"}, Numbers: numbers,
		Place: map[string]string{"km": "ភ្នំសំពៅ", "en": "Phnum Sampov"}, Languages: []string{"km", "en", "km-Latn"}}
}

func written(t *testing.T, sheets ...Sheet) string {
	t.Helper()
	var b strings.Builder
	if err := Write(&b, catalogue(t), sheets...); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// part is a piece of text of the page with the classes that it stands in, outermost first.
type part struct {
	in   []string
	text string
}

// parts takes a page apart. It fails where an element is left open, which browsers forgive and printers of pages do not.
func parts(t *testing.T, page string) []part {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(page, "<!DOCTYPE html>\n")))
	d.Entity = xml.HTMLEntity
	var in []string
	var out []part
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			for _, a := range e.Attr {
				if a.Name.Local == "class" {
					name += "." + strings.ReplaceAll(a.Value, " ", ".")
				}
			}
			in = append(in, name)
		case xml.EndElement:
			in = in[:len(in)-1]
		case xml.CharData:
			if text := strings.TrimSpace(string(e)); text != "" {
				out = append(out, part{slices.Clone(in), text})
			}
		}
	}
}

// within is every text that stands in an element of this name and class.
func within(all []part, element string) (texts []string) {
	for _, p := range all {
		if slices.Contains(p.in, element) {
			texts = append(texts, p.text)
		}
	}
	return texts
}

func TestAClubGetsAPosterAndTwoCards(t *testing.T) {
	t.Parallel()
	page := written(t, club())
	all := parts(t, page)
	for element, want := range map[string]int{"section.page.front": 1, "section.page.outside": 1, "section.page.inside": 1} {
		if got := strings.Count(page, `class="`+strings.ReplaceAll(strings.TrimPrefix(element, "section."), ".", " ")+`"`); got != want {
			t.Errorf("%s stands %d times", element, got)
		}
	}
	for _, where := range []string{"section.page.front", "section.page.outside"} {
		texts := within(all, where)
		if !slices.Contains(texts, "*1280*0204#") {
			t.Errorf("%s does not say what to dial: %q", where, texts)
		}
		for _, form := range []string{"ឬសរសេរ 0204 ផ្ញើទៅ 1280", "or text 0204 to 1280"} {
			if !slices.Contains(texts, form) {
				t.Errorf("%s does not say %q", where, form)
			}
		}
		if strings.Contains(strings.Join(texts, " "), "Lotus") {
			t.Errorf("%s names the club", where)
		}
	}
	inside := strings.Join(within(all, "section.page.inside"), " ")
	for _, said := range []string{"0204 1", "លុបលេខដែលបានចុច", "delete the number you dialled", "ហៅ 1280 ឬ 117", "គេវាយ", "Bad touching"} {
		if !strings.Contains(inside, said) {
			t.Errorf("inside it does not say %q: %s", said, inside)
		}
	}
	var got []string
	for _, p := range all {
		if p.in[len(p.in)-1] == "th" {
			got = append(got, p.text)
		}
	}
	if diff := cmp.Diff([]string{"1", "2", "11", "1", "2", "11"}, got); diff != "" {
		t.Errorf("the numbers of two cards (-want +got):\n%s", diff)
	}
	if n := strings.Count(page, "<svg"); n != 3 {
		t.Errorf("%d pictures", n)
	}
	for _, outside := range []string{"http:", "https:", "src=", "href=", "<script", "@import", "url("} {
		if strings.Contains(strings.ReplaceAll(page, "http://www.w3.org/2000/svg", ""), outside) {
			t.Errorf("the page reaches for something outside itself: %s", outside)
		}
	}
	if strings.Contains(page, "<Lotus>") || strings.Contains(page, "{") && strings.Contains(strings.Join(within(all, "body"), " "), "{") {
		t.Error("a name is not escaped, or a placeholder was left")
	}
}

// TestNothingOnTheWallTellsAStranger: the poster, and the outside of the card, hold no word that tells what it is for.
func TestNothingOnTheWallTellsAStranger(t *testing.T) {
	t.Parallel()
	bare := club()
	bare.Code, bare.Place, bare.Dial = "", nil, "*1280#"
	for _, sheet := range []Sheet{club(), bare} {
		all := parts(t, written(t, sheet))
		texts := append(within(all, "section.page.front"), within(all, "section.page.outside")...)
		if len(texts) < 8 {
			t.Fatalf("only %q stands there: this test looks at the wrong place", texts)
		}
		for _, text := range texts {
			if bad := locales.Lint("", text, locales.Neutral); bad != nil {
				t.Errorf("%q holds %v", text, bad)
			}
		}
	}
	if bad := locales.Lint("", strings.Join(within(parts(t, written(t, club())), "section.page.inside"), " "), locales.Neutral); bad == nil {
		t.Error("the inside holds nothing that the linter knows: this test proves nothing")
	}
}

func TestSentencesAreWritten(t *testing.T) {
	t.Parallel()
	for name, each := range sentences {
		for _, lang := range []string{"km", "en"} {
			if each[lang] == "" {
				t.Errorf("%s is not worded in %s", name, lang)
			}
			// {code} and the others are words to the rules of spelling.
			text := strings.NewReplacer("{code}", "0204", "{short}", "1280", "{urgent}", "1280", "{dial}", "*1280#").Replace(each[lang])
			if strings.Contains(text, "{") {
				t.Errorf("%s (%s) holds a placeholder that nothing fills: %s", name, lang, text)
			}
			if lang == "km" {
				for _, what := range locales.Normal(text) {
					t.Errorf("%s: %s", name, what)
				}
			}
		}
		km, en := each["km"], each["en"]
		for _, hole := range []string{"{code}", "{short}", "{urgent}", "{dial}"} {
			if strings.Contains(km, hole) != strings.Contains(en, hole) {
				t.Errorf("%s: %s stands in one language only", name, hole)
			}
		}
	}
}

func TestAPlaceWithoutAClubHasNoCard(t *testing.T) {
	t.Parallel()
	page := written(t, Sheet{Dial: "*1280#", ShortCode: "1280", Urgent: []string{"1280"}, Numbers: numbers})
	all := parts(t, page)
	if len(within(all, "section.page.inside"))+len(within(all, "section.page.outside")) > 0 {
		t.Error("there is a card")
	}
	if texts := within(all, "section.page.front"); !slices.Contains(texts, "or write to 1280") || !slices.Contains(texts, "*1280#") {
		t.Errorf("the poster says %q", texts)
	}
	silent := within(parts(t, written(t, Sheet{Dial: "*1280#"})), "section.page.front")
	for _, text := range silent {
		if strings.Contains(text, "text") || strings.Contains(text, "call") {
			t.Errorf("it names a way that there is not: %q", text)
		}
	}
}

func TestWhatCannotBePrinted(t *testing.T) {
	t.Parallel()
	unknown := club()
	unknown.Numbers = []Number{{"1", "report.harm.nothing"}}
	foreign := club()
	foreign.Languages = []string{"sw"}
	for name, s := range map[string]Sheet{"a number without words": unknown, "a language without sentences": foreign} {
		if err := Write(io.Discard, catalogue(t), s); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestADeploymentSaysItItsOwnWay: a pack's sentences come before ours, and make a page in a language that we have not.
func TestADeploymentSaysItItsOwnWay(t *testing.T) {
	t.Parallel()
	var km, en strings.Builder
	for _, name := range Names() {
		km.WriteString("\"poster." + name + "\" = \"ក\"\n")
		en.WriteString("\"poster." + name + "\" = \"Own words\"\n")
	}
	files := fstest.MapFS{"km.toml": {Data: []byte(km.String())}, "en.toml": {Data: []byte(en.String())}}
	for _, lang := range catalogue(t).Languages() {
		if lang != "km" && lang != "en" {
			files[lang+".toml"] = &fstest.MapFile{Data: []byte(en.String())}
		}
	}
	texts, err := locales.Load(facts, files)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := Write(&b, texts, club()); err != nil {
		t.Fatal(err)
	}
	if page := b.String(); !strings.Contains(page, "Own words") || strings.Contains(page, sentences["front.title"]["en"]) {
		t.Error("the pack's sentences are not used")
	}
}
