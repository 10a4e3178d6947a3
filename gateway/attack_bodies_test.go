package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// bombs are 16 MiB behind a beginning, as small as each kind of packing makes them. Nothing here packs the last two, so they are only labelled.
func bombs(t *testing.T, begins string) map[string]string {
	t.Helper()
	var gz, fl, zl bytes.Buffer
	deflate, err := flate.NewWriter(&fl, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for _, packer := range []io.WriteCloser{gzip.NewWriter(&gz), deflate, zlib.NewWriter(&zl)} {
		_, err := io.Copy(packer, io.MultiReader(strings.NewReader(begins), io.LimitReader(letters{}, 16<<20)))
		if err := errors.Join(err, packer.Close()); err != nil {
			t.Fatal(err)
		}
	}
	return map[string]string{"gzip": gz.String(), "x-gzip": gz.String(), "deflate": zl.String(), "deflate, bare": fl.String(), "br": "\x1b" + strings.Repeat("a", 9000),
		"gzip, gzip": gz.String(), "zstd": "\x28\xb5\x2f\xfd" + strings.Repeat("a", 9000)}
}

// letters is a blank text without end.
type letters struct{}

func (letters) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestAttackLargeBodies: a megabyte, with its length said or not, is refused before anything reads it; a packed body is never unpacked, whatever
// it is labelled; and a long text in a right request is kept as far as a phone can write.
func TestAttackLargeBodies(t *testing.T) {
	stories(t, func(w *world) {
		token := w.gateway.config.AfricasTalking.Token
		hooks := []string{"/hooks/twilio/sms", "/hooks/twilio/status", "/hooks/androidsms", "/hooks/ussd/hubtel/" + w.ussdToken()}
		for _, end := range []string{"ussd", "ussd/ended", "sms", "delivery"} {
			hooks = append(hooks, "/hooks/africastalking/"+token+"/"+end)
		}
		fields := "id=1&sessionId=s&phoneNumber=%2B85512000002&status=x&text="
		for _, hook := range hooks {
			for _, length := range []int64{1 << 20, -1} {
				if status := w.posts(hook, fields, "", length, 1<<20); status != http.StatusRequestEntityTooLarge {
					w.t.Errorf("%s: a megabyte (length %d) is answered %d", hook, length, status)
				}
			}
			for name, bomb := range bombs(w.t, fields) {
				encoding, _, _ := strings.Cut(name, ", b")
				if status := w.posts(hook, bomb, encoding, int64(len(bomb)), 0); status < 400 || status >= 500 {
					w.t.Errorf("%s: %s is answered %d", hook, name, status)
				}
			}
		}
		if n := w.counts().Turns; n != 0 {
			w.t.Errorf("large bodies left %d turns", n)
		}
		if status, _ := w.does(asked{http.MethodGet, "/hooks/kannel/" + w.gateway.config.Kannel.Token + "/sms?id=1&from=85512000002&text=" +
			strings.Repeat("a", 60<<10), "", nil}); status != http.StatusRequestEntityTooLarge {
			w.t.Errorf("an address of 60 KiB is answered %d", status)
		}
		w.caller(childPhone).texts(strings.Repeat("He hits me. ", 1000))
		w.forward(31 * time.Minute)
		code := digitsIn(w.t, w.gets("desk"), 6)
		if _, out := w.reveals("referrals", "--reveal", code); len(out) < 4<<10 || len(out) > 10<<10 {
			w.t.Errorf("of 12000 letters %d were kept", len(out))
		}
	})
}

// posts sends a body and so many letters behind it, and returns the status.
func (w *world) posts(path, body, encoding string, length, more int64) int {
	w.t.Helper()
	whole := io.MultiReader(strings.NewReader(body), io.LimitReader(letters{}, more))
	if length > 0 && more > 0 {
		length = int64(len(body)) + more
	}
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.public.URL+path, struct{ io.Reader }{whole})
	if err != nil {
		w.t.Fatal(err)
	}
	request.ContentLength = length
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	status, _ := w.answered(request)
	return status
}

