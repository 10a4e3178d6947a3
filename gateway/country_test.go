package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// norlando is the pack of a country that does not exist. Its numbers, +44 7700 900000 to 900999, are kept for plays and films by the United
// Kingdom's regulator and given to nobody.
const norlando = "testdata/norlando"

// cambodian is what must not be seen in another country: Khmer letters, Cambodia's calling code and helpline, its names and unit words.
var cambodian = regexp.MustCompile(`(?i)[\x{1780}-\x{17ff}]|\+855|\b(00)?855\d{8,9}\b|\b1280\b|\b(cambodia|khmer|phnom penh|battambang|sangkat|khum|srok|khaet|ccwc)\b`)

// style is what a page says of its letters: the names of fonts are nobody's to read.
// The figures of the process are chance.
var style = regexp.MustCompile(`(?s)<style>.*?</style>|(?m)^(# \w+ )?(process|go|promhttp)_.*$`)

// foreignTo fails for what is Cambodian in a text.
func foreignTo(t *testing.T, where, text string) {
	t.Helper()
	if found := cambodian.FindString(text); found != "" {
		t.Errorf("%s shows %q, which is Cambodia's:\n%s", where, found, text)
	}
}

// inNorlando runs a story with the pack of that country, and looks at every screen and message afterwards.
func inNorlando(t *testing.T, house string, at time.Time, story func(*world)) {
	t.Helper()
	t.Parallel()
	w := newWorldOf(t, house, norlando)
	w.dial, w.shortCode = "*700*9#", "70090"
	w.clock.set(at)
	story(w)
	w.nothingElseArrived()
	w.addsUp()
	w.saysNothingPersonal()
	for _, p := range w.gateway.phones.Phones() {
		for _, text := range w.inbox(p.Number().E164()) {
			foreignTo(t, "a message", text)
		}
	}
	for name, handler := range map[string]http.Handler{"/metrics": w.gateway.Private(), "/phones": w.gateway.Private(), "/phones/all": w.gateway.Private(),
		"/phones/example": w.gateway.Private(), "/healthz": w.gateway.Public()} {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, name, nil))
		if answer.Code != http.StatusOK {
			t.Errorf("%s answered %d", name, answer.Code)
		}
		foreignTo(t, name, style.ReplaceAllString(answer.Body.String(), ""))
	}
	for _, args := range [][]string{{"referrals"}, {"referrals", "--json"}, {"ledger", "--check"}, {"ledger", "--json"}, {"officer", "list"}, {"clubs", "list"},
		{"clubs", "print", "2001"}, {"poster"}, {"check"}, {"flows", "graph"}, {"emergency", "list"}, {"coverage"}, {"figures"}, {"erase", "list"},
		{"officer", "phone", "salikoj-1", "07700 900 193"}} { // in the country's own form
		code, out, complaints := command(t, w.env, "", args...)
		if code != exitDone {
			t.Errorf("%q: exit %d\n%s%s", args, code, out, complaints)
		}
		foreignTo(t, strings.Join(args, " "), style.ReplaceAllString(out, "")+complaints)
	}
}

// local is a time in Norlando.
func local(t *testing.T, day, hour, minute int) time.Time {
	t.Helper()
	zone, err := time.LoadLocation("America/St_Johns")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 11, day, hour, minute, 0, 0, zone)
}

const norlandoChild = "+447700900011"

// seen checks that the screen has nothing Cambodian and holds these.
func (c *caller) seen(parts ...string) *caller {
	c.w.t.Helper()
	foreignTo(c.w.t, "a screen", c.screen)
	return c.sees(parts...)
}

