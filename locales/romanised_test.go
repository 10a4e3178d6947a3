package locales

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

var update = flag.Bool("update", false, "write km-latn.toml again from the Khmer sentences and lexicon.toml")

// latinFile is romanised Khmer, in one file.
const latinFile = "km-latn.toml"

// sameInAll are shown before the language is known, and so are the same in every file.
var sameInAll = []string{"report.language.km", "report.language.en", "report.language.km_latn", "nav.leave_both"}

func loadLexicon(tb testing.TB) map[string]string {
	tb.Helper()
	lexicon := map[string]string{}
	if _, err := toml.DecodeFile("lexicon.toml", &lexicon); err != nil {
		tb.Fatal(err)
	}
	return lexicon
}

// tokens takes a Khmer sentence apart: Khmer words of the lexicon, placeholders, digits, marks, spaces.
var tokenParts = regexp.MustCompile(`\{\{[^}]*\}\}|គ\.ក\.ន\.ក|[\x{1780}-\x{17d3}\x{17dd}]+|ៗ|[0-9][0-9:/-]*|[A-Za-z]+|\\n|.`)

// romanise writes a Khmer sentence in Latin letters, word by word. Runs of Khmer are divided into as few words of the
// lexicon as cover them; sentences begin with a capital where capital is set.
func romanise(lexicon map[string]string, text string, capital bool) (string, error) {
	var words []string // of the sentence, in order; marks hang on the one before
	hang := func(mark string) {
		if len(words) > 0 {
			words[len(words)-1] += mark
		} else {
			words = append(words, mark)
		}
	}
	lineStart := false
	add := func(w string) {
		if lineStart {
			words[len(words)-1] += w
			lineStart = false
			return
		}
		words = append(words, w)
	}
	parts := tokenParts.FindAllString(Strip(text), -1)
	for i, part := range parts {
		switch first, _ := utf8.DecodeRuneInString(part); {
		case part == " ":
			if i > 0 && i < len(parts)-1 && isKhmer(parts[i-1]) && isKhmer(parts[i+1]) && !joining(parts[i+1]) {
				hang(",")
			}
		case part == `\n`:
			hang(`\n`)
			lineStart = true
		case part == "។":
			hang(".")
		case part == "៖":
			hang(":")
		case part == "ៗ":
			add(words[len(words)-1])
		case strings.ContainsAny(part, "?.,:") && len(part) == 1:
			hang(part)
		case unicode.Is(unicode.Khmer, first):
			divided, ok := divide(lexicon, part)
			if !ok {
				return "", fmt.Errorf("%q of %q cannot be divided into words of lexicon.toml (%v)", part, text, divided)
			}
			for _, w := range divided {
				add(lexicon[w])
			}
		default:
			add(part)
		}
	}
	line := strings.Join(words, " ")
	if capital {
		line = sentenceStart.ReplaceAllStringFunc(line, func(at string) string {
			return at[:len(at)-1] + strings.ToUpper(at[len(at)-1:])
		})
	}
	return line, nil
}

// isKhmer reports whether a part is a run of Khmer words, or the mark that doubles one. A space between two such stands
// where a speaker pauses; in Latin letters, where every word has a space, that becomes a comma.
func isKhmer(part string) bool {
	first, _ := utf8.DecodeRuneInString(part)
	return unicode.Is(unicode.Khmer, first) && part != "។" && part != "៖" && !strings.Contains(part, ".")
}

// joining reports whether a run begins with "or" or "and", before which no comma stands.
func joining(part string) bool {
	return strings.HasPrefix(part, "ឬ") || strings.HasPrefix(part, "និង")
}

var sentenceStart = regexp.MustCompile(`(?:^|[.?] |\\n)[a-z]`)

// divide covers run with as few words of the lexicon as can be; of two ways, the one whose first word is longer.
func divide(lexicon map[string]string, run string) ([]string, bool) {
	best := make([][]string, len(run)+1)
	best[len(run)] = []string{}
	for i := len(run) - 1; i >= 0; i-- {
		for j := len(run); j > i; j-- {
			rest := best[j]
			if rest == nil {
				continue
			}
			if next, _ := utf8.DecodeRuneInString(run[j:]); j < len(run) && unicode.IsMark(next) {
				continue
			}
			if _, known := lexicon[run[i:j]]; known && (best[i] == nil || len(rest)+1 < len(best[i])) {
				best[i] = append([]string{run[i:j]}, rest...)
			}
		}
	}
	if best[0] != nil {
		return best[0], true
	}
	for i := 0; i <= len(run); i++ { // what could be read from the end, for the message
		if best[i] != nil {
			return best[i], false
		}
	}
	return nil, false
}

