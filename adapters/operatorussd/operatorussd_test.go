package operatorussd

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
	"chumrok/internal/phone"
)

const (
	token = "a-secret-token-of-32-letters-0000"
	code  = "*1280#"
)

func number(tb testing.TB, raw string) phone.Number {
	tb.Helper()
	n, err := phone.ParseSender(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// operators are all shapes that ship, and those of this test.
func operators(tb testing.TB) map[string]Shape {
	tb.Helper()
	shapes, err := Load(Shipped(), "shapes")
	if err != nil {
		tb.Fatal(err)
	}
	out := map[string]Shape{}
	for _, s := range shapes {
		out[s.Name] = s
	}
	return out
}

func operator(tb testing.TB, s Shape, secret string) *Operator {
	tb.Helper()
	o, err := New(Config{Shape: s, Token: secret, Code: code})
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

// compose makes a request in a shape, with fields by their names.
func compose(tb testing.TB, s Shape, said map[string]string) *http.Request {
	tb.Helper()
	target, query, form, header, body := "/hooks/ussd/"+s.Name+"/"+token, url.Values{}, url.Values{}, http.Header{}, ""
	var root = map[string]any{}
	for field, value := range said {
		kind, name, special := strings.Cut(field, ":")
		switch {
		case special && kind == "header":
			header.Set(name, value)
		case special || s.Request.Type == Query:
			query.Set(strings.TrimPrefix(field, "query:"), value)
		case s.Request.Type == Text:
			body = value
		default:
			form.Set(field, value)
			nested(root, field, value)
		}
	}
	switch s.Request.Type {
	case JSON:
		b, err := json.Marshal(root)
		if err != nil {
			tb.Fatal(err)
		}
		body = string(b)
		header.Set("Content-Type", "application/json")
	case Form:
		body = form.Encode()
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	case Text:
		header.Set("Content-Type", "text/plain; charset=utf-8")
	}
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	r := httptest.NewRequest(s.Request.Method, target, strings.NewReader(body))
	maps.Copy(r.Header, header)
	return r
}

func nested(root map[string]any, field, value string) {
	head, rest, more := strings.Cut(field, ".")
	if !more {
		root[head] = value
		return
	}
	inner, ok := root[head].(map[string]any)
	if !ok {
		inner = map[string]any{}
		root[head] = inner
	}
	nested(inner, rest, value)
}

// turn is the fields of one turn that is not the first.
func turn(s Shape, session, input string) map[string]string {
	said := map[string]string{s.Request.Session[0]: session, s.Request.Phone[0]: "+85512000201", s.Request.Input[0]: input}
	for _, m := range s.Request.New {
		said[m.Field] = "not the first"
	}
	if len(s.Request.Turn) > 0 {
		said[s.Request.Turn[0]] = "t-1"
	}
	for _, m := range s.Request.New {
		if m.Field == s.Request.Input[0] { // told by what was typed
			said[m.Field] = input
		}
	}
	return said
}

// over is the fields of a notice that a session is over.
func over(s Shape, m Match) map[string]string {
	said := turn(s, "s-1", "")
	said[m.Field] = m.Values[0]
	if m.Values[0] == "*" {
		said[m.Field] = "clean-session"
	}
	return said
}

// TestEveryShapePassesTheExam puts each shape through the exam by itself; TestWire holds them against real bytes.
func TestEveryShapePassesTheExam(t *testing.T) {
	t.Parallel()
	shapes := operators(t)
	if len(shapes) < 6 {
		t.Errorf("%d shapes", len(shapes))
	}
	for name, s := range shapes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			examine(t, s)
		})
	}
}

