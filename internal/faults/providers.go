//go:build unix

package main

import (
	"context"
	"time"
)

// providersFail is one provider, and then all of them, that do badly while alerts are to be sent.
var providersFail = Scenario{
	Name: "providers-fail",
	Breaks: "each provider in turn is down, answers 429, answers what nobody can read, is slow, and does not answer at all, for seven seconds; " +
		"then all are down for thirty",
	Heals:  "they take messages again",
	Long:   true,
	Houses: []House{OnSQLite},
	Run: func(ctx context.Context, w *World) error {
		w.Callers(ctx, 6)
		wait(ctx, 3*time.Second)
		before := w.counts()
		for _, provider := range []string{"africastalking", "twilio"} {
			for _, mood := range []Mood{Down, Throttling, Garbage, Slow, Hanging} {
				taken := len(w.Carrier.Taken())
				w.Carrier.Set(provider, mood)
				wait(ctx, 7*time.Second)
				w.Figure(provider+" "+string(mood)+" for 7s: messages taken meanwhile", "%d", len(w.Carrier.Taken())-taken)
				w.Carrier.Set(provider, Taking)
			}
		}
		w.Healed()
		wait(ctx, 2*time.Second)
		for _, provider := range []string{"africastalking", "twilio"} {
			w.Carrier.Set(provider, Down)
		}
		taken := len(w.Carrier.Taken())
		wait(ctx, 30*time.Second)
		if n := len(w.Carrier.Taken()) - taken; n > 8 { // what was under way in the moment when they went down
			w.Fault("%d messages were taken while every provider was down", n)
		}
		for _, provider := range []string{"africastalking", "twilio"} {
			w.Carrier.Set(provider, Taking)
		}
		w.Healed()
		wait(ctx, 3*time.Second)
		w.mustNotApologise(before, "no caller needs a provider's API")
		return ctx.Err()
	},
}
