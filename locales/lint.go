package locales

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The words that no text may hold which a stranger may read: what the matter is, who is concerned, who answers for it.
var (
	exposedKhmer = strings.Fields(`
		កុមារ ក្មេង កូន ចៅ សិស្ស ឪពុក ម្តាយ ម៉ែ ពុក គ្រួសារ ហិង្សា ហឹង្សា វាយ ទាត់ ធ្វើបាប រំលោភ បំពាន ផ្លូវភេទ ប្រដាប់ភេទ
		ប៉ះពាល់ ជេរ គំរាម បង្ខំ ឈឺ របួស ឈាម ស្លាប់ យំ ខ្លាច ភ័យ ទុក្ខ កំហុស គ្រោះ រងគ្រោះ សុវត្ថិភាព អន្តរាយ ចាប់ពង្រត់
		ជួញដូរ លក់ ពលកម្ម រៀបការ ពិពាហ៍ មណ្ឌល កំព្រា បោះបង់ ពិការ ប៉ូលិស នគរបាល សមត្ថកិច្ច តុលាការ ច្បាប់ បទល្មើស
		ជនល្មើស ចោទ ប្តឹង បណ្តឹង រាយការណ៍ ករណី សាក្សី គ.ក.ន.ក គ.ក.ស.ក គណៈកម្មា សង្គមកិច្ច បុគ្គលិកសង្គម អង្គការ
		យូនីសេហ្វ ការពារ សង្គ្រោះ សម្ងាត់ អនាមិក លាក់ មន្ត្រី មេភូមិ មេឃុំ ជម្រក`)
	exposedRomanised = strings.Fields(`
		komar komara kmeng kon kaun kmuoy hengsa hingsa veay thveubab romlop rumlop ompeul phlovphet bangkham komream chheu
		khlach bangpongrot chuonhdou luok riepka monthol kamprea polis polih nokorbal tolakar someat kaknok sangkumkech chumrok`)
	// The same words as lexicon.toml spells them, where that is another spelling.
	exposedOurs = strings.Fields(`
		ovpuk mday kruosar pahpoal jer tukkh komhos kruohthnak sovathepheap chabpongrot juonhdor polkam riebkar pipea
		apeapipea mondol bohbong montrey mephum mekhum chavsangkat kknk jomrok somngat`)
	exposedEnglish = strings.Fields(`
		child children kid minor girl boy abuse abused rape sex sexual touch violence beat hit hurt harm injury victim
		perpetrator offender suspect police crime court law report complaint case helpline hotline protect protection rescue
		safe safety danger risk trafficking sold labour marriage orphan orphanage neglect abandon bully committee social
		worker counsellor unicef ngo secret confidential anonymous`)
	// In an SMS a word for "you" shows that someone speaks to the phone's owner as to a child.
	addressKhmer     = []string{"ប្អូន", "បង", "ក្មួយ"}
	addressRomanised = []string{"paoun", "bong", "kmuoy"}
	// Networks and providers act on these and swallow the message.
	swallowed = []string{"help", "info", "stop", "end", "quit", "cancel", "start", "yes"}

	foldedExposed = foldAll(exposedKhmer)
	foldedAddress = foldAll(addressKhmer)
	latinExposed  = slices.Concat(exposedRomanised, exposedOurs, exposedEnglish)
)

func foldAll(words []string) []string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = fold(w)
	}
	return out
}

// Lint returns the words in text that r's reader must not find there, as they stand in the lists; nil where all is well.
// Every list is tried whatever the language of the text, for a sentence may mix them: lang only names the text.
// Lint the sentence and not a place name put into it.
//
// Khmer words match as whole syllables (វាយ is not in ស្វាយ), Latin words whole and in any case. Words that networks
// swallow, such as STOP, are refused for every reader.
func Lint(_, text string, r Reader) []string {
	var found []string
	text = placeholder.ReplaceAllString(text, "1")
	latin := latinWords(text)
	for _, w := range swallowed {
		if slices.Contains(latin, w) {
			found = append(found, strings.ToUpper(w))
		}
	}
	if !r.Exposed() {
		return found
	}
	folded := fold(text)
	for i, w := range foldedExposed {
		if hasSyllables(folded, w) {
			found = append(found, exposedKhmer[i])
		}
	}
	if r&ReporterSMS != 0 {
		for i, w := range foldedAddress {
			if hasSyllables(folded, w) {
				found = append(found, addressKhmer[i])
			}
		}
		for _, w := range addressRomanised {
			if slices.Contains(latin, w) && !slices.Contains(latinExposed, w) {
				found = append(found, w)
			}
		}
	}
	for _, w := range latinExposed {
		if slices.Contains(latin, w) {
			found = append(found, w)
		}
	}
	return found
}

// hasSyllables reports whether word stands in text as whole syllables: not straight after a coeng, not before a vowel,
// sign or coeng.
func hasSyllables(text, word string) bool {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[i+len(word):])
		if before != coeng && slotOf(after) <= slotBase {
			return true
		}
		from = i + utf8.RuneLen(rune(0x1780))
	}
}

func latinWords(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.Is(unicode.Latin, r) && !unicode.IsMark(r)
	})
}

// costlyMark returns the first character of text that is no letter and not in the GSM alphabet, such as a curly quote, where
// all its letters are; 0 where there is none.
func costlyMark(text string) rune {
	costly := rune(0)
	for _, r := range text {
		switch {
		case septets(r) > 0 || invisible(r):
		case unicode.IsLetter(r) || unicode.IsMark(r):
			return 0
		case costly == 0:
			costly = r
		}
	}
	return costly
}

// Check returns what is wrong with the words themselves, file by file and in every language: another than our written form of
// Khmer, a word that a stranger must not read or that a network swallows, a mark that only a longer encoding has, an SMS that
// cannot keep to its segments even when empty.
func (c *Catalogue) Check() []Fault {
	var faults []Fault
	for _, lang := range c.langs {
		for _, key := range c.keys {
			s := c.sources[lang][key]
			add := func(what, mend string) {
				faults = append(faults, Fault{File: s.file, Line: s.line, Key: key, What: what, Mend: mend})
			}
			words := placeholder.ReplaceAllString(s.raw, "1")
			for _, what := range Normal(words) {
				what, mend, _ := strings.Cut(what, "; ")
				add(what, mend)
			}
			who := c.Reader(key)
			if bad := Lint(lang, words, who); bad != nil {
				add(fmt.Sprintf("a stranger or the network may read %s here", strings.Join(bad, ", ")), "say it in other words")
			}
			if r := costlyMark(words); r != 0 {
				add(fmt.Sprintf("%q is not in the GSM alphabet, and one such mark more than halves what a message carries", r), "write a plain mark")
			}
			text := c.Text(lang, key)
			switch segments := SMSSegments(Strip(text)); {
			case who&ReporterSMS != 0 && segments > 1:
				add(fmt.Sprintf("%d SMS segments", segments), "shorten it to one")
			case who&OfficerSMS != 0 && segments > 2:
				add(fmt.Sprintf("%d SMS segments", segments), "shorten it to two")
			}
		}
	}
	slices.SortStableFunc(faults, func(a, b Fault) int {
		if d := strings.Compare(a.File, b.File); d != 0 {
			return d
		}
		return a.Line - b.Line
	})
	return faults
}