// TestNorlandoByUSSD: a child dials in her country's own language, answers the question that only its report asks, finds her parish in a
// list of its own names, and its council takes what she told with a word of that language.
func TestNorlandoByUSSD(t *testing.T) {
	for _, house := range []string{"embedded", "real"} {
		t.Run(house, func(t *testing.T) {
			inNorlando(t, house, local(t, 24, 9, 0), func(w *world) {
				child := w.caller(norlandoChild).dials("*700*9#").seen("1 Esperanto", "2 English", "Eliri Exit")
				if strings.Contains(child.screen, "3 ") {
					w.t.Fatalf("a third language is offered:\n%s", child.screen)
				}
				for _, key := range []string{"1", "1", "1", "1", "1", "1", "1", "2"} { // to the harms: no danger
					child.presses(key).seen()
				}
				child.seen("1 Neniu zorgas pri infano", "2 Oni batas")
				child.presses("2").seen(w.sentence("eo", "report.night"))
				child.presses("1").seen(w.sentence("eo", "place.ask"))
				child.presses("1").seen("52 Blanka Lago", "51 Alta Bordo").presses("51").seen("03 Verdaj Montoj").presses("03").seen("07 Lunavalo")
				child.presses("07").presses("du") // about another child, in a word
				child.seen(w.sentence("eo", "report.age")).presses("2", "3", "1", "2", "3", "07700 900 012").seen(w.sentence("eo", "report.when"))
				child.presses("4", "1").seen(w.sentence("eo", "report.told.child")).presses("1", "1", "1")
				child.seen()
				code := child.code(8)
				child.presses("1").seen(w.sentence("eo", "report.end"))

				alert := w.gets("luna-1", w.sentence("eo", "risk.medium"))
				w.getsNothing("luna-2", "salikoj-1", "montoj-group", "bordo-friends", "police-1")
				referral := digitsIn(w.t, alert, 6)
				answer := w.replies("luna-1", "Unu, prenas "+referral)
				foreignTo(w.t, "the answer to the council", answer)
				if !strings.Contains(answer, "09:00 26/11") { // 48 hours on, in the country's own time
					w.t.Fatalf("the answer names another time: %q", answer)
				}
				w.stands(referral, "accepted", "luna-1")
				w.caller(norlandoChild).texts(code).seen("07700900801")
			})
		})
	}
}

// TestNorlandoBySMS: a child writes in the country's language; the place is found in her words, and an officer who reads English is told of
// it in English.
func TestNorlandoBySMS(t *testing.T) {
	inNorlando(t, "embedded", local(t, 24, 9, 0), func(w *world) {
		child := w.caller(norlandoChild)
		child.texts("Mia onklo batas min chiun vesperon").seen(w.sentence("eo", "sms.where"))
		child.texts("Suda Haveno, Alta Bordo").seen("Suda Haveno Haveno Alta Bordo")
		child.texts("unu").seen(w.sentence("eo", "sms.urgent"))
		child.texts("2").seen(w.sentence("eo", "sms.contact"))
		child.texts("3").seen()
		child.code(8)
		alert := w.gets("suda-1", w.sentence("en", "risk.medium"))
		w.replies("suda-1", "1")
		w.stands(digitsIn(w.t, alert, 6), "accepted", "suda-1")

		english := w.caller("+447700900013")
		english.texts("My father hits my brother with a knife").seen(w.sentence("en", "sms.where"))
		english.texts("Clearspring parish, White Lake region").seen("Clearspring Three Springs White Lake")
		english.texts("1").texts("2").texts("3").seen()
		danger := w.gets("klara-1", "Urghas") // the pack's own words for a weapon
		w.gets("police-1", "Urghas")
		w.replies("klara-1", "1 "+digitsIn(w.t, danger, 6))

		club := w.caller("+447700900014")
		club.texts("2001").seen()
	})
}