// khmerSources are the Khmer sentences as they are written, with \n for a line break, by file; they are read here and not by
// Load, so that a sentence that km-latn.toml lacks yet can be written into it.
func khmerSources(tb testing.TB) (files []string, sentences map[string][]khmerSource) {
	tb.Helper()
	sentences = map[string][]khmerSource{}
	for _, name := range ourFiles() {
		if lang, _ := languageOf(name); lang != Khmer {
			continue
		}
		files = append(files, name)
		buf, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		for i, line := range strings.Split(string(buf), "\n") {
			if m := khmerLine.FindStringSubmatch(line); m != nil {
				sentences[name] = append(sentences[name], khmerSource{key: m[1], raw: m[2], line: i + 1})
			} else if strings.HasPrefix(line, "# ---- ") {
				sentences[name] = append(sentences[name], khmerSource{heading: line, line: i + 1})
			}
		}
	}
	return files, sentences
}

type khmerSource struct {
	key, raw string
	heading  string // instead of a sentence
	line     int
}

// romanised is what km-latn.toml must hold: every Khmer sentence in Latin letters, by key.
func romanised(tb testing.TB) map[string]string {
	tb.Helper()
	lexicon := loadLexicon(tb)
	who, err := loadReaders()
	if err != nil {
		tb.Fatal(err)
	}
	want := map[string]string{}
	files, sentences := khmerSources(tb)
	for _, name := range files {
		for _, s := range sentences[name] {
			switch {
			case s.heading != "":
				continue
			case slices.Contains(sameInAll, s.key):
				want[s.key] = s.raw
				continue
			}
			text, err := romanise(lexicon, s.raw, who.of(s.key)&OfficerWord == 0)
			if err != nil {
				tb.Errorf("%s:%d: %s: %v", name, s.line, s.key, err)
			}
			want[s.key] = text
		}
	}
	return want
}

