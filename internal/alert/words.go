package alert

import (
	"strings"
	"unicode"

	"chumrok/internal/phone"
)

// A Verb is what an officer's digit asks for.
type Verb int

const (
	// NoVerb means that a message has only a code, or a digit that is no verb.
	NoVerb Verb = iota
	// AcceptIt is 1: I take it.
	AcceptIt
	// CannotDo is 2: I can't.
	CannotDo
	// HaveSeen is 3: the child has been seen.
	HaveSeen
	// GiveOutcome is 4: how it ended.
	GiveOutcome
	// AskHelp is 0: which digits there are, and whom to call.
	AskHelp
)

// NoDigit stands in Words.Digit when a message has only a code.
const NoDigit = -1

// Words is an officer's message, read. Whether its code is one that was sent to this phone is for Resolve to say.
type Words struct {
	Verb   Verb
	Digit  int    // the digit of the verb, or a bare digit up to 9 that may answer a question; NoDigit when there is only a code
	Code   string // six digits as written, right or wrong; empty when there is none
	Spoken bool   // the verb stands there in words too ("1 take"): then a bare digit answers no question of ours
	Follow int    // the digit after a verb that has one: the reason of 2, the outcome of 4; 0 when there is none
}

// verbOf gives the verb of a digit.
func verbOf(digit int) Verb {
	switch digit {
	case 0:
		return AskHelp
	case 1, 2, 3, 4:
		return Verb(digit)
	}
	return NoVerb
}

// echoes are the words that our own messages put beside each digit; officers write them back. They must agree with the digit.
var echoes = map[string]int{
	"ទទួល": 1, "យល់ព្រម": 1, "take": 1, "accept": 1, "totuol": 1,
	"មិនអាច": 2, "cannot": 2, "can't": 2, "min ach": 2, "minach": 2,
	"ជួប": 3, "ជួបហើយ": 3, "met": 3, "seen": 3, "chuob": 3,
	"លទ្ធផល": 4, "outcome": 4, "lotthaphol": 4,
	"agree": 1, "yolprom": 1, "ទេ": 2, "no": 2, "te": 2, "ថ្នាក់បន្ទាប់": 3, "next": 3, "level": 3, "thnak": 3, "bontoab": 3,
	"ជំនួយ": 0, "help": 0, "support": 0, "chomnuoy": 0,
}

// fillers are words that change nothing.
var fillers = []string{
	"លេខកូដ", "លេខ", "កូដ", "កូត", "ការងារ", "សូម", "ឆ្លើយ", "អរគុណ", "បាទ", "ចាស", "ចា៎", "number", "code", "task", "reply",
	"answer", "please", "thanks", "thank", "you", "lek", "kod", "kode", "leik", "som", "bat", "chas", "arkun", "orkun",
}

// ParseWords reads what an officer's phone sent: a digit, a digit and a code, a code and a digit, with the digit of a reason or an outcome
// after it; in Latin or Khmer digits or in number words, with or without spaces, hyphens and dots. ok is false when there is anything
// else in it: then nobody guesses, and the text is for a person to read.
func ParseWords(text string) (w Words, ok bool) {
	groups, echo, ok := split(text)
	if !ok || len(groups) == 0 {
		return Words{}, false
	}
	if w, ok = read(groups); !ok {
		return Words{}, false
	}
	if echo >= 0 && echo != w.Digit {
		return Words{}, false
	}
	w.Spoken = echo >= 0
	return w, true
}

// split cuts a message into its groups of digits. echo is the digit whose word stands in it, -1 when none does.
func split(text string) (groups []string, echo int, ok bool) {
	echo = -1
	if len(text) > 400 {
		return nil, echo, false
	}
	for _, token := range tokens(phone.Digits(strings.ToLower(text))) {
		if token[0] >= '0' && token[0] <= '9' {
			groups = append(groups, token)
			continue
		}
		more, said, ok := spelled(token)
		if !ok || said >= 0 && echo >= 0 && said != echo {
			return nil, echo, false
		}
		if said >= 0 {
			echo = said
		}
		groups = append(groups, more...)
	}
	return groups, echo, true
}

// tokens cuts a text into runs of digits and runs of letters; what is neither only divides.
func tokens(text string) []string {
	var out []string
	var run []rune
	end := func() {
		if len(run) > 0 {
			out = append(out, string(run))
		}
		run = run[:0]
	}
	for _, r := range text {
		digit := r >= '0' && r <= '9'
		switch {
		case hidden(r):
			continue
		case !digit && !letter(r):
			end()
			continue
		case len(run) > 0 && digit != (run[0] >= '0' && run[0] <= '9'):
			end()
		}
		run = append(run, r)
	}
	end()
	return out
}

