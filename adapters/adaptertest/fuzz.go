package adaptertest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"chumrok/adapters"
)

// Fuzzed is what an adapter brings so that anything at all is sent to its hooks.
type Fuzzed struct {
	Channels []adapters.Channel
	Token    string                             // in place of {token} in a path
	Sign     func(r *http.Request, body string) // nil where the path's token is all
}

// Fuzz sends whatever the fuzzer makes up to the hooks, as their provider would: with the right secret, and with another one. The dumps of testdata
// are its seeds.
func (z Fuzzed) Fuzz(f *testing.F) {
	type way struct {
		channel         adapters.Channel
		method, pattern string
	}
	var ways []way
	for _, ch := range z.Channels {
		for _, r := range ch.Routes() {
			ways = append(ways, way{ch, r.Method, r.Pattern})
		}
	}
	dumps, err := filepath.Glob("testdata/*.http")
	if err != nil {
		f.Fatal(err)
	}
	for _, dump := range dumps {
		r := ReadRequest(f, filepath.Base(dump))
		body, err := io.ReadAll(r.Body)
		if err != nil {
			f.Fatal(err)
		}
		for i, w := range ways {
			if w.method == r.Method && strings.HasSuffix(r.URL.Path, w.pattern[strings.LastIndexByte(w.pattern, '/'):]) {
				f.Add(byte(i), r.URL.RawQuery, r.Header.Get("Content-Type"), string(body))
			}
		}
	}
	f.Add(byte(0), "%zz=\xff", "text/plain; charset=utf-16", "\xfe\xff\x00{")
	f.Fuzz(func(t *testing.T, which byte, query, kind, body string) {
		w := ways[int(which)%len(ways)]
		asked := func(token string, sign func(*http.Request, string)) (int, http.Header, string, *Sink) {
			r := httptest.NewRequestWithContext(t.Context(), w.method, strings.ReplaceAll(w.pattern, "{token}", token), strings.NewReader(body))
			r.URL.RawQuery = query
			r.RequestURI = r.URL.RequestURI()
			r.Header["Content-Type"] = []string{kind}
			if sign != nil {
				sign(r, body)
			}
			sink := &Sink{Answer: adapters.Answer{Text: "ទីបន្ទាប់ next"}}
			status, header, answer := Serve(t, w.channel, sink, r)
			return status, header, answer, sink
		}
		status, header, answer, sink := asked(z.Token, z.Sign)
		z.holds(t, w.channel, status, sink)
		if status >= 400 {
			refusalIsOurs(t, header, answer)
		}
		again, headerAgain, answerAgain, sinkAgain := asked(z.Token, z.Sign)
		if again != status || answerAgain != answer || !cmp.Equal(header, headerAgain) || !cmp.Equal(sink.messages, sinkAgain.messages) {
			t.Errorf("the same request is taken otherwise the second time: %d %q, then %d %q", status, answer, again, answerAgain)
		}
		status, _, _, sink = asked(z.Token+"x", nil)
		if status < 400 || len(sink.messages)+len(sink.deliveries)+len(sink.ended) > 0 {
			t.Errorf("a request that is not authentic is answered %d and gives %+v", status, sink.messages)
		}
	})
}

// holds checks what must be true of anything that an adapter makes of a request.
func (z Fuzzed) holds(t *testing.T, ch adapters.Channel, status int, sink *Sink) {
	t.Helper()
	given := len(sink.messages) + len(sink.deliveries) + len(sink.ended)
	switch status {
	case http.StatusOK:
	case http.StatusBadRequest, http.StatusForbidden, http.StatusRequestEntityTooLarge:
		if given > 0 {
			t.Errorf("it was taken and answered %d: the provider would give it up, or send it again for ever", status)
		}
	default:
		t.Errorf("it is answered %d", status)
	}
	if given > 1 {
		t.Errorf("one request gave %d things", given)
	}
	for _, m := range sink.messages {
		if m.Provider != ch.Name() || m.ID == "" && m.Session == "" || m.Channel != adapters.SMS && m.Channel != adapters.USSD || m.Channel == adapters.USSD && m.Session == "" {
			t.Errorf("a message that cannot be told from others: %+v", m)
		}
		if !utf8.ValidString(m.Text) || !utf8.ValidString(m.To) {
			t.Errorf("text %q to %q is not whole", m.Text, m.To)
		}
		if from := m.From.E164(); len(from) > 64 {
			t.Errorf("a sender of %d letters", len(from))
		}
	}
	for _, d := range sink.deliveries {
		if d.Provider != ch.Name() || d.ID == "" || d.State != adapters.Handed && d.State != adapters.Delivered && d.State != adapters.Failed {
			t.Errorf("a delivery of nothing: %+v", d)
		}
		if len(d.Reason) > 60 || strings.ContainsFunc(d.Reason, func(r rune) bool { return r < ' ' || r > '~' }) || digitsInARow(d.Reason) > 10 {
			t.Errorf("a reason that may hold what was written: %q", d.Reason)
		}
	}
	for _, e := range sink.ended {
		if e.Provider != ch.Name() || e.Session == "" {
			t.Errorf("the end of nothing: %+v", e)
		}
	}
}

// refusalIsOurs: all that an adapter says of a request that it does not take stands in its code as it is written, so nothing of the request is in it.
func refusalIsOurs(t *testing.T, header http.Header, answer string) {
	t.Helper()
	if len(answer) > 120 || strings.ContainsFunc(answer, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) || digitsInARow(answer) > 0 {
		t.Errorf("a refusal that may repeat the request: %q", answer)
	}
	for name, values := range header {
		if digitsInARow(fmt.Sprint(values)) > 3 {
			t.Errorf("a header that may repeat the request: %s %q", name, values)
		}
	}
}

func digitsInARow(s string) int {
	longest, now := 0, 0
	for _, r := range s {
		if now++; r < '0' || r > '9' {
			now = 0
		}
		longest = max(longest, now)
	}
	return longest
}