// Romanised Khmer is the Khmer sentence, word by word: so it has been read, doubted and translated back with it.
func TestRomanisedIsTheKhmer(t *testing.T) {
	want := romanised(t)
	if *update && !t.Failed() {
		if err := os.WriteFile(latinFile, []byte(latinToml(t, want)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got map[string]string
	if _, err := toml.DecodeFile(latinFile, &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("%d sentences in %s, %d in Khmer", len(got), latinFile, len(want))
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if text := strings.ReplaceAll(got[key], "\n", `\n`); text != want[key] {
			t.Errorf("%s is %q in %s, the Khmer sentence gives %q", key, text, latinFile, want[key])
		}
	}
}

// latinToml writes the file, in the order and under the headings of the Khmer files.
func latinToml(tb testing.TB, want map[string]string) string {
	tb.Helper()
	var b strings.Builder
	b.WriteString("# Khmer in Latin letters, for phones without Khmer. Each sentence is the one of the Khmer files, word by word, in the spellings of\n" +
		"# lexicon.toml (SPELLING.md says how they were chosen), so what is said there of a sentence holds here. GSM alphabet only.\n" +
		"# Written by: go test ./locales -run TestRomanisedIsTheKhmer -update\n")
	files, sentences := khmerSources(tb)
	for _, name := range files {
		fmt.Fprintf(&b, "\n# ==== %s ====\n", name)
		for i, s := range sentences[name] {
			if s.heading != "" {
				fmt.Fprintf(&b, "\n%s\n\n", s.heading)
				continue
			}
			if i == 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "%q = \"%s\"\n", s.key, want[s.key])
		}
	}
	return b.String()
}

// shareSpelling are the Khmer words that people write alike in Latin letters; any other two differ in lexicon.toml.
var shareSpelling = [][]string{{"សូម", "សុំ"}, {"អ្នក", "នាក់"}}

// The lexicon is the guide that a writer follows: our own form of Khmer, plain small letters, one spelling a word.
func TestLexicon(t *testing.T) {
	t.Parallel()
	lexicon := loadLexicon(t)
	plain := regexp.MustCompile(`^[a-z]+( [a-z]+)?( [a-z]+)?$`)
	bySpelling := map[string][]string{}
	for word, spelling := range lexicon {
		if faults := Normal(word); faults != nil {
			t.Errorf("%s is not in our form: %v", word, faults)
		}
		if !plain.MatchString(spelling) && !slices.Contains(abbreviations, spelling) {
			t.Errorf("%s is spelled %q; write small letters without marks", word, spelling)
		}
		if bad := Lint(LatinKhmer, spelling, Inside); bad != nil {
			t.Errorf("%s: networks swallow %v", word, bad)
		}
		bySpelling[spelling] = append(bySpelling[spelling], word)
	}
	for spelling, words := range bySpelling {
		slices.Sort(words)
		if len(words) > 1 && !slices.ContainsFunc(shareSpelling, func(s []string) bool {
			s = slices.Sorted(slices.Values(s))
			return slices.Equal(s, words)
		}) {
			t.Errorf("%q stands for %v; spell them apart, or name them in shareSpelling", spelling, words)
		}
	}
	// Every word is used: the table is of what we say, not of Khmer.
	used := strings.Builder{}
	_, sentences := khmerSources(t)
	for _, of := range sentences {
		for _, s := range of {
			for _, run := range tokenParts.FindAllString(Strip(s.raw), -1) {
				if words, ok := divide(lexicon, run); ok {
					used.WriteString(" " + strings.Join(words, " ") + " ")
				}
			}
		}
	}
	for word := range lexicon {
		if !strings.Contains(used.String(), " "+word+" ") {
			t.Errorf("no sentence has %s any more; take it out", word)
		}
	}
}

// abbreviations are written in capitals and read letter by letter.
var abbreviations = []string{"KKNK"}

// Every word of km-latn.toml is a spelling of the lexicon, a digit, or one of the words that stay in another language.
func TestRomanisedWordsAreOfTheLexicon(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, spelling := range loadLexicon(t) {
		for _, w := range strings.Fields(spelling) {
			known[strings.ToLower(w)] = true
		}
	}
	c := loadOurs(t)
	for _, key := range c.Keys() {
		if slices.Contains(sameInAll, key) {
			continue
		}
		text := placeholder.ReplaceAllString(c.sources[LatinKhmer][key].raw, " ")
		for _, w := range latinWords(text) {
			if !known[w] {
				t.Errorf("%s: %q is in no spelling of lexicon.toml", key, w)
			}
		}
	}
}

// What must not be said in Khmer must not be said in Latin letters: each spelling of a word that the Khmer list holds is
// held by the romanised list too.
func TestExposedWordsAreKnownInLatinLetters(t *testing.T) {
	t.Parallel()
	lexicon := loadLexicon(t)
	held := 0
	for word, spelling := range lexicon {
		if bad := Lint(Khmer, word, Neutral); bad != nil {
			held++
			if Lint(LatinKhmer, spelling, Neutral) == nil {
				t.Errorf("%s (%s) is not to be shown to a stranger, %q is; add it to exposedOurs", word, strings.Join(bad, ", "), spelling)
			}
		} else if bad := Lint(Khmer, word, ReporterSMS); bad != nil && Lint(LatinKhmer, spelling, ReporterSMS) == nil {
			t.Errorf("%s is a word for \"you\", %q is not known as one; add it to addressRomanised", word, spelling)
		}
	}
	if held < 35 {
		t.Errorf("only %d words of the lexicon are on the list", held)
	}
}

// SPELLING.md says by which letter a word begins; the lexicon keeps to it.
func TestSpellingBeginsByTheRule(t *testing.T) {
	t.Parallel()
	first := map[rune]string{}
	for _, row := range strings.Fields(`កk ខkh គk ឃkh ងng ចch ឆchh ជj ឈchh ញnh ដd ណn តtd ថth ទt ធth នn បbp ផph ពp ភph មm យy រr លl វv សs ហh ឡl ឌd ឋth
		អaeoiu ឥe ឧu ឪo ឬr ឯe ឱo`) {
		r, size := utf8.DecodeRuneInString(row)
		first[r] = row[size:]
	}
	for word, spelling := range loadLexicon(t) {
		r, _ := utf8.DecodeRuneInString(word)
		letters := first[r]
		ok := strings.HasPrefix(strings.ToLower(spelling), letters)
		if r == 'ប' || r == 'ត' || r == 'អ' { // either letter of the rule
			ok = strings.ContainsRune(letters, rune(spelling[0]))
		}
		if letters == "" || !ok && !slices.Contains(borrowed, spelling) {
			t.Errorf("%s is spelled %q, the rule begins it with %q", word, spelling, letters)
		}
	}
}

// borrowed words are written as in English, and neak as everybody writes it.
var borrowed = []string{"code", "club", "internet", "neak", "lok neak"}
