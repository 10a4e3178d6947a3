//go:build unix

package main

import (
	"context"
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"chumrok/deploy"
	"chumrok/internal/pack"
	"chumrok/internal/servertest"
	"chumrok/locales"
)

// The secrets between the gateway and the providers of the drill.
const (
	account     = "AC00000000000000000000000000000000"
	twilioToken = "the-token-of-the-drill"
	hookToken   = "the-hook-token-of-the-drill"
	publicURL   = "https://gateway.example" // what Twilio's signatures are over
)

//go:embed testdata/directory.csv
var officers []byte

// World is everything around the gateway in one run of a scenario: servers, providers, callers, and what they remember.
type World struct {
	House   House
	Redis   *servertest.RedisServer
	DB      *servertest.PGServer // nil on SQLite
	Carrier *Carrier
	// Gateways take turns at what callers send; the first one serves when a scenario begins.
	Gateways []*Gateway
	// Ahead is how far the gateways' time is ahead of this machine's clock.
	Ahead time.Duration
	// Forgets says that who hears the help numbers may have to say it again: not even the spool can keep anything.
	Forgets bool
	// Deaf lets officers answer nothing.
	Deaf bool

	name     string
	bench    *bench
	changes  []string
	binary   string
	folder   string
	options  options
	terminal *terminal
	env      map[string]string
	apology  string // what a caller hears when a turn cannot be written

	mu       sync.Mutex
	figures  []Figure
	faults   []string
	turns    []*Turn // that got an answer
	late     []*Turn // whose caller heard the help numbers
	tally    tally
	shown    shown
	started  time.Duration // what the first start took
	healed   time.Time     // the end of the last fault; zero = silence is counted from each alert's beginning
	callers  int
	stoppers []func()
}

// Say shows on the terminal how far the scenario is.
func (w *World) Say(words string, args ...any) {
	w.terminal.say("      %s on %s: "+words, append([]any{w.name, w.House}, args...)...)
}

// Short says that the scenario is to be brief, since it runs in CI.
func (w *World) Short() bool { return w.options.short }

// Figure adds a number to what is printed.
func (w *World) Figure(name, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.figures = append(w.figures, Figure{name, fmt.Sprintf(format, args...)})
}

// Fault says that something did not hold.
func (w *World) Fault(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = append(w.faults, fmt.Sprintf(format, args...))
}

// Healed says that the fault is over: from now on no due alert may be silent for longer than silentAtMost. A scenario in which alerts may
// never be silent longer, such as kill -9, does not call it.
func (w *World) Healed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.healed = w.now()
}

// now is the gateways' time.
func (w *World) now() time.Time { return time.Now().Add(w.Ahead) }

