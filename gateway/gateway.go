package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"chumrok/adapters"
	"chumrok/adapters/simulator"
	"chumrok/deploy"
	"chumrok/flows"
	"chumrok/internal/gazetteer"
	"chumrok/internal/limits"
	"chumrok/internal/outbox"
	"chumrok/internal/pack"
	"chumrok/internal/seal"
	"chumrok/internal/session"
	"chumrok/internal/spool"
	"chumrok/internal/steadyclock"
	"chumrok/internal/store"
	"chumrok/locales"
)

// Gateway is the one program: everything it needs to carry a message from a phone to a decision and back.
type Gateway struct {
	config    Config
	pack      *pack.Pack
	standing  atomic.Pointer[standing] // see roster
	places    *gazetteer.Gazetteer
	texts     *locales.Catalogue
	flows     *flows.Library
	keys      *seal.Keyring
	recordKey recordKey
	store     *store.Store
	client    redis.UniversalClient
	sessions  *session.Sessions
	channels  []adapters.Channel // whose hooks are open, and what outbound messages go by
	outbound  outbox.Routes
	health    outbox.Health        // how the providers do
	pace      *outbox.Pace         // how many messages a second they take
	phones    *simulator.Simulator // the simulated phones of trial mode; nil in production
	meter     *meter
	log       *slog.Logger
	now       func() time.Time                  // ours, by clock: it never goes back
	machine   func() time.Time                  // the machine's, which may be wrong
	clock     atomic.Pointer[steadyclock.Clock] // what now goes by once the ledger is open; nil in a command
	keeping   timekeeping
	random    io.Reader
	name      string // of this process, on the leases it takes; the same after a restart on the same folder
	closers   []func() error

	emergencies emergencies // what is in force, read again every few seconds
	clubs       clubs       // likewise
	comparing   slots       // who may compare a PIN now
	limits      *limits.Limits
	phonesRead  kept[store.NewPhone] // of officers, since directory.csv was written
	presence    presence             // the directory without those who are away
	crowd       crowd                // what is being sent to each phone now
	months      months               // whether the keys of months are as they should be
	taking      unanswered           // turns without an id of their provider's that are being taken

	spool      *spool.Spool   // what arrived while the ledger could not be written
	replaying  sync.Mutex     // held while it is brought into the ledger
	replayFrom atomic.Int64   // when that was begun, in milliseconds; 0 = nothing waits
	joined     atomic.Bool    // the ledger has been opened
	away       atomic.Bool    // it did not answer when it was asked last
	looking    sync.Mutex     // held while one looks whether it is back
	toldDown   toldDown       // who was told by SMS that we are down
	crowded    sync.Mutex     // held by a turn that lost every race with others of its conversation
	under      sync.WaitGroup // what was begun beside a turn and is waited for by Close
	listed     atomic.Int64   // when what others erased was last taken into our list, in milliseconds
}

// Open builds a gateway from its configuration; what it opened is closed again when it cannot be finished.
func Open(ctx context.Context, config Config, log *slog.Logger, now func() time.Time) (*Gateway, error) {
	g, err := prepare(ctx, config, log, now)
	if err != nil {
		return nil, err
	}
	if err := g.openLedger(ctx); err != nil {
		g.Close()
		return nil, err
	}
	return g, nil
}

