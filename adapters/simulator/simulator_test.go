package simulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
	"chumrok/internal/phone"
)

var _ adapters.Channel = (*Simulator)(nil)

func num(tb testing.TB, raw string) phone.Number {
	tb.Helper()
	n, err := phone.Parse(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func clock() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }

func TestAMessageArrives(t *testing.T) {
	t.Parallel()
	s := New(clock)
	child, officer := s.Phone(num(t, "+85512000501")), s.Phone(num(t, "+85512000101"))
	changed := s.Changed()
	first, err := s.Send(t.Context(), adapters.Outgoing{To: officer.Number(), Text: "លេខ 482131", From: "1280"})
	if err != nil {
		t.Fatal(err)
	}
	second, err := s.Send(t.Context(), adapters.Outgoing{To: officer.Number(), Text: "លេខ 482131", From: "1280"})
	if err != nil || first.ID == second.ID || first.ID == "" {
		t.Fatalf("receipts %q and %q, %v; want two of their own", first.ID, second.ID, err)
	}
	select {
	case <-changed:
	default:
		t.Error("Changed was not closed")
	}
	want := []Message{{N: 1, ID: first.ID, From: "1280", Text: "លេខ 482131", At: clock()}, {N: 2, ID: second.ID, From: "1280", Text: "លេខ 482131", At: clock()}}
	if diff := cmp.Diff(want, officer.Inbox()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[1:], officer.After(1)); diff != "" {
		t.Error(diff)
	}
	if len(child.Inbox()) != 0 {
		t.Error("another phone got it too")
	}
	for i := range want {
		if got, err := officer.Next(t.Context()); err != nil || got.N != i+1 || len(officer.Unread()) != 1-i {
			t.Errorf("Next = %d, %v; %d unread", got.N, err, len(officer.Unread()))
		}
	}
	if s.Tried(officer.Number()) != 2 {
		t.Errorf("tried %d times, want 2", s.Tried(officer.Number()))
	}
}

func TestNextWaits(t *testing.T) {
	t.Parallel()
	s := New(clock)
	p := s.Phone(num(t, "+85512000101"))
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Next(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("nothing to come: %v", err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		if m, err := p.Next(t.Context()); err != nil || m.Text != "a" {
			t.Errorf("Next = %q, %v", m.Text, err)
		}
	})
	if _, err := s.Send(t.Context(), adapters.Outgoing{To: p.Number(), Text: "a"}); err != nil {
		t.Fatal(err)
	}
	wait.Wait()
}

func TestABadNetwork(t *testing.T) {
	t.Parallel()
	one, other := num(t, "+85512000101"), num(t, "+85512000102")
	dead := adapters.Permanent(errors.New("the number is dead"))
	send := func(s *Simulator, n phone.Number) error {
		_, err := s.Send(t.Context(), adapters.Outgoing{To: n, Text: "482131"})
		if err != nil && (strings.Contains(err.Error(), "12000") || strings.Contains(err.Error(), "482131")) {
			t.Error("the error shows the message")
		}
		return err
	}
	s := New(clock)
	s.Behave(one, Behaviour{Err: dead})
	if err := send(s, one); !adapters.IsPermanent(err) {
		t.Errorf("a dead number: %v", err)
	}
	if err := send(s, other); err != nil {
		t.Errorf("another number: %v", err)
	}
	s.Behave(one, Behaviour{})
	if err := send(s, one); err != nil {
		t.Errorf("a number that works again: %v", err)
	}

	s = New(clock)
	s.Behave(phone.Number{}, Behaviour{Err: errors.New("down"), Times: 2})
	for i, want := range []bool{true, true, false} {
		if err := send(s, one); (err != nil) != want {
			t.Errorf("try %d of a short outage: %v", i, err)
		}
	}

	s = New(clock)
	s.Behave(one, Behaviour{Err: adapters.Uncertain(errors.New("no answer")), Arrives: true})
	if err := send(s, one); !adapters.IsUncertain(err) || len(s.Phone(one).Inbox()) != 1 {
		t.Errorf("a lost answer: %v, %d messages", err, len(s.Phone(one).Inbox()))
	}

	s = New(clock)
	gate := make(chan struct{})
	s.Behave(one, Behaviour{Gate: gate})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Send(ctx, adapters.Outgoing{To: one}); !adapters.IsUncertain(err) || len(s.Phone(one).Inbox()) != 0 {
		t.Errorf("a slow network, and no patience: %v", err)
	}
	close(gate)
	if err := send(s, one); err != nil || len(s.Phone(one).Inbox()) != 1 {
		t.Errorf("a slow network, in the end: %v", err)
	}
	if _, err := s.Send(t.Context(), adapters.Outgoing{}); !adapters.IsPermanent(err) {
		t.Errorf("to no number: %v", err)
	}
}

func TestAPhoneInTheHand(t *testing.T) {
	t.Parallel()
	s, sink := New(clock), &adaptertest.Sink{Answer: adapters.Answer{Text: "1 Khmer"}}
	p := s.Phone(num(t, "+85512000501"))
	if _, err := p.Key(t.Context(), sink, "1"); !errors.Is(err, ErrNoSession) {
		t.Errorf("a key without a call: %v", err)
	}
	if err := p.HangUp(t.Context(), sink); err != nil || sink.Calls() != 0 {
		t.Errorf("hanging up without a call: %v", err)
	}
	for _, do := range []func() (adapters.Answer, error){
		func() (adapters.Answer, error) { return p.Dial(t.Context(), sink, "*1280#") },
		func() (adapters.Answer, error) { return p.Key(t.Context(), sink, "1") },
		func() (adapters.Answer, error) { return p.Text(t.Context(), sink, "1280", "caf\xe9") },
	} {
		if a, err := do(); err != nil || a.Text != "1 Khmer" {
			t.Fatalf("%q, %v", a.Text, err)
		}
	}
	got := sink.Messages()
	ids := map[string]bool{}
	for i := range got {
		ids[got[i].ID] = true
		got[i].ID = ""
	}
	session := got[0].Session
	want := []adapters.Message{
		{Provider: Name, Channel: adapters.USSD, Session: session, New: true, From: p.Number(), To: "*1280#", At: clock()},
		{Provider: Name, Channel: adapters.USSD, Session: session, From: p.Number(), To: "*1280#", Text: "1", At: clock()},
		{Provider: Name, Channel: adapters.SMS, From: p.Number(), To: "1280", Text: "caf�", At: clock()},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(ids) != 3 || session == "" {
		t.Errorf("%d ids, session %q\n%s", len(ids), session, diff)
	}
	if text, open := p.Screen(); text != "1 Khmer" || !open {
		t.Errorf("the screen: %q, open %v", text, open)
	}
	if err := p.HangUp(t.Context(), sink); err != nil || sink.Calls() != 4 {
		t.Errorf("hanging up: %v", err)
	}
	if text, open := p.Screen(); text != "" || open {
		t.Errorf("the screen after hanging up: %q, open %v", text, open)
	}

	for name, c := range map[string]struct {
		sink *adaptertest.Sink
		want string
		fail bool
	}{
		"the last screen":     {sink: &adaptertest.Sink{Answer: adapters.Answer{Text: "bye", End: true}}, want: "bye"},
		"refused with a text": {sink: &adaptertest.Sink{Err: adapters.Refused{Text: "later", Err: errors.New("x")}}, want: "later"},
		"the sink fails":      {sink: &adaptertest.Sink{Err: errors.New("x")}, fail: true},
	} {
		a, err := p.Dial(t.Context(), c.sink, "*1280#")
		if a.Text != c.want || (err != nil) != c.fail {
			t.Errorf("%s: %q, %v", name, a.Text, err)
		}
		if _, open := p.Screen(); open {
			t.Errorf("%s: the call is still open", name)
		}
	}
	if a, b := New(clock).id("x"), New(clock).id("x"); a == b {
		t.Error("two processes make the same id")
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s, sink := New(clock), &adaptertest.Sink{Answer: adapters.Answer{Text: "x"}}
	n := num(t, "+85512000101")
	var wait sync.WaitGroup
	for range 64 {
		wait.Go(func() {
			if _, err := s.Send(t.Context(), adapters.Outgoing{To: n, Text: "a"}); err != nil {
				t.Error(err)
			}
			if _, err := s.Phone(n).Text(t.Context(), sink, "1280", "b"); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	ids := map[string]bool{}
	for i, m := range s.Phone(n).Inbox() {
		if ids[m.ID] = true; m.N != i+1 {
			t.Errorf("message %d has number %d", i, m.N)
		}
	}
	for _, m := range sink.Messages() {
		ids[m.ID] = true
	}
	if len(ids) != 128 {
		t.Errorf("%d ids, want 128", len(ids))
	}
	for range 2 * mostKept {
		if _, err := s.Send(t.Context(), adapters.Outgoing{To: n, Text: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Phone(n).Inbox(); len(got) != mostKept || got[len(got)-1].N != 64+2*mostKept {
		t.Errorf("%d kept, the last has number %d", len(got), got[len(got)-1].N)
	}
}

func TestThePage(t *testing.T) {
	t.Parallel()
	s, sink := New(clock), &adaptertest.Sink{Answer: adapters.Answer{Text: "1 ខ្មែរ <b>"}}
	h := s.Handler(sink)
	serve := func(r *http.Request) (int, string, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		b, err := io.ReadAll(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		return w.Code, string(b), w.Header().Get("Location")
	}
	post := func(path string, v url.Values) *http.Request {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(v.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	press := func(do, text string) string {
		code, _, to := serve(post("/phones", url.Values{"number": {"012 000 501"}, "to": {" *1280# "}, "text": {text}, "do": {do}}))
		if code != http.StatusSeeOther {
			t.Fatalf("%s: %d", do, code)
		}
		return to
	}
	get := func(path string) string {
		code, body, _ := serve(httptest.NewRequest(http.MethodGet, path, nil))
		if code != http.StatusOK {
			t.Fatalf("%s: %d", path, code)
		}
		if strings.Contains(body, "//") {
			t.Errorf("%s loads something from elsewhere", path)
		}
		return body
	}
	to := press("dial", "")
	press("key", "1")
	press("sms", "<script>alert(1)</script>")
	if _, err := s.Send(t.Context(), adapters.Outgoing{To: num(t, "+85512000101"), Text: "លេខ 482131"}); err != nil {
		t.Fatal(err)
	}
	page, all := get(to), get("/phones/all")
	if !strings.Contains(page, "1 ខ្មែរ &lt;b&gt;") || !strings.Contains(page, "Khmer OS") {
		t.Error("the page does not show the screen in a Khmer font")
	}
	for _, want := range []string{"+85512000501", "+85512000101", "លេខ 482131", "&lt;script&gt;", `http-equiv="refresh"`} {
		if !strings.Contains(all, want) && !strings.Contains(all, strings.ReplaceAll(want, "+", "&#43;")) {
			t.Errorf("the frame lacks %s", want)
		}
	}
	press("hangup", "")
	if got := sink.Calls(); got != 4 {
		t.Errorf("%d calls of the sink, want 4", got)
	}
	sink.Err = errors.New("the database is gone")
	if to := press("sms", "a"); !strings.Contains(to, "trouble=") || !strings.Contains(get(to), "network would try again") || strings.Contains(to, "database") {
		t.Errorf("a failing gateway: %s", to)
	}
	if _, _, to := serve(post("/phones", url.Values{"number": {"x"}, "do": {"sms"}})); !strings.Contains(get(to), "no phone number") {
		t.Errorf("no number: %s", to)
	}

	evil := post("/phones", url.Values{"number": {"012000501"}, "do": {"sms"}, "text": {"a"}})
	evil.Header.Set("Sec-Fetch-Site", "cross-site")
	calls := sink.Calls()
	if code, _, _ := serve(evil); code != http.StatusForbidden || sink.Calls() != calls {
		t.Errorf("another site's form: %d", code)
	}
}

func TestTheTerminalsSide(t *testing.T) {
	t.Parallel()
	s, sink := New(clock), &adaptertest.Sink{Answer: adapters.Answer{Text: "screen"}}
	h := s.Handler(sink)
	send := func(method, path, body string) (int, string) {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, strings.NewReader(body)))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	const base = "/phones/+85512000501"
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
		calls              int
	}{
		{"POST", base + "/ussd", `{"session":"a","code":"*1280#","input":""}`, 200, `{"text":"screen","end":false}`, 1},
		{"POST", base + "/ussd", `{"session":"a","code":"*1280#","input":"1"}`, 200, `{"text":"screen","end":false}`, 1},
		{"POST", base + "/ussd", `{"session":"b","code":"*1280#","input":"1"}`, 200, `{"text":"screen","end":false}`, 2},
		{"POST", base + "/ussd", `{"code":"*1280#"}`, 400, "", 0},
		{"POST", base + "/sms", `{"to":"1280","text":"គេវាយខ្ញុំ"}`, 200, `{"text":"screen","end":false}`, 1},
		{"POST", base + "/sms", `not JSON`, 400, "", 0},
		{"POST", base + "/sms", `{"text":"` + strings.Repeat("a", largestForm) + `"}`, 413, "", 0},
		{"POST", "/phones/abc/sms", `{}`, 404, "", 0},
		{"GET", base + "/messages", "", 200, `[]`, 0},
		{"GET", base + "/messages?after=x", "", 400, "", 0},
		{"GET", base + "/sms", "", 405, "", 0},
	} {
		before := sink.Calls()
		code, body := send(c.method, c.path, c.body)
		if code != c.code || (c.want != "" && body != c.want) || sink.Calls()-before != c.calls {
			t.Errorf("%s %s %.40s: %d %s, %d calls; want %d %s, %d", c.method, c.path, c.body, code, body, sink.Calls()-before, c.code, c.want, c.calls)
		}
	}
	for _, text := range []string{"one", "two"} {
		if _, err := s.Send(t.Context(), adapters.Outgoing{To: num(t, "+85512000501"), Text: text, From: "1280"}); err != nil {
			t.Fatal(err)
		}
	}
	_, body := send("GET", base+"/messages?after=1", "")
	var list []Message
	if err := json.Unmarshal([]byte(body), &list); err != nil || len(list) != 1 || list[0].N != 2 || list[0].Text != "two" || list[0].From != "1280" {
		t.Errorf("messages: %s, %v", body, err)
	}
	sink.Err = errors.New("the database is gone")
	if code, body := send("POST", base+"/sms", `{"to":"1280","text":"a"}`); code != 503 || strings.Contains(body, "database") {
		t.Errorf("a failing gateway: %d %s", code, body)
	}
}
