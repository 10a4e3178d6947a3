package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
)

// canaryWorld is a world in which the chair of the stories' committee has the canary's phone.
func canaryWorld(t *testing.T, house string) *world {
	t.Helper()
	folder := storyPack(t)
	w := &world{t: t, env: environment{"CHUMROK_PACK": folder}}
	w.replaceInDirectory("012 000 101", "012 000 986")
	return newWorldOf(t, house, folder)
}

// houses runs a test in both houses and looks for the canaries when it is over. What was sent to whom is not its matter.
func silentHouses(t *testing.T, siege func(*world) (pins []string)) {
	t.Helper()
	t.Parallel()
	for _, house := range []string{"embedded", "real"} {
		t.Run(house, func(t *testing.T) {
			t.Parallel()
			w := canaryWorld(t, house)
			pins := siege(w)
			w.keepsSilence(pins...)
		})
	}
}

// routesOf are the method and the pattern of every path behind a door.
func routesOf(t *testing.T, door http.Handler) []string {
	t.Helper()
	var all []string
	err := chi.Walk(door.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		all = append(all, method+" "+route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

// TestSilenceOnEveryHook drives the canaries through every public path, right and broken in every way. The answers to what was broken say
// nothing of them, nor does anything that is left behind. A new path fails this test until hooks knows how its provider calls it.
func TestSilenceOnEveryHook(t *testing.T) {
	silentHouses(t, func(w *world) []string {
		door, hooks, n := w.gateway.Public(), w.hooks(), 0
		taken := map[string]int{}
		for _, route := range routesOf(w.t, door) {
			if route == "GET /healthz" {
				w.knocks(door, "/healthz")
				continue
			}
			h, covered := hooks[route]
			if !covered {
				w.t.Errorf("nobody drives the canaries through %s: add it to hooks", route)
				continue
			}
			delete(hooks, route)
			for _, c := range h.calls(&n) {
				status, answer := w.sent(door, c)
				if c.right && status < 400 {
					taken[route]++
				}
				w.silentAnswer(route+", "+c.what, h, c, status, answer)
			}
			w.clock.set(w.clock.Now().Add(time.Second))
		}
		for route := range hooks {
			w.t.Errorf("hooks knows %s, which is no path any more", route)
		}
		for route, times := range taken {
			if times < 3 {
				w.t.Errorf("%s took %d of its right requests: this test does not call it as its provider does", route, times)
			}
		}
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/metrics", "/phones", "/hooks/", "/"} {
			if status, _ := w.sent(door, siegeCall{method: http.MethodGet, path: path}); status != http.StatusNotFound {
				w.t.Errorf("%s is answered %d on the public door", path, status)
			}
		}
		w.forward(31 * time.Minute)
		return nil
	})
}

// silentAnswer looks at an answer to a provider. What was refused says nothing; a screen may repeat what its operator wants repeated.
func (w *world) silentAnswer(what string, h hook, c siegeCall, status int, answer []byte) {
	w.t.Helper()
	if status < 400 {
		for _, name := range h.echoes {
			for _, said := range []string{h.fields[name], canaryCaller, canaryCaller[1:]} {
				answer = []byte(strings.ReplaceAll(string(answer), said, ""))
			}
			if c.given[name] {
				return
			}
		}
	}
	w.silentIn("the answer to "+what, answer)
}

// knocks asks for a path by every method, with canaries wherever a request has room for them.
func (w *world) knocks(door http.Handler, path string) {
	w.t.Helper()
	said := url.Values{"number": {canaryCaller}, "text": {canaryKhmer}, "to": {"1280"}, "do": {"nothing"}, "after": {canaryLatin}, "trouble": {canaryLatin}}
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, "STORY"} {
		for kind, body := range map[string]string{"application/x-www-form-urlencoded": said.Encode(), "application/json": `{"text":"` + canaryKhmer, "": strings.Repeat(canaryKhmer, 1000)} {
			c := siegeCall{method: method, path: path, body: body, header: map[string]string{"Content-Type": kind, "Referer": canaryCaller, "Origin": canaryLatin}}
			if status, answer := w.sent(door, c); status >= 400 || !strings.HasPrefix(path, "/phones") {
				w.silentIn("the answer to "+method+" "+path, answer)
			}
			c.query = said.Encode()
			if status, answer := w.sent(door, c); status >= 400 || !strings.HasPrefix(path, "/phones") {
				w.silentIn("the answer to "+method+" "+path+" with a query", answer)
			}
		}
	}
}

// TestSilenceOnTheDesksDoor does so with the private paths. The simulated phones of trial mode are phones, so what they show is theirs; what
// they refuse is not. A new path fails this test until it is named here.
func TestSilenceOnTheDesksDoor(t *testing.T) {
	silentHouses(t, func(w *world) []string {
		door := w.gateway.Private()
		paths := map[string][]string{"/readyz": {"/readyz"}, "/healthz": {"/healthz"}, "/metrics": {"/metrics"}, "/": {"/"}, "/phones": {"/phones"},
			"/phones/*": {"/phones/all", "/phones/example", "/phones/" + canaryCaller + "/messages", "/phones/" + url.PathEscape(canaryKhmer) + "/messages",
				"/phones/012000987x/sms", "/phones/" + canaryCaller + "/sms", "/phones/" + canaryCaller + "/ussd", "/phones/" + canaryCaller + "/" + canaryLatin}}
		seen := map[string]bool{}
		for _, route := range routesOf(w.t, door) {
			_, pattern, _ := strings.Cut(route, " ")
			if seen[pattern] {
				continue
			}
			seen[pattern] = true
			if len(paths[pattern]) == 0 {
				w.t.Errorf("nobody drives the canaries through %s: name it here", pattern)
			}
			for _, path := range paths[pattern] {
				w.knocks(door, path)
			}
		}
		phone := "/phones/" + canaryCaller
		for path, body := range map[string]string{phone + "/sms": `{"to":"1280","text":"` + canaryKhmer + `"}`, phone + "/ussd": `{"session":"s","code":"*1280#","input":"` + canaryKhmer + `"}`} {
			if status, _ := w.sent(door, siegeCall{method: http.MethodPost, path: path, body: body}); status != http.StatusOK {
				w.t.Errorf("%s is answered %d", path, status)
			}
		}
		for _, path := range []string{"/debug/pprof/", "/debug/pprof/goroutine?debug=2", "/debug/vars"} {
			if status, _ := w.sent(door, siegeCall{method: http.MethodGet, path: path}); status != http.StatusNotFound {
				w.t.Errorf("%s is answered %d: what is in memory must not be read from outside", path, status)
			}
		}
		w.settle()
		return nil
	})
}
