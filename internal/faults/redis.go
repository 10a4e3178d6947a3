//go:build unix

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"chumrok/internal/servertest"
)

// redisGone is Redis that stops, comes back empty, and is emptied while callers are in the middle of what they tell.
var redisGone = Scenario{
	Name:   "redis-gone",
	Breaks: "Redis is stopped for ten seconds, comes back with nothing in it, is emptied five times, and is restarted five times",
	Heals:  "it is there again, empty",
	Houses: []House{OnSQLite, OnPostgres},
	Run: func(ctx context.Context, w *World) error {
		w.Callers(ctx, 8)
		wait(ctx, 3*time.Second)
		before := w.counts()
		w.Redis.Stop()
		wait(ctx, w.atMost(10*time.Second))
		w.Redis.Start()
		w.told(before, "Redis away for "+w.atMost(10*time.Second).Round(time.Second).String())
		wait(ctx, 2*time.Second)
		for range 5 {
			w.Redis.FlushAll()
			wait(ctx, time.Second)
		}
		for range 5 {
			if w.Short() {
				break
			}
			w.Redis.Stop()
			w.Redis.Start()
			wait(ctx, time.Second)
		}
		w.Healed()
		wait(ctx, 3*time.Second)
		w.mustNotApologise(before, "Redis is only the working memory")
		return ctx.Err()
	},
}

// redisFailover is Redis' master that dies under Sentinel: its replica, which may be behind, becomes the master.
var redisFailover = Scenario{
	Name:   "redis-failover",
	Breaks: "the master of a Redis under three Sentinels is killed; its replica, which may lack the last turns, becomes the master",
	Heals:  "the Sentinels have made the replica the master",
	Long:   true,
	Houses: []House{OnSQLite},
	Run: func(ctx context.Context, w *World) error {
		replica := servertest.Redis(w.bench)
		sentinels := servertest.Sentinels(w.bench, "chumrok", w.Redis, replica)
		g := w.Gateways[0]
		g.Stop()
		g.env = slices.DeleteFunc(g.env, func(pair string) bool { return strings.HasPrefix(pair, "CHUMROK_REDIS_") })
		g.env = append(g.env, "CHUMROK_REDIS_ADDRS="+strings.Join(sentinels, ","), "CHUMROK_REDIS_MASTER=chumrok")
		if err := g.Up(ctx); err != nil {
			return err
		}
		w.Callers(ctx, 8)
		wait(ctx, 5*time.Second)
		before := w.counts()
		missed, err := g.Metric(ctx, "chumrok_redis_missed_total")
		if err != nil {
			return err
		}
		if missed > 0 {
			w.Fault("Redis did not answer %.0f times before anything broke: the gateway does not find it by its Sentinels", missed)
		}
		w.Redis.Stop()
		from := time.Now()
		for last := -1.0; ; { // until a second goes by without Redis being missed
			wait(ctx, time.Second)
			now, err := g.Metric(ctx, "chumrok_redis_missed_total")
			if err != nil {
				return err
			}
			if now == last {
				break
			}
			if last = now; time.Since(from) > time.Minute {
				w.Fault("the gateway does not find the new master within a minute")
				break
			}
		}
		w.Figure("the gateway used the new master", "within %s", time.Since(from).Round(time.Second))
		w.Healed()
		wait(ctx, 3*time.Second)
		w.mustNotApologise(before, "Redis is only the working memory")
		return ctx.Err()
	},
}

// atMost is how long a scenario lets something be broken: less when it is to be brief.
func (w *World) atMost(d time.Duration) time.Duration {
	if w.Short() {
		return d / 3
	}
	return d
}

// told notes what callers met with since before.
func (w *World) told(before tally, when string) {
	after := w.counts()
	w.Figure(when, "%d turns answered; help numbers heard %d; no answer at all %d by USSD, %d by SMS (delivered again)", after.answered-before.answered,
		after.apologies-before.apologies, after.mute-before.mute, after.refused-after.mute-before.refused+before.mute)
}

// mustNotApologise says that nobody heard the help numbers, or nothing, since before.
func (w *World) mustNotApologise(before tally, why string) {
	after := w.counts()
	if n := after.apologies - before.apologies; n > 0 {
		w.Fault("%d callers heard the help numbers, although %s", n, why)
	}
	w.mustAnswer(before)
}

// mustAnswer says that nobody heard nothing since before, nor waited too long.
func (w *World) mustAnswer(before tally) {
	after := w.counts()
	if n := after.mute - before.mute; n > 0 {
		w.Fault("%d callers by USSD heard nothing", n)
	}
	if n := after.overLimit - before.overLimit; n > 0 {
		w.Fault("%d callers by USSD waited for more than %s", n, ussdLimit)
	}
}

// must ends a scenario whose own preparation failed.
func must(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}
