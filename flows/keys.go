package flows

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"chumrok/internal/phone"
)

// key is what a caller pressed or wrote, as far as it may be a key.
type key struct {
	digits string // the number that it is, written as it was: "09" is not "9"; empty for words
	leave  bool   // 0, STOP and its like
	again  bool   // HELP and its like: the screen once more
	yes    bool
	text   string // all of it, trimmed
}

// The words that networks and providers give a meaning of their own. They stand in no prompt and are understood whole, in any case.
var (
	leaveWords = map[string]bool{"stop": true, "stopall": true, "quit": true, "end": true, "cancel": true, "unsubscribe": true, "exit": true, "ចេញ": true}
	againWords = map[string]bool{"help": true, "info": true, "start": true}
	yesWords   = map[string]bool{"yes": true, "y": true}
)

// numberPrefixes are words that people put in front of a number: "លេខ 1", "no 1".
var numberPrefixes = []string{"លេខ", "lek", "leik", "number", "no", "#"}

// longestKey is the length in bytes of the longest text that can be a key; what is longer is words.
const longestKey = 64

// readKey reads a key: Latin and Khmer digits, number words, with or without "លេខ" in front and a full stop behind.
func readKey(text string) key {
	text = strings.TrimFunc(text, unseen)
	k := key{text: text}
	if text == "" || len(text) > longestKey {
		return k
	}
	if isDigits(text) {
		k.digits = text
		k.leave = text == "0"
		return k
	}
	folded := strings.ToLower(phone.Digits(text))
	folded = strings.TrimFunc(folded, func(r rune) bool { return unseen(r) || strings.ContainsRune(".។៕,;:!?*)(#៖\"'", r) })
	switch {
	case leaveWords[folded]:
		k.leave = true
		return k
	case againWords[folded]:
		k.again = true
		return k
	case yesWords[folded]:
		k.yes = true
		return k
	}
	for _, prefix := range numberPrefixes {
		if rest, ok := strings.CutPrefix(folded, prefix); ok {
			rest = strings.TrimFunc(rest, func(r rune) bool { return unseen(r) || r == '.' || r == ':' })
			if isDigits(rest) || wordNumber(rest) != "" {
				folded = rest
				break
			}
		}
	}
	if isDigits(folded) {
		k.digits = folded
	} else {
		k.digits = wordNumber(folded)
	}
	k.leave = k.digits == "0"
	return k
}

// wordNumber is the number that a word means, in digits; empty for any other word.
func wordNumber(s string) string {
	if n, ok := phone.NumberWord(s); ok && n < 10 {
		return string(rune('0' + n))
	}
	return ""
}

// unseen reports whether a rune shows nothing: spaces of all kinds, and what some keyboards put between Khmer words.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// hasLetter reports whether a text has a letter of any script: without one it tells nothing.
func hasLetter(s string) bool {
	return strings.IndexFunc(s, unicode.IsLetter) >= 0
}

// allDigits is a message that is nothing but digits, spaces and hyphens: the digits; else "".
func allDigits(text string) string {
	text = strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || unseen(r) {
			return -1
		}
		return r
	}, phone.Digits(text))
	if !isDigits(text) {
		return ""
	}
	return text
}

// letters is a text as it is compared with an option's words: no case, no signs, nothing unseen.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unseen(r) || unicode.IsPunct(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// Free text is kept whole up to mostBytes a message and mostTotal an answer; over mostRunes the caller is told that it was long.
const (
	mostRunes = 1000
	mostBytes = 4000
	mostTotal = 3 * mostBytes
)

// cut shortens a text to at most n bytes, at the end of a letter with all its signs.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[:n]
	for len(s) > 0 {
		r, size := utf8.DecodeLastRuneInString(s)
		if r != utf8.RuneError || size > 1 {
			break
		}
		s = s[:len(s)-1]
	}
	// A Khmer letter and its signs stay together: the last letter may have lost some, so it goes with them.
	i := strings.LastIndexFunc(s, func(r rune) bool { return !unicode.IsMark(r) && !unseenJoiner(r) })
	if i > 0 && len(s)-i < 40 {
		if last, _ := utf8.DecodeRuneInString(s[i:]); unicode.Is(unicode.Khmer, last) {
			for i > 0 { // a subscript hangs on the letter in front of it
				r, size := utf8.DecodeLastRuneInString(s[:i])
				if r != '្' {
					break
				}
				i -= size
				_, size = utf8.DecodeLastRuneInString(s[:i])
				i -= size
			}
			s = s[:i]
		}
	}
	return s
}

func unseenJoiner(r rune) bool { return r == '\u200d' || r == '\u200c' }

// englishWords are common enough that a message in Latin letters with one of them is English; else it is romanised Khmer.
var englishWords = func() map[string]bool {
	words := map[string]bool{}
	for _, w := range strings.Fields(`i me my mine he him his she her they them their we us our you your it its is are was were be been am do does did
		has have had will can could would should must not no and or but the a an this that these there here in on at to of from with for by about
		who what when where why how child children kid kids girl boy son daughter father mother dad mom uncle aunt teacher neighbour neighbor
		school house home help please hit hits hurt hurts beat beats beaten touch touched wants want need needs now today every day night
		hello hi yes someone somebody police afraid scared stop`) {
		words[w] = true
	}
	return words
}()

// guessLanguage reads the language of a message from its letters; fallback stands for no letters and for Latin letters without English.
func guessLanguage(text, fallback string, has func(string) bool) string {
	for _, r := range text {
		if unicode.Is(unicode.Khmer, r) && has("km") {
			return "km"
		}
	}
	if !has("en") {
		return fallback
	}
	for _, w := range strings.FieldsFunc(strings.ToLower(cut(text, 500)), func(r rune) bool { return !unicode.IsLetter(r) }) {
		if englishWords[w] && !khmerAlso[w] {
			return "en"
		}
	}
	return fallback
}

// khmerAlso are words of the list that romanised Khmer uses too, so they say nothing.
var khmerAlso = map[string]bool{"a": true, "i": true, "me": true, "mom": true, "am": true, "do": true, "to": true, "has": true, "an": true, "on": true}
