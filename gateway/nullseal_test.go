//go:build nullseal

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"chumrok/internal/seal"
	"chumrok/internal/servertest"
)

// batch is how many turns are measured together: enough that the clock of the process does not matter, few enough that whatever else the
// machine does falls on both sides alike.
const batch = 180

// BenchmarkSealing is the processor's time for a whole turn over HTTP, in this process alone, with sealing and with keys that seal nothing,
// turn about: sealed-ns/op, plain-ns/op, and by how many hundredths the first is more.
func BenchmarkSealing(b *testing.B) {
	for _, house := range []struct {
		name string
		env  func(b *testing.B) environment
	}{
		{"embedded+sqlite", func(*testing.B) environment { return environment{} }},
		{"redis+postgres", func(b *testing.B) environment {
			return environment{"CHUMROK_REDIS_URL": servertest.Redis(b).URL(), "CHUMROK_DATABASE_URL": servertest.Postgres(b)}
		}},
	} {
		b.Run(house.name, func(b *testing.B) {
			defer seal.Null.Store(false)
			sides := []*side{openSide(b, house.env(b), false), openSide(b, house.env(b), true)}
			turns := 0
			for b.Loop() {
				for _, s := range sides {
					s.run(b)
				}
				turns += batch
			}
			sealed, plain := float64(sides[0].spent.Nanoseconds())/float64(turns), float64(sides[1].spent.Nanoseconds())/float64(turns)
			b.ReportMetric(sealed, "sealed-ns/turn")
			b.ReportMetric(plain, "plain-ns/turn")
			b.ReportMetric(100*(sealed/plain-1), "percent-more")
		})
	}
}

// side is a gateway with its callers.
type side struct {
	null   bool
	server *httptest.Server
	hook   string
	calls  int
	spent  time.Duration
}

func openSide(b *testing.B, env environment, null bool) *side {
	b.Helper()
	seal.Null.Store(null)
	env["CHUMROK_DATA"] = b.TempDir()
	config, err := readConfig(env)
	if err != nil {
		b.Fatal(err)
	}
	g, err := Open(context.WithoutCancel(b.Context()), config, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(g.Public())
	b.Cleanup(func() { server.Close(); g.Close() })
	s := &side{null: null, server: server, hook: server.URL + "/hooks/africastalking/" + g.config.AfricasTalking.Token + "/ussd"}
	s.run(b) // what is done once
	s.spent = 0
	return s
}

// run makes a batch of turns and adds what they took.
func (s *side) run(b *testing.B) {
	b.Helper()
	seal.Null.Store(s.null)
	path := []string{"1", "1", "1", "1", "1", "1", "2", "1"}
	before := processorTime(b)
	for n := 0; n < batch; {
		s.calls++
		for keys := 0; keys <= len(path) && n < batch; keys++ {
			n++
			form := url.Values{"sessionId": {fmt.Sprintf("ATUid_%d", s.calls)}, "phoneNumber": {"+85512000501"}, "serviceCode": {"*1280#"},
				"networkCode": {"99999"}, "text": {strings.Join(path[:keys], "*")}}
			response, err := s.server.Client().PostForm(s.hook, form)
			if err != nil {
				b.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				b.Fatalf("answered %d", response.StatusCode)
			}
		}
	}
	s.spent += processorTime(b) - before
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
