package main

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"chumrok/internal/alert"
	"chumrok/internal/limits"
	"chumrok/internal/phone"
	"chumrok/internal/store"
)

// The answers to a reporter who asks what became of a code. There is no other: which of them it is, is all that a code gives.
const (
	askReceived = "received" // it is known, and nobody has said yet that he takes it
	askTaken    = "taken"    // a person has accepted it
	askClosed   = "closed"   // it is over
	askCall     = "call"     // nobody's code, an old one, or one that is not answered now: call and ask
)

// How many wrong codes are answered for what they are. A reporter's code is one of seven million that a guesser has to
// try (eight digits, seven first ones, one of them a check digit), so what a phone and all phones together may try in an hour makes
// a year of guessing find, with 50 open codes, about four; and those who guess see "received", not a word of what was told.
const (
	// wrongByPhone is what one phone may get wrong in an hour, mistypes among it. After that it is told to call, whatever
	// it types: also the phone that reported, since who holds it may not be who reported.
	wrongByPhone = 5
	// wrongInAll is what all phones may get wrong in an hour. A mistyped code nearly always has a wrong check digit, can
	// be nobody's, and is not counted here. After that a right code is still answered on the phone that reported: that needs no
	// guess about whose it is, so that nobody can silence the codes of others by guessing a lot.
	wrongInAll = 60
	askWindow  = time.Hour
)

// status answers what became of a reporter's code. It does the same work for each code, right or wrong: one look by the
// blind index, one count. A code is answered on any phone, until too many wrong ones came; see wrongByPhone and wrongInAll.
func (g *Gateway) status(ctx context.Context, from phone.Number, typed string, now time.Time) (string, error) {
	code := codeTyped(typed)
	asked, err := g.store.Asked(ctx, code)
	if err != nil {
		return "", fmt.Errorf("looking for a reporter's code: %w", err)
	}
	answer := statusOf(asked, now)
	index := g.store.PhoneIndex(from)
	own := !from.IsZero() && subtle.ConstantTimeCompare([]byte(index), []byte(asked.PhoneIndex)) == 1

	byPhone, inAll := limits.Counter{Subject: index, Window: askWindow}, limits.Counter{Subject: "all", Window: askWindow}
	if answer == askCall {
		byPhone.Cost = 1
		if alert.ValidCode(code, alert.ReporterDigits) {
			inAll.Cost = 1
		}
	}
	before, err := g.limits.Spend(ctx, "ask", now, byPhone, inAll)
	if err != nil {
		// Nothing is counted, so nothing may be guessed: only the phone that reported is answered, as when all is spent.
		g.meter.redis.Inc()
		g.log.Warn("Redis did not count a question for a code; only the phone that reported is answered", "error", err)
		before = []int64{0, wrongInAll}
	}
	if before[0] >= wrongByPhone || before[1] >= wrongInAll && !own {
		return askCall, nil
	}
	return answer, nil
}

// statusOf puts what is known of a code into one of four words. A matter that waits at the desk is received and no more.
func statusOf(a store.Asked, now time.Time) string {
	switch {
	case !a.Known:
		return askCall
	case a.Working > 0:
		return askTaken
	case a.Waiting > 0 || a.ClosedAt.IsZero():
		return askReceived
	case now.Sub(a.ClosedAt) > store.CodeKept:
		return askCall
	}
	return askClosed
}

// codeTyped is a code as people type it: Latin or Khmer digits, with or without spaces and hyphens.
func codeTyped(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, phone.Digits(text))
}
