package locales

import (
	"encoding/csv"
	"os"
	"strings"
	"testing"
)

func TestDetectLanguage(t *testing.T) {
	t.Parallel()
	buf, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for i, line := range strings.Split(string(buf), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		want, text, ok := strings.Cut(line, "\t")
		if !ok {
			t.Fatalf("messages.txt:%d: no tab", i+1)
		}
		seen[want]++
		if want == "-" {
			want = ""
		}
		if got := DetectLanguage(text); got != want {
			t.Errorf("messages.txt:%d: %q is %q, want %q", i+1, text, got, want)
		}
	}
	for _, lang := range []string{Khmer, LatinKhmer, English} {
		if seen[lang] < 60 {
			t.Errorf("%d messages in %s, want at least 60", seen[lang], lang)
		}
	}
	if got := DetectLanguage(""); got != "" {
		t.Errorf("nothing is %q", got)
	}
}

// A caller writes as our sentences do, only shorter: no English one passes for romanised Khmer, and of the romanised ones of
// four words and more nearly all are known.
func TestDetectLanguageOfOurSentences(t *testing.T) {
	t.Parallel()
	c := loadOurs(t)
	latin, told := 0, 0
	for _, key := range c.Keys() {
		if got := DetectLanguage(c.Text(English, key)); got == LatinKhmer {
			t.Errorf("%s: %q passes for romanised Khmer", key, c.Text(English, key))
		}
		if text := c.Text(LatinKhmer, key); strings.Count(text, " ") >= 3 {
			latin++
			if DetectLanguage(text) == LatinKhmer {
				told++
			}
		}
	}
	if told*100 < latin*90 {
		t.Errorf("of %d romanised sentences of four words and more only %d are known", latin, told)
	}
	t.Logf("%d of %d romanised sentences of four words and more are known", told, latin)
}

// A place is written alike in every language: no name, alone or with those above it, passes for romanised Khmer.
func TestPlaceNamesDecideNothing(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../internal/gazetteer/cambodia.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	names := map[string]string{}
	for _, row := range rows[1:] {
		code, name := row[column["code"]], row[column["name_latin"]]
		names[code] = name
		texts := []string{name, "Khum " + name}
		if len(code) == 6 {
			texts = append(texts, name+" "+names[code[:4]]+" "+names[code[:2]],
				"khum "+name+", srok "+names[code[:4]]+", khet "+names[code[:2]])
		}
		for _, text := range texts {
			if got := DetectLanguage(text); got == LatinKhmer {
				t.Errorf("%q is taken for romanised Khmer", text)
			}
		}
	}
	if len(names) < 1800 {
		t.Errorf("only %d places", len(names))
	}
}

func FuzzDetectLanguage(f *testing.F) {
	f.Add("juoy khnhom")
	f.Add("ជួយ")
	f.Add("k'\xff2'")
	f.Fuzz(func(t *testing.T, text string) {
		switch got := DetectLanguage(text); got {
		case "", Khmer, English, LatinKhmer:
		default:
			t.Errorf("%q is %q", text, got)
		}
	})
}
