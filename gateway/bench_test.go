package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"chumrok/internal/servertest"
)

// BenchmarkTurn is one USSD turn as an operator waits for it: an HTTP request in Africa's Talking's form, the state from
// Redis, the step, the turn written to PostgreSQL, the state back to Redis, the screen. "alone" is one caller after the
// other, "together" 64 callers at once.
func BenchmarkTurn(b *testing.B) {
	for _, house := range []struct {
		name string
		env  func(b *testing.B) environment
	}{
		{"redis+postgres", func(b *testing.B) environment {
			return environment{"CHUMROK_REDIS_URL": servertest.Redis(b).URL(), "CHUMROK_DATABASE_URL": servertest.Postgres(b)}
		}},
		{"embedded+sqlite", func(*testing.B) environment { return environment{} }},
	} {
		for _, callers := range []struct {
			name string
			n    int
		}{{"alone", 1}, {"together", 64}} {
			b.Run(house.name+"/"+callers.name, func(b *testing.B) {
				env := house.env(b)
				env["CHUMROK_DATA"] = b.TempDir()
				config, err := readConfig(env)
				if err != nil {
					b.Fatal(err)
				}
				g, err := Open(b.Context(), config, slog.New(slog.DiscardHandler), time.Now)
				if err != nil {
					b.Fatal(err)
				}
				defer g.Close()
				server := httptest.NewServer(g.Public())
				defer server.Close()
				server.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = callers.n
				hook := server.URL + "/hooks/africastalking/" + g.config.AfricasTalking.Token + "/ussd"
				var sessions atomic.Int64
				b.SetParallelism(max(1, callers.n/2)) // of two processors
				turn := func(session int64, path []string) {
					form := url.Values{"sessionId": {fmt.Sprintf("ATUid_%d", session)}, "phoneNumber": {"+85512000501"},
						"serviceCode": {"*1280#"}, "networkCode": {"99999"}, "text": {strings.Join(path, "*")}}
					response, err := server.Client().PostForm(hook, form)
					if err != nil {
						b.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
					if response.StatusCode != http.StatusOK {
						b.Errorf("answered %d", response.StatusCode)
					}
				}
				path := []string{"1", "1", "1", "1", "1", "1", "2", "1"}
				caller := func(next func() bool) {
					for keys, session := 0, sessions.Add(1); next(); keys++ {
						if keys > len(path) {
							keys, session = 0, sessions.Add(1)
						}
						turn(session, path[:keys])
					}
				}
				if callers.n == 1 {
					caller(b.Loop)
					return
				}
				b.RunParallel(func(pb *testing.PB) { caller(pb.Next) })
			})
		}
	}
}