func examine(t *testing.T, s Shape) {
	t.Helper()
	o := operator(t, s, token)
	text := func(tb testing.TB, session, input string) *http.Request {
		return compose(tb, s, turn(s, session, input))
	}
	reports := map[string]func(testing.TB) *http.Request{}
	for _, m := range s.Request.Ended {
		reports["ended by "+m.Field] = func(tb testing.TB) *http.Request { return compose(tb, s, over(s, m)) }
	}
	missing := map[string]func(testing.TB) *http.Request{"no session": func(tb testing.TB) *http.Request {
		said := turn(s, "", "1")
		return compose(tb, s, said)
	}}
	if s.Request.Type == JSON {
		for what, body := range map[string]string{"no JSON": "hello", "half of it": `{"a":"b"`, "nothing": "", "a list": `[]`, "two at once": `{}{}`} {
			missing[what] = func(tb testing.TB) *http.Request {
				r := text(tb, "s-1", "1")
				return httptest.NewRequest(r.Method, r.URL.String(), strings.NewReader(body))
			}
		}
	}
	forged := map[string]func(testing.TB) *http.Request{}
	for what, wrong := range map[string]string{"another token": token[:len(token)-1] + "1", "a shorter token": "a", "a longer token": token + "0", "other letters": strings.ToUpper(token)} {
		forged[what] = func(tb testing.TB) *http.Request {
			r := text(tb, "s-1", "1")
			r.URL.Path = "/hooks/ussd/" + s.Name + "/" + wrong
			return r
		}
	}
	adaptertest.Inbound{
		Channel: o, Stranger: operator(t, s, "another-token-of-32-letters-00000"), Text: text, JSON: s.Request.Type == JSON,
		Turnless: len(s.Request.Turn) == 0 && !s.Request.Cumulative, Cumulative: s.Request.Cumulative,
		Refused: func(text string) string {
			w := httptest.NewRecorder()
			said, _ := read(s.Request, compose(t, s, turn(s, "m-1", "a")), wholeBody(t, compose(t, s, turn(s, "m-1", "a"))))
			o.answer(w, said, adapters.Answer{Text: text, End: true})
			return w.Body.String()
		},
		Forged: forged, Missing: missing, Reports: reports, Secrets: []string{token},
	}.Examine(t)
	o.screens(t)
	if _, err := o.Send(t.Context(), adapters.Outgoing{To: number(t, "+85512000101"), Text: "a"}); !adapters.IsMisconfigured(err) {
		t.Errorf("an SMS by USSD: %v, want misconfigured", err)
	}
	if _, err := o.Send(t.Context(), adapters.Outgoing{Text: "a"}); !adapters.IsPermanent(err) {
		t.Errorf("an SMS to nobody: %v, want permanent", err)
	}
}

func wholeBody(tb testing.TB, r *http.Request) []byte {
	tb.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// screens checks that the operator can tell a screen that waits from the last one, and that no answer at all ends.
func (o *Operator) screens(t *testing.T) {
	t.Helper()
	s := o.config.Shape
	show := func(a adapters.Answer) string {
		status, header, body := adaptertest.Serve(t, o, &adaptertest.Sink{Answer: a}, compose(t, s, turn(s, "s-1", "1")))
		if status != http.StatusOK {
			t.Errorf("status %d", status)
		}
		flags := []string{body}
		for _, name := range slices.Sorted(maps.Keys(header)) {
			if name != "Content-Type" {
				flags = append(flags, name+"="+strings.Join(header[name], ","))
			}
		}
		return strings.Join(flags, "\n")
	}
	const screen = "1 ខ្មែរ <Khmer> & 2 \"x\""
	goesOn, ends, none := show(adapters.Answer{Text: screen}), show(adapters.Answer{Text: screen, End: true}), show(adapters.Answer{})
	if goesOn == ends {
		t.Errorf("a screen that waits looks like the last one: %s", ends)
	}
	if none != show(adapters.Answer{End: true}) {
		t.Errorf("no answer does not end the session: %s", none)
	}
	if s.Answer.Type == JSON && !json.Valid([]byte(strings.SplitN(goesOn, "\n", 2)[0])) {
		t.Errorf("no JSON: %s", goesOn)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	o, err := New(Config{Shape: operators(t)["airtel"], Token: token, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}})
	if err != nil {
		t.Fatal(err)
	}
	for remote, want := range map[string]int{"192.0.2.7:443": 200, "[::ffff:192.0.2.7]:443": 200, "[2001:db8::1]:1": 200, "198.51.100.1:443": 403, "[2001:db9::1]:1": 403, "": 403, "192.0.2.7": 403} {
		r := compose(t, o.config.Shape, turn(o.config.Shape, "s-1", "1"))
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-For", "192.0.2.7")
		if status, _, _ := adaptertest.Serve(t, o, &adaptertest.Sink{}, r); status != want {
			t.Errorf("from %q: %d, want %d", remote, status, want)
		}
	}
}

func TestShortTokens(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "short", "with a blank in the middle", "with/a/slash/in/the/middle"} {
		if _, err := New(Config{Shape: operators(t)["airtel"], Token: bad}); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("token %q: %v", bad, err)
		}
	}
}
