package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/phone"
	"chumrok/internal/store"
	"chumrok/locales"
)

// The hours of the day, in the pack's zone, in which a test may ring a phone: within the officer's own hours, and never when he may be asleep.
const (
	fairFrom  = 8
	fairUntil = 17
)

const (
	// drillGap keeps the messages of a drill apart, so that a real alert never waits behind a thousand tests.
	drillGap = 3 * time.Second
	// drillAnswered is how long after the last phone was called an answer counts.
	drillAnswered = 24 * time.Hour
	// fairDays is how far ahead a fair hour is looked for.
	fairDays = 14
)

// fairHour is the first time from t on at which a test may ring an officer's phone; false where there is none soon.
func (g *Gateway) fairHour(o directory.Officer, t time.Time) (time.Time, bool) {
	t = t.In(g.pack.Zone)
	last := t.AddDate(0, 0, fairDays)
	for t.Before(last) {
		if at := o.Hours.Next(t, g.pack.Holidays); at.After(t) {
			t = at
			continue
		}
		switch {
		case t.Hour() < fairFrom:
			t = time.Date(t.Year(), t.Month(), t.Day(), fairFrom, 0, 0, 0, t.Location())
		case t.Hour() >= fairUntil:
			t = time.Date(t.Year(), t.Month(), t.Day()+1, fairFrom, 0, 0, 0, t.Location())
		case !o.Hours.Open(t, g.pack.Holidays):
			return time.Time{}, false // never open
		default:
			return t, true
		}
	}
	return time.Time{}, false
}

// startDrill plans a test of the phones of all officers in an area, each phone once. A drill of that id that was started already stays as it is.
func (g *Gateway) startDrill(ctx context.Context, id, area, reason, by string) (store.Drill, error) {
	now := g.now()
	code, err := g.freeCode(ctx, now)
	if err != nil {
		return store.Drill{}, err
	}
	away, err := g.awayNow(ctx, now)
	if err != nil {
		return store.Drill{}, err
	}
	d := store.Drill{ID: id, Code: code, AreaCode: area, Reason: reason, By: by, At: now, EndsAt: now}
	var calls []store.DrillCall
	called := map[phone.Number]bool{}
	for _, o := range g.roster().All() {
		if !strings.HasPrefix(o.AreaCode, area) || called[o.Phone] && !o.Phone.IsZero() {
			continue
		}
		called[o.Phone] = true
		c := store.DrillCall{ID: store.NewID(), OfficerID: o.ID, PhoneIndex: g.store.PhoneIndex(o.Phone), At: now}
		at, fair := g.fairHour(o, now.Add(time.Duration(len(calls))*drillGap))
		switch {
		case o.Phone.IsZero():
			c.PhoneIndex, c.Skipped = "", "his phone was lost"
		case away[o.ID]:
			c.Skipped = "he is away"
		case !fair:
			c.Skipped = "his hours have none that is fair"
		default:
			if c.At = at; at.After(d.EndsAt) {
				d.EndsAt = at
			}
		}
		calls = append(calls, c)
	}
	if len(calls) == 0 {
		return d, fmt.Errorf("no officer of directory.csv serves %q: give two, four or six digits of a place", area)
	}
	d.EndsAt, d.Phones = d.EndsAt.Add(drillAnswered), len(calls)
	return d, g.store.StartDrill(ctx, d, calls)
}

// drillCall sends the test to one phone, if the hour is still fair.
func (g *Gateway) drillCall(ctx context.Context, due store.Due) error {
	c, found, err := g.store.DrillCall(ctx, due.Subject)
	if err != nil {
		return err
	}
	if !found || c.MessageID != "" || c.Skipped != "" {
		return g.store.Finish(ctx, due)
	}
	o, known := g.roster().Get(c.OfficerID)
	at, fair := g.fairHour(o, g.now())
	switch {
	case !known || g.store.PhoneIndex(o.Phone) != c.PhoneIndex:
		return g.skipCall(ctx, due, c, "the directory has no such officer on this phone any more")
	case !fair || !at.Before(c.EndsAt):
		return g.skipCall(ctx, due, c, "no fair hour was left")
	case at.After(g.now()):
		return g.store.Postpone(ctx, due, at)
	}
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		text := locales.Strip(g.texts.Format(g.languageFor(o), "alert.drill", map[string]string{"code": c.Code}))
		m := store.Message{ID: store.NewID(), Kind: store.ToDrill, OfficerID: o.ID, Text: text}
		return store.Effects{Messages: []store.Message{m}, Due: []store.Due{{Kind: store.DueSend, Subject: m.ID, At: now}},
			DrillMoves: []store.DrillMove{{CallID: c.ID, MessageID: m.ID}}, ClearQuestions: []string{c.PhoneIndex}, DueFinished: []store.Due{due}}, nil
	})
}

func (g *Gateway) skipCall(ctx context.Context, due store.Due, c store.DrillCall, why string) error {
	_, err := g.store.Apply(ctx, g.now(), store.Effects{DrillMoves: []store.DrillMove{{CallID: c.ID, Skipped: why}}, DueFinished: []store.Due{due}})
	return err
}

// withDrills adds the tests that a phone may be answering to what its officer's words may mean: a bare digit means only one that is not answered.
// With a task open beside it the digit is asked back, as between two tasks, so that neither is ever taken for the other.
func (g *Gateway) withDrills(ctx context.Context, index string, open []alert.Open, words alert.Words, now time.Time) ([]alert.Open, error) {
	calls, err := g.store.DrillsOn(ctx, index, now)
	if err != nil {
		return nil, fmt.Errorf("looking for tests of the phone: %w", err)
	}
	for _, c := range calls {
		if words.Code == "" && !c.AnsweredAt.IsZero() {
			continue
		}
		open = append(open, alert.Open{Code: c.Code, Kind: alert.ForDrill, ID: c.ID, OfficerID: c.OfficerID, AlertedAt: c.At})
	}
	return open, nil
}

// theDrill is the subject of the work that begins a month's drill.
const theDrill = "drill"

// planDrill sees to it that the monthly drill begins, where the pack wants one.
func (g *Gateway) planDrill(ctx context.Context) error {
	if !g.pack.Drills.On() {
		return nil
	}
	planned, err := g.store.DueOf(ctx, theDrill)
	if err != nil || len(planned) > 0 {
		return err
	}
	_, err = g.store.Apply(ctx, g.now(), store.Effects{Due: []store.Due{g.nextDrill()}})
	return err
}

func (g *Gateway) nextDrill() store.Due {
	return store.Due{Kind: store.DueMonthlyDrill, Subject: theDrill, At: g.pack.Drills.Next(g.now().In(g.pack.Zone))}
}

// monthlyDrill begins the drill of a month, once however many gateways there are, and plans the next.
func (g *Gateway) monthlyDrill(ctx context.Context, due store.Due) error {
	if !g.pack.Drills.On() {
		return g.store.Finish(ctx, due)
	}
	month := g.now().In(g.pack.Zone).Format("2006-01")
	if _, err := g.startDrill(ctx, "monthly-"+month, "", "the month's", "gateway"); err != nil {
		return err
	}
	_, err := g.store.Apply(ctx, g.now(), store.Effects{DueFinished: []store.Due{due}, Due: []store.Due{g.nextDrill()}})
	return err
}
