package main

import (
	"context"
	"time"

	"chumrok/adapters"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/store"
	"chumrok/locales"
)

// The due work by which a reporter is told, once each, that somebody has taken what was told, and that it is closed.
const (
	dueTellTaken  = "tell_taken"  // subject: a referral id
	dueTellClosed = "tell_closed" // subject: a referral id
)

// tellReporter puts down that the reporter is told of what became of a referral, once each. Whether she may be is looked at when it is due.
func tellReporter(e *store.Effects, r *referral.Referral, now time.Time) {
	switch {
	case r.State == referral.Accepted && !r.ToldTaken:
		r.ToldTaken = true
		e.Due = append(e.Due, store.Due{Kind: dueTellTaken, Subject: r.ID, At: now})
	case r.State == referral.Closed && !r.ToldClosed:
		r.ToldClosed = true
		e.Due = append(e.Due, store.Due{Kind: dueTellClosed, Subject: r.ID, At: now})
	}
}

// feedback writes to a reporter who asked for a message, on the phone that she called safe and in the hours that she named; outside them it waits.
// What is no longer so by then is not told.
func (g *Gateway) feedback(ctx context.Context, due store.Due) error {
	return g.apply(ctx, func(now time.Time) (store.Effects, error) {
		done := store.Effects{DueFinished: []store.Due{due}}
		ref, found, err := g.store.Referral(ctx, due.Subject)
		if err != nil || !found || (due.Kind == dueTellClosed) != (ref.State == referral.Closed) || ref.State == referral.Alerting {
			return done, err
		}
		r, found, err := g.store.Report(ctx, ref.ReportID)
		if err != nil || !found {
			return done, err
		}
		told, found, err := g.store.Conversation(ctx, ref.ConversationID)
		if err != nil || !found {
			return done, err
		}
		to := safeNumber(r, told.Number)
		if to.IsZero() || len(g.outbound.Choose(to, nil).Providers) == 0 {
			return done, nil
		}
		if stopped, err := g.store.ContactStopped(ctx, g.store.PhoneIndex(told.Number), r.At); err != nil || stopped {
			return done, err
		}
		if at := g.nextHour(hoursNamed(r.Contact.When), now, answerPatience); at.After(now) {
			return store.Effects{}, g.store.Retry(ctx, due, at)
		}
		key := "sms.news.taken"
		if due.Kind == dueTellClosed {
			key = "sms.status.closed"
		}
		language := r.Language
		if !g.texts.Has(language, key) {
			language = g.pack.Languages[0]
		}
		m := store.Message{ID: store.NewID(), ConversationID: ref.ConversationID, Kind: store.ToReporter, Number: to,
			Text: locales.Strip(g.texts.Text(language, key))}
		done.Messages = append(done.Messages, m)
		done.Due = append(done.Due, store.Due{Kind: store.DueSend, Subject: m.ID, At: now})
		return done, nil
	})
}

// safeNumber is the phone to which a reporter asked that a message be sent; zero when there is none. A phone that others use is none.
func safeNumber(r store.Report, used phone.Number) phone.Number {
	if r.Contact.Way != "sms" {
		return phone.Number{}
	}
	switch r.Contact.Phone {
	case "self", "ok":
		return used
	case "another":
		return r.Contact.Number
	case "": // an SMS asks for no other phone than the one that it is written on
		if r.Channel == adapters.SMS {
			return used
		}
	}
	return phone.Number{}
}
