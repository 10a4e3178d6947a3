package flows

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReadKey(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]key{
		"1": {digits: "1"}, " 1 ": {digits: "1"}, "១": {digits: "1"}, "១។": {digits: "1"}, "1.": {digits: "1"}, "1)": {digits: "1"}, "#1": {digits: "1"},
		"លេខ 1": {digits: "1"}, "លេខ១": {digits: "1"}, "no 3": {digits: "3"}, "No. 3": {digits: "3"}, "\u200b២": {digits: "2"},
		"មួយ": {digits: "1"}, "muoy": {digits: "1"}, "Two": {digits: "2"}, "លេខ ពីរ": {digits: "2"}, "១១": {digits: "11"},
		"09": {digits: "09"}, "9": {digits: "9"}, "០៩": {digits: "09"}, "00": {digits: "00"},
		"0": {digits: "0", leave: true}, "០": {digits: "0", leave: true}, "zero": {digits: "0", leave: true},
		"STOP": {leave: true}, "stop.": {leave: true}, "Quit": {leave: true}, "END": {leave: true}, "Cancel": {leave: true}, "ចេញ": {leave: true},
		"HELP": {again: true}, "info": {again: true}, "Start": {again: true}, "yes": {yes: true},
		"": {}, "help me": {}, "stop it please": {}, "ខ្ញុំ": {}, "1 2": {}, "nothing": {}, strings.Repeat("1", 80): {},
	} {
		got := readKey(text)
		got.text = ""
		if got != want {
			t.Errorf("%q is read as %+v, want %+v", text, got, want)
		}
	}
}

// Whoever answers in her own word for "urgent" must not be asked again. What a word stands for must be an answer that is really offered, or
// the word would be understood as nothing once the sentences change.
func TestOwnWordsStandForAnswersThatAreOffered(t *testing.T) {
	t.Parallel()
	c := catalogue(t)
	offered := map[string]bool{}
	for _, lang := range c.Languages() {
		for _, key := range []string{"sms.urgent.yes", "sms.urgent.no"} {
			offered[letters(c.Text(lang, key))] = true
		}
	}
	for own, answer := range sameWords {
		if own != letters(own) {
			t.Errorf("%q is never met; write %q", own, letters(own))
		}
		if offered[own] || !offered[answer] {
			t.Errorf("%q stands for %q, and the messages ask with %v", own, answer, offered)
		}
	}
	if sameWords[letters("ប្រញាប់។")] != letters("បន្ទាន់") || sameWords[letters("Min pronhab te")] != letters("min bontoan") {
		t.Error("the other words for urgent are not read")
	}
}

func TestCutKeepsLettersWhole(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("ស្ត្រីខ្ញុំ", 400)
	for n := 100; n < 160; n++ {
		got := cut(text, n)
		rest := text[len(got):]
		first, _ := utf8.DecodeRuneInString(rest)
		if !utf8.ValidString(got) || len(got) > n || len(got) < n-45 || !strings.ContainsRune("សខញ", first) || strings.HasSuffix(got, "្") {
			t.Fatalf("cut at %d leaves %q before %q", n, got[max(0, len(got)-12):], rest[:12])
		}
	}
	if got := cut("short", 100); got != "short" {
		t.Errorf("got %q", got)
	}
}

func TestGuessLanguage(t *testing.T) {
	t.Parallel()
	has := func(string) bool { return true }
	for text, want := range map[string]string{
		"ពូខ្ញុំវាយខ្ញុំ": "km", "My uncle beats me": "en", "please come": "en", "khnhom trov ke veay": "km-Latn", "help": "en", "ok ខ្ញុំ": "km", "😀": "km", "Bavel, Battambang": "km",
	} {
		if got := library(t).guessLanguage(text, "km", has); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"please come", "khnhom trov ke veay"} {
		if got := library(t).guessLanguage(text, "fr", func(l string) bool { return l != "en" && l != "km-Latn" }); got != map[bool]string{true: "fr", false: "km"}[text == "please come"] {
			t.Errorf("a language that is not there: %q is %s", text, got)
		}
	}
}
