package adaptertest

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"

	"chumrok/adapters"
)

// largestBody is the gateway's limit, which it sets before an adapter sees the request.
const largestBody = 16 << 10

// Serve gives a request to the channel as the gateway's router does and returns the answer.
func Serve(tb testing.TB, ch adapters.Channel, sink adapters.Sink, r *http.Request) (status int, header http.Header, body string) {
	tb.Helper()
	router := chi.NewRouter()
	for _, route := range ch.Routes() {
		router.Method(route.Method, route.Pattern, http.MaxBytesHandler(route.Handler(sink), largestBody))
	}
	w := httptest.NewRecorder()
	router.ServeHTTP(w, r)
	answer := w.Result()
	b, err := io.ReadAll(answer.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return answer.StatusCode, answer.Header, string(b)
}

// ReadRequest reads a request as it came over the wire from a file of testdata; line ends of headers may be bare.
func ReadRequest(tb testing.TB, name string) *http.Request {
	tb.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		tb.Fatal(err)
	}
	head, body, ok := strings.Cut(string(raw), "\n\n")
	if !ok {
		tb.Fatalf("testdata/%s: no empty line after the headers", name)
	}
	head = strings.ReplaceAll(head, "\n", "\r\n")
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head + "\r\n\r\n")))
	if err != nil {
		tb.Fatalf("testdata/%s: %v", name, err)
	}
	body = strings.TrimSuffix(body, "\n")
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return r
}

// Wire is one request as it came over the wire, and what must come of it.
type Wire struct {
	Name       string
	Dump       string                            // a file of testdata
	Request    func(tb testing.TB) *http.Request // where no file is given
	Answer     adapters.Answer                   // of the sink
	Err        error                             // of the sink
	Status     int                               // of the response; 0 = 200
	Type, Body string                            // of the response; the type is compared when it is given
	Messages   []adapters.Message                // what the sink must have been given, no more and no less
	Deliveries []adapters.Delivery
	Ended      []adapters.Ended
}

// Inbound is what an adapter brings to the exam of its hooks.
type Inbound struct {
	Channel adapters.Channel
	Wire    []Wire
	// Text makes an authentic request of a phone that says text; id is the provider's id of it.
	Text func(tb testing.TB, id, text string) *http.Request
	// Cumulative: two requests with the same id and other text are different messages.
	Cumulative bool
	// Turnless: the provider gives turns no id, so that a message has none and its session stands for it.
	Turnless bool
	// Refused is the body that shows the text of a Refused; "" = the response shows no text and must be 503.
	Refused func(text string) string
	// Forged are requests that are not authentic, by what is wrong with them: 403.
	Forged map[string]func(tb testing.TB) *http.Request
	// Missing are authentic requests that lack what a message cannot be without: 400.
	Missing map[string]func(tb testing.TB) *http.Request
	// Stranger is the same adapter with another secret: it must believe none of the authentic requests.
	Stranger adapters.Channel
	// Signed: what makes a request authentic is over the bytes of its body, not a secret part of the path.
	Signed bool
	// JSON: requests are JSON, which can carry no bytes that are not UTF-8.
	JSON bool
	// Delivery makes an authentic report that the message with the provider's id is in that state, nil where the provider
	// has no such report; nil altogether where it reports nothing.
	Delivery func(tb testing.TB, id string, state adapters.DeliveryState) *http.Request
	// Date makes an authentic message that the provider dates so, and DateForms are the layouts of package time that it
	// writes dates in, those without a zone in UTC; nil where it dates nothing.
	Date      func(tb testing.TB, raw string) *http.Request
	DateForms []string
	// Reports are authentic requests of the other hooks, so that a failing sink is tried on each.
	Reports map[string]func(tb testing.TB) *http.Request
	// Secrets must appear in no response.
	Secrets []string
}

