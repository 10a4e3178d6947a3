package main

import (
	"slices"
	"strings"

	"chumrok/locales"
)

// neverCalled keeps what a phone shows that never called, a caller's and an officer's: in each language, behind each option of
// the second screen, with something typed there, and gone back as far as it goes.
func (k *walk) neverCalled() {
	k.calls = map[string][][]string{}
	for who, first := range map[string]*holder{"caller": k.phone(), "officer": {k: k, number: k.world.officer["banan1-police"]}} {
		for _, language := range numbered(first.dials().Text) {
			second := first.calls(language)
			if len(second) < 2 {
				k.world.t.Fatalf("%s: choosing language %s ends the call", who, language)
			}
			for _, option := range numbered(second[1]) {
				for _, then := range []string{"8", "0", "9", "zz", "1", notACode} {
					if who == "officer" && option == "4" && then == notACode {
						continue // he would try PINs until the phone is locked
					}
					k.calls[who] = append(k.calls[who], []string{language, option, then, "8", "8", "8"})
				}
				for _, third := range numbered(first.calls(language, option)[2]) { // and two digits, as a number that takes a call up again has
					k.calls[who] = append(k.calls[who], []string{language, option, third, wrongProof, "8", "8"})
				}
			}
		}
		if len(k.calls[who]) < 3*3*6 {
			k.world.t.Fatalf("%s: only %d ways behind the first screen", who, len(k.calls[who]))
		}
		for _, keys := range k.calls[who] {
			h := first
			if who == "caller" {
				h = k.phone() // each of these calls is that phone's first
			}
			k.virgin[who+strings.Join(keys, " ")] = h.calls(keys...)
		}
		for _, keys := range k.calls[who] {
			if screens := k.virgin[who+strings.Join(keys, " ")]; who == "caller" {
				for _, screen := range screens[:min(3, len(screens))] { // behind these somebody has said that he reads alone
					k.tellsNothing("a phone that never called, "+strings.Join(keys, " "), screen, locales.Neutral)
				}
			}
		}
	}
	k.virgin["sms"] = []string{k.phone().texts(strangerSMS)}
}

// looksFresh makes a few of the stranger's calls, other ones at each point, and compares each screen to the byte.
func (k *walk) looksFresh(p *point, h *holder, when string, turn int) {
	who := "caller"
	if p.officer {
		who = "officer"
	}
	keys := k.calls[who][turn%len(k.calls[who])]
	want, got := k.virgin[who+strings.Join(keys, " ")], h.calls(keys...)
	if slices.Equal(got, want) {
		return
	}
	at := 0
	for at < len(got) && at < len(want) && got[at] == want[at] {
		at++
	}
	k.world.t.Errorf("%s, %s: dialling and pressing %v shows after %d keys\n%s\nand on a phone that never called\n%s", p, when, keys, at, nth(got, at), nth(want, at))
}

func nth(list []string, i int) string {
	if i < len(list) {
		return indent(list[i])
	}
	return "    (nothing)"
}
