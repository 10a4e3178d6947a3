package adaptertest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// peer is a provider's server on a real connection of this machine, whose answers end as badly as its test wants.
type peer struct {
	way      http.RoundTripper // leads every request to it, whatever its address
	requests atomic.Int64
}

// newPeer starts a provider that answers each request, the first having number 1, by writing to its connection, which is
// closed when answer returns.
func newPeer(t *testing.T, answer func(conn net.Conn, number int64, gone <-chan struct{})) *peer {
	t.Helper()
	p, gone := &peer{}, make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		number := p.requests.Add(1)
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		answer(conn, number, gone)
	}))
	p.lead(t, server)
	t.Cleanup(func() { close(gone) })
	return p
}

func (p *peer) lead(t *testing.T, server *httptest.Server) {
	transport := &http.Transport{}
	t.Cleanup(server.Close)
	t.Cleanup(transport.CloseIdleConnections)
	p.way = detour{strings.TrimPrefix(server.URL, "http://"), transport}
}

// detour sends every request to one host.
type detour struct {
	host string
	way  http.RoundTripper
}

func (d detour) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", d.host
	return d.way.RoundTrip(r)
}

// firstGood is an answer by which the provider takes a message.
func (out Outbound) firstGood(t *testing.T) Sending {
	t.Helper()
	for _, c := range out.Sendings {
		if (c.Kind == "" || c.Kind == Taken) && c.Receipt != "" {
			return c
		}
	}
	t.Fatal("no sending is taken")
	return Sending{}
}

func head(c Sending, length int) string {
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", c.Status, http.StatusText(c.Status), length)
}

// badEndings lets real connections end or stall in every place: nobody knows then whether the message was taken, and it
// has left once.
func (out Outbound) badEndings(t *testing.T) {
	good := out.firstGood(t)
	whole, half := head(good, len(good.Body))+good.Body, good.Body[:len(good.Body)/2]
	for name, c := range map[string]struct {
		said  string
		stall bool
	}{
		"closes without a word":           {},
		"says nothing":                    {stall: true},
		"closes in the status line":       {said: whole[:11]},
		"closes in the headers":           {said: whole[:30]},
		"stalls in the headers":           {said: whole[:30], stall: true},
		"closes before the body":          {said: head(good, len(good.Body))},
		"closes in the body":              {said: head(good, len(good.Body)) + half},
		"stalls in the body":              {said: head(good, len(good.Body)) + half, stall: true},
		"ends before its last chunk":      {said: fmt.Sprintf("HTTP/1.1 %d OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", good.Status, len(half), half)},
		"speaks another protocol":         {said: "220 mail.example ready\r\n"},
		"names a length that is nonsense": {said: strings.Replace(whole, "Content-Length: ", "Content-Length: x", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, func(conn net.Conn, _ int64, gone <-chan struct{}) {
				_, _ = conn.Write([]byte(c.said))
				if c.stall {
					<-gone
				}
			})
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if c.stall {
				ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
			}
			defer cancel()
			receipt, err := out.New(t, p.way).Send(ctx, examMessage(t))
			if got := KindOf(err); got != Uncertain || receipt.ID != "" {
				t.Errorf("%s (%v), receipt %q; want uncertain and none", got, err, receipt.ID)
			}
			if n := p.requests.Load(); n != 1 {
				t.Errorf("the provider saw %d requests, want one", n)
			}
			out.quiet(t, err)
		})
	}
}

// keptConnection closes a connection that was used before without an answer. Go's transport sends a GET again by itself
// then, and the provider may have taken the first: nothing is sent twice by an adapter.
func (out Outbound) keptConnection(t *testing.T) {
	good := out.firstGood(t)
	p := &peer{}
	p.lead(t, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if p.requests.Add(1) == 1 {
			w.WriteHeader(good.Status)
			_, _ = w.Write([]byte(good.Body))
			return
		}
		panic(http.ErrAbortHandler) // closes the connection without a word
	})))
	channel := out.New(t, p.way)
	if _, err := channel.Send(t.Context(), examMessage(t)); err != nil {
		t.Fatal(err)
	}
	_, err := channel.Send(t.Context(), examMessage(t))
	if got := KindOf(err); got != Uncertain {
		t.Errorf("%s (%v), want uncertain", got, err)
	}
	if n := p.requests.Load(); n != 2 {
		t.Errorf("the provider saw %d requests for two messages, want two", n)
	}
}

// nobodyListens tries a port that is closed: nothing left, so the message may go another way without a second copy.
func (out Outbound) nobodyListens(t *testing.T) {
	p, server := &peer{}, httptest.NewServer(http.NotFoundHandler())
	p.lead(t, server)
	server.Close()
	_, err := out.New(t, p.way).Send(t.Context(), examMessage(t))
	if got := KindOf(err); got != Again {
		t.Errorf("%s (%v), want again: no connection was made", got, err)
	}
	out.quiet(t, err)
}

// throttled says 429 in every way that HTTP knows.
func (out Outbound) throttled(t *testing.T) {
	for value, want := range map[string]time.Duration{"": 0, "0": 0, "7": 7 * time.Second, "soon": 0, "-1": 0, "999999": time.Hour,
		"Sun, 22 Nov 2020 10:00:00 GMT": 0} {
		for _, body := range []string{"", "{}", "slow down", out.firstGood(t).Body} {
			way := &Network{Reply: Reply(http.StatusTooManyRequests, body, "Retry-After", value)}
			receipt, err := out.New(t, way).Send(t.Context(), examMessage(t))
			throttled, ok := asThrottled(err)
			if !ok || throttled.After != want || receipt.ID != "" {
				t.Errorf("Retry-After %q, a body of %d bytes: %v, wait %v; want throttled, %v", value, len(body), err, throttled.After, want)
			}
		}
	}
}

// strangeLetters gives good answers in other letters: read or not, nothing but the provider's own id is a receipt.
func (out Outbound) strangeLetters(t *testing.T) {
	good := out.firstGood(t)
	for name, body := range map[string]string{
		"UTF-16": "\xfe\xff" + toUTF16(good.Body, false), "UTF-16 the other way": "\xff\xfe" + toUTF16(good.Body, true),
		"the mark of UTF-8": "\xef\xbb\xbf" + good.Body, "a page": "<html>" + khmer + " \xff</html>", "bytes": "\x00\xff\x00\x01",
	} {
		way := &Network{Reply: Reply(good.Status, body, "Content-Type", "text/html; charset=iso-8859-1")}
		receipt, err := out.New(t, way).Send(t.Context(), examMessage(t))
		taken := err == nil && receipt.ID == good.Receipt
		if kind := KindOf(err); !taken && (kind != Uncertain || receipt.ID != "") {
			t.Errorf("%s: %s (%v), receipt %q; want taken, or uncertain and none", name, kind, err, receipt.ID)
		}
		out.quiet(t, err)
	}
}
