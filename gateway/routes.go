package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"chumrok/internal/panics"
)

const (
	// largestBody is what a provider may send: a thousand Khmer characters, percent-encoded, are 9 KiB; more than 16 KiB
	// is no message.
	largestBody = 16 << 10
	// turnTime is how long a turn may take. Africa's Talking hangs up on a caller after 15 s and Twilio after 15 s; what
	// is not written by then is better refused, so that the provider tries again.
	turnTime = 8 * time.Second
)

// Public is the whole surface that providers reach: their hooks and a sign of life.
func (g *Gateway) Public() http.Handler {
	r := chi.NewRouter()
	r.Use(g.recovered, wholeBody, timed)
	r.Get("/healthz", alive)
	for _, channel := range g.channels {
		for _, route := range channel.Routes() {
			r.Method(route.Method, route.Pattern, route.Handler(g))
		}
	}
	return r
}

// Private is what the desk and the machines that watch over the gateway reach.
func (g *Gateway) Private() http.Handler {
	r := chi.NewRouter()
	r.Use(g.recovered, wholeBody)
	r.Get("/readyz", g.ready)
	r.Get("/healthz", alive)
	r.Handle("/metrics", promhttp.HandlerFor(g.meter.registry, promhttp.HandlerOpts{}))
	if g.phones != nil {
		phones := g.phones.Handler(g)
		r.Handle("/phones", phones)
		r.Handle("/phones/*", phones)
		r.Handle("/", http.RedirectHandler("/phones", http.StatusFound))
	}
	return r
}

func alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "alive")
}

// ready says whether the ledger can be written: the database answers. Redis is only working memory, so its loss is shown and
// does not take the gateway out of service, like a machine's clock that is wrong; a provider's never does. Hooks go by /healthz: while this one
// says no, callers still hear whom they can call, and what they say is kept.
func (g *Gateway) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	waiting, broken := g.spool.Waiting(), g.spool.Broken()
	if !g.joined.Load() || g.store.Ping(ctx) != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "not ready: the database does not answer; what arrives is kept in the spool, where %d wait\n", waiting)
		return
	}
	degraded := g.months.troubles()
	if err := g.sessions.Ping(ctx); err != nil {
		degraded = append(degraded, "Redis does not answer; conversations go on from the ledger")
	}
	if waiting > 0 {
		degraded = append(degraded, fmt.Sprintf("%d messages wait in the spool for the ledger", waiting))
	}
	if broken > 0 {
		degraded = append(degraded, fmt.Sprintf("%d messages of the spool could not be read or replayed and lie in its folder broken", broken))
	}
	if wrong := clockWrong(g.clock.Load().State()); wrong != "" {
		degraded = append(degraded, wrong)
	}
	for _, what := range degraded {
		fmt.Fprintln(w, "ready, degraded: "+what)
	}
	if len(degraded) == 0 {
		fmt.Fprintln(w, "ready")
	}
}

// wholeBody reads a request's body before anything parses it, and refuses one that is too large.
func wholeBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > largestBody {
			http.Error(w, "body over 16 KiB", http.StatusRequestEntityTooLarge)
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestBody))
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(err, &tooLarge):
			http.Error(w, "body over 16 KiB", http.StatusRequestEntityTooLarge)
			return
		case err != nil:
			http.Error(w, "body not received whole", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// timed gives every hook its time, also when the provider keeps the connection open for longer. The work goes on when
// the provider hangs up, since a turn half done is worth finishing.
func timed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), turnTime)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// recovered turns a panic into a 500 without a word of the request in the log.
func (g *Gateway) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil {
				g.meter.panics.Inc()
				g.log.Error("a hook panicked", "route", chi.RouteContext(r.Context()).RoutePattern(), "error", panics.Error(p))
				http.Error(w, "internal error", http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}
