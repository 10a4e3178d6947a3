package flows

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"chumrok/internal/phone"
	"chumrok/locales"
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

// sameWords are other ways to write an answer that the messages ask for, both as letters makes them, so that a caller who answers in her own
// words is understood. ប្រញាប់, "in a hurry", is what many write for បន្ទាន់, "urgent"; and a Khmer "not" is mostly closed with ទេ.
var sameWords = map[string]string{
	"ប្រញាប់":      "បន្ទាន់",
	"មិនប្រញាប់":   "មិនបន្ទាន់",
	"មិនប្រញាប់ទេ": "មិនបន្ទាន់",
	"មិនបន្ទាន់ទេ": "មិនបន្ទាន់",
	"pronhab":      "bontoan",
	"minpronhab":   "minbontoan",
	"minpronhabte": "minbontoan",
	"minbontoante": "minbontoan",
}

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

// guessLanguage is the language that a message is written in, if it can be told and the conversation has it; else fallback. Khmer in Latin
// letters is answered in Khmer where nobody has written that out.
func (l *Library) guessLanguage(text, fallback string, has func(string) bool) string {
	lang := l.texts.Detect(cut(text, 500))
	if lang == locales.LatinKhmer && !has(lang) {
		lang = locales.Khmer
	}
	if lang == "" || !has(lang) {
		return fallback
	}
	return lang
}
