package main

import (
	"bytes"
	"context"
	"database/sql"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// wire is a way to a server that can be cut: what goes over it breaks, and nobody gets through until it is mended.
type wire struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	cut      bool
	open     map[net.Conn]bool
	all      sync.WaitGroup
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, target: target, open: map[net.Conn]bool{}}
	w.all.Go(func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			w.all.Go(func() { w.carry(in) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.setCut(true)
		w.all.Wait()
	})
	return w
}

func (w *wire) carry(in net.Conn) {
	defer in.Close()
	out, err := new(net.Dialer).DialContext(context.Background(), "tcp", w.target)
	if err != nil {
		return
	}
	defer out.Close()
	w.mu.Lock()
	if w.cut {
		w.mu.Unlock()
		return
	}
	w.open[in], w.open[out] = true, true
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { _, _ = io.Copy(out, in); _ = out.Close() })
	both.Go(func() { _, _ = io.Copy(in, out); _ = in.Close() })
	both.Wait()
	w.mu.Lock()
	delete(w.open, in)
	delete(w.open, out)
	w.mu.Unlock()
}

// setCut cuts the wire or mends it.
func (w *wire) setCut(cut bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = cut
	if cut {
		for c := range w.open {
			_ = c.Close()
		}
	}
}

// over returns an address of a server with the wire's in place of its own.
func (w *wire) over(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = w.listener.Addr().String()
	return u.String()
}

// outage is the database of a world, which goes away and comes back.
type outage struct {
	w        *world
	goes     func()
	comes    func()
	answered bool // while it is away it still answers who only looks
	fresh    bool // what it was given when it went is not written after all when it comes
}

// outages runs a story with a database that can go away: a PostgreSQL behind a wire that is cut, and a SQLite that somebody keeps locked.
func outages(t *testing.T, story func(*world, *outage)) {
	t.Helper()
	t.Parallel()
	for _, house := range []string{"embedded", "real"} {
		t.Run(house, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, house)
			o := w.outage(house)
			story(w, o)
			w.nothingElseArrived()
			w.addsUp()
			w.saysNothingPersonal()
		})
	}
}

func (w *world) outage(house string) *outage {
	w.t.Helper()
	if house == "real" {
		address, err := url.Parse(w.env["CHUMROK_DATABASE_URL"])
		if err != nil {
			w.t.Fatal(err)
		}
		line := newWire(w.t, address.Host)
		w.env["CHUMROK_DATABASE_URL"] = line.over(w.t, w.env["CHUMROK_DATABASE_URL"])
		w.restart()
		return &outage{w: w, fresh: true, goes: func() { line.setCut(true) }, comes: func() { line.setCut(false) }}
	}
	var held *sql.Conn
	db, err := sql.Open("sqlite", filepath.Join(w.env["CHUMROK_DATA"], "chumrok.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	say := func(words string) {
		w.t.Helper()
		if _, err := held.ExecContext(context.Background(), words); err != nil {
			w.t.Fatal(err)
		}
	}
	return &outage{w: w, answered: true, goes: func() {
		if held, err = db.Conn(context.Background()); err != nil {
			w.t.Fatal(err)
		}
		say("BEGIN IMMEDIATE")
	}, comes: func() {
		say("ROLLBACK")
		_ = held.Close()
	}}
}

// spoolFiles are the messages that wait, as the disk has them.
func (w *world) spoolFiles() map[string][]byte {
	w.t.Helper()
	found := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(w.env["CHUMROK_DATA"], "spool", "0*"))
	if err != nil {
		w.t.Fatal(err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			w.t.Fatal(err)
		}
		found[path] = text
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			w.t.Errorf("a message of the spool is open to others: %v %v", info.Mode(), err)
		}
	}
	return found
}

// waiting checks how many messages wait in the spool, and that none shows any of these words.
func (w *world) waiting(n int, secrets ...string) {
	w.t.Helper()
	files := w.spoolFiles()
	if len(files) != n || w.gateway.spool.Waiting() != n {
		w.t.Fatalf("%d messages lie in the spool, %d wait; expected %d", len(files), w.gateway.spool.Waiting(), n)
	}
	for path, text := range files {
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) || strings.Contains(path, secret) {
				w.t.Errorf("a message of the spool shows what was said, or by whom")
			}
		}
	}
}

// textsWhileDown sends an SMS through Twilio's webhook without doing what is due, and returns what the response tells the phone.
func (w *world) textsWhileDown(from, text, sid string) (status int, answer string) {
	w.t.Helper()
	status, body := w.post("/hooks/twilio/sms", w.twilioForm(from, text, sid), w.gateway.config.Twilio.AuthToken)
	if found := regexp.MustCompile(`(?s)<Message>(.*)</Message>`).FindStringSubmatch(body); found != nil {
		answer = found[1]
	}
	return status, answer
}