// hidden reports whether a keyboard puts r between letters without showing it.
func hidden(r rune) bool {
	return r == '\u00AD' || r >= '\u200B' && r <= '\u200F' || r == '\u2060' || r == '\uFEFF' || r == '\uFE0F' || r == '\u20E3'
}

// letter reports whether r belongs to a word. Signs and marks that belong to none (។ ៖ , . - # * and the like) do not.
func letter(r rune) bool {
	if r == '។' || r == '៕' || r == '៖' || r == 'ៗ' {
		return false
	}
	return unicode.IsLetter(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r) || unicode.IsNumber(r) || r == '\'' || r == '’' ||
		unicode.Is(unicode.So, r) && r > 0xFF
}

// spelled reads a run of letters: a number word, an echo or a filler, or several of them in one run, as Khmer writes them. The longest word
// that fits is taken first, so that ប្រាំមួយ is six and not five and one.
func spelled(token string) (groups []string, echo int, ok bool) {
	echo = -1
	token = strings.ReplaceAll(token, "’", "'")
	latin := token[0] < 0x80
	for token != "" {
		n := 0
		for end := len(token); end > 0; end-- {
			if latin && end < len(token) {
				break // a Latin word is written apart from the next
			}
			if end < len(token) && !syllable(token[end:]) {
				continue
			}
			part := token[:end]
			if digit, is := phone.NumberWord(part); is && digit <= 9 {
				groups = append(groups, string(rune('0'+digit)))
			} else if said, is := echoes[part]; is && (echo < 0 || echo == said) {
				echo = said
			} else if !filler(part) {
				continue
			}
			n = end
			break
		}
		if n == 0 {
			return nil, echo, false
		}
		token = token[n:]
	}
	return groups, echo, true
}

func filler(word string) bool {
	for _, f := range fillers {
		if f == word {
			return true
		}
	}
	return false
}

// syllable reports whether a Khmer syllable can begin with s: no vowel, sign or coeng comes first, and s begins with a whole character.
func syllable(s string) bool {
	for _, r := range s {
		return r != unicode.ReplacementChar && !(r >= '\u17B6' && r <= '\u17D3')
	}
	return true
}

// read gives the groups of digits their meaning. A group that stands alone decides before groups that have to be joined.
func read(groups []string) (Words, bool) {
	first, last := groups[0], groups[len(groups)-1]
	if len(first) == ReferralDigits && len(groups) > 1 && len(groups) <= 3 { // CODE 1, CODE 2 3
		return verb(strings.Join(groups[1:], ""), first)
	}
	if len(groups) == 3 && len(first) == 1 && len(last) == 1 && len(groups[1]) == ReferralDigits { // 2 CODE 3
		return verb(first+last, groups[1])
	}
	all := strings.Join(groups, "")
	switch len(all) {
	case 1:
		return Words{Verb: verbOf(int(all[0] - '0')), Digit: int(all[0] - '0')}, true
	case 2:
		return verb(all, "")
	case ReferralDigits:
		if len(groups) > 1 && len(first) == 1 {
			return Words{}, false // a verb and a code that lacks a digit
		}
		return Words{Digit: NoDigit, Code: all}, true
	case ReferralDigits + 1:
		return verb(all[:1], all[1:])
	case ReferralDigits + 2:
		// Without spaces it could be a reporter's code: only a right code between the two digits tells.
		if len(groups) > 1 && len(first) == 1 || ValidCode(all[1:7], ReferralDigits) {
			return verb(all[:1]+all[7:], all[1:7])
		}
	}
	return Words{}, false
}

// verb reads one or two digits, a verb and what follows it, about a code.
func verb(digits, code string) (Words, bool) {
	if len(digits) < 1 || len(digits) > 2 {
		return Words{}, false
	}
	w := Words{Digit: int(digits[0] - '0'), Code: code}
	if w.Verb = verbOf(w.Digit); w.Verb == NoVerb {
		return Words{}, false
	}
	if len(digits) == 1 {
		return w, true
	}
	w.Follow = int(digits[1] - '0')
	outcome := w.Follow >= 1 && w.Follow <= smsOutcomes
	return w, w.Verb == CannotDo && w.Follow >= Away && w.Follow <= AnotherCause || w.Verb == GiveOutcome && outcome
}
