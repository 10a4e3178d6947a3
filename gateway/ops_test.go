package main

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/flows"
	"chumrok/internal/alert"
	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/store"
	"chumrok/locales"
)

// operates runs a subcommand beside the world's gateway, at the world's time, and returns its exit status, what it printed and its complaint.
func (w *world) operates(args ...string) (code int, out, complaints string) {
	w.t.Helper()
	var o, e strings.Builder
	environ := []string{"CHUMROK_KEYS=" + w.gateway.config.Keys}
	for name, value := range w.env {
		environ = append(environ, name+"="+value)
	}
	code = runAt(w.t.Context(), args, streams{in: strings.NewReader(""), out: &o, err: &e}, environ, w.clock.Now)
	return code, o.String(), e.String()
}

// done runs a subcommand that must do what it is asked, and returns what it printed.
func (w *world) done(args ...string) string {
	w.t.Helper()
	code, out, complaints := w.operates(args...)
	if code != exitDone {
		w.t.Fatalf("%v: exit %d: %s%s", args, code, out, complaints)
	}
	return out
}

// refused runs a subcommand that must not, and looks for a part of its complaint, which is one line.
func (w *world) refused(complaint string, args ...string) {
	w.t.Helper()
	code, out, complaints := w.operates(args...)
	if code != exitFault || !strings.Contains(complaints, complaint) || strings.Count(complaints, "\n") != 1 {
		w.t.Errorf("%v: exit %d, expected a line with %q: %s%s", args, code, complaint, out, complaints)
	}
}

// record is what was done, by whom, in order, but for what the gateway itself put there when it started.
func (w *world) record() (acts []string) {
	w.t.Helper()
	list, err := w.gateway.store.Audit(w.t.Context(), 0, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, a := range list {
		if a.Who == gatewayItself && (a.What == actRecordKey || a.What == actDirectory) {
			continue
		}
		subject, _, _ := strings.Cut(a.Subject, " ")
		acts = append(acts, a.Who+" "+a.What+" "+subject)
	}
	return acts
}

// later moves the clock without doing what falls due.
func (w *world) later(d time.Duration) { w.clock.set(w.clock.Now().Add(d)) }

func TestEmergencyIsSwitchedOnAndEndsByItself(t *testing.T) {
	stories(t, func(w *world) {
		in := func(want bool, areas ...string) {
			w.t.Helper()
			for _, area := range areas {
				if got := w.gateway.emergencyIn(w.t.Context(), area); got != want {
					w.t.Errorf("%v: an emergency in %q: %t", w.clock.Now(), area, got)
				}
			}
		}
		in(false, "020101", "")
		if out := w.done("emergency", "list"); out != "no emergency\n" {
			w.t.Errorf("the list is %q", out)
		}
		w.done("emergency", "on", "--area", "02", "--until", "2026-11-30", "--reason", "The Sangkae is over its banks.")
		in(false, "020101") // read a moment ago
		w.later(readAgain)
		in(true, "020101", "0201", "02")
		in(false, "070215", "")
		w.done("emergency", "on", "--area", "nation", "--until", "2026-11-25", "--reason", "A storm")
		w.later(readAgain)
		in(true, "020101", "070215", "")
		out := w.done("emergency", "list")
		for _, part := range []string{"02 Battambang", "until the end of 2026-11-30", "The Sangkae is over its banks.", "nation"} {
			if !strings.Contains(out, part) {
				w.t.Errorf("%q is not in:\n%s", part, out)
			}
		}
		w.refused("in force in 02 Battambang until the end of 2026-11-30", "emergency", "on", "--area", "02", "--until", "2026-12-30", "--reason", "x")
		w.refused("--area", "emergency", "off")

		// The day of the date is the last one, in the deployment's zone.
		w.clock.set(time.Date(2026, 11, 25, 23, 59, 59, 0, w.gateway.pack.Zone))
		in(true, "070215")
		w.later(time.Second)
		in(false, "070215")
		in(true, "020101")
		w.done("emergency", "off")
		w.later(readAgain)
		in(false, "020101")
		w.refused("none is in force", "emergency", "off", "--area", "02")
		if out := w.done("emergency", "list", "--all"); !strings.Contains(out, "switched off 2026-11-26 00:00 by command") || !strings.Contains(out, "over since the end of 2026-11-25") {
			w.t.Errorf("the list of all is:\n%s", out)
		}
		if diff := cmp.Diff([]string{"command emergency on 02", "command emergency on nation", "command emergency off 02"}, w.record()); diff != "" {
			w.t.Errorf("the record (-want +got):\n%s", diff)
		}
	})
}

func TestEmergencyIsRefusedWithoutAReasonOrADate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	on := func(area, until, reason string) []string {
		return []string{"emergency", "on", "--area", area, "--until", until, "--reason", reason}
	}
	w.refused("--reason is empty", on("02", "2026-11-30", "  ")...)
	w.refused("is over already", on("02", "2026-11-23", "x")...)
	w.refused("more than a year away", on("02", "2062-11-30", "x")...)
	w.refused("write it as 2026-12-31", on("02", "30.11.2026", "x")...)
	w.refused("write 02 for Battambang", on("2", "2026-11-30", "x")...)
	w.refused("is no province", on("0201", "2026-11-30", "x")...)
	if code, _, complaints := w.operates("emergency", "on", "--area", "02"); code != exitUse || !strings.Contains(complaints, "--reason") {
		t.Errorf("exit %d: %s", code, complaints)
	}
	if got := w.record(); got != nil {
		t.Errorf("what was refused is on record: %v", got)
	}
}