// hostile is what phones send that no menu expects.
func hostile() map[string]string {
	return map[string]string{
		"empty":                   "",
		"blank":                   "   ",
		"Khmer":                   "គេវាយខ្ញុំរាល់ថ្ងៃ",
		"a thousand letters":      strings.Repeat("a", 1000),
		"a thousand Khmer ones":   strings.Repeat("ក", 1000),
		"emoji only":              "😢😢👩‍👧",
		"control characters":      "a\x00b\x07\x1b[2Jc\x7f",
		"line ends":               "one\r\ntwo\nthree",
		"direction marks":         "\u202eabc\u202c",
		"zero-width spaces":       "ក\u200bខ\u200bគ",
		"not UTF-8":               "caf\xe9 \xff\xfe",
		"half a Khmer letter":     "ក\xe1\x9e",
		"UTF-16":                  "\xfe\xff\x17\x80\x17\x81",
		"markup":                  "<Response><Message>&amp;</Message></Response>",
		"form signs":              "a=b&c=d;e+f%20g%zz",
		"looks like our protocol": "CON 1\nEND",
		"a menu's separator":      "5+6",
	}
}

// Examine puts an adapter's hooks through the exam.
func (in Inbound) Examine(t *testing.T) {
	t.Run("routes", in.routes)
	t.Run("wire", in.wire)
	t.Run("hostile text is kept", in.hostile)
	t.Run("repeats", in.repeats)
	t.Run("forged", func(t *testing.T) { in.turnedAway(t, in.Forged, http.StatusForbidden) })
	t.Run("missing", func(t *testing.T) { in.turnedAway(t, in.Missing, http.StatusBadRequest) })
	t.Run("oversize", in.oversize)
	t.Run("the sink fails", in.sinkFails)
	t.Run("another secret", in.stranger)
	t.Run("repeats at once", in.atOnce)
	t.Run("delivery reports in any order", in.anyOrder)
	t.Run("dates", in.dates)
	t.Run("wrong labels", in.wrongLabels)
	t.Run("UTF-16", in.inUTF16)
	t.Run("broken off", in.brokenOff)
}

func (in Inbound) routes(t *testing.T) {
	prefix := "/hooks/" + in.Channel.Name()
	for _, r := range in.Channel.Routes() {
		if (r.Pattern != prefix && !strings.HasPrefix(r.Pattern, prefix+"/")) || (r.Method != http.MethodPost && r.Method != http.MethodGet) {
			t.Errorf("route %s %s; want GET or POST on %s or below it", r.Method, r.Pattern, prefix)
		}
	}
	if len(in.Channel.Routes()) == 0 {
		t.Error("no routes")
	}
}

func (in Inbound) wire(t *testing.T) {
	for _, c := range in.Wire {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			sink := &Sink{Answer: c.Answer, Err: c.Err}
			request := c.Request
			if c.Dump != "" {
				request = func(tb testing.TB) *http.Request { return ReadRequest(tb, c.Dump) }
			}
			status, header, body := Serve(t, in.Channel, sink, request(t))
			if want := max(c.Status, http.StatusOK); status != want {
				t.Errorf("status %d, want %d", status, want)
			}
			if got := header.Get("Content-Type"); c.Type != "" && got != c.Type {
				t.Errorf("type %q, want %q", got, c.Type)
			}
			if status == http.StatusOK && body != c.Body {
				t.Errorf("body %q, want %q", body, c.Body)
			}
			if diff := cmp.Diff(c.Messages, sink.messages); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.Deliveries, sink.deliveries); diff != "" {
				t.Errorf("deliveries (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.Ended, sink.ended); diff != "" {
				t.Errorf("ended (-want +got):\n%s", diff)
			}
		})
	}
}

func (in Inbound) hostile(t *testing.T) {
	for name, text := range hostile() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if in.JSON {
				text = strings.ToValidUTF8(text, "�")
			}
			sink := &Sink{}
			status, _, _ := Serve(t, in.Channel, sink, in.Text(t, "m-1", text))
			if status != http.StatusOK || len(sink.messages) != 1 {
				t.Fatalf("status %d, %d messages; want 200 and one", status, len(sink.messages))
			}
			m := sink.messages[0]
			if m.Text != adapters.Text(text) {
				t.Errorf("text %q, want %q", m.Text, adapters.Text(text))
			}
			if m.Provider != in.Channel.Name() || (m.ID == "") != in.Turnless || m.ID == "" && m.Session == "" || !m.From.Dialable() || m.To == "" {
				t.Errorf("an incomplete message: provider %q, id %q, from %v, to %q", m.Provider, m.ID, m.From, m.To)
			}
		})
	}
}