// TestNorlandoClock: silence carries a report up that country's ladder by that country's clocks, and times are told in its time zone.
func TestNorlandoClock(t *testing.T) {
	inNorlando(t, "embedded", local(t, 27, 17, 0), func(w *world) {
		child := w.caller(norlandoChild)
		child.texts("Oni batas min").texts("Lunavalo, Alta Bordo").texts("1").texts("2").texts("3").seen()
		w.gets("luna-1", w.sentence("eo", "risk.medium"))
		w.forward(5 * time.Minute)
		for _, step := range []struct{ silent, next, tier string }{
			{"luna-1", "montoj-group", "tier.district_committee"}, {"montoj-group", "bordo-friends", "tier.partner"}, {"bordo-friends", "desk-1", "tier.desk"},
		} {
			w.forward(110 * time.Minute) // the clock of medium in this pack
			w.getsNothing(step.silent, step.next)
			w.forward(10 * time.Minute)
			w.gets(step.silent, w.sentence("eo", step.tier))
			w.gets(step.next, w.sentence("eo", "risk.medium"))
		}
		referral := digitsIn(w.t, w.inbox(w.officer["desk-1"])[0], 6)
		// Accepted on Friday after eleven at night, when it is Saturday in the world's own time.
		if answer := w.replies("luna-1", "1 "+referral); !strings.Contains(answer, "23:05 29/11") {
			w.t.Fatalf("the time to meet by is not in the country's time: %q", answer)
		}
		w.stands(referral, "accepted", "luna-1")
	})
}

// TestNorlandoSentences: no sentence of the country's catalogue, of which all that it shows is made, is Cambodia's.
func TestNorlandoSentences(t *testing.T) {
	t.Parallel()
	p, err := packOf(&call{ctx: t.Context(), env: environment{"CHUMROK_PACK": norlando}})
	if err != nil {
		t.Fatal(err)
	}
	texts, err := loadTexts(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range texts.Languages() {
		for _, key := range texts.Keys() {
			foreignTo(t, lang+" "+key, texts.Text(lang, key))
		}
	}
	if want := []string{"eo", "en"}; !slices.Equal(texts.Languages(), want) {
		t.Errorf("the languages are %v", texts.Languages())
	}
}

// TestNorlandoFaults: a fault in each file of a pack is named with its file and its line.
func TestNorlandoFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, old, new, what string }{
		{"pack.yaml", "America/St_Johns", "America/St_Jons", "time_zone"},
		{"pack.yaml", "languages: [eo, en]", "languages: [eo, en, io]", "io"},
		{"pack.yaml", `["+44"]`, `["+210"]`, "calling code"},
		{"pack.yaml", `"07700 900 001"`, `"012"`, "trial_phone"},
		{"pack.yaml", "[nul, unu, du,", `[nul, "u 1", du,`, "no word"},
		{"gazetteer.csv", "510307,commune", "51037,commune", "6 digits"},
		{"directory.csv", "07700 900 201", "012 000 501", "phone"},
		{"directory.csv", "510308,committee", "510309,committee", "510309"},
		{"directory.csv", "02,eo|en", "02,eo|km", "km"},
		{"clubs.csv", "2002,520101", "2002,520109", "520109"},
		{"locales/eo.toml", `"menu.ask" = "Demandi per koda numero"` + "\n", "", "menu.ask"},
		{"locales/eo.toml", `"menu.learn" = "Lecionoj"`, `"menu.learn" = "Lecionoj pri danger"`, "danger"},
		{"locales/learn.eo.toml", `"learn.heading" = "Lecionoj:"`, `"learn.heading" = "Lecionoj: {{.x}}"`, "placeholders"},
		{"flows/report.yaml", "to: night}", "to: nihgt}", "nihgt"},
		{"flows/menu.yaml", "number: 2, value: en", "number: 3, value: en", "was published with the number 2"},
	} {
		t.Run(c.file+" "+c.what, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			if err := os.CopyFS(folder, os.DirFS(norlando)); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(folder, filepath.FromSlash(c.file))
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			before, after, found := strings.Cut(string(text), c.old)
			if !found {
				t.Fatalf("%s has no %q", c.file, c.old)
			}
			if err := os.WriteFile(file, []byte(before+c.new+after), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, _ := command(t, environment{"CHUMROK_DATA": t.TempDir()}, "", "check", folder)
			named := regexp.MustCompile(`(?m)[a-z./-]+\.(yaml|csv|toml):\d+.*` + regexp.QuoteMeta(c.what))
			if code != exitFault || !named.MatchString(out) {
				t.Fatalf("exit %d; no line of a file is named with %q:\n%s", code, c.what, out)
			}
		})
	}
}
