package main

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/adapters/simulator"
	"chumrok/locales"
)

// The walk of this file gives the phone to somebody else at every point of every conversation: whoever beats a child, or
// only looks. He sees what a phone shows that never called.

// TestSomebodyElsePicksThePhoneUp comes to each node of each conversation, in each language and on both channels, and lets a
// stranger hold the phone from there: he dials while the call is open and after it broke off, goes back as far as it goes,
// leaves, presses what nobody expects, writes, looks for old answers, tries a code, reads the inbox, and waits for two days.
func TestSomebodyElsePicksThePhoneUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	k := &walk{world: w, codes: w.codesToAskFor(), pin: w.pin("banan1-chair"), virgin: map[string][]string{}, lessons: map[string]string{}, known: map[string]*point{}}
	ways := k.search()
	k.completes()
	k.neverCalled()

	var todo sync.WaitGroup
	free := make(chan struct{}, 8)
	for i := range ways {
		if ways[i].officer { // officers' deeds change what the next one finds, so these go one after the other
			continue
		}
		h := k.phone()
		todo.Go(func() {
			free <- struct{}{}
			k.handsOver(&ways[i], h)
			<-free
		})
	}
	todo.Wait()
	for i := range ways {
		if ways[i].officer {
			k.handsOver(&ways[i], &holder{k: k, number: w.officer["banan1-chair"]})
			k.unlocks("banan1-chair")
		}
	}
	k.waits()
	t.Logf("%d points on %d ways, %d phones, %d turns", len(k.known), len(ways), k.phones, k.turns.Load())
	w.addsUp()
	w.saysNothingPersonal()
}

// walk is the whole of it: what a phone shows that never called, and where the walk has been.
type walk struct {
	world    *world
	codes    map[string]string // by what is answered to it
	pin      string
	turns    atomic.Int64
	phones   int
	searched int
	virgin   map[string][]string   // the screens of a phone that never called, by who holds it and what is pressed
	calls    map[string][][]string // what a stranger dials and presses, by who holds the phone

	mu      sync.Mutex
	known   map[string]*point // by inputs: where the phone is handed over
	lessons map[string]string // the hours in which a phone asked to be written to
	held    []*holder
}

// holder is a phone in a hand: it does what networks do, without one.
type holder struct {
	k       *walk
	number  string
	session string
	proof   string // that the phone was told
}

// phone is one that nobody has used.
func (k *walk) phone() *holder {
	for {
		k.phones++
		number := fmt.Sprintf("+85512000%03d", k.phones)
		if k.phones > 999 {
			k.world.t.Fatal("there are not enough numbers that reach nobody")
		}
		if !k.world.isOfficer(number) {
			h := &holder{k: k, number: number}
			k.held = append(k.held, h)
			return h
		}
	}
}

func (h *holder) receive(m adapters.Message) adapters.Answer {
	k := h.k
	m.Provider, m.ID, m.At = simulator.Name, fmt.Sprintf("walk-%d", k.turns.Add(1)), k.world.clock.Now()
	m.From = k.world.number(h.number)
	answer, err := k.world.gateway.Receive(context.Background(), m)
	if err != nil {
		k.world.t.Errorf("a turn was not taken: %v", err)
	}
	return answer
}

func (h *holder) dials() adapters.Answer {
	h.session = fmt.Sprintf("walk-session-%d", h.k.turns.Add(1))
	return h.receive(adapters.Message{Channel: adapters.USSD, Session: h.session, To: "*1280#", New: true})
}

func (h *holder) presses(key string) adapters.Answer {
	return h.receive(adapters.Message{Channel: adapters.USSD, Session: h.session, To: "*1280#", Text: key})
}

func (h *holder) texts(text string) string {
	return h.receive(adapters.Message{Channel: adapters.SMS, To: "1280", Text: text}).Text
}

// breaksOff is the network's notice that the call is over.
func (h *holder) breaksOff() {
	if err := h.k.world.gateway.Ended(context.Background(), adapters.Ended{Provider: simulator.Name, Session: h.session}); err != nil {
		h.k.world.t.Errorf("the end of a call was not taken: %v", err)
	}
}

// wrongProof stands for two digits that are not those of a call that was made on the phone.
const wrongProof = "47"

// calls dials, presses the keys until the call ends, and returns every screen.
func (h *holder) calls(keys ...string) []string {
	answer := h.dials()
	screens := []string{answer.Text}
	for _, key := range keys {
		if answer.End {
			break
		}
		if key == wrongProof && h.proof == key {
			key = "48"
		}
		answer = h.presses(key)
		screens = append(screens, fmt.Sprint(answer.Text, " ", answer.End))
	}
	return screens
}

