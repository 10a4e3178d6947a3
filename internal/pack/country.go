package pack

import (
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"

	"chumrok/internal/phone"
	"chumrok/locales"
)

// Spoken is what people of the country write where a digit is asked, beside what is understood everywhere.
type Spoken struct {
	Numbers map[string]int    // words for 0 to 9
	Answers map[string]string // an officer's words → the English word that stands for the same digit: take, cannot, met, outcome, support
}

// answers are what an officer may answer in words.
var answers = map[string]string{"take": "take", "cannot": "cannot", "seen": "met", "outcome": "outcome", "help": "support"}

// Read returns an officer's message with the country's own words put into digits and into words that are understood everywhere.
func (s Spoken) Read(text string) string {
	if len(s.Numbers) == 0 && len(s.Answers) == 0 || len(text) > 400 {
		return text
	}
	var out strings.Builder
	for rest := text; rest != ""; {
		n := strings.IndexFunc(rest, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
		switch {
		case n < 0:
			n = len(rest)
		case n == 0:
			r := []rune(rest)[0]
			out.WriteRune(r)
			rest = strings.TrimPrefix(rest, string(r))
			continue
		}
		word := rest[:n]
		if digit, ok := s.Numbers[strings.ToLower(word)]; ok {
			word = strconv.Itoa(digit)
		} else if said, ok := s.Answers[strings.ToLower(word)]; ok {
			word = said
		}
		out.WriteString(word)
		rest = rest[n:]
	}
	return out.String()
}

// languages reads the languages of a pack: ours, and those for which the pack brings sentences.
func (s *settings) languages(n *yaml.Node) []string {
	var out []string
	for _, item := range s.list(n, "languages") {
		said := s.text(item, "languages")
		lang, ok := locales.Code(said)
		switch {
		case strings.EqualFold(said, "kh"):
			s.fault(item, "write km", "languages: unknown %q", said)
		case !ok:
			s.fault(item, "write a language code such as km, en or km-Latn", "languages: %q is not a language", said)
		case slices.Contains(out, lang):
			s.fault(item, "keep one of them", "languages has %s twice", lang)
		case !slices.Contains(locales.Ours(), lang) && !s.brings(lang):
			s.fault(item, "write its sentences in locales/"+strings.ToLower(lang)+".toml, or take it out", "languages: unknown %q: there is no sentence in it", said)
		default:
			out = append(out, lang)
		}
	}
	return out
}

// brings reports whether the pack has sentences in a language.
func (s *settings) brings(lang string) bool {
	files, err := fs.Sub(s.files, "locales")
	return err == nil && len(locales.FilesOf(files, lang)) > 0
}

// country reads where the pack is at home: in the country of the first outbound prefix.
func (s *settings) country(keys map[string]*yaml.Node, p *Pack) {
	if len(p.Outbound.Prefixes) > 0 {
		var ok bool
		if p.Country, ok = phone.CountryOf(p.Outbound.Prefixes[0]); !ok && strings.HasPrefix(p.Outbound.Prefixes[0], "+") {
			s.fault(keys["outbound"], "begin with the calling code of the pack's own country", "outbound.prefixes: no country has the calling code of %q", p.Outbound.Prefixes[0])
		}
	}
	if n := keys["trial_phone"]; n != nil {
		var err error
		if p.TrialPhone, err = p.Country.Parse(s.text(n, "trial_phone")); err != nil {
			s.fault(n, "write a telephone number of the country that is nobody's", "trial_phone is no telephone number")
		}
	}
}

// spoken reads the country's words for digits.
func (s *settings) spoken(n *yaml.Node) Spoken {
	var known []string
	for _, name := range slices.Sorted(maps.Keys(answers)) {
		known = append(known, name+"?")
	}
	keys := s.object(n, "spoken", append([]string{"numbers?"}, known...)...)
	said := Spoken{Numbers: map[string]int{}, Answers: map[string]string{}}
	for i, item := range s.list(keys["numbers"], "spoken.numbers") {
		if i > 9 {
			s.fault(item, "write the words for 0 to 9, in this order; several for one digit as [a, b]", "spoken.numbers has more than ten entries")
			break
		}
		for _, word := range s.oneOrMore(item, "spoken.numbers") {
			said.Numbers[strings.ToLower(word)] = i
		}
	}
	for name, stands := range answers {
		for _, word := range s.oneOrMore(keys[name], "spoken."+name) {
			said.Answers[strings.ToLower(word)] = stands
		}
	}
	return said
}

// oneOrMore reads a word, or a list of them.
func (s *settings) oneOrMore(n *yaml.Node, what string) (list []string) {
	items := []*yaml.Node{n}
	if n == nil {
		return nil
	}
	if n.Kind == yaml.SequenceNode {
		items = s.list(n, what)
	}
	for _, item := range items {
		word := s.text(item, what)
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }) {
			s.fault(item, "write one word, in letters only", "%s: %q is no word", what, word)
			continue
		}
		list = append(list, word)
	}
	return list
}