// TestAnEmergencyOutlivesTheDatabase: what was in force stays in force while the database does not answer.
func TestAnEmergencyOutlivesTheDatabase(t *testing.T) {
	t.Parallel()
	var k kept[int]
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	reads := 0
	read := func(list []int, err error) func() ([]int, error) {
		return func() ([]int, error) { reads++; return list, err }
	}
	for i, c := range []struct {
		after time.Duration
		list  []int
		err   error
		want  []int
		reads int
	}{
		{0, nil, os.ErrDeadlineExceeded, nil, 1},
		{0, []int{1}, nil, []int{1}, 2},
		{readAgain - 1, []int{2}, nil, []int{1}, 2},
		{1, nil, os.ErrDeadlineExceeded, []int{1}, 3},
		{0, []int{3}, nil, []int{3}, 4},
		{-time.Hour, []int{4}, nil, []int{4}, 5}, // a clock that was set back
	} {
		now = now.Add(c.after)
		got, err := k.get(now, read(c.list, c.err))
		if diff := cmp.Diff(c.want, got); diff != "" || reads != c.reads || (err != nil) != (c.err != nil) {
			t.Errorf("step %d: %d reads, %v (-want +got):\n%s", i, reads, err, diff)
		}
	}
}

func TestClubsAreNumberedListedAndRetired(t *testing.T) {
	stories(t, func(w *world) {
		area := func(code, want string) {
			w.t.Helper()
			w.later(readAgain)
			if got, ok := w.gateway.clubArea(w.t.Context(), code); got != want || ok != (want != "") {
				w.t.Errorf("the number %s stands for %q, %t; expected %q", code, got, ok, want)
			}
		}
		area("0204", "")
		out := w.done("clubs", "add", "0204", "020101", "ក្លឹប", "ផ្កាឈូក")
		for _, part := range []string{"0204", "020101 Kantueu Muoy", "ក្លឹប ផ្កាឈូក", "dial *1280*0204#", "text 0204 to 1280"} {
			if !strings.Contains(out, part) {
				w.t.Errorf("%q is not in:\n%s", part, out)
			}
		}
		area("0204", "020101")
		if out := w.done("clubs", "add", "0205", "070215"); !strings.Contains(out, "another club, 0204") {
			w.t.Errorf("nothing says that a wrong digit makes another club's number:\n%s", out)
		}
		drawn := regexp.MustCompile(`^\d+`).FindString(w.done("clubs", "add", "070215", "The", "river"))
		if len(drawn) != 4 || drawn[0] == '0' || !alert.ValidCode(drawn, 4) {
			w.t.Errorf("the number that was drawn is %q", drawn)
		}
		area(drawn, "070215")
		w.refused("was given to a club already", "clubs", "add", "0204", "070215")
		w.refused("for other ends", "clubs", "add", "1280", "070215")
		w.refused("is no commune", "clubs", "add", "0207", "0201")
		w.refused("which commune", "clubs", "add", "0207")
		w.refused("is no commune", "clubs", "add", "02", "020101")

		if out := w.done("clubs", "retire", "0204"); !strings.Contains(out, "still reaches Kantueu Muoy") {
			w.t.Errorf("retiring says %q", out)
		}
		area("0204", "020101")
		w.refused("retired already", "clubs", "retire", "0204")
		w.refused("no club has the number 9999", "clubs", "retire", "9999")
		w.refused("was given to a club already", "clubs", "add", "0204", "070215")
		if out := w.done("clubs", "list"); strings.Contains(out, "0204") || !strings.Contains(out, "0205") || !strings.Contains(out, drawn) {
			w.t.Errorf("the list is:\n%s", out)
		}
		if out := w.done("clubs", "list", "--all"); !strings.Contains(out, "0204") || !strings.Contains(out, "retired 2026-11-24") {
			w.t.Errorf("the list of all is:\n%s", out)
		}
		want := []string{"command club add 0204", "command club add 0205", "command club add " + drawn, "command club retire 0204"}
		if diff := cmp.Diff(want, w.record()); diff != "" {
			w.t.Errorf("the record (-want +got):\n%s", diff)
		}
	})
}