var optionLine = regexp.MustCompile(`(?m)^(\d+) `)

// numbered are the options on a screen, without the keys that stand on all.
func numbered(screen string) (numbers []string) {
	for _, found := range optionLine.FindAllStringSubmatch(screen, -1) {
		if n := found[1]; n != "0" && n != "8" && n != "9" {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

const (
	notACode    = "48213055" // its check digit is wrong, so it can be nobody's
	strangerSMS = "39515151" // likewise; by SMS, where words would be kept as a story
)

// handsOver goes a caller's way on a phone. At each point that the walk has not handed over yet a stranger has the phone: he
// calls beside the open call and after it broke off; then she goes on.
func (k *walk) handsOver(way *point, h *holder) {
	if way.channel == adapters.SMS {
		k.handsOverThread(way, h)
		return
	}
	hers := ""
	var answer adapters.Answer
	for i, key := range way.inputs {
		if answer.End {
			break
		}
		if i == 0 {
			answer = h.dials()
			hers = h.session
		} else {
			h.session = hers
			answer = h.presses(key)
		}
		p := k.point(way, i)
		if p == nil {
			continue
		}
		p.reads(answer.Text)
		before := k.kept(h, hers)
		k.looksFresh(p, h, "with the call still open", p.turn)
		if !bytes.Equal(before, k.kept(h, hers)) {
			k.world.t.Errorf("%s: dialling beside an open call changes that call", p)
		}
		if !answer.End {
			h.session = hers
			h.breaksOff()
		} else if !p.officer {
			k.tellsNothing(p.String()+", the last screen", answer.Text, locales.Neutral)
		}
		k.looksFresh(p, h, "after the call broke off", p.turn*7+3)
		if p.code != "" && !p.officer {
			k.triesHerCode(p, h)
		}
		if p.lessons != "" {
			k.mu.Lock()
			k.lessons[h.number] = p.lessons
			k.mu.Unlock()
		}
	}
	if got := h.texts(strangerSMS); !way.officer && got != k.virgin["sms"][0] {
		k.world.t.Errorf("%s: an SMS is answered %q, and on a phone that never called %q", way, got, k.virgin["sms"][0])
	}
}

// point is where a way has come to after an input, if nobody has handed the phone over there yet.
func (k *walk) point(way *point, i int) *point {
	k.mu.Lock()
	defer k.mu.Unlock()
	p := k.known[way.after(i)]
	if p == nil || p.handed {
		return nil
	}
	p.handed = true
	return p
}

// triesHerCode types the code that she was told, on her phone, as somebody does who found it. Until a proof there is
// nothing but what became of it, in words that any reader may see.
func (k *walk) triesHerCode(p *point, h *holder) {
	if p.code == "" {
		return
	}
	k.becameOf(p, h.texts(p.code))
	for number, language := range k.languages() {
		answer := h.dials()
		for _, key := range []string{number, "3", p.code} {
			answer = h.presses(key)
		}
		if answer.End {
			k.world.t.Errorf("%s: her code is answered %q, with no menu behind it", p, answer.Text)
			continue
		}
		for _, option := range numbered(answer.Text) {
			h.dials()
			for _, key := range []string{number, "3", p.code, option} {
				answer = h.presses(key)
			}
			k.tellsNothing(p.String()+", her code in "+language+" and "+option, answer.Text, locales.Neutral)
			if option == "1" {
				k.becameOf(p, strings.TrimSpace(answer.Text))
			}
		}
	}
}

// becameOf says that an answer to a code is one of the four, in some language, whatever keys stand under it.
func (k *walk) becameOf(p *point, text string) {
	for _, language := range k.world.gateway.pack.Languages {
		for _, key := range []string{"ask.received", "ask.taken", "ask.closed", "ask.call", "sms.status.received", "sms.status.taken", "sms.status.closed", "sms.call"} {
			if strings.Contains(text, k.world.sentence(language, key)) {
				k.tellsNothing(p.String()+", her code", text, locales.Neutral)
				return
			}
		}
	}
	k.world.t.Errorf("%s: her code is answered %q", p, text)
}

// languages are the numbers of the first screen and what they choose.
func (k *walk) languages() map[string]string {
	return map[string]string{"1": "km", "2": "en", "3": "km-Latn"}
}

// handsOverThread hands a phone over in the middle of a conversation by SMS: whatever he writes, no answer repeats what she wrote.
func (k *walk) handsOverThread(way *point, h *holder) {
	for _, in := range way.inputs {
		answer := h.texts(in)
		k.tellsNothing(way.String(), answer, locales.ReporterSMS)
		way.reads(answer)
	}
	k.looksFresh(way, h, "after she wrote", way.turn)
	if way.code != "" {
		k.triesHerCode(way, h)
	}
	for _, texts := range [][]string{
		{"ok?", "what did I write", "zz", "7", "9", "8", "8", "8", "8", "8", "8", "1", "0", strangerSMS},
		{"8", "ខ្ញុំសរសេរអី?", "8", "8", "99", "STOP", "START", "INFO", "0"},
	}[way.turn%2:] {
		for _, text := range texts {
			answer := h.texts(text)
			k.tellsNothing(way.String()+", a stranger wrote "+text, answer, locales.ReporterSMS)
			if text == "0" && answer != "" && !slices.Contains(k.neutralEnds(), answer) {
				k.world.t.Errorf("%s: 0 is answered %q", way, answer)
			}
		}
	}
	k.looksFresh(way, h, "after a stranger wrote", way.turn*7+3)
}

// neutralEnds are the answers to somebody who leaves by SMS.
func (k *walk) neutralEnds() (texts []string) {
	for _, language := range k.world.gateway.pack.Languages {
		texts = append(texts, k.world.sentence(language, "leave"), k.world.sentence(language, "error.not_understood"))
	}
	return texts
}

// kept is the state of a call as the ledger has it; the number that takes the call up again is noted.
func (k *walk) kept(h *holder, session string) []byte {
	m := adapters.Message{Provider: simulator.Name, Channel: adapters.USSD, Session: session, From: k.world.number(h.number)}
	open, found, err := k.world.gateway.open(context.Background(), k.world.gateway.liveKey(m), true)
	if err != nil || !found {
		return nil
	}
	h.proof = open.state.Proof
	return open.state.AppendBinary(nil)
}

// waits lets the whole network wait for two days, with a look at hours in which nobody may be written to, and then reads
// every inbox: a phone has only what it asked for, at the hours it named, and nobody has a word of what was told.
func (k *walk) waits() {
	w := k.world
	from := w.clock.Now()
	midnight := time.Date(from.Year(), from.Month(), from.Day(), 0, 0, 0, 0, from.Location())
	for _, minute := range []int{18 * 60, 23 * 60, 27 * 60, 32*60 + 59, 33*60 + 50, 35*60 + 50, 37*60 + 50, 41*60 + 50, 42*60 + 30, 47 * 60} {
		w.clock.set(midnight.Add(time.Duration(minute) * time.Minute))
		w.settle()
	}
	for i, h := range k.held {
		k.looksFresh(&point{channel: adapters.USSD, node: "any"}, h, "a day later", i)
	}
	lessons := 0
	for _, phone := range w.gateway.phones.Phones() {
		number := phone.Number().E164()
		for _, m := range phone.Inbox() {
			k.repeatsNothing("an inbox", m.Text)
			if w.isOfficer(number) {
				continue
			}
			hours, known := lessonHours[k.lessons[number]]
			hour := m.At.In(w.gateway.pack.Zone).Hour()
			if !known || hour < hours[0] || hour >= hours[1] {
				w.t.Errorf("at %s a phone that asked for lessons %q got %q", m.At.Format(time.TimeOnly), k.lessons[number], m.Text)
			}
			k.tellsNothing("a lesson", m.Text, locales.ReporterSMS)
			lessons++
		}
	}
	if lessons == 0 {
		w.t.Error("nobody got a lesson, so the hours were not tried")
	}
}

func (w *world) isOfficer(number string) bool {
	return len(w.gateway.roster().ByPhone(w.number(number))) > 0
}

// tellsNothing holds a text that a stranger sees to the lists of words that he must not, and to what she wrote.
func (k *walk) tellsNothing(where, text string, r locales.Reader) {
	text = strings.TrimSuffix(strings.TrimSuffix(text, " true"), " false")
	for _, word := range locales.Lint("", text, r) {
		k.world.t.Errorf("%s: %q gives away %s", where, text, word)
	}
	k.repeatsNothing(where, text)
}

// repeatsNothing says that none of what the walk tells stands in a text; the place may, when it is asked about.
func (k *walk) repeatsNothing(where, text string) {
	for _, word := range append(toldWords, "chumrok", "ជម្រក") {
		if strings.Contains(squeezed(strings.ToLower(text)), squeezed(word)) {
			k.world.t.Errorf("%s: %q repeats %q", where, text, word)
		}
	}
}
