// Package locales holds every sentence that a phone can show, in Khmer first and in English, and fits it to the phone's screen.
// It decides nothing about a caller and does no I/O beyond the files that it is given at load.
package locales

import (
	"maps"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// Catalogue is the sentences of one deployment: ours, a pack's on top, with the deployment's facts put in.
// It never changes once loaded, so any number of goroutines may read it.
type Catalogue struct {
	tongues map[string]*tongue
	langs   []string // as Languages gives them
	matcher language.Matcher
	keys    []string
	readers readers
	sources map[string]map[string]source   // lang, key
	letters map[string]*unicode.RangeTable // the script of each language that is not ours; empty where all are
}

// tongue is the sentences of one language.
type tongue struct {
	messages map[string]message
}

// message is one sentence. text is the whole of it where nothing is left to fill in; else parts alternate between
// words and names: parts[0] words, parts[1] a name, parts[2] words, and so on.
type message struct {
	text  string
	parts []string
}

// source says where a sentence was written.
type source struct {
	file string
	line int
	raw  string // before facts are put in
	pass int    // with which set of files it came
}

// Text returns the sentence of key in lang, with its break hints (U+200B) still in it: Pages and Strip take them out.
// An unknown key gives "", which Load and a definition's own check have ruled out before; a sentence that still has
// variables gives its words with the variables left empty.
func (c *Catalogue) Text(lang, key string) string {
	m, ok := c.message(lang, key)
	if !ok {
		return ""
	}
	if m.parts != nil {
		return m.fill(nil)
	}
	return m.text
}

// Format returns the sentence of key in lang with vars put in. An empty or missing variable leaves no hole: doubled
// spaces become one, and a space before ។ ៖ or a Latin mark goes.
//
// The sentence was parsed, matched and rendered once by go-i18n at Load; here only the compiled parts are joined.
// Localize costs several times as much for the same result (BenchmarkFormat beside BenchmarkFormatByI18n), and a
// screen has six or seven sentences in a budget of ten microseconds.
func (c *Catalogue) Format(lang, key string, vars map[string]string) string {
	m, ok := c.message(lang, key)
	if !ok {
		return ""
	}
	if m.parts == nil {
		return m.text
	}
	return m.fill(vars)
}

// Has reports whether key has a sentence in lang.
func (c *Catalogue) Has(lang, key string) bool {
	_, ok := c.message(lang, key)
	return ok
}

// Keys returns every key, sorted.
func (c *Catalogue) Keys() []string { return slices.Clone(c.keys) }

// Vars returns the names that a caller of Format must give for key, sorted; facts bound at Load are not among them.
func (c *Catalogue) Vars(key string) []string {
	names := map[string]bool{}
	for _, t := range c.tongues {
		for i, p := range t.messages[key].parts {
			if i%2 == 1 {
				names[p] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// Languages returns the codes of the languages: those that LoadOnly was given, in that order, else Khmer, English and
// romanised Khmer, then a pack's by name.
func (c *Catalogue) Languages() []string { return slices.Clone(c.langs) }

// Match returns the language of ours that serves lang best: "km-KH" and "kh", which people write, are "km", and "km-latn"
// is "km-Latn"; an unknown or empty language is the first, Khmer unless LoadOnly was given another.
func (c *Catalogue) Match(lang string) string {
	if _, ok := c.tongues[lang]; ok {
		return lang
	}
	if low := strings.ToLower(lang); low == "kh" || strings.HasPrefix(low, "kh-") {
		lang = Khmer + low[2:]
	}
	tag, err := language.Parse(lang)
	if err != nil {
		return c.langs[0]
	}
	// The index and not the tag: the matcher answers km-KH with a longer tag than the one that we hold. It would also give
	// English to one who asks for Khmer, which most readers of Khmer do not read.
	_, i, _ := c.matcher.Match(tag)
	want, _ := tag.Base()
	if have, _ := language.Make(c.langs[i]).Base(); have != want {
		return c.langs[0]
	}
	return c.langs[i]
}

func (c *Catalogue) message(lang, key string) (message, bool) {
	t, ok := c.tongues[lang]
	if !ok {
		t = c.tongues[c.Match(lang)]
	}
	m, ok := t.messages[key]
	return m, ok
}

// fill joins the parts, mending the holes that empty variables leave.
func (m message) fill(vars map[string]string) string {
	size, hole := 0, false
	for i, p := range m.parts {
		if i%2 == 1 {
			v := vars[p]
			hole = hole || v == ""
			size += len(v)
			continue
		}
		size += len(p)
	}
	var b strings.Builder
	b.Grow(size)
	for i, p := range m.parts {
		if i%2 == 1 {
			p = vars[p]
		}
		b.WriteString(p)
	}
	if !hole {
		return b.String()
	}
	return mendHoles(b.String())
}

// mendHoles takes out the doubled spaces and the space before a mark that an empty variable leaves, and spaces at the ends.
func mendHoles(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		if r == ' ' {
			space = true
			continue
		}
		if space && b.Len() > 0 && !strings.ContainsRune("។៖ៗ.,:;?\n", r) {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
	}
	return b.String()
}