// TestAClubOfThePackIsRetired: a number of clubs.csv is retired by a command too, and goes on routing when its line is taken out.
func TestAClubOfThePackIsRetired(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	path := filepath.Join(w.env["CHUMROK_PACK"], "clubs.csv")
	if err := os.WriteFile(path, []byte("code,area_code,name\n3021,020101,Lotus\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := w.done("clubs", "list"); !strings.Contains(out, "3021") || !strings.Contains(out, "clubs.csv") {
		t.Errorf("the list is:\n%s", out)
	}
	w.done("clubs", "retire", "3021")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if got, ok := w.gateway.clubArea(t.Context(), "3021"); got != "020101" || !ok {
		t.Errorf("it stands for %q, %t", got, ok)
	}
	w.refused("was given to a club already", "clubs", "add", "3021", "070215")
}

// TestACardIsUnderstood: what the card of a club says can be written, for each of its numbers, is understood by the gateway that is running
// when the club is added.
func TestACardIsUnderstood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	w.done("clubs", "add", "3021", "020101")
	page := w.done("clubs", "print", "3021")
	numbers := regexp.MustCompile(`<tr><th>(\d+)</th>`).FindAllStringSubmatch(page, -1)
	if len(numbers) < 24 {
		t.Fatalf("there are %d numbers on two cards", len(numbers))
	}
	for i, n := range numbers[:len(numbers)/2] {
		w.caller(fmt.Sprintf("+85512000%03d", 600+i)).texts("3021 " + n[1])
	}
	told := map[string]bool{}
	w.forward(w.gateway.pack.Sessions.SMSUnfinishedAfter + time.Minute)
	var list []struct{ Code string }
	if err := json.Unmarshal([]byte(w.done("referrals", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		if m := regexp.MustCompile(`harm +(\w+)`).FindStringSubmatch(w.done("referrals", "--reveal", one.Code)); m != nil {
			told[m[1]] = true
		}
	}
	if len(told) != len(numbers)/2 {
		t.Errorf("of %d numbers these were understood: %v", len(numbers)/2, told)
	}
}

// TestDrawnNumbersAreFarApart: no slip of a finger makes one club's number another's, and none is drawn that people call.
func TestDrawnNumbersAreFarApart(t *testing.T) {
	t.Parallel()
	p := &pack.Pack{ShortCode: "1280", ServiceCodes: []string{"*1281*77#"}, HelpNumbers: []pack.HelpNumber{{Number: "1288"}}}
	var list []store.Club
	four := 0
	for range 60 {
		code, err := freeClubCode(rand.Reader, list, p)
		if err != nil {
			t.Fatal(err)
		}
		if nearClub(list, code) != "" || reserved(code, p) || code[0] == '0' {
			t.Fatalf("%s was drawn beside %v", code, list)
		}
		if len(code) == 4 {
			four++
		}
		list = append(list, store.Club{Code: code})
	}
	if four != 60 {
		t.Errorf("%d of 60 have four digits", four)
	}
	for n := 1000; n < 10000; n++ {
		list = append(list, store.Club{Code: strconv.Itoa(n)})
	}
	if code, err := freeClubCode(rand.Reader, list, p); err != nil || len(code) != 5 || !alert.ValidCode(code, 5) {
		t.Errorf("after all of four digits %q is drawn, %v", code, err)
	}
	for _, c := range [][2]string{{"0204", "0205"}, {"0204", "2004"}, {"0204", "0240"}} {
		if nearClub([]store.Club{{Code: c[0]}}, c[1]) != c[0] {
			t.Errorf("%s is not near %s", c[1], c[0])
		}
	}
	for _, far := range []string{"0215", "02040", "204", "4020"} {
		if near := nearClub([]store.Club{{Code: "0204"}}, far); near != "" {
			t.Errorf("%s is near %s", far, near)
		}
	}
}

// TestPostersAndCards: the page of a club says what is dialled and texted, and its card says of each published number what it means.
func TestPostersAndCards(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	w.done("clubs", "add", "0204", "020101")
	w.done("clubs", "add", "3021", "070215")
	page := w.done("clubs", "print", "0204", "3021")
	for _, part := range []string{"*1280*0204#", "*1280*3021#", "or text 0204 to 1280", "Kantueu Muoy", "call 1280 or 117"} {
		if !strings.Contains(page, part) {
			t.Errorf("%q is not on the page", part)
		}
	}
	// The card against the question itself, asked of the flow: every number is that of an option, and means what it says.
	card := map[string]string{}
	for _, m := range regexp.MustCompile(`<tr><th>(\d+)</th><td><span lang="km">([^<]+)</span> <span lang="en">([^<]+)</span>`).FindAllStringSubmatch(page, -1) {
		card[m[1]] = html.UnescapeString(m[3])
	}
	published := w.harmOptions()
	if len(published) < 12 {
		t.Fatalf("the question has only the options %v", published)
	}
	if diff := cmp.Diff(published, card); diff != "" {
		t.Errorf("the card and the question (-question +card):\n%s", diff)
	}
	w.refused("no club has the number 9999", "clubs", "print", "9999")
	w.done("clubs", "retire", "3021")
	w.refused("is retired", "clubs", "print", "3021")

	file := filepath.Join(t.TempDir(), "poster.html")
	if out := w.done("poster", "--out", file); !strings.Contains(out, file) {
		t.Errorf("it says %q", out)
	}
	bare, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(bare), "*1280#") || strings.Contains(string(bare), "<th>") {
		t.Errorf("the poster without a club: %v\n%s", err, bare)
	}
	w.refused("not there yet", "poster", "--out", file)
}

// harmOptions walks a child's conversation to the question of what is happening and reads number and words of every option from its
// screens, page by page, an emergency being on.
func (w *world) harmOptions() map[string]string {
	w.t.Helper()
	w.done("emergency", "on", "--area", "nation", "--until", "2026-12-31", "--reason", "so that every option is offered")
	d := w.gateway.flows.Current("report")
	screens := map[string]string{}
	state := d.Begin(flows.Beginning{Channel: flows.USSD, Language: "en", Emergency: true}, w.clock.Now())
	var screen flows.Screen
	state, screen, _ = d.Step(state, flows.Input{}, w.clock.Now())
	for range 60 {
		if strings.Contains(screen.Text, w.gateway.texts.Text("en", "report.harm.child")) {
			break
		}
		key := "1"
		if state.Node() == "danger" {
			key = "2"
		}
		state, screen, _ = d.Step(state, flows.Input{Text: key}, w.clock.Now())
	}
	for range 20 {
		screens[screen.Text] = screen.Text
		if !strings.Contains(screen.Text, "9 "+w.gateway.texts.Text("en", "nav.more")) {
			break
		}
		state, screen, _ = d.Step(state, flows.Input{Text: "9"}, w.clock.Now())
	}
	options := map[string]string{}
	for text := range screens {
		for line := range strings.Lines(text) {
			if m := regexp.MustCompile(`^(\d+) (.+?)\s*$`).FindStringSubmatch(line); len(m) == 3 && !slices.Contains([]string{"0", "8", "9"}, m[1]) {
				options[m[1]] = m[2]
			}
		}
	}
	return options
}

func TestOfficersGetPINs(t *testing.T) {
	stories(t, func(w *world) {
		number, err := phone.Parse(w.officer["banan1-chair"])
		if err != nil {
			w.t.Fatal(err)
		}
		try := func(pin string) store.PINAnswer {
			w.t.Helper()
			answer, err := w.gateway.tryPIN(w.t.Context(), number, pin)
			if err != nil {
				w.t.Fatal(err)
			}
			return answer
		}
		expect := func(want store.PINAnswer, pin string) {
			w.t.Helper()
			if got := try(pin); got != want {
				w.t.Errorf("the answer is %s, expected %s", got, want)
			}
		}
		expect(store.PINNone, "482913")
		w.refused("draw one with 'officer pin banan1-chair'", "officer", "reset", "banan1-chair")
		out := w.done("officer", "pin", "banan1-chair")
		pin := digitsIn(w.t, out, pinDigits)
		if !strings.Contains(out, "not shown again") {
			w.t.Errorf("it says %q", out)
		}
		expect(store.PINRight, pin)
		expect(store.PINRight, " "+khmerDigits(pin)+" ")
		wrong := "000000" // never drawn: easy
		for range store.PINTries {
			expect(store.PINWrong, wrong)
		}
		expect(store.PINLocked, pin)
		line := func(id string) string {
			w.t.Helper()
			for line := range strings.Lines(w.done("officer", "list")) {
				if strings.HasPrefix(line, id+" ") {
					return line
				}
			}
			w.t.Fatalf("%s is not listed", id)
			return ""
		}
		if got := line("banan1-chair"); !strings.Contains(got, "PIN locked") || !strings.Contains(got, "020101 committee") {
			w.t.Errorf("the line is %q", got)
		}
		w.done("officer", "reset", "banan1-chair")
		expect(store.PINRight, pin)
		again := digitsIn(w.t, w.done("officer", "pin", "banan1-chair"), pinDigits)
		if again != pin {
			expect(store.PINWrong, pin)
		}
		expect(store.PINRight, again)
		if got := line("banan1-chair"); strings.Contains(got, "locked") || !strings.Contains(got, " PIN") {
			w.t.Errorf("the line is %q", got)
		}
		if got := line("banan1-focal"); !strings.Contains(got, "no PIN") {
			w.t.Errorf("the line is %q", got)
		}
		w.refused("is banan1-chair meant", "officer", "pin", "banan1-chiar")
		w.refused("'officer list' shows them", "officer", "pin", "somebody-else")
		if list := w.done("officer", "list"); anyNumber.MatchString(list) || strings.Contains(list, "Kantueu") || strings.Contains(list, again) {
			w.t.Errorf("the list shows a number, a name or a PIN:\n%s", list)
		}
		// Nothing that is kept shows the PIN, and the key file is needed to try one.
		p, _, err := w.gateway.store.PIN(w.t.Context(), w.gateway.store.PhoneIndex(number))
		if err != nil || !strings.HasPrefix(p.Hash, "$argon2id$") || strings.Contains(p.Hash, again) {
			w.t.Errorf("what is kept is %q, %v", p.Hash, err)
		}
		acts := w.record()
		for _, want := range []string{"command pin set banan1-chair", "banan1-chair pin wrong banan1-chair", "banan1-chair pin locked banan1-chair",
			"command pin unlock banan1-chair", "banan1-chair pin right banan1-chair"} {
			if !slices.Contains(acts, want) {
				w.t.Errorf("%q is not on record: %v", want, acts)
			}
		}
		if strings.Contains(w.logs.String(), again) || strings.Contains(w.logs.String(), pin) {
			w.t.Error("a PIN is in the log")
		}
	})
}

// khmerDigits writes digits as a Khmer keyboard does.
func khmerDigits(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r - '0' + '០'
		}
		return r
	}, text)
}

