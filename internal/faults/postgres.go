//go:build unix

package main

import (
	"context"
	"database/sql"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// postgresRestarted is PostgreSQL that stops and comes back, for a moment and for a while, also while the gateway is killed and started.
var postgresRestarted = Scenario{
	Name:   "postgres-restarted",
	Breaks: "PostgreSQL is restarted five times, then stopped for twenty seconds in which the gateway is killed with kill -9 and started again",
	Heals:  "it is started",
	Houses: []House{OnPostgres},
	Run: func(ctx context.Context, w *World) error {
		w.Callers(ctx, 8)
		wait(ctx, 3*time.Second)
		before := w.counts()
		for n := range 5 {
			if w.Short() && n > 0 {
				break
			}
			w.DB.Stop()
			w.DB.Start()
			wait(ctx, 2*time.Second)
		}
		w.told(before, "restarts")
		w.mustAnswer(before)
		before = w.counts()
		w.DB.Stop()
		wait(ctx, w.atMost(8*time.Second))
		w.mustAnswer(before)
		g := w.Gateways[0]
		g.Kill()
		if err := g.Up(ctx); err != nil {
			return must("starting the gateway without its database", err)
		}
		started := w.counts()
		wait(ctx, w.atMost(10*time.Second))
		w.mustAnswer(started)
		w.DB.Start()
		w.Healed()
		wait(ctx, 4*time.Second)
		w.told(before, "PostgreSQL stopped, and the gateway killed meanwhile")
		return ctx.Err()
	},
}

// postgresCut is the network to PostgreSQL that breaks, swallows everything, and is slow.
var postgresCut = Scenario{
	Name:   "postgres-cut",
	Breaks: "the network to PostgreSQL takes 20 ms each way, is cut for fifteen seconds, swallows everything for twenty, and takes 400 ms each way",
	Heals:  "the network is as before",
	Long:   true,
	Houses: []House{OnPostgres},
	Run: func(ctx context.Context, w *World) error {
		line, err := w.overLine(ctx)
		if err != nil {
			return err
		}
		w.bench.Cleanup(line.close)
		w.Callers(ctx, 8)
		for _, fault := range []struct {
			name  string
			state lineState
			long  time.Duration
		}{
			{"20ms each way", lineState{delay: 20 * time.Millisecond}, 10 * time.Second},
			{"cut", lineState{cut: true}, 15 * time.Second},
			{"mute", lineState{mute: true}, 20 * time.Second},
			{"400ms each way", lineState{delay: 400 * time.Millisecond}, 15 * time.Second},
		} {
			wait(ctx, 4*time.Second)
			before := w.counts()
			w.Say("the network to PostgreSQL: %s", fault.name)
			line.Set(fault.state)
			wait(ctx, fault.long)
			line.Set(lineState{})
			w.Healed()
			wait(ctx, 8*time.Second)
			w.told(before, "network "+fault.name+" for "+fault.long.String())
			w.mustAnswer(before)
			if after := w.counts(); fault.state.delay > 0 && fault.state.delay < 100*time.Millisecond && after.apologies > before.apologies {
				w.Fault("%d callers heard the help numbers although PostgreSQL was only slow", after.apologies-before.apologies)
			}
		}
		return ctx.Err()
	},
}

// overLine puts a line between the gateway and PostgreSQL.
func (w *World) overLine(ctx context.Context) (*Line, error) {
	address, err := url.Parse(w.DB.URL())
	if err != nil {
		return nil, must("reading PostgreSQL's address", err)
	}
	line, err := newLine(ctx, address.Host)
	if err != nil {
		return nil, err
	}
	address.Host = line.Addr()
	g := w.Gateways[0]
	g.Stop()
	g.env = slices.DeleteFunc(g.env, func(pair string) bool { return strings.HasPrefix(pair, "CHUMROK_DATABASE_URL=") })
	g.env = append(g.env, "CHUMROK_DATABASE_URL="+address.String())
	return line, g.Up(ctx)
}

// postgresCrowded is PostgreSQL that has no connection left: the gateway's are ended, and somebody else takes each that becomes free.
var postgresCrowded = Scenario{
	Name:   "postgres-crowded",
	Breaks: "other programs take every connection of PostgreSQL for fifteen seconds, and the gateway's own are ended",
	Heals:  "they let go",
	Long:   true,
	Houses: []House{OnPostgres},
	Run: func(ctx context.Context, w *World) error {
		w.Callers(ctx, 8)
		wait(ctx, 3*time.Second)
		before := w.counts()
		free, err := w.crowd(ctx)
		if err != nil {
			return err
		}
		wait(ctx, 15*time.Second)
		free()
		w.Healed()
		wait(ctx, 5*time.Second)
		w.told(before, "no connection left for 15s")
		w.mustAnswer(before)
		if after := w.counts(); after.apologies == before.apologies {
			w.Fault("nobody heard the help numbers: the connections were not taken, so nothing is proved")
		}
		return ctx.Err()
	},
}

// crowd takes every connection that PostgreSQL has or gets, until free is called.
func (w *World) crowd(ctx context.Context) (free func(), err error) {
	db, err := w.OpenSQL()
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(0)
	db.SetMaxIdleConns(1000)
	var held []*sql.Conn
	take := func() bool {
		conn, err := db.Conn(ctx)
		if err != nil {
			return false
		}
		held = append(held, conn)
		return true
	}
	for take() {
	}
	if len(held) == 0 {
		_ = db.Close()
		return nil, must("taking PostgreSQL's connections", ctx.Err())
	}
	if _, err := held[0].ExecContext(ctx, `SET application_name = 'crowd'`); err != nil {
		_ = db.Close()
		return nil, must("taking PostgreSQL's connections", err)
	}
	w.Say("%d connections are taken", len(held))
	crowding, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		for crowding.Err() == nil {
			// Whatever is not ours and serves somebody is ended, and what becomes free is taken.
			_, _ = held[0].ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE backend_type = 'client backend' AND state = 'idle' AND application_name <> 'crowd' AND query <> '' AND pid <> pg_backend_pid()`)
			for crowding.Err() == nil && take() {
			}
			wait(crowding, 20*time.Millisecond)
		}
	})
	return func() {
		stop()
		done.Wait()
		for _, c := range held {
			_ = c.Close()
		}
		_ = db.Close()
	}, nil
}
