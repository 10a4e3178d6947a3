package adaptertest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"chumrok/adapters"
)

// khmer is a text whose every letter is lost when a charset is read wrongly.
const khmer = "គេវាយខ្ញុំ ១"

// authentic are requests of every kind that the adapter believes.
func (in Inbound) authentic() map[string]func(testing.TB) *http.Request {
	all := map[string]func(testing.TB) *http.Request{"a message": func(tb testing.TB) *http.Request { return in.Text(tb, "m-1", khmer) }}
	for name, request := range in.Reports {
		all[name] = request
	}
	if in.Delivery != nil {
		all["a delivery report"] = func(tb testing.TB) *http.Request { return in.Delivery(tb, "d-1", adapters.Delivered) }
	}
	return all
}

// stranger gives every authentic request to an adapter with another secret, which believes none.
func (in Inbound) stranger(t *testing.T) {
	if in.Stranger == nil {
		t.Fatal("Stranger is missing: give the same adapter with another secret")
	}
	for name, request := range in.authentic() {
		sink := &Sink{}
		status, _, body := Serve(t, in.Stranger, sink, request(t))
		if status != http.StatusForbidden || sink.Calls() != 0 {
			t.Errorf("%s: status %d, %d calls of the sink; want 403 and none", name, status, sink.Calls())
		}
		reveals(t, name+": the answer", body, in.Secrets...)
	}
}

// atOnce delivers one message many times in the same moment: each is the same message and gets the same answer.
func (in Inbound) atOnce(t *testing.T) {
	const times = 8
	sink := &Sink{Answer: adapters.Answer{Text: "1"}}
	bodies := make([]string, times)
	var all sync.WaitGroup
	for i := range times {
		request := in.Text(t, "m-1", khmer)
		all.Go(func() { _, _, bodies[i] = Serve(t, in.Channel, sink, request) })
	}
	all.Wait()
	got := sink.Messages()
	if len(got) != times {
		t.Fatalf("%d messages reached the sink, want %d: repeats are told apart above the adapter", len(got), times)
	}
	for i := range times {
		if diff := cmp.Diff(got[0], got[i]); diff != "" {
			t.Errorf("a repeat differs (-first +repeat):\n%s", diff)
		}
		if bodies[i] != bodies[0] {
			t.Errorf("a repeat is answered %q, the first %q", bodies[i], bodies[0])
		}
	}
}

// anyOrder sends delivery reports in every order, some of them twice: each comes through as it is, since only what is
// above the adapter knows what came before.
func (in Inbound) anyOrder(t *testing.T) {
	if in.Delivery == nil {
		return
	}
	all := []adapters.DeliveryState{adapters.Handed, adapters.Delivered, adapters.Failed}
	for _, first := range all {
		for _, second := range all {
			sink := &Sink{}
			var want []adapters.Delivery
			for _, state := range []adapters.DeliveryState{first, second, second} {
				request := in.Delivery(t, "d-1", state)
				if request == nil { // the provider has no such report
					continue
				}
				if status, _, _ := Serve(t, in.Channel, sink, request); status != http.StatusOK {
					t.Errorf("%s: status %d, want 200", state, status)
				}
				want = append(want, adapters.Delivery{Provider: in.Channel.Name(), ID: "d-1", State: state})
			}
			got := sink.deliveries
			for i := range got {
				got[i].Reason = ""
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %s, %s (-want +got):\n%s", first, second, second, diff)
			}
		}
	}
}

// dates writes one moment in each form that the provider uses, and dates that are none, which take nothing away.
func (in Inbound) dates(t *testing.T) {
	if in.Date == nil {
		return
	}
	if len(in.DateForms) == 0 {
		t.Error("DateForms is empty: name the layouts that the provider writes dates in")
	}
	moment := time.Date(2026, 11, 22, 6, 4, 45, 0, time.UTC)
	cases := map[string]time.Time{"": {}, "yesterday": {}, "2026-22-11T06:04:45Z": {}, "0": {}, strings.Repeat("9", 40): {}}
	for _, form := range in.DateForms {
		cases[moment.Format(form)] = moment
		if form == time.RFC3339 {
			cases[moment.In(time.FixedZone("", 7*60*60)).Format(form)] = moment
		}
	}
	for raw, want := range cases {
		sink := &Sink{}
		status, _, _ := Serve(t, in.Channel, sink, in.Date(t, raw))
		if status != http.StatusOK || len(sink.messages) != 1 {
			t.Errorf("dated %q: status %d, %d messages; want 200 and one", raw, status, len(sink.messages))
			continue
		}
		if got := sink.messages[0].At; !got.Equal(want) {
			t.Errorf("dated %q: at %v, want %v", raw, got, want)
		}
	}
}

