package locales

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
)

// placeholder is the only template word that a sentence may hold.
var placeholder = regexp.MustCompile(`\{\{\s*\.([a-z][a-z0-9_]*)\s*\}\}`)

func (l *loader) checkMessage(file string, line int, m *i18n.Message) {
	if strings.TrimSpace(m.Other) == "" {
		l.fault(file, line, m.ID, "the sentence is empty", "write it")
	}
	if rest := placeholder.ReplaceAllString(m.Other, ""); strings.Contains(rest, "{{") || strings.Contains(rest, "}}") {
		l.fault(file, line, m.ID, "a placeholder is not of the form {{.name}}", "write {{.name}} in small letters, with no other template words")
	}
	if strings.ContainsRune(m.Other, mark) {
		l.fault(file, line, m.ID, "the sentence holds a control character", "take it out")
	}
}

// varsOf returns the names of the placeholders in raw, sorted.
func varsOf(raw string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(raw, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (l *loader) rawVars() map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for lang, keys := range l.sources {
		all[lang] = map[string][]string{}
		for key, s := range keys {
			all[lang][key] = varsOf(s.raw)
		}
	}
	return all
}

// compare holds the languages against each other, and a pack's sentence against ours that it replaces.
func (l *loader) compare() {
	langs := slices.Sorted(maps.Keys(l.sources))
	union := map[string]source{}
	for _, lang := range langs {
		for key, s := range l.sources[lang] {
			if _, ok := union[key]; !ok || lang == Khmer {
				union[key] = s
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(union)) {
		want := varsOf(union[key].raw)
		for _, lang := range []string{Khmer, English, LatinKhmer} {
			if our, ok := l.own[lang][key]; ok {
				want = our
				break
			}
		}
		for _, lang := range langs {
			s, ok := l.sources[lang][key]
			if !ok && (l.unspoken(key) || strings.HasPrefix(key, "poster.")) {
				continue
			}
			if !ok {
				at := union[key]
				l.fault(at.file, at.line, key, fmt.Sprintf("the key is missing in the language %q", lang), "add it to "+l.homeOf(lang, at.file))
				continue
			}
			if got := varsOf(s.raw); !slices.Equal(l.variables(got), l.variables(want)) {
				l.fault(s.file, s.line, key, fmt.Sprintf("the placeholders are %s, elsewhere %s", listed(l.variables(got)), listed(l.variables(want))), "use the same in every language")
			}
		}
	}
}

// variables leaves out the facts: a language may name the helpline in a sentence where another does not.
func (l *loader) variables(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool {
		_, bound := l.facts[n]
		return bound || slices.Contains(factsNeeded, n) || standIns[n] != ""
	})
}

func listed(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "{{." + strings.Join(names, "}} {{.") + "}}"
}

// mark stands on both sides of a variable's name while go-i18n renders a sentence, so that the result can be taken apart.
const mark = '\x00'

// render lets go-i18n render every sentence once, with the facts and with a marked name for every variable, and keeps
// the result as a plain string or as parts. A placeholder that is neither is an error (missingkey=error).
func (l *loader) render() *Catalogue {
	c := &Catalogue{tongues: map[string]*tongue{}, sources: l.sources}
	parser := &template.TextParser{Option: "missingkey=error"}
	for lang, keys := range l.sources {
		localizer := i18n.NewLocalizer(l.bundle, lang)
		t := &tongue{messages: make(map[string]message, len(keys))}
		for key, s := range keys {
			data := map[string]string{}
			for _, name := range varsOf(s.raw) {
				value, bound := l.facts[name]
				if !bound {
					value = string(mark) + name + string(mark)
				}
				data[name] = value
			}
			text, tag, err := localizer.LocalizeWithTag(&i18n.LocalizeConfig{MessageID: key, TemplateData: data, TemplateParser: parser})
			if err != nil {
				l.fault(s.file, s.line, key, "rendering the sentence: "+err.Error(), "")
				continue
			}
			if tag != language.Make(lang) {
				l.fault(s.file, s.line, key, fmt.Sprintf("the sentence of %q was answered for %q", tag, lang), "name the file by its plain language code")
				continue
			}
			m := message{text: text}
			if strings.ContainsRune(text, mark) {
				m = message{parts: strings.Split(text, string(mark))}
			}
			t.messages[key] = m
		}
		c.tongues[lang] = t
	}
	c.langs = l.langs
	if c.langs == nil {
		c.langs = []string{Khmer, English, LatinKhmer}
		for _, lang := range slices.Sorted(maps.Keys(c.tongues)) {
			if !slices.Contains(c.langs, lang) {
				c.langs = append(c.langs, lang)
			}
		}
	}
	c.letters = l.letters(c.langs)
	tags := make([]language.Tag, len(c.langs))
	for i, lang := range c.langs {
		tags[i] = language.Make(lang)
	}
	c.matcher = language.NewMatcher(tags)
	c.keys = slices.Sorted(maps.Keys(c.tongues[c.langs[0]].messages))
	r, err := loadReaders()
	if err != nil {
		l.fault("readers.toml", 0, "", err.Error(), "")
	}
	c.readers = r
	return c
}
