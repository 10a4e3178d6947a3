package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"chumrok/internal/store"
)

type serveCommand struct{}

// Run starts the gateway, serves until it is told to stop, and stops in reverse: first the doors, then the work, then
// the stores.
func (serveCommand) Run(c *call) error {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	level, _ := config.level()
	log := slog.New(slog.NewJSONHandler(c.stream.err, &slog.HandlerOptions{Level: level}))
	redis.SetLogger(redisLog{log})

	g, err := prepare(c.ctx, config, log, c.now)
	if err != nil {
		return err
	}
	defer g.Close()
	if err := g.openLedger(c.ctx); err != nil && !store.MayReturn(err) {
		return err
	}

	public, err := net.Listen("tcp", config.Listen)
	if err != nil {
		return fmt.Errorf("opening the public address: %w; set CHUMROK_LISTEN to a free one", err)
	}
	private, err := net.Listen("tcp", config.DeskListen)
	if err != nil {
		_ = public.Close()
		return fmt.Errorf("opening the desk's address: %w; set CHUMROK_DESK_LISTEN to a free one", err)
	}
	g.welcome(c.stream.out, public.Addr().String(), private.Addr().String())

	group, ctx := errgroup.WithContext(c.ctx)
	for _, door := range []struct {
		listener net.Listener
		handler  http.Handler
	}{{public, g.Public()}, {private, g.Private()}} {
		server := newServer(door.handler, log)
		group.Go(func() error {
			if err := server.Serve(door.listener); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serving %s: %w", door.listener.Addr(), err)
			}
			return nil
		})
		group.Go(func() error {
			<-ctx.Done()
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
			defer cancel()
			return server.Shutdown(closing)
		})
	}
	group.Go(func() error {
		if err := g.await(ctx); err != nil {
			return err
		}
		return g.Watch(ctx)
	})
	return group.Wait()
}

// await opens the database when it is there, and ends with an error that a person must mend. Until then callers hear whom they can call, and
// what they say waits in the spool: a gateway that does not start answers nobody.
func (g *Gateway) await(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for waited := 0; !g.joined.Load(); waited++ {
		err := g.openLedger(ctx)
		switch {
		case err == nil:
			g.log.Info("the database is there")
			return nil
		case ctx.Err() != nil:
			return nil
		case !store.MayReturn(err):
			return err
		case waited%sayAgain == 0:
			g.log.Error("the database is not there; what arrives waits in the spool", "messages", g.spool.Waiting(), "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// sayAgain is after how many looks in vain it is said again that the database is not there.
const sayAgain = 15

// shutdownTime lets a turn that has begun end: longer than turnTime, shorter than the 30 s after which service managers
// lose patience.
const shutdownTime = turnTime + 2*time.Second

// newServer is an HTTP server that a stalled or endless caller cannot hold open.
func newServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      20 * time.Second,
		IdleTimeout:       60 * time.Second,
		// Kannel hands a message on in the address: a Khmer letter is nine bytes there, and an SMS may have many parts. What
		// is longer than an adapter takes is refused by it; what is refused here, Kannel would offer until it loses it.
		MaxHeaderBytes: 64 << 10,
		// net/http's own complaints can hold an address or a header; only that there was one is said.
		ErrorLog: slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
	}
}

// redisLog puts what the Redis library says among our own lines; it names addresses and never a key.
type redisLog struct{ log *slog.Logger }

func (r redisLog) Printf(ctx context.Context, format string, v ...any) {
	r.log.DebugContext(ctx, "redis", "says", fmt.Sprintf(format, v...))
}

// quiet keeps the fact that net/http complained and drops the words.
type quiet struct{ slog.Handler }

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	plain := slog.NewRecord(r.Time, r.Level, "the web server complained of a connection", 0)
	return q.Handler.Handle(ctx, plain)
}
