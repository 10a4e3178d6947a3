// Package poster makes the page that a person prints and hangs where children pass, and the folded card of a club, so that a child who has
// no words for it knows which number to press. It draws and words the page and nothing else: whose number it is, and what numbers mean in
// a message, it is told.
package poster

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"chumrok/locales"
)

// A Number is one number of the card and what it means: the key of the option's words in the catalogue.
type Number struct {
	Number string // as it is pressed
	Key    string
}

// A Sheet is what is printed for one club, or, without a Code, for a place that has none: then there is a poster and no card.
type Sheet struct {
	Code      string            // the club's number
	Club      string            // its name; shown on the screen and never printed
	Place     map[string]string // language → the commune's name
	Dial      string            // what is dialled: *1280*0204#
	ShortCode string            // where a message goes; "" where none is taken
	Urgent    []string          // what is called when it is urgent
	Numbers   []Number          // of the card
	Languages []string          // the first two that the pages are worded in are used; none means Khmer and English
}

//go:embed page.html picture.svg
var files embed.FS

// a4 is the page and its picture.
var a4 = template.Must(template.New("page.html").ParseFS(files, "page.html"))

// Write writes one page file for the sheets: for each a poster, and for a club the two sides of its cards, two to a page.
func Write(w io.Writer, texts *locales.Catalogue, sheets ...Sheet) error {
	picture, err := files.ReadFile("picture.svg")
	if err != nil {
		return fmt.Errorf("making a poster: %w", err)
	}
	page := struct {
		Title   string
		Lang    string
		Picture template.HTML
		Sheets  []printed
	}{Picture: template.HTML(picture), Lang: "en"} //nolint:gosec // a drawing of our own
	var names []string
	for _, s := range sheets {
		p, err := s.printed(texts)
		if err != nil {
			return err
		}
		page.Sheets = append(page.Sheets, p)
		names = append(names, p.Name)
		page.Lang = p.Tongues[0].Lang
	}
	page.Title = strings.Join(names, ", ")
	if err := a4.Execute(w, page); err != nil {
		return fmt.Errorf("making a poster: %w", err)
	}
	return nil
}

// printed is a sheet as the page shows it.
type printed struct {
	Name    string // for whoever prints it
	Dial    string
	Example string // of a message by number
	Card    bool
	Twice   []bool // the cards of a page
	Tongues []tongue
	Rows    []row
}

// tongue is the sentences of one language with everything put in.
type tongue struct {
	Lang  string
	Place string
	say   func(string) string
}

// Steps are the sentences of the card about what to do before and after, in order.
func (p printed) Steps() []string {
	return []string{"inside.alone", "inside.leave", "inside.clear", "inside.clear.text", "inside.honest"}
}

// Say is the sentence of that name.
func (t tongue) Say(name string) string { return t.say(name) }

// row is a number of the card with its meaning in each language.
type row struct {
	Number string
	Means  []meaning
}

type meaning struct{ Lang, Text string }

func (s Sheet) printed(texts *locales.Catalogue) (printed, error) {
	p := printed{Name: strings.TrimSpace(s.Code + " " + s.Place["en"] + " " + s.Club), Dial: s.Dial, Card: s.Code != "", Twice: []bool{false, true}}
	if p.Name == "" {
		p.Name = s.Dial
	}
	if p.Card && s.ShortCode != "" {
		for _, n := range s.Numbers {
			p.Rows = append(p.Rows, row{Number: n.Number})
		}
		if len(s.Numbers) > 0 {
			p.Example = s.Code + " " + s.Numbers[0].Number
		}
	}
	languages := s.Languages
	if len(languages) == 0 {
		languages = []string{locales.Khmer, locales.English}
	}
	for _, lang := range languages {
		if len(p.Tongues) == 2 || !worded(texts, lang) {
			continue
		}
		place := s.Place[lang]
		if place == "" {
			place = s.Place["en"]
		}
		p.Tongues = append(p.Tongues, tongue{Lang: lang, Place: place, say: s.sayer(texts, lang)})
		for i := range p.Rows {
			text := locales.Strip(texts.Text(lang, s.Numbers[i].Key))
			if text == "" {
				return p, fmt.Errorf("making a card: the number %s has no words in %s under %q", s.Numbers[i].Number, lang, s.Numbers[i].Key)
			}
			p.Rows[i].Means = append(p.Rows[i].Means, meaning{lang, text})
		}
	}
	if len(p.Tongues) == 0 {
		return p, fmt.Errorf("making a poster: it is worded in none of %s; add the sentences poster.… to the pack's", strings.Join(languages, ", "))
	}
	return p, nil
}

// worded says whether every sentence is there in a language.
func worded(texts *locales.Catalogue, lang string) bool {
	for name, each := range sentences {
		if each[lang] == "" && !texts.Has(lang, "poster."+name) {
			return false
		}
	}
	return true
}

// Names are the sentences of the pages, by name.
func Names() []string {
	var names []string
	for name := range sentences {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// sayer finds a sentence, the deployment's before ours, and puts the numbers in.
func (s Sheet) sayer(texts *locales.Catalogue, lang string) func(string) string {
	raw := func(name string) string {
		if key := "poster." + name; texts.Has(lang, key) {
			return texts.Text(lang, key)
		}
		return sentences[name][lang]
	}
	fill := strings.NewReplacer("{dial}", s.Dial, "{code}", s.Code, "{short}", s.ShortCode, "{urgent}", strings.Join(s.Urgent, " "+raw("or")+" "))
	return func(name string) string {
		switch {
		case name == "front.text" && s.ShortCode == "", name == "front.urgent" && len(s.Urgent) == 0, name == "inside.urgent" && len(s.Urgent) == 0:
			return ""
		case name == "front.text" && s.Code == "":
			name = "front.text.plain"
		}
		return locales.Strip(fill.Replace(raw(name)))
	}
}
