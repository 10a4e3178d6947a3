package adaptertest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// Kind is what an error of Send says, in one word or two joined by a comma.
type Kind string

// What Send may come to.
const (
	Taken         Kind = "taken"
	Again         Kind = "again" // try again; nothing more is known
	Permanent     Kind = "permanent"
	Misconfigured Kind = "misconfigured"
	Throttled     Kind = "throttled"
	Uncertain     Kind = "uncertain"
)

// KindOf returns what err says.
func KindOf(err error) Kind {
	_, throttled := asThrottled(err)
	switch {
	case err == nil:
		return Taken
	case adapters.IsPermanent(err):
		return Permanent
	case adapters.IsMisconfigured(err):
		return Misconfigured
	case throttled:
		return Throttled
	case adapters.IsUncertain(err):
		return Uncertain
	}
	return Again
}

func asThrottled(err error) (adapters.Throttled, bool) {
	var throttled adapters.Throttled
	ok := errors.As(err, &throttled)
	return throttled, ok
}

// byStatus is what each HTTP status comes to when its body says nothing that the adapter knows.
func byStatus(status int) Kind {
	switch {
	case status == 401, status == 403, status == 404:
		return Misconfigured
	case status == 429:
		return Throttled
	case status >= 500:
		return Uncertain
	case status >= 200 && status <= 299:
		return Uncertain // taken, it seems, but without the provider's word
	}
	return Again
}

// Sending is one message sent, the provider's answer, and what must come of it.
type Sending struct {
	Name    string
	Message adapters.Outgoing // its number and text are given by the exam where they are zero
	Status  int
	Body    string
	Header  []string      // of the answer, in pairs
	Sent    *Exchange     // the request as it must have left; header values are compared where given
	Receipt string        // the provider's id
	Kind    Kind          // "" = Taken
	After   time.Duration // of a Throttled
}

// Outbound is what an adapter brings to the exam of Send.
type Outbound struct {
	// New makes the adapter with that way out.
	New func(tb testing.TB, way http.RoundTripper) adapters.Channel
	// Sendings are answers that the provider is known to give.
	Sendings []Sending
	// Secrets must appear in no error.
	Secrets []string
	// PlainAnswers: the provider answers with words, in which only their length shows that an end is missing.
	PlainAnswers bool
	// URLs are the beginnings of the addresses that requests may go to.
	URLs []string
}

const (
	examText   = "លេខ 482131 ចុច 1 ទទួល"
	examDigits = "12000101"
)

func examMessage(tb testing.TB) adapters.Outgoing {
	tb.Helper()
	n, err := phone.Parse("+855" + examDigits)
	if err != nil {
		tb.Fatal(err)
	}
	return adapters.Outgoing{ID: "01890a5d-ac96-774b-bcce-b302099a8057", To: n, Text: examText}
}

// Examine puts Send through the exam.
func (out Outbound) Examine(t *testing.T) {
	t.Run("known answers", out.known)
	t.Run("every status", out.everyStatus)
	t.Run("half answers", out.halfAnswers)
	t.Run("the network", out.network)
	t.Run("a number that is none", out.noNumber)
	t.Run("throttled", out.throttled)
	t.Run("bad endings", out.badEndings)
	t.Run("a kept connection", out.keptConnection)
	t.Run("nobody listens", out.nobodyListens)
	t.Run("strange letters", out.strangeLetters)
}

func (out Outbound) known(t *testing.T) {
	for _, c := range out.Sendings {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			way := &Network{Reply: Reply(c.Status, c.Body, c.Header...)}
			m := c.Message
			if m.To.IsZero() {
				m = examMessage(t)
			}
			receipt, err := out.New(t, way).Send(t.Context(), m)
			want := c.Kind
			if want == "" {
				want = Taken
			}
			if got := KindOf(err); got != want || receipt.ID != c.Receipt {
				t.Errorf("%s (%v), receipt %q; want %s, %q", got, err, receipt.ID, want, c.Receipt)
			}
			if throttled, ok := asThrottled(err); ok && throttled.After != c.After {
				t.Errorf("wait %v, want %v", throttled.After, c.After)
			}
			out.quiet(t, err)
			if c.Sent != nil {
				c.Sent.compare(t, way.Sent())
			}
		})
	}
}

func (want *Exchange) compare(t *testing.T, sent []Exchange) {
	t.Helper()
	if len(sent) != 1 {
		t.Fatalf("%d requests left, want one", len(sent))
	}
	got := sent[0]
	if got.Method != want.Method || got.URL != want.URL || got.Body != want.Body {
		t.Errorf("left: %s %s\n%s\nwant: %s %s\n%s", got.Method, got.URL, got.Body, want.Method, want.URL, want.Body)
	}
	for key := range want.Header {
		if got.Header.Get(key) != want.Header.Get(key) {
			t.Errorf("header %s: %q, want %q", key, got.Header.Get(key), want.Header.Get(key))
		}
	}
}

