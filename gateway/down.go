package main

import (
	"context"
	"sync"
	"time"

	"chumrok/adapters"
	"chumrok/internal/phone"
	"chumrok/internal/store"
)

const (
	// downEvery is how often one phone is told by SMS that we are down: often enough for who tries again, and two machines that answer
	// each other come to rest.
	downEvery = 10 * time.Minute
	// downPhones is how many phones that is remembered of. Beyond it the memory begins anew, and some are told again early.
	downPhones = 50_000
)

// toldDown remembers which phones were told by SMS that we are down.
type toldDown struct {
	mu sync.Mutex
	at map[string]time.Time // by the phone's index
}

// downText is what a caller is told while nothing can be written: the numbers that help, in the pack's first two languages as far as both fit.
func (g *Gateway) downText() string {
	languages := g.pack.Languages
	first := g.texts.Text(languages[0], "error.down")
	if len(languages) == 1 {
		return first
	}
	for _, key := range []string{"error.down", "error.down.short"} {
		if both := g.texts.Text(languages[0], key) + "\n" + g.texts.Text(languages[1], key); g.fits(both) {
			return both
		}
	}
	return first
}

// mayTellDown says whether a caller is told that we are down. On a screen she always is; by SMS once in a while, and a service never.
func (g *Gateway) mayTellDown(m adapters.Message, now time.Time) bool {
	if m.Channel == adapters.USSD {
		return true
	}
	if m.From.IsZero() && m.Apart || isService(m.From) {
		return false
	}
	index := g.phoneIndex(m.From)
	t := &g.toldDown
	t.mu.Lock()
	defer t.mu.Unlock()
	if last, told := t.at[index]; told && now.Sub(last) < downEvery && !now.Before(last) {
		return false
	}
	if t.at == nil || len(t.at) >= downPhones {
		t.at = map[string]time.Time{}
	}
	t.at[index] = now
	return true
}

// tellDown sends the text by a message of its own, where the response to the provider carries none. It is tried once, after the provider was
// answered, and written nowhere, since nothing can be.
func (g *Gateway) tellDown(ctx context.Context, m adapters.Message, text string) {
	if text == "" || !m.From.Dialable() {
		return
	}
	choice := g.outbound.Choose(m.From, func(provider string) bool { return g.health.Usable(provider, g.now()) })
	if len(choice.Providers) == 0 {
		return
	}
	provider := choice.Providers[0]
	ctx = context.WithoutCancel(ctx)
	g.under.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, sendTime)
		defer cancel()
		result := "handed"
		if _, err := g.channel(provider).Send(ctx, adapters.Outgoing{ID: store.NewID(), To: m.From, Text: text}); err != nil {
			result = "again"
			g.log.Warn("a caller could not be told that we are down", "provider", provider, "error", err)
		}
		g.meter.sends.WithLabelValues(provider, result).Inc()
	})
}

// phoneIndex is the blind index of a number, which needs no database.
func (g *Gateway) phoneIndex(n phone.Number) string { return n.Index(g.keys.BlindKey()) }
