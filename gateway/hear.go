package main

import (
	"regexp"
	"strings"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// said is a message as a conversation takes it.
type said struct {
	input  string // what is new in it
	heard  string // the cumulative text so far, as the state keeps it; "" where the provider sends only what is new
	record string // what the ledger keeps of it
}

// hidden stands in a kept text for each byte of a PIN. It is no character that a phone can send.
const hidden = 0

// hear takes what is new out of a message. The answer to a secret question (a PIN) is kept nowhere: in the state and in
// the ledger only its place is, so that the next cumulative text can still be compared.
func hear(m adapters.Message, previous string, secret bool) said {
	if !m.Cumulative {
		if secret {
			return said{input: m.Text, record: shown(strings.Repeat(string(rune(hidden)), len(m.Text)))}
		}
		return said{input: m.Text, record: m.Text}
	}
	kept := []byte(m.Text)
	for i := range min(len(previous), len(kept)) {
		if previous[i] == hidden {
			kept[i] = hidden
		}
	}
	masked := string(kept)
	input := adapters.Tail(previous, masked)
	if at := len(masked) - len(input); secret && at >= 0 {
		input = m.Text[at:]
		masked = masked[:at] + strings.Repeat(string(rune(hidden)), len(input))
	}
	return said{input: input, heard: masked, record: shown(masked)}
}

// shown is a kept text with a sign for each run that is hidden.
func shown(kept string) string {
	return hiddenRun.ReplaceAllString(kept, "•")
}

var hiddenRun = regexp.MustCompile("\x00+")

var clubNumber = regexp.MustCompile(`^[0-9]{3,5}$`)

// clubDialled is the number of a club that was dialled behind the service code (*1280*0204#) or is the whole of a first
// SMS; "" where there is none.
func clubDialled(m adapters.Message) string {
	text := phone.Digits(strings.TrimSpace(m.Text))
	if m.Channel == adapters.USSD {
		code := m.To
		if m.Dialled {
			code = m.Text
		}
		dialled := strings.Split(strings.Trim(phone.Digits(code), "*# "), "*")
		switch {
		case len(dialled) > 1:
			text = dialled[1]
		case m.Dialled:
			text = ""
		default:
			text, _, _ = strings.Cut(text, "*")
		}
		text = strings.Trim(text, "*# ")
	}
	if !clubNumber.MatchString(text) {
		return ""
	}
	return text
}