// wrongLabels sends UTF-8 under other names: the text is what it is.
func (in Inbound) wrongLabels(t *testing.T) {
	for _, label := range []string{"", "text/html", "; charset=iso-8859-1", "; charset=nonsense", `; charset="`, "; charset=utf-16", "; charset=utf-8; charset=x"} {
		r := in.Text(t, "m-1", khmer)
		if strings.HasPrefix(label, ";") {
			label = r.Header.Get("Content-Type") + label
		}
		r.Header.Set("Content-Type", label)
		in.kept(t, "type "+label, r, khmer)
	}
}

// kept fails the test when an authentic request is not kept whole.
func (in Inbound) kept(t *testing.T, name string, r *http.Request, want string) {
	t.Helper()
	sink := &Sink{}
	status, _, _ := Serve(t, in.Channel, sink, r)
	if status != http.StatusOK || len(sink.messages) != 1 {
		t.Errorf("%s: status %d, %d messages; want 200 and one", name, status, len(sink.messages))
	} else if got := sink.messages[0].Text; got != want {
		t.Errorf("%s: text %q, want %q", name, got, want)
	}
}

// inUTF16 sends the body in UTF-16. Where a secret path makes it authentic it is kept without loss; where a signature is
// over the body, the signature no longer holds.
func (in Inbound) inUTF16(t *testing.T) {
	for name, encode := range map[string]func(string) string{
		"big-endian":                 func(s string) string { return toUTF16(s, false) },
		"little-endian":              func(s string) string { return toUTF16(s, true) },
		"big-endian with a mark":     func(s string) string { return "\xfe\xff" + toUTF16(s, false) },
		"little-endian, with a mark": func(s string) string { return "\xff\xfe" + toUTF16(s, true) },
		"the mark of UTF-8":          func(s string) string { return "\xef\xbb\xbf" + s },
	} {
		r := in.Text(t, "m-1", khmer)
		body := whole(t, r)
		if body == "" { // the message is in the address
			return
		}
		setBody(r, encode(body))
		if in.Signed {
			sink := &Sink{}
			if status, _, _ := Serve(t, in.Channel, sink, r); status != http.StatusForbidden || sink.Calls() != 0 {
				t.Errorf("%s: status %d, %d calls of the sink; want 403 and none, for the signature is over other bytes", name, status, sink.Calls())
			}
			continue
		}
		in.kept(t, name, r, khmer)
	}
}

// brokenOff lets the body end early: nothing of half a request is kept, and the provider sends it again.
func (in Inbound) brokenOff(t *testing.T) {
	for name, request := range in.authentic() {
		r := request(t)
		body := whole(t, r)
		if body == "" {
			continue
		}
		r.Body = io.NopCloser(io.MultiReader(strings.NewReader(body[:len(body)/2]), broken{}))
		sink := &Sink{}
		status, _, _ := Serve(t, in.Channel, sink, r)
		if status != http.StatusBadRequest || sink.Calls() != 0 {
			t.Errorf("%s: status %d, %d calls of the sink; want 400 and none", name, status, sink.Calls())
		}
	}
}

// broken is a connection that ends before its request.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func whole(tb testing.TB, r *http.Request) string {
	tb.Helper()
	if r.Body == nil {
		return ""
	}
	b, err := io.ReadAll(r.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		tb.Fatal(err)
	}
	setBody(r, string(b))
	return string(b)
}

func setBody(r *http.Request, body string) {
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
}

func toUTF16(s string, little bool) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune(s)) {
		if little {
			out = append(out, byte(unit), byte(unit>>8))
		} else {
			out = append(out, byte(unit>>8), byte(unit))
		}
	}
	return string(out)
}