// open starts the servers, the provider and the first gateway.
func (w *World) open(ctx context.Context) error {
	w.Redis = servertest.Redis(w.bench)
	if w.House == OnPostgres {
		w.DB = servertest.PostgresServer(w.bench)
	}
	var err error
	if w.Carrier, err = newCarrier(ctx); err != nil {
		return err
	}
	folder := filepath.Join(w.folder, "pack")
	if err := writePack(folder, w.changes...); err != nil {
		return err
	}
	if w.apology, err = apology(folder); err != nil {
		return err
	}
	w.env = map[string]string{
		"CHUMROK_PACK": folder, "CHUMROK_REDIS_URL": w.Redis.URL(), "CHUMROK_LOG": "warn",
		"CHUMROK_KEYS":       filepath.Join(w.folder, "keys.json"),
		"CHUMROK_PUBLIC_URL": publicURL, "CHUMROK_TWILIO_ACCOUNT_SID": account, "CHUMROK_TWILIO_AUTH_TOKEN": twilioToken,
		"CHUMROK_TWILIO_FROM": "+85512000999", "CHUMROK_TWILIO_API_URL": w.Carrier.URL,
		"CHUMROK_AFRICASTALKING_USERNAME": "drill", "CHUMROK_AFRICASTALKING_API_KEY": "drill",
		"CHUMROK_AFRICASTALKING_TOKEN": hookToken, "CHUMROK_AFRICASTALKING_API_URL": w.Carrier.URL,
	}
	if w.DB != nil {
		w.env["CHUMROK_DATABASE_URL"] = w.DB.URL()
	} else {
		w.env["CHUMROK_DATABASE_URL"] = "sqlite:" + filepath.Join(w.folder, "chumrok.db")
	}
	g, err := w.NewGateway(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	err = g.Up(ctx)
	w.started = time.Since(began)
	return err
}

// NewGateway adds a gateway on the world's servers. It does not run yet.
func (w *World) NewGateway(ctx context.Context) (*Gateway, error) {
	name := string(rune('A' + len(w.Gateways)))
	g := &Gateway{Name: name, world: w, Data: filepath.Join(w.folder, "data-"+name)}
	public, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	private, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	g.Public, g.Private = "http://"+public, "http://"+private
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "CHUMROK_") {
			g.env = append(g.env, pair)
		}
	}
	own := map[string]string{"CHUMROK_DATA": g.Data, "CHUMROK_LISTEN": public, "CHUMROK_DESK_LISTEN": private}
	for _, vars := range []map[string]string{w.env, own} {
		for name, value := range vars {
			g.env = append(g.env, name+"="+value)
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Gateways = append(w.Gateways, g)
	return g, nil
}

// close ends what still runs: callers, gateways, the provider. Servers end with the bench.
func (w *World) close() {
	for _, stop := range w.stoppers {
		stop()
	}
	for _, g := range w.Gateways {
		g.Kill()
	}
	if w.Carrier != nil {
		w.Carrier.close()
	}
}

// writePack is the default pack with officers of the drill's own, who are there at all hours, and with no bounds on floods: what a flood
// changes is proved by stories, and here every alert is to be sent at once.
func writePack(folder string, more ...string) error {
	if err := os.CopyFS(folder, deploy.Cambodia()); err != nil {
		return fmt.Errorf("writing the pack: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "directory.csv"), officers, 0o600); err != nil {
		return fmt.Errorf("writing the pack: %w", err)
	}
	file := filepath.Join(folder, "pack.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading the pack: %w", err)
	}
	changes := []string{
		"working_hours: Mo-Fr 07:30-11:30 14:00-17:30", "working_hours: always",
		"reminder: 67", "reminder: 0",
		"holidays: [2026-11-23, 2026-11-24, 2026-11-25]", "holidays: []",
		"floods: {alone: 12, within: 10m, every: 10m, commune: 20, per_number: 10}",
		"floods: {alone: 10000, within: 10m, every: 10m, commune: 10000, per_number: 10000}",
		"budget: {per_day: 5000, reserve: 2000, per_number: 60}", "budget: {per_day: 1000000, reserve: 0, per_number: 100000}",
	}
	changes = append(changes, more...)
	for i := 0; i < len(changes); i += 2 {
		if !strings.Contains(string(text), changes[i]) {
			return fmt.Errorf("pack.yaml no longer says %q: mend writePack", changes[i])
		}
	}
	if err := os.WriteFile(file, []byte(strings.NewReplacer(changes...).Replace(string(text))), 0o600); err != nil { //nolint:gosec // a folder of ours
		return fmt.Errorf("writing the pack: %w", err)
	}
	return nil
}

// apology is what callers hear when a turn could not be written: the help numbers, in the pack's first two languages.
func apology(folder string) (string, error) {
	p, _, err := pack.Load(os.DirFS(folder), "pack")
	if err != nil {
		return "", fmt.Errorf("loading the pack: %w", err)
	}
	var own []fs.FS
	texts, err := locales.LoadOnly(p.Languages, p.Facts(), own...)
	if err != nil {
		return "", fmt.Errorf("loading the sentences: %w", err)
	}
	return texts.Text(p.Languages[0], "error.down.short") + "\n" + texts.Text(p.Languages[1], "error.down.short"), nil
}
