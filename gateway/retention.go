package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"chumrok/internal/pack"
	"chumrok/internal/store"
)

const (
	// retentionHour is when what is over its time is erased, in the pack's zone: when the fewest people call.
	retentionHour = 3
	// retentionPages is how much is erased in one go of this work. What is more goes in the next, right after whatever is due then.
	retentionPages = 50
	// leapt is by how much the work may be late. Later than that either the gateway was off, or its clock is wrong: then nothing is erased for
	// another day, in which somebody can set the clock right. What is erased too early comes back for nobody.
	leapt = 7 * 24 * time.Hour
)

// keeping is the pack's times as the store takes them.
func keeping(r pack.Retention) store.Keeping {
	return store.Keeping{Nothing: r.Nothing, Number: r.Number, Told: r.Told, Messages: r.Messages, Officers: r.Officers, Drills: r.Drills}
}

// planRetention sees to it that erasing by time is due once a day.
func (g *Gateway) planRetention(ctx context.Context) error {
	planned, err := g.store.DueOf(ctx, store.TheRetention)
	if err != nil || len(planned) > 0 {
		return err
	}
	_, err = g.store.Apply(ctx, g.now(), store.Effects{Due: []store.Due{g.nextRetention()}})
	return err
}

func (g *Gateway) nextRetention() store.Due {
	now := g.now().In(g.pack.Zone)
	at := time.Date(now.Year(), now.Month(), now.Day(), retentionHour, 0, 0, 0, now.Location())
	if !at.After(now) {
		at = at.AddDate(0, 0, 1)
	}
	return store.Due{Kind: store.DueRetention, Subject: store.TheRetention, At: at}
}

// retain erases what is older than the pack's times: as due work once however many gateways there are, in small transactions, and less urgent
// than all else. When nothing is left it puts on record how much that was.
func (g *Gateway) retain(ctx context.Context, due store.Due) error {
	now := g.now()
	if late := now.Sub(due.At); late > leapt || !g.mayDestroy(now) {
		g.log.Warn("erasing by time is late, so the gateway was off or its clock leapt; it waits another day: is the clock right?", "late", late.Round(time.Hour).String())
		next := g.nextRetention()
		if next.At.Sub(now) < 12*time.Hour {
			next.At = next.At.AddDate(0, 0, 1)
		}
		_, err := g.store.Apply(ctx, now, store.Effects{DueFinished: []store.Due{due}, Due: []store.Due{next}})
		return err
	}
	erased, more, err := g.store.Lapse(ctx, now, keeping(g.pack.Retention), retentionPages)
	for what, n := range erased {
		g.meter.erased.WithLabelValues(what).Add(float64(n))
	}
	if err != nil {
		return err
	}
	if more {
		return g.store.Postpone(ctx, due, now)
	}
	if err := g.store.RecordLapsed(ctx, now); err != nil {
		return err
	}
	_, err = g.store.Apply(ctx, now, store.Effects{DueFinished: []store.Due{due}, Due: []store.Due{g.nextRetention()}})
	return err
}

// erasedList is where it stands what was erased: beside the keys, outside of the database and its backups.
func erasedList(c Config) string { return filepath.Join(filepath.Dir(c.Keys), "erased") }

// keepErased has a store write down what it erases.
func keepErased(s *store.Store, c Config) *store.ErasedList {
	list := store.ErasedListAt(erasedList(c))
	s.KeepErased(list)
	return list
}

// eraseAgain erases what was erased before and is there again, since somebody brought a backup back, and takes into this gateway's list what
// others erased. It is done before the first message is taken.
func (g *Gateway) eraseAgain(ctx context.Context) error {
	n, err := g.store.ReErase(ctx, g.now())
	var file *fs.PathError
	if errors.As(err, &file) { // what is told now must be taken all the same
		g.log.Error("what was erased cannot be looked up, so what a backup brought back stays: give this file to the gateway's user, and start it again",
			"file", file.Path, "error", file.Err)
		return nil
	}
	if err != nil {
		return fmt.Errorf("erasing again what a backup brought back: %w", err)
	}
	if n > 0 {
		g.log.Warn("what was erased was there again, as after a restore, and is erased again", "conversations", n)
		g.meter.erased.WithLabelValues("again").Add(float64(n))
	}
	g.catchUpErased(ctx)
	return nil
}

// listEvery is how often a gateway looks for what others on its database erased.
const listEvery = time.Hour

// catchUpErased takes into this gateway's list what others erased.
func (g *Gateway) catchUpErased(ctx context.Context) {
	g.listed.Store(g.now().UnixMilli())
	if _, err := g.store.CatchUpErased(ctx); err != nil {
		g.log.Error("what others erased is not on this gateway's list yet; it is tried again in an hour", "error", err)
	}
}

// catchUpHourly is catchUpErased once an hour, by whichever sweep comes first.
func (g *Gateway) catchUpHourly(ctx context.Context) {
	last := g.listed.Load()
	now := g.now().UnixMilli()
	if now-last < listEvery.Milliseconds() || !g.listed.CompareAndSwap(last, now) {
		return
	}
	g.catchUpErased(ctx)
	if g.spool.Waiting()+g.spool.Broken() > 0 || !g.mayDestroy(g.now()) {
		return
	}
	if _, err := g.store.DestroySpentEpochs(ctx, g.now(), g.pack.Zone); err != nil { // what another gateway destroyed lies here, too
		g.log.Error("keys of months that are over are still here; it is tried again in an hour", "error", err)
	}
}