func (out Outbound) everyStatus(t *testing.T) {
	t.Parallel()
	for status := 200; status <= 599; status++ {
		for _, body := range []string{"", "{}", "<html>" + examText + " +855" + examDigits + "</html>"} {
			way := &Network{Reply: Reply(status, body, "Location", "http://elsewhere.example/", "Retry-After", "3")}
			receipt, err := out.New(t, way).Send(t.Context(), examMessage(t))
			if got, want := KindOf(err), byStatus(status); got != want || receipt.ID != "" {
				t.Errorf("status %d, body of %d bytes: %s, want %s", status, len(body), got, want)
			}
			out.quiet(t, err)
			if n := len(way.Sent()); n != 1 {
				t.Errorf("status %d: %d requests left; want one: no redirect is followed and nothing is sent twice", status, n)
			}
			for _, e := range way.Sent() {
				out.expected(t, e.URL)
			}
		}
	}
}

func (out Outbound) expected(t *testing.T, u string) {
	t.Helper()
	if !slices.ContainsFunc(out.URLs, func(p string) bool { return strings.HasPrefix(u, p) }) {
		t.Errorf("a request went to %s", u)
	}
}

// halfAnswers cuts every good answer short at every byte: nothing but the whole answer is a receipt.
func (out Outbound) halfAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range out.Sendings {
		if c.Kind != "" && c.Kind != Taken {
			continue
		}
		whole := strings.TrimSpace(c.Body)
		for cut := range len(whole) {
			way := &Network{Reply: Reply(c.Status, whole[:cut])}
			if out.PlainAnswers {
				way.Reply = cutShort(c.Status, whole[:cut])
			}
			_, err := out.New(t, way).Send(t.Context(), examMessage(t))
			if got, want := KindOf(err), byStatus(c.Status); got != want {
				t.Errorf("%s, cut after %d bytes: %s, want %s", c.Name, cut, got, want)
			}
			out.quiet(t, err)
		}
	}
	huge := &Network{Reply: Reply(http.StatusOK, `{"x":"`+strings.Repeat("a", 4<<20)+`"}`)}
	if _, err := out.New(t, huge).Send(t.Context(), examMessage(t)); KindOf(err) != Uncertain {
		t.Errorf("an endless answer: %v", err)
	}
}

func (out Outbound) network(t *testing.T) {
	t.Parallel()
	shut := &Network{}
	_, err := out.New(t, shut).Send(t.Context(), examMessage(t))
	if got := KindOf(err); got != Uncertain && got != Again {
		t.Errorf("the network is shut: %s, want again or uncertain", got)
	}
	out.quiet(t, err)
	for _, e := range shut.Sent() {
		out.expected(t, e.URL)
	}

	silent := &Network{Reply: Silent}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err = out.New(t, silent).Send(ctx, examMessage(t))
	if got := KindOf(err); got != Uncertain {
		t.Errorf("a provider that does not answer: %s (%v), want uncertain", got, err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("a deadline of 20 ms was kept after %v", took)
	}
	out.quiet(t, err)

	gone, cancelled := context.WithCancel(t.Context())
	cancelled()
	if _, err := out.New(t, &Network{Reply: Reply(200, "{}")}).Send(gone, examMessage(t)); err == nil {
		t.Error("sent although the context had ended")
	}
}

func (out Outbound) noNumber(t *testing.T) {
	t.Parallel()
	sender, err := phone.ParseSender("1280")
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]phone.Number{"none": {}, "a short code": sender} {
		way := &Network{Reply: Reply(200, "{}")}
		m := examMessage(t)
		m.To = n
		if _, err := out.New(t, way).Send(t.Context(), m); KindOf(err) != Permanent || len(way.Sent()) != 0 {
			t.Errorf("%s: %v, %d requests; want permanent and none", name, err, len(way.Sent()))
		}
	}
}

// untimed takes the time out of a log line, for a fraction of a second may hold any digits too.
func untimed(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// pointer is an address in memory, whose digits may be any.
var pointer = regexp.MustCompile("0x[0-9a-f]+")

// quiet fails the test when an error, printed in any way, shows the number, the text or a secret.
func (out Outbound) quiet(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{ReplaceAttr: untimed})).Error("x", "error", err)
	shown := pointer.ReplaceAllString(fmt.Sprintf("%#v", err), "")
	for _, s := range []string{err.Error(), fmt.Sprintf("%+v", err), shown, log.String()} {
		reveals(t, "the error", s, examDigits, "482131", "elsewhere.example", "<html>")
		reveals(t, "the error", s, out.Secrets...)
	}
}

// Encode writes form fields given in pairs, in that order.
func Encode(fields ...string) string {
	var parts []string
	for pair := range slices.Chunk(fields, 2) {
		parts = append(parts, url.QueryEscape(pair[0])+"="+url.QueryEscape(pair[1]))
	}
	return strings.Join(parts, "&")
}