func (in Inbound) repeats(t *testing.T) {
	id := func(id, text string) string {
		sink := &Sink{}
		if status, _, _ := Serve(t, in.Channel, sink, in.Text(t, id, text)); status != http.StatusOK || len(sink.messages) != 1 {
			t.Fatalf("status %d, %d messages", status, len(sink.messages))
		}
		if in.Turnless {
			return sink.messages[0].Session
		}
		return sink.messages[0].ID
	}
	if id("m-1", "a") != id("m-1", "a") {
		t.Error("the same message again has another id")
	}
	if id("m-1", "a") == id("m-2", "a") {
		t.Error("two messages have the same id")
	}
	if in.Cumulative && id("m-1", "a") == id("m-1", "a*b") {
		t.Error("two turns of a session have the same id")
	}
}

func (in Inbound) turnedAway(t *testing.T, cases map[string]func(testing.TB) *http.Request, want int) {
	if len(cases) == 0 {
		t.Error("no cases")
	}
	for name, request := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink := &Sink{}
			status, _, body := Serve(t, in.Channel, sink, request(t))
			if status != want {
				t.Errorf("status %d, want %d", status, want)
			}
			if sink.Calls() != 0 {
				t.Error("the sink was called")
			}
			reveals(t, "the answer", body, in.Secrets...)
		})
	}
}

func (in Inbound) oversize(t *testing.T) {
	t.Parallel()
	sink, r := &Sink{}, in.Text(t, "m-1", strings.Repeat("a", largestBody+1))
	if whole(t, r) == "" { // the message is in the address, whose length the server bounds
		return
	}
	status, _, _ := Serve(t, in.Channel, sink, r)
	if status != http.StatusRequestEntityTooLarge || sink.Calls() != 0 {
		t.Errorf("status %d, %d calls of the sink; want 413 and none", status, sink.Calls())
	}
}

func (in Inbound) sinkFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is gone: +85512000501 said something")
	requests := map[string]func(testing.TB) *http.Request{"a message": func(tb testing.TB) *http.Request { return in.Text(tb, "m-1", "a") }}
	for name, request := range in.Reports {
		requests[name] = request
	}
	for name, request := range requests {
		sink := &Sink{Err: broken}
		status, _, body := Serve(t, in.Channel, sink, request(t))
		if status != http.StatusServiceUnavailable || sink.Calls() != 1 {
			t.Errorf("%s: status %d, %d calls of the sink; want 503, so that the provider tries again, and one", name, status, sink.Calls())
		}
		reveals(t, name+": the answer", body, "database", "12000501")
	}
	sink := &Sink{Err: adapters.Refused{Text: "សូមសាកល្បងម្តងទៀត", Err: broken}}
	status, _, body := Serve(t, in.Channel, sink, in.Text(t, "m-1", "a"))
	if in.Refused == nil {
		if status != http.StatusServiceUnavailable {
			t.Errorf("refused: status %d, want 503", status)
		}
	} else if want := in.Refused("សូមសាកល្បងម្តងទៀត"); status != http.StatusOK || body != want {
		t.Errorf("refused: status %d, body %q; want 200, %q", status, body, want)
	}
	reveals(t, "refused: the answer", body, "database", "12000501")
}

// Form makes a POST request of form fields given in pairs, in that order.
func Form(target string, fields ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(Encode(fields...)))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r
}

// Without returns the pairs of fields without those of that name.
func Without(fields []string, name string) []string {
	var out []string
	for pair := range slices.Chunk(fields, 2) {
		if pair[0] != name {
			out = append(out, pair...)
		}
	}
	return out
}
