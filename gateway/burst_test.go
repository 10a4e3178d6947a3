package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/deploy"
	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/servertest"
)

// burst is how many committees are told in one moment.
const burst = 300

// slowProvider takes each message after 50 ms, as a provider far away does, and notes when each phone was written to first.
type slowProvider struct {
	server *httptest.Server
	mu     sync.Mutex
	at     map[string]time.Time
	taken  atomic.Int64
}

func newSlowProvider(tb testing.TB) *slowProvider {
	p := &slowProvider{at: map[string]time.Time{}}
	p.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(50 * time.Millisecond):
		case <-r.Context().Done():
		}
		p.mu.Lock()
		if _, before := p.at[r.FormValue("to")]; !before {
			p.at[r.FormValue("to")] = time.Now()
		}
		p.mu.Unlock()
		africasTalkingTakes(w, fmt.Sprintf("burst-%d", p.taken.Add(1)))
	}))
	tb.Cleanup(p.server.Close)
	return p
}

// told says when a phone was first written to.
func (p *slowProvider) told(number string) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, told := p.at[number]
	return at, told
}

// BenchmarkBurst is the flood after a disaster: 300 reports, each to a committee of its own, are concluded in one moment, at a provider
// that takes 50 ms for a message. first-ms is from the first report to its alert at the provider, last-ms from the first report to the
// last alert. Then each committee's phone reports its delivery, more than three times, while ten of them answer "1": reply-ms is the
// slowest of the ten.
func BenchmarkBurst(b *testing.B) {
	for name, env := range map[string]func() environment{
		"redis+postgres": func() environment {
			return environment{"CHUMROK_REDIS_URL": servertest.Redis(b).URL(), "CHUMROK_DATABASE_URL": servertest.Postgres(b)}
		},
		"embedded+sqlite": func() environment { return environment{} },
	} {
		b.Run(name, func(b *testing.B) {
			var first, last, reply time.Duration
			for range b.N {
				f, l, r := runBurst(b, env())
				first, last, reply = max(first, f), max(last, l), max(reply, r)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(first.Milliseconds()), "first-ms")
			b.ReportMetric(float64(last.Milliseconds()), "last-ms")
			b.ReportMetric(float64(reply.Milliseconds()), "reply-ms")
		})
	}
}

// TestBurst: of 300 reports at once each committee is told once, and each answers once, whatever reports of delivery come meanwhile.
// How fast is BenchmarkBurst's to say.
func TestBurst(t *testing.T) {
	t.Parallel()
	first, last, reply := runBurst(t, environment{})
	t.Logf("first alert after %v, last after %v, slowest answer %v", first, last, reply)
}

func runBurst(tb testing.TB, env environment) (first, last, slowest time.Duration) {
	tb.Helper()
	provider := newSlowProvider(tb)
	for name, value := range map[string]string{
		"CHUMROK_DATA": tb.TempDir(), "CHUMROK_PACK": burstPack(tb),
		"CHUMROK_AFRICASTALKING_USERNAME": "chumrok", "CHUMROK_AFRICASTALKING_API_KEY": "key", "CHUMROK_AFRICASTALKING_FROM": "1280",
		"CHUMROK_AFRICASTALKING_TOKEN": strings.Repeat("t", 32), "CHUMROK_AFRICASTALKING_API_URL": provider.server.URL,
	} {
		env[name] = value
	}
	config, err := readConfig(env)
	if err != nil {
		tb.Fatal(err)
	}
	g, err := Open(tb.Context(), config, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		tb.Fatal(err)
	}
	defer g.Close()
	var sent atomic.Int64
	says := func(number, text string) string {
		n, err := phone.Parse(number)
		if err != nil {
			tb.Error(err)
			return ""
		}
		answer, err := g.Receive(tb.Context(), adapters.Message{Provider: "twilio", Channel: adapters.SMS, From: n, To: "1280",
			Text: text, ID: fmt.Sprintf("SM%032d", sent.Add(1))})
		if err != nil {
			tb.Error(err)
		}
		return answer.Text
	}
	each := func(do func(i int)) {
		var all sync.WaitGroup
		for i := range burst {
			all.Go(func() { do(i) })
		}
		all.Wait()
	}
	each(func(i int) {
		for _, text := range []string{fmt.Sprint(1000 + i), "គេវាយខ្ញុំ", "1", "2"} {
			says(reporterOf(i), text)
		}
	})

	watching, stop := context.WithCancel(tb.Context())
	var watch sync.WaitGroup
	watch.Go(func() { _ = g.Watch(watching) })
	defer watch.Wait()
	defer stop()
	concluded := make([]time.Time, burst)
	began := time.Now()
	each(func(i int) {
		concluded[i] = time.Now()
		says(reporterOf(i), "3")
	})
	for i := range burst {
		at := awaitTold(tb, provider, committeeOf(i))
		last = max(last, at.Sub(began))
		if own := at.Sub(concluded[i]); first == 0 || own < first {
			first = own
		}
	}
	if n := provider.taken.Load(); n != burst {
		tb.Errorf("%d messages were sent to %d committees", n, burst)
	}

	var callbacks sync.WaitGroup
	for i := range 1000 {
		callbacks.Go(func() {
			d := adapters.Delivery{Provider: "africastalking", ID: fmt.Sprintf("burst-%d", 1+i%burst), State: adapters.Delivered}
			if err := g.Delivered(tb.Context(), d); err != nil {
				tb.Errorf("a report of delivery was refused: %v", err)
			}
		})
	}
	for i := range 10 {
		started := time.Now()
		if answer := says(committeeOf(i), "1"); !strings.Contains(answer, "012") {
			tb.Errorf("an officer's answer is answered with %q", answer)
		}
		slowest = max(slowest, time.Since(started))
	}
	callbacks.Wait()
	return first, last, slowest
}

// awaitTold waits until a committee's phone was written to.
func awaitTold(tb testing.TB, p *slowProvider, number string) time.Time {
	tb.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for {
		if at, told := p.told(number); told {
			return at
		}
		select {
		case <-deadline.C:
			tb.Fatal("a committee was not told within a minute")
		case <-look.C:
		}
	}
}

func committeeOf(i int) string { return fmt.Sprintf("+85512000%03d", i) }
func reporterOf(i int) string  { return fmt.Sprintf("+85512000%03d", burst+i) }

// burstPack is the default pack with one officer in each of 300 committees, and a club's number for each of their communes.
func burstPack(tb testing.TB) string {
	tb.Helper()
	folder := tb.TempDir()
	if err := os.CopyFS(folder, deploy.Cambodia()); err != nil {
		tb.Fatal(err)
	}
	p, _, err := pack.Load(deploy.Cambodia(), "deploy/cambodia")
	if err != nil {
		tb.Fatal(err)
	}
	var officers, clubs strings.Builder
	officers.WriteString("officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account\n" +
		"desk,KH,desk,duty,1,Duty desk,012 000 901,km,always,,,\nhelpline,KH,helpline,duty,1,Helpline,012 000 911,km,always,,,\n")
	clubs.WriteString("code,area_code,name\n")
	for i, commune := range p.Gazetteer.Communes()[:burst] {
		fmt.Fprintf(&officers, "c%d,%s,committee,focal,1,Focal person,%s,km,always,f,,\n", i, commune.Code, committeeOf(i))
		fmt.Fprintf(&clubs, "%04d,%s,Club\n", 1000+i, commune.Code)
	}
	for name, text := range map[string]string{"directory.csv": officers.String(), "clubs.csv": clubs.String()} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return folder
}
