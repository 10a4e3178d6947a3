package locales

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"github.com/nicksnyder/go-i18n/v2/i18n/template"
	"golang.org/x/text/language"
)

// Khmer and English are the languages that we ship.
const (
	Khmer   = "km"
	English = "en"
)

//go:embed km.toml en.toml readers.toml
var ours embed.FS

// factsNeeded are the facts that our own sentences cannot do without; a deployment gives their values to Load.
var factsNeeded = []string{"child_helpline", "police"}

// Fault is one thing wrong with the sentences, and how to mend it.
type Fault struct {
	File string // as the pack names it; ours are "km.toml" and "en.toml"
	Line int    // 1-based; 0 where the whole file is meant
	Key  string // "" where no one sentence is meant
	What string
	Mend string
}

// Error is the fault on one line: "km.toml:12: leave: what is wrong; how to mend it".
func (f Fault) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d: ", f.File, f.Line)
	if f.Key != "" {
		b.WriteString(f.Key + ": ")
	}
	b.WriteString(f.What)
	if f.Mend != "" {
		b.WriteString("; " + f.Mend)
	}
	return b.String()
}

// Load reads our sentences and then, in order, the *.toml files at the top of each of files, which may replace and add
// sentences and add whole languages. A file is named after its language: km.toml, en.toml, km-Latn.toml.
//
// Facts are the deployment's constants, such as {"child_helpline": "1280", "police": "117"}; they are put in once, so a
// sentence that has no other variable is a plain string afterwards. The two named here must be given; "desk" may be
// given or left to Format.
//
// The error joins every Fault found: a file that does not parse, a misspelt field, a key that a language lacks,
// placeholders that differ. Check looks at the words themselves.
func Load(facts map[string]string, files ...fs.FS) (*Catalogue, error) {
	l := &loader{
		facts:   facts,
		bundle:  i18n.NewBundle(language.MustParse(Khmer)),
		sources: map[string]map[string]source{},
	}
	l.bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	for _, name := range factsNeeded {
		if strings.TrimSpace(facts[name]) == "" {
			l.fault("locales", 0, "", fmt.Sprintf("the fact %q has no value", name), "give its number under help_numbers in pack.yaml")
		}
	}
	for name, value := range facts {
		if strings.Contains(value, "{{") || strings.ContainsRune(value, mark) {
			l.fault("locales", 0, "", fmt.Sprintf("the fact %q holds a placeholder", name), "write the plain value")
		}
	}
	l.read(ours, "", Khmer+".toml", English+".toml")
	l.own = l.rawVars()
	for _, f := range files {
		if f == nil {
			continue
		}
		names, err := fs.Glob(f, "*.toml")
		if err != nil {
			return nil, fmt.Errorf("listing sentences: %w", err)
		}
		l.read(f, "locales/", names...)
	}
	l.compare()
	if len(l.faults) > 0 {
		return nil, l.joined()
	}
	c := l.render()
	if len(l.faults) > 0 {
		return nil, l.joined()
	}
	return c, nil
}

type loader struct {
	facts   map[string]string
	bundle  *i18n.Bundle
	sources map[string]map[string]source
	files   map[string]string              // lang → the first file of it
	own     map[string]map[string][]string // lang → key → variables of our own sentences
	faults  []Fault
}

func (l *loader) fault(file string, line int, key, what, mend string) {
	l.faults = append(l.faults, Fault{File: file, Line: line, Key: key, What: what, Mend: mend})
}

func (l *loader) joined() error {
	slices.SortStableFunc(l.faults, func(a, b Fault) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	errs := make([]error, len(l.faults))
	for i, f := range l.faults {
		errs[i] = f
	}
	return errors.Join(errs...)
}

func (l *loader) read(f fs.FS, folder string, names ...string) {
	for _, name := range names {
		shown := folder + name
		buf, err := fs.ReadFile(f, name)
		if err != nil {
			l.fault(shown, 0, "", "the file cannot be read: "+err.Error(), "")
			continue
		}
		lang := strings.TrimSuffix(path.Base(name), ".toml")
		if i := strings.LastIndexByte(lang, '.'); i >= 0 {
			lang = lang[i+1:]
		}
		if strings.EqualFold(lang, "kh") {
			l.fault(shown, 0, "", `"kh" is the country, not the language`, "name the file km.toml")
			continue
		}
		tag, err := language.Parse(lang)
		if err != nil {
			l.fault(shown, 0, "", fmt.Sprintf("%q is not a language", lang), "name the file after its language, such as km.toml or km-Latn.toml")
			continue
		}
		l.readFile(shown, lang, tag, buf)
	}
}

func (l *loader) readFile(file, lang string, tag language.Tag, buf []byte) {
	var tree map[string]any
	if err := toml.Unmarshal(buf, &tree); err != nil {
		line, what := 0, err.Error()
		var parse toml.ParseError
		if errors.As(err, &parse) {
			line, what = parse.Position.Line, parse.Message
		}
		l.fault(file, line, "", "this is not TOML: "+what, `write each sentence as "key" = "words"`)
		return
	}
	if l.files == nil {
		l.files = map[string]string{}
	}
	if l.files[lang] == "" {
		l.files[lang] = file
	}
	before := len(l.faults)
	lines := keyLines(string(buf))
	l.checkTree(file, "", tree, lines)
	if len(l.faults) > before {
		return
	}
	messages, err := i18n.ParseMessageBytes(buf, toml.Unmarshal)
	if err != nil {
		l.fault(file, 0, "", err.Error(), `write each sentence as "key" = "words"`)
		return
	}
	if l.sources[lang] == nil {
		l.sources[lang] = map[string]source{}
	}
	for _, m := range messages {
		line := lines[m.ID]
		if line == 0 {
			line = lines[m.ID+".other"]
		}
		l.checkMessage(file, line, m)
		l.sources[lang][m.ID] = source{file: file, line: line, raw: m.Other}
	}
	if err := l.bundle.AddMessages(tag, messages...); err != nil {
		l.fault(file, 0, "", err.Error(), "use a language with known plural rules")
	}
}

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
		if our, ok := l.own[Khmer][key]; ok {
			want = our
		}
		for _, lang := range langs {
			s, ok := l.sources[lang][key]
			if !ok {
				at := union[key]
				l.fault(at.file, at.line, key, fmt.Sprintf("the key is missing in the language %q", lang), "add it to "+l.files[lang])
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
		return bound || slices.Contains(factsNeeded, n)
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
	c.langs = []string{Khmer, English}
	for _, lang := range slices.Sorted(maps.Keys(c.tongues)) {
		if lang != Khmer && lang != English {
			c.langs = append(c.langs, lang)
		}
	}
	tags := make([]language.Tag, len(c.langs))
	for i, lang := range c.langs {
		tags[i] = language.Make(lang)
	}
	c.matcher = language.NewMatcher(tags)
	c.keys = slices.Sorted(maps.Keys(c.tongues[Khmer].messages))
	r, err := loadReaders()
	if err != nil {
		l.fault("readers.toml", 0, "", err.Error(), "")
	}
	c.readers = r
	return c
}
