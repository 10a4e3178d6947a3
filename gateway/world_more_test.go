package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"time"

	"chumrok/internal/phone"
	"chumrok/internal/store"
)

// stands checks the state and the owner of a referral or a hold.
func (w *world) stands(code, state, owner string) {
	w.t.Helper()
	list, err := referralsListCommand{Code: code}.list(w.t.Context(), w.gateway.store, w.gateway.pack)
	if err != nil {
		w.t.Fatal(err)
	}
	if got := list[0]; got.State != state || got.Owner != owner {
		w.t.Fatalf("%s is %s, owner %q; expected %s, owner %q", code, got.State, got.Owner, state, owner)
	}
}

// says is a sentence to an officer about a code, as far as it does not depend on the officer.
func (w *world) says(language, key, code string) string {
	return w.gateway.texts.Format(language, key, map[string]string{"code": code, "desk": w.gateway.pack.Facts()["desk"]})
}

func (w *world) counts() store.Counts {
	w.t.Helper()
	n, err := w.gateway.store.Counts(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// metric reads one figure off /metrics.
func (w *world) metric(name string) string {
	w.t.Helper()
	private := httptest.NewServer(w.gateway.Private())
	defer private.Close()
	request, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, private.URL+"/metrics", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := private.Client().Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + ` (\S+)$`).FindSubmatch(body)
	if found == nil {
		w.t.Fatalf("no figure %s in /metrics:\n%s", name, firstLines(string(body), 20))
	}
	return string(found[1])
}

func firstLines(text string, n int) string {
	lines := strings.SplitN(text, "\n", n+1)
	return strings.Join(lines[:min(n, len(lines))], "\n")
}

// number is a phone's number as the gateway knows it.
func (w *world) number(text string) phone.Number {
	w.t.Helper()
	n, err := phone.Parse(text)
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// content is everything in Redis: the fields of each session's hash.
type content map[string]map[string]string

// redisContent copies what Redis holds.
func (w *world) redisContent() content {
	w.t.Helper()
	ctx, client := w.t.Context(), w.gateway.client
	kept := content{}
	keys, err := client.Keys(ctx, "chumrok:session:*").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, key := range keys {
		if kept[key], err = client.HGetAll(ctx, key).Result(); err != nil {
			w.t.Fatal(err)
		}
	}
	if len(kept) == 0 {
		w.t.Fatal("Redis holds nothing")
	}
	return kept
}

// setRedis puts Redis back to what it held, as a failover to a replica that lags does.
func (w *world) setRedis(kept content) {
	w.t.Helper()
	w.emptyRedis()
	for key, fields := range kept {
		if err := w.gateway.client.HSet(w.t.Context(), key, fields).Err(); err != nil {
			w.t.Fatal(err)
		}
	}
}

// emptyRedis loses everything that Redis holds.
func (w *world) emptyRedis() {
	w.t.Helper()
	if err := w.gateway.client.FlushAll(w.t.Context()).Err(); err != nil {
		w.t.Fatal(err)
	}
}

// awaitRedis waits until the gateway's client has found Redis again: after many failures it looks only once a second.
func (w *world) awaitRedis() {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for w.gateway.client.Ping(ctx).Err() != nil {
		select {
		case <-ctx.Done():
			w.t.Fatal("the gateway does not find Redis again")
		case <-tick.C:
		}
	}
}