// prepare builds everything that needs no database: what it is given then can be kept in the spool.
func prepare(ctx context.Context, config Config, log *slog.Logger, now func() time.Time) (_ *Gateway, err error) {
	g := &Gateway{config: config, log: log, machine: now, random: rand.Reader, meter: newMeter()}
	defer func() {
		if err != nil {
			g.Close()
		}
	}()
	g.now = func() time.Time {
		if clock := g.clock.Load(); clock != nil {
			return clock.Now()
		}
		return now()
	}
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w; set CHUMROK_DATA to a folder that this process may write", err)
	}
	for _, step := range []func(context.Context) error{
		g.openPack, g.openKeys, g.openSpool, g.openSessions, g.openChannels,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// openLedger opens the database and what is read from it. After an error nothing of it is left, and it may be tried again.
func (g *Gateway) openLedger(ctx context.Context) error {
	before := len(g.closers)
	for _, step := range []func(context.Context) error{
		g.openStore, g.openClock, g.beginEpochs, g.openSince, g.openRecord, g.openFlows,
	} {
		err := step(ctx)
		if err == nil {
			continue
		}
		for i := len(g.closers) - 1; i >= before; i-- {
			err = errors.Join(err, g.closers[i]())
		}
		g.closers = g.closers[:before]
		return err
	}
	g.meter.watchUnanswered(g.unanswered)
	g.meter.watchKeys(func() int { return len(g.months.troubles()) })
	g.meter.watchClock(g.clock.Load().State)
	g.joined.Store(true)
	return nil
}

// Close stops what Open started, in reverse.
func (g *Gateway) Close() {
	g.under.Wait()
	for i := len(g.closers) - 1; i >= 0; i-- {
		if err := g.closers[i](); err != nil {
			g.log.Error("closing", "error", err)
		}
	}
	g.closers = nil
}

// packFiles is the deployment pack's folder, and what to call it in a fault.
func packFiles(folder string) (fs.FS, string) {
	if folder == "" {
		return deploy.Cambodia(), "deploy/cambodia"
	}
	return os.DirFS(folder), folder
}

func (g *Gateway) openPack(context.Context) error {
	files, name := packFiles(g.config.Pack)
	p, notes, err := pack.Load(files, name)
	if err != nil {
		return fmt.Errorf("loading the deployment pack:\n%w", err)
	}
	for _, note := range notes {
		g.log.Warn("the pack says something worth knowing", "note", note.String())
	}
	if g.config.Mode == Production && (p.Sample || len(p.SampleOfficers()) > 0) {
		return errors.New("the pack's directory is the sample, whose numbers reach nobody: put your own officers into directory.csv in place of all of the sample's, and take `sample: true` out of pack.yaml")
	}
	texts, err := loadTexts(p)
	if err != nil {
		return err
	}
	g.pack, g.places, g.texts = p, p.Gazetteer, texts
	g.standing.Store(&standing{directory: p.Directory})
	return nil
}

func (g *Gateway) openStore(ctx context.Context) error {
	s, err := store.Open(ctx, g.config.DatabaseURL, g.keys)
	if err != nil {
		g.takeBackKeys(err)
		return fmt.Errorf("opening the database of CHUMROK_DATABASE_URL: %w", err)
	}
	g.store = s
	g.closers = append(g.closers, s.Close)
	if g.name, err = ownName(g.config.Data); err != nil {
		return err
	}
	if err := keepErased(s, g.config).Begin(); err != nil { // the key file's folder may be read-only: reports are taken all the same
		g.log.Error("nothing can be erased, by a wish or by time, until what is erased can be listed", "error", err)
	}
	if err := g.eraseAgain(ctx); err != nil {
		return err
	}
	// What this process held when it was killed is due again at once; others' leases are theirs.
	if err := s.ReleaseLeases(ctx, g.name); err != nil {
		return fmt.Errorf("taking up the work left behind: %w", err)
	}
	return nil
}

// ownName is a name for this process that survives its restart: it is kept in the data folder, of which each process
// has its own.
func ownName(data string) (string, error) {
	path := filepath.Join(data, "name")
	if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	name := store.NewID()
	if err := os.WriteFile(path, []byte(name+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keeping this process's name: %w", err)
	}
	return name, nil
}

func (g *Gateway) openSessions(ctx context.Context) error {
	client, err := g.redis(ctx)
	if err != nil {
		return err
	}
	g.client, g.sessions, g.limits = client, session.New(client, g.keys), limits.New(client)
	return nil
}

// openSince leaves out the conversations that Redis remembers from before the ledger was restored. Nobody uses them before the ledger is open.
func (g *Gateway) openSince(ctx context.Context) error {
	restored, err := g.store.LastAct(ctx, actRestore)
	if err != nil {
		return fmt.Errorf("asking when the ledger was restored: %w", err)
	}
	g.sessions = g.sessions.Since(restored)
	return nil
}

// redis is the one configured, or the embedded one of trial mode. It need not answer yet: conversations go on from the
// ledger without it.
func (g *Gateway) redis(ctx context.Context) (redis.UniversalClient, error) {
	var options *redis.UniversalOptions
	switch {
	case g.config.RedisAddrs != "":
		options = &redis.UniversalOptions{Addrs: strings.Split(g.config.RedisAddrs, ","), MasterName: g.config.RedisMaster}
	case g.config.RedisURL != "":
		single, err := redis.ParseURL(g.config.RedisURL)
		if err != nil {
			return nil, errors.New("CHUMROK_REDIS_URL is not an address of Redis: give redis://HOST:PORT/DATABASE")
		}
		options = &redis.UniversalOptions{Addrs: []string{single.Addr}, DB: single.DB, Username: single.Username,
			Password: single.Password, TLSConfig: single.TLSConfig}
	default:
		client, stop, err := session.Embedded(context.WithoutCancel(ctx))
		if err != nil {
			return nil, fmt.Errorf("starting the embedded Redis: %w", err)
		}
		g.closers = append(g.closers, stop)
		return client, nil
	}
	client := session.Connect(options)
	g.closers = append(g.closers, client.Close)
	return client, nil
}

// loadTexts is every sentence: ours, with the pack's over them and the pack's numbers in them.
func loadTexts(p *pack.Pack) (*locales.Catalogue, error) {
	var own []fs.FS
	if p.Locales != nil {
		own = append(own, p.Locales)
	}
	texts, err := locales.LoadOnly(p.Languages, p.Facts(), own...)
	if err != nil {
		return nil, fmt.Errorf("loading the sentences:\n%w", err)
	}
	return texts, nil
}

// releasedNumbers are the option numbers that may not move: the pack's own list where it has one, since a country that has never
// published ours begins with its own, else ours.
func releasedNumbers(p *pack.Pack) (name, text string) {
	if p.Flows != nil {
		if own, err := fs.ReadFile(p.Flows, "released-numbers.txt"); err == nil {
			return p.File("flows/released-numbers.txt"), string(own)
		}
	}
	return "flows/released-numbers.txt", flows.ReleasedNumbers()
}

// loadFlows compiles the conversations: ours, and the pack's in place of those of the same name.
func loadFlows(p *pack.Pack, texts *locales.Catalogue) (*flows.Library, error) {
	library := flows.NewLibrary(texts, p.Gazetteer, flows.Options{
		Budget:       map[flows.Channel]locales.Budget{flows.USSD: p.Budgets["ussd"]},
		OwnProvinces: p.ProvincesFirst,
		Clubs:        p.ClubAreas(),
		Retries:      p.Sessions.Retries,
		Phones:       p.Country,
		Numbers:      p.Spoken.Numbers,
	})
	var faults []error
	if p.Flows != nil {
		names, err := fs.Glob(p.Flows, "*.yaml")
		if err != nil {
			return nil, fmt.Errorf("reading the pack's conversations: %w", err)
		}
		for _, name := range names {
			body, err := fs.ReadFile(p.Flows, name)
			if err == nil {
				_, err = library.Add(p.File("flows/"+name), body)
			}
			faults = append(faults, err)
		}
	}
	if err := errors.Join(faults...); err == nil { // only what the pack lacks, and all of it must hold together
		_, err := library.AddDefault()
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, fmt.Errorf("compiling the conversations:\n%w", err)
	}
	return library, nil
}

// openFlows compiles the conversations, and those of earlier releases that a caller may still be in the middle of.
func (g *Gateway) openFlows(ctx context.Context) error {
	library, err := loadFlows(g.pack, g.texts)
	if err != nil {
		return err
	}
	asking := context.WithoutCancel(ctx)
	library.AskClubs(func(number string) string {
		area, _ := g.clubArea(asking, number)
		return area
	})
	earlier, err := g.store.Definitions(ctx)
	if err != nil {
		return fmt.Errorf("reading earlier conversations: %w", err)
	}
	for _, d := range earlier {
		if _, err := library.Restore(d.Name, []byte(d.Body)); err != nil {
			g.log.Warn("an earlier conversation no longer compiles; callers in it begin anew", "flow", d.Name, "version", d.Version)
		}
	}
	for _, d := range library.Definitions() {
		if err := g.store.SaveDefinition(ctx, g.now(), store.Definition{Hash: d.Hash, Name: d.Name, Version: d.Version,
			Body: string(d.Source())}); err != nil {
			return fmt.Errorf("keeping the conversation %s: %w", d.Name, err)
		}
	}
	g.flows = library
	return nil
}

// keptSecret reads a generated secret, or generates it the first time.
func keptSecret(path string) (string, error) {
	if text, err := os.ReadFile(path); err == nil && len(text) > 0 {
		return strings.TrimSpace(string(text)), nil
	}
	secret := rand.Text()
	if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
		return "", fmt.Errorf("keeping a trial secret: %w", err)
	}
	return secret, nil
}

// channel is the provider of that name.
func (g *Gateway) channel(name string) adapters.Channel {
	for _, c := range g.channels {
		if c.Name() == name {
			return c
		}
	}
	return nil
}