// TestAttackPackedAnswer: a provider, or whoever sits between, answers with 16 MiB packed in 16 KiB. No more of it is unpacked than any provider
// has to say, and the alert is tried again.
func TestAttackPackedAnswer(t *testing.T) {
	stories(t, func(w *world) {
		first, second := w.carried()
		// Whoever reads it to its end believes that the message was taken.
		bomb := bombs(w.t, `{"SMSMessageData":{"Message":"Sent","Recipients":[{"statusCode":101,"status":"Success","messageId":"ATXid_1"}]}}`)["gzip"]
		first.does(func(_ int, rw http.ResponseWriter) bool {
			rw.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(rw, bomb)
			return false
		})
		w.reportPhysical(childPhone, "2").presses("1", "1", "1", "1")
		w.settle()
		if n := len(second.taken()); n != 1 {
			w.t.Errorf("the other provider carried %d messages", n)
		}
	})
}

// stalled is how many connections hang while others are served.
const stalled = 500

// slowDoor is the gateway behind its real web server, on a port of its own.
func slowDoor(tb testing.TB, g *Gateway) (address string) {
	tb.Helper()
	listener, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := newServer(g.Public(), slog.New(slog.DiscardHandler))
	go func() { _ = server.Serve(listener) }()
	tb.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// stalls opens connections that begin a request and never end it: a third inside the first line, a third inside the headers, a third inside the
// body.
func stalls(tb testing.TB, address, hook string) []net.Conn {
	tb.Helper()
	all := make([]net.Conn, stalled)
	for i := range all {
		c, err := (&net.Dialer{}).DialContext(tb.Context(), "tcp", address)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { _ = c.Close() })
		begun := []string{"POST /hooks", "POST " + hook + " HTTP/1.1\r\nHost: x\r\nX-A: ",
			"POST " + hook + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\nsessionId="}[i%3]
		if _, err := io.WriteString(c, begun); err != nil {
			tb.Fatal(err)
		}
		all[i] = c
	}
	return all
}

// dialsAt dials in a session of its own, and returns the status.
func dialsAt(ctx context.Context, client *http.Client, address, hook string, session int64) (int, error) {
	form := url.Values{"sessionId": {fmt.Sprintf("ATUid_%d", session)}, "phoneNumber": {childPhone}, "serviceCode": {"*1280#"}, "text": {""}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+hook, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}

// TestAttackStalledConnections: 500 connections hang in the middle of a request, and everybody else is answered meanwhile; then the gateway lets
// go of every one of them by itself. What it costs in time is BenchmarkStalledConnections.
func TestAttackStalledConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	address, hook := slowDoor(t, w.gateway), "/hooks/africastalking/"+w.gateway.config.AfricasTalking.Token+"/ussd"
	hanging := stalls(t, address, hook)
	for n := range int64(200) {
		if status, err := dialsAt(t.Context(), http.DefaultClient, address, hook, n); err != nil || status != http.StatusOK {
			t.Fatalf("call %d beside %d hanging connections: %d, %v", n, stalled, status, err)
		}
	}
	if n := w.counts().Turns; n != 200 {
		t.Errorf("%d turns of 200 calls", n)
	}
	var kept atomic.Int64
	var all sync.WaitGroup
	for _, c := range hanging {
		all.Go(func() {
			_ = c.SetReadDeadline(time.Now().Add(time.Minute)) // the gateway's own are 5 and 10 s
			_, err := io.Copy(io.Discard, c)
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				kept.Add(1)
			}
		})
	}
	all.Wait()
	if n := kept.Load(); n > 0 {
		t.Errorf("%d connections hang for as long as their callers like", n)
	}
}

// BenchmarkStalledConnections is a USSD turn beside no and beside 500 hanging connections: p99-ms is what the slowest of a hundred waits.
func BenchmarkStalledConnections(b *testing.B) {
	for _, hanging := range []int{0, stalled} {
		b.Run(fmt.Sprint(hanging), func(b *testing.B) {
			config, err := readConfig(environment{"CHUMROK_DATA": b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			g, err := Open(b.Context(), config, slog.New(slog.DiscardHandler), time.Now)
			if err != nil {
				b.Fatal(err)
			}
			defer g.Close()
			address, hook := slowDoor(b, g), "/hooks/africastalking/"+g.config.AfricasTalking.Token+"/ussd"
			if hanging > 0 {
				stalls(b, address, hook)
			}
			var took []time.Duration
			session := int64(0)
			for b.Loop() {
				session++
				start := time.Now()
				if status, err := dialsAt(b.Context(), http.DefaultClient, address, hook, session); err != nil || status != http.StatusOK {
					b.Fatalf("%d, %v", status, err)
				}
				took = append(took, time.Since(start))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