// TestOnePINForAPhone: who stands on two rows has one PIN, and is told so when it is drawn.
func TestOnePINForAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	path := filepath.Join(w.env["CHUMROK_PACK"], "directory.csv")
	rows, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows = append(rows, "banan2-chair,020102,committee,chair,1,Chair of two,012 000 101,km,always,m,,\n"...)
	if err := os.WriteFile(path, rows, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := w.done("officer", "pin", "banan2-chair"); !strings.Contains(out, "also that of banan1-chair") {
		t.Errorf("it says %q", out)
	}
	for line := range strings.Lines(w.done("officer", "list")) {
		if (strings.HasPrefix(line, "banan1-chair ") || strings.HasPrefix(line, "banan2-chair ")) && strings.Contains(line, "no PIN") {
			t.Errorf("the line is %q", line)
		}
	}
}

func TestDrawnPINsAreNotTypedWithoutThinking(t *testing.T) {
	t.Parallel()
	for pin, want := range map[string]bool{"000000": true, "111111": true, "123456": true, "654321": true, "482913": false, "024680": false, "135790": false} {
		if easy(pin) != want {
			t.Errorf("%s: easy %t", pin, !want)
		}
	}
	seen := map[string]bool{}
	for range 200 {
		pin, err := drawPIN(rand.Reader)
		if err != nil || len(pin) != pinDigits || easy(pin) {
			t.Fatalf("%q, %v", pin, err)
		}
		seen[pin] = true
	}
	if len(seen) < 195 {
		t.Errorf("of 200 PINs only %d differ", len(seen))
	}
}

func TestOfficersAreAwayAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	away := func(want bool) {
		t.Helper()
		if got := strings.Contains(w.done("officer", "list"), "away until the end of 2026-11-26"); got != want {
			t.Errorf("%v: listed as away: %t", w.clock.Now(), got)
		}
	}
	away(false)
	w.done("officer", "away", "banan1-chair", "--until", "2026-11-26")
	away(true)
	w.clock.set(time.Date(2026, 11, 26, 23, 59, 59, 0, w.gateway.pack.Zone))
	away(true)
	w.later(time.Second)
	away(false)
	w.refused("was not away", "officer", "back", "banan1-chair")
	w.done("officer", "away", "banan1-chair", "--until", "2026-11-30")
	w.done("officer", "back", "banan1-chair")
	away(false)
	w.refused("is over already", "officer", "away", "banan1-chair", "--until", "2026-11-20")
	w.refused("take the officer out", "officer", "away", "banan1-chair", "--until", "2030-11-20")
	if diff := cmp.Diff([]string{"command away banan1-chair", "command away banan1-chair", "command back banan1-chair"}, w.record()); diff != "" {
		t.Errorf("the record (-want +got):\n%s", diff)
	}
}

// TestOperatorsNeedALedger: the commands that write beside a gateway say what is missing when there is none.
func TestOperatorsNeedALedger(t *testing.T) {
	t.Parallel()
	env := environment{"CHUMROK_DATA": t.TempDir()}
	for _, args := range [][]string{{"emergency", "list"}, {"clubs", "list"}, {"officer", "list"}, {"clubs", "print", "0204"}} {
		if code, out, complaints := command(t, env, "", args...); code != exitFault || !strings.Contains(complaints, "start the gateway first") {
			t.Errorf("%v: exit %d: %s%s", args, code, out, complaints)
		}
	}
	code, page, complaints := command(t, env, "", "poster")
	if code != exitDone || !strings.HasPrefix(page, "<!DOCTYPE html>") {
		t.Fatalf("the poster needs no ledger: exit %d: %s", code, complaints)
	}
	front := regexp.MustCompile(`(?s)</svg>(.*?)</section>`).FindStringSubmatch(page)
	if front == nil {
		t.Fatal("there is no poster on the page")
	}
	for _, text := range regexp.MustCompile(`>([^<>]+)<`).FindAllStringSubmatch(front[1], -1) {
		if bad := locales.Lint("", text[1], locales.Neutral); bad != nil {
			t.Errorf("on the wall stands %s: %v", text[1], bad)
		}
	}
	if n := strings.Count(front[1], "*1280#"); n != 1 {
		t.Errorf("what to dial stands there %d times", n)
	}
}

func TestConversationsAreDrawn(t *testing.T) {
	t.Parallel()
	env := environment{"CHUMROK_DATA": t.TempDir()}
	code, one, complaints := command(t, env, "", "flows", "graph", "report")
	if code != exitDone || !strings.HasPrefix(one, "flowchart ") || !strings.Contains(one, "harm") || !strings.HasSuffix(one, "\n") {
		t.Fatalf("exit %d: %s%s", code, one, complaints)
	}
	code, all, complaints := command(t, env, "", "flows", "graph")
	if code != exitDone || !strings.Contains(all, "## report\n\n```mermaid\n"+one+"```\n") {
		t.Fatalf("exit %d: %s%s", code, all, complaints)
	}
	if code, _, complaints := command(t, env, "", "flows", "graph", "reprot"); code != exitFault || !strings.Contains(complaints, "there are") || !strings.Contains(complaints, "report") {
		t.Fatalf("exit %d: %s", code, complaints)
	}
}
