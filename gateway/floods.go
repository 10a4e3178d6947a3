package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"chumrok/internal/directory"
	"chumrok/internal/phone"
	"chumrok/internal/report"
	"chumrok/internal/store"
	"chumrok/locales"
)

// What comes to one phone in a flood: the first few messages each by itself, and after that one message every so often that tells how many wait
// and names the most urgent. Each report keeps its own alert, its own clock and its own place in the officer's menu; only the ringing is less.

// gathers is how long the first digest of a flood waits for more: long enough that it speaks of many, short beside every clock.
const gathers = time.Minute

// mostNamed is how many codes a digest names: as many as fit the message.
const mostNamed = 4

// crowd counts what is being sent to each phone at this moment, since what is on its way is not in the ledger yet.
type crowd struct {
	mu      sync.Mutex
	sending map[string]int
}

// enter counts one more and returns how many there are with it.
func (c *crowd) enter(phoneIndex string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sending == nil {
		c.sending = map[string]int{}
	}
	c.sending[phoneIndex]++
	return c.sending[phoneIndex]
}

func (c *crowd) leave(phoneIndex string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sending[phoneIndex]--; c.sending[phoneIndex] <= 0 {
		delete(c.sending, phoneIndex)
	}
}

// waitsForDigest says whether a message waits because its reader's phone got very much just now. What does not wait calls leave once it is sent.
// Danger now never waits.
func (g *Gateway) waitsForDigest(ctx context.Context, due store.Due, m store.Message, to phone.Number) (waits bool, leave func(), err error) {
	floods := g.pack.Floods
	if m.Kind != store.ToAlert && m.Kind != store.ToInform || due.Urgency >= urgency(report.Immediate) {
		return false, func() {}, nil
	}
	index, officers := g.store.PhoneIndex(to), idsOn(g.roster(), to)
	on := g.crowd.enter(index)
	leave = func() { g.crowd.leave(index) }
	// Counted after entering: whatever another has just finished is counted twice rather than not at all.
	reached, err := g.store.Reached(ctx, officers, g.now().Add(-floods.Within))
	if err == nil && reached+on <= floods.Alone {
		return false, leave, nil
	}
	leave()
	if err != nil {
		return false, nil, err
	}
	return true, nil, g.awaitDigest(ctx, due, index, officers)
}

// awaitDigest leaves a message to the phone's next digest, and sees to it that there is one. Should there be none after all, it comes again.
func (g *Gateway) awaitDigest(ctx context.Context, due store.Due, index string, officers []string) error {
	now, floods := g.now(), g.pack.Floods
	planned, err := g.store.DueOf(ctx, index)
	if err != nil {
		return err
	}
	var at time.Time
	if i := slices.IndexFunc(planned, func(d store.Due) bool { return d.Kind == store.DueDigest }); i >= 0 {
		at = planned[i].At
	} else {
		_, last, _, err := g.store.LastDigest(ctx, officers)
		if err != nil {
			return err
		}
		at = now.Add(min(gathers, floods.Every))
		if next := last.Add(floods.Every); next.After(at) {
			at = next
		}
		work := store.Due{Kind: store.DueDigest, Subject: index, At: at, Urgency: urgency(report.High)}
		if _, err := g.store.Apply(ctx, now, store.Effects{Due: []store.Due{work}}); err != nil {
			return fmt.Errorf("planning a digest: %w", err)
		}
	}
	if at.Before(now) {
		at = now
	}
	return g.store.Postpone(ctx, due, at.Add(floods.Every))
}

// digest writes one message to a phone about all that waits for it. While the last one is not even sent, it waits.
func (g *Gateway) digest(ctx context.Context, due store.Due) error {
	var rows []directory.Officer
	for _, o := range g.roster().All() {
		if !o.Phone.IsZero() && g.store.PhoneIndex(o.Phone) == due.Subject {
			rows = append(rows, o)
		}
	}
	if len(rows) == 0 { // gone from the directory: each message is written off by itself, and the next officer raised
		return g.store.Finish(ctx, due)
	}
	officers := idsOn(g.roster(), rows[0].Phone)
	if _, _, waits, err := g.store.LastDigest(ctx, officers); err != nil || waits {
		if err == nil {
			err = g.store.Postpone(ctx, due, g.now().Add(g.pack.Floods.Every))
		}
		return err
	}
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		e := store.Effects{DueFinished: []store.Due{due}}
		waiting, err := g.store.Waiting(ctx, officers, now, urgency(report.Immediate))
		if err != nil || len(waiting) == 0 {
			return e, err
		}
		m := store.Message{ID: store.NewID(), Kind: store.ToDigest, OfficerID: rows[0].ID}
		m.Text = g.digestText(ctx, m)
		e.Messages = append(e.Messages, m)
		e.Digested = append(e.Digested, store.Digested{Into: m.ID, Messages: waiting})
		e.Due = append(e.Due, store.Due{Kind: store.DueSend, Subject: m.ID, At: now, Urgency: urgency(report.High)})
		return e, nil
	})
}

// digestText tells how many matters ask an officer for an answer now, and names the most urgent. Those from which somebody on the phone was removed
// are none. Where nothing asks any more it is what it was when it was written.
func (g *Gateway) digestText(ctx context.Context, m store.Message) string {
	officer, known := g.roster().Get(m.OfficerID)
	if !known {
		return m.Text
	}
	o := onDuty{phone: officer.Phone, index: g.store.PhoneIndex(officer.Phone), rows: g.roster().ByPhone(officer.Phone)}
	list, err := g.charges(ctx, o, g.now())
	if err != nil {
		g.log.Error("what waits for an officer could not be read; the digest says what it said", "message", m.ID, "error", err)
		return m.Text
	}
	if list = slices.DeleteFunc(list, func(c charge) bool { return !c.asked }); len(list) == 0 && m.Text != "" {
		return m.Text
	}
	slices.SortStableFunc(list, func(a, b charge) int {
		return cmp.Or(cmp.Compare(b.risk, a.risk), a.due.Compare(b.due))
	})
	var codes []string
	for _, c := range list[:min(mostNamed, len(list))] {
		codes = append(codes, c.Code)
	}
	return locales.Strip(g.texts.Format(g.languageFor(officer), "alert.digest", map[string]string{
		"n": strconv.Itoa(len(list)), "codes": strings.Join(codes, " "), "dial": g.pack.ServiceCodes[0],
	}))
}

// idsOn are the ids of the officers on a phone.
func idsOn(d *directory.Directory, n phone.Number) []string {
	var ids []string
	for _, o := range d.ByPhone(n) {
		ids = append(ids, o.ID)
	}
	if len(ids) == 0 {
		ids = []string{""} // nobody's
	}
	return ids
}
