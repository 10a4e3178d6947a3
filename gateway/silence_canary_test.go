package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"mime/quotedprintable"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// The canaries: a caller's number and story, and an officer's number, which must be nowhere but under the seal. The story's words stand in no
// sentence, place or name of ours, which TestCanariesAreNobodysWords holds.
const (
	canaryCaller  = "+85512000987"
	canaryOfficer = "+85512000986"
	canaryKhmer   = "គាត់វាយខ្ញុំក្រោមដើមក្រសាំងជិតស្រះឈូកស"
	canaryLatin   = "koat veay knhom kraom daem krasaangveng chit srahchhuksa"
)

// canaryWords are the parts of the story by which it is looked for: what is cut in two is found as well.
var canaryWords = []string{"ដើមក្រសាំង", "ស្រះឈូកស", "krasaangveng", "srahchhuksa"}

// traces are what to look for: each number and each word in every form into which programs put text.
var traces = func() map[string][]byte {
	all := map[string][]byte{}
	for _, number := range []string{canaryCaller, canaryOfficer} {
		local := strings.TrimPrefix(number, "+855")
		spaced := local[:2] + " " + local[2:5] + " " + local[5:]
		for _, digits := range []string{local, spaced, strings.ReplaceAll(spaced, " ", "-"), khmerDigits(local), khmerDigits(spaced)} {
			forms(all, digits)
		}
		all["bcd of "+number] = swapped("855" + local)
	}
	for _, word := range canaryWords {
		forms(all, word)
	}
	return all
}()

// swapped is a number as networks pack it: two digits an octet, the first one low.
func swapped(digits string) []byte {
	var out []byte
	for i := 0; i+1 < len(digits); i += 2 {
		out = append(out, (digits[i+1]-'0')<<4|(digits[i]-'0'))
	}
	return out
}

// forms adds every way in which a text is written down.
func forms(all map[string][]byte, text string) {
	raw := []byte(text)
	var units []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		units = append(units, byte(unit>>8), byte(unit))
	}
	add := func(form, as string) {
		if as != "" && (as != text || form == "text") {
			all[form+" of "+text] = []byte(as)
		}
	}
	add("text", text)
	add("UTF-16", string(units))
	for form, b := range map[string][]byte{"bytes": raw, "UTF-16": units} {
		add("hex of "+form, hex.EncodeToString(b))
		add("HEX of "+form, strings.ToUpper(hex.EncodeToString(b)))
		add("URL-escaped "+form, escaped(b, "%%%02X"))
		add("url-escaped "+form, escaped(b, "%%%02x"))
		add("hex with blanks of "+form, strings.TrimSpace(escaped(b, "%02x ")))
		add("hex as Go prints it of "+form, strings.TrimSuffix(escaped(b, "0x%02x, "), ", "))
		add("decimals of "+form, strings.TrimSpace(escaped(b, "%d ")))
		add(`\x of `+form, escaped(b, `\x%02x`))
		add("octal of "+form, escaped(b, `\%03o`))
		for shift := range 3 { // what stands in front shifts the letters
			inner := base64.StdEncoding.EncodeToString(append(bytes.Repeat([]byte{0}, shift), b...))
			from, to := []int{0, 2, 3}[shift], (shift+len(b))/3*4
			add(fmt.Sprint("base64 of ", form, " by ", shift), inner[from:to])
			add(fmt.Sprint("base64 for addresses of ", form, " by ", shift), strings.NewReplacer("+", "-", "/", "_").Replace(inner[from:to]))
		}
	}
	add("as a query", url.QueryEscape(text))
	add("as a path", url.PathEscape(text))
	add("quoted", strings.Trim(strconv.QuoteToASCII(text), `"`))
	add("QUOTED", strings.ReplaceAll(strings.ToUpper(strings.Trim(strconv.QuoteToASCII(text), `"`)), `\U`, `\u`))
	add("as HTML", html.EscapeString(text))
	var entities, hexEntities strings.Builder
	for _, r := range text {
		fmt.Fprintf(&entities, "&#%d;", r)
		fmt.Fprintf(&hexEntities, "&#x%x;", r)
	}
	add("as entities", entities.String())
	add("as hex entities", hexEntities.String())
	var quoted bytes.Buffer
	w := quotedprintable.NewWriter(&quoted)
	_, _ = w.Write(raw)
	_ = w.Close()
	add("quoted-printable", quoted.String())
}

func escaped(b []byte, form string) string {
	var out strings.Builder
	for _, one := range b {
		fmt.Fprintf(&out, form, one)
	}
	return out.String()
}

// found names the first trace of a canary in a text, "" for none.
func found(text []byte) string {
	for form, trace := range traces {
		if bytes.Contains(text, trace) {
			return form
		}
	}
	return ""
}

// holdsPIN says whether a PIN stands in a text by itself: six digits inside of a longer number or a hash are chance.
func holdsPIN(text []byte, pin string) bool {
	return regexp.MustCompile(`(^|[^0-9A-Za-z])` + pin + `([^0-9A-Za-z]|$)`).Match(text)
}

// TestCanariesAreFound: a search that finds nothing is worth what it would find. Each form is found in the middle of other text.
func TestCanariesAreFound(t *testing.T) {
	t.Parallel()
	spaced := "012 000 987"
	story := canaryKhmer + " " + canaryLatin
	for name, text := range map[string]string{
		"with plus": canaryCaller, "without": "85512000987", "national": "012000987", "spaced": spaced, "with 855": "855 12 000 987",
		"Khmer digits": khmerDigits("012000987"), "spaced Khmer digits": khmerDigits(spaced),
		"in an address": url.Values{"from": {canaryCaller}}.Encode(), "Khmer in an address": url.Values{"from": {khmerDigits(spaced)}}.Encode(),
		"printed as bytes": fmt.Sprint([]byte(canaryCaller)), "printed as Go": fmt.Sprintf("%#v", []byte(canaryCaller)),
		"an officer's": canaryOfficer, "packed": string(swapped("85512000987")), "hex": fmt.Sprintf("%x", canaryCaller), "spaced hex": fmt.Sprintf("% x", canaryCaller),
		"story in hex": fmt.Sprintf("%X", story), "story quoted": strconv.QuoteToASCII(story), "story in an address": url.QueryEscape(story),
		"story in base64": base64.StdEncoding.EncodeToString([]byte("a" + story)), "story in base64 for addresses": base64.RawURLEncoding.EncodeToString([]byte("ab" + story)),
		"cut off": canaryKhmer[:len(canaryKhmer)*3/4], "its end": canaryLatin[20:],
	} {
		if found([]byte("before "+text+" after")) == "" {
			t.Errorf("%s: %q is not found", name, text)
		}
	}
	for _, text := range []string{"", "+85512000501", "a report of 2026-11-24", canaryKhmer[:15]} {
		if form := found([]byte(text)); form != "" {
			t.Errorf("%q is taken for %s", text, form)
		}
	}
	if !holdsPIN([]byte(`{"pin":"480213"}`), "480213") || holdsPIN([]byte("1480213"), "480213") {
		t.Error("a PIN is not found, or found where there is none")
	}
}
