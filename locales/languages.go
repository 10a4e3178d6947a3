package locales

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// Ours are the codes of the languages that we ship.
func Ours() []string { return []string{Khmer, English, LatinKhmer} }

// Code returns a language's code as it is written, such as km-Latn for km-latn; ok is false for what is no language.
func Code(lang string) (code string, ok bool) {
	tag, err := language.Parse(lang)
	if err != nil || strings.EqualFold(lang, "kh") {
		return "", false
	}
	return tag.String(), true
}

// EnglishFiles are our English files by name, for whoever begins a language.
func EnglishFiles() map[string][]byte {
	files := map[string][]byte{}
	for _, name := range ourFiles() {
		if lang, _ := languageOf(name); lang == English {
			body, err := ours.ReadFile(name)
			if err != nil {
				panic(err) // it was listed
			}
			files[name] = body
		}
	}
	return files
}

// FilesOf returns the names of the files at the top of f that hold sentences of a language.
func FilesOf(f fs.FS, lang string) (found []string) {
	names, err := fs.Glob(f, "*.toml")
	if err != nil {
		panic(err) // the pattern is ours
	}
	for _, name := range names {
		said, _ := languageOf(name)
		if code, ok := Code(said); ok && code == lang {
			found = append(found, name)
		}
	}
	return found
}

// unspoken reports whether a sentence is the name of a language that the deployment does not speak: it is offered to nobody.
func (l *loader) unspoken(key string) bool {
	name, ok := strings.CutPrefix(key, "report.language.")
	return ok && l.langs != nil && !slices.ContainsFunc(l.langs, func(lang string) bool { return languageKey(lang) == name })
}

// languageKey is how the key of a language's name ends: km_latn for km-Latn.
func languageKey(lang string) string { return strings.ReplaceAll(strings.ToLower(lang), "-", "_") }

// languageOf returns the language that a file is named after, as it is written there, and what stands before it: "km" and
// "learn." of learn.km.toml.
func languageOf(name string) (lang, subject string) {
	lang = strings.TrimSuffix(path.Base(name), ".toml")
	if i := strings.LastIndexByte(lang, '.'); i >= 0 {
		lang, subject = lang[i+1:], lang[:i+1]
	}
	return lang, subject
}

// letters are the scripts of the languages that are not ours.
func (l *loader) letters(langs []string) map[string]*unicode.RangeTable {
	scripts := map[string]*unicode.RangeTable{}
	for _, lang := range langs {
		if !slices.Contains(Ours(), lang) {
			scripts[lang] = lettersOf(l.sources[lang])
		}
	}
	return scripts
}
