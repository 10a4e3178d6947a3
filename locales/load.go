package locales

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Khmer, English, and Khmer in Latin letters for phones that have no others, are the languages that we ship.
const (
	Khmer      = "km"
	English    = "en"
	LatinKhmer = "km-Latn"
)

//go:embed km.toml en.toml km-latn.toml *.km.toml *.en.toml readers.toml
var ours embed.FS

// notSentences are our own files that hold no sentences.
var notSentences = []string{"readers.toml"}

// ourFiles are our own files of sentences: km.toml and every subject's beside it, such as learn.km.toml, language by language.
func ourFiles() []string {
	names, err := fs.Glob(ours, "*.toml")
	if err != nil {
		panic(err) // the pattern is ours
	}
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(notSentences, name) })
}

// factsNeeded are the facts that our own sentences cannot do without; a deployment gives their values to Load.
var factsNeeded = []string{"child_helpline", "police"}

// standIns are the facts that a deployment may leave out, and the one whose value they then have: a counselling line for one harm is the
// child helpline where nobody named another.
var standIns = map[string]string{"self_harm_line": "child_helpline", "bullying_line": "child_helpline"}

// withStandIns is the facts with those that were left out.
func withStandIns(facts map[string]string) map[string]string {
	all := maps.Clone(facts)
	for name, other := range standIns {
		if value := facts[other]; facts[name] == "" && value != "" {
			all[name] = value
		}
	}
	return all
}

// Fault is one thing wrong with the sentences, and how to mend it.
type Fault struct {
	File string // as the pack names it, such as "locales/km.toml"; ours have no folder
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
// sentences and add whole languages. A file is named after its language, and may say its subject before it: km.toml,
// en.toml, km-latn.toml, learn.km.toml. What one file of a language holds, another of it may not; a pack's may replace it.
//
// Facts are the deployment's constants, such as {"child_helpline": "1280", "police": "117"}; they are put in once, so a
// sentence that has no other variable is a plain string afterwards. The two named here must be given; "desk" may be
// given or left to Format.
//
// The error joins every Fault found: a file that does not parse, a misspelt field, a key that a language lacks,
// placeholders that differ. Check looks at the words themselves.
func Load(facts map[string]string, files ...fs.FS) (*Catalogue, error) {
	return LoadOnly(nil, facts, files...)
}

// LoadOnly is Load for a deployment that speaks only some languages, such as {"km", "en", "km-Latn"}, or others than ours:
// files of any other language are left aside, so a pack's new sentence need not be written in them. The first language is
// the one to fall back to. None given means all that there are, Khmer first.
func LoadOnly(languages []string, facts map[string]string, files ...fs.FS) (*Catalogue, error) {
	l := &loader{
		facts:   withStandIns(facts),
		langs:   slices.Clone(languages),
		bundle:  i18n.NewBundle(language.MustParse(Khmer)),
		sources: map[string]map[string]source{},
		files:   map[string][]string{},
	}
	for i, lang := range l.langs {
		tag, err := language.Parse(lang)
		if err != nil {
			l.fault("locales", 0, "", fmt.Sprintf("%q is not a language", lang), "write a language code such as km or km-Latn")
			continue
		}
		l.langs[i] = tag.String()
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
	l.read(ours, "", ourFiles()...)
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
	for _, lang := range l.langs {
		if l.files[lang] == nil {
			l.fault("locales", 0, "", fmt.Sprintf("the language %q has no sentences", lang), "write them in locales/"+strings.ToLower(lang)+".toml")
		}
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
	langs   []string // those wanted; none means all
	bundle  *i18n.Bundle
	sources map[string]map[string]source
	files   map[string][]string            // lang → its files, as they were read
	own     map[string]map[string][]string // lang → key → variables of our own sentences
	pass    int                            // which set of files is being read: ours is 1
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
	l.pass++
	for _, name := range names {
		shown := folder + name
		buf, err := fs.ReadFile(f, name)
		if err != nil {
			l.fault(shown, 0, "", "the file cannot be read: "+err.Error(), "")
			continue
		}
		lang, subject := languageOf(name)
		if strings.EqualFold(lang, "kh") {
			l.fault(shown, 0, "", `"kh" is the country, not the language`, "name the file "+subject+"km.toml")
			continue
		}
		tag, err := language.Parse(lang)
		if err != nil {
			l.fault(shown, 0, "", fmt.Sprintf("%q is not a language", lang), "name the file after its language, such as km.toml or learn.km.toml")
			continue
		}
		if l.langs == nil || slices.Contains(l.langs, tag.String()) {
			l.readFile(shown, tag.String(), tag, buf)
		}
	}
}

// homeOf names the file in which a sentence of lang belongs that stands in the file at in another language: beside it the one
// of the same subject, if there is one, else the language's own.
func (l *loader) homeOf(lang, at string) string {
	_, subject := languageOf(at)
	folder, own := strings.TrimSuffix(at, path.Base(at)), strings.ToLower(lang)+".toml"
	for _, file := range l.files[lang] {
		if strings.EqualFold(file, folder+subject+own) {
			return file
		}
	}
	return folder + own
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
	l.files[lang] = append(l.files[lang], file)
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
		if twin, ok := l.sources[lang][m.ID]; ok && twin.pass == l.pass {
			l.fault(file, line, m.ID, fmt.Sprintf("the sentence stands in %s:%d too", twin.file, twin.line), "write it in one of them")
		}
		l.sources[lang][m.ID] = source{file: file, line: line, raw: m.Other, pass: l.pass}
	}
	if err := l.bundle.AddMessages(tag, messages...); err != nil {
		l.fault(file, 0, "", err.Error(), "use a language with known plural rules")
	}
}
