package main

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/store"
)

// panickingClock panics once with what a caller said, at its nth reading from now on.
type panickingClock struct {
	clock *clock
	left  atomic.Int64
	value any
}

func (p *panickingClock) Now() time.Time {
	if p.left.Add(-1) == 0 {
		panic(p.value)
	}
	return p.clock.Now()
}

// canaryPanics are values of every kind that a panic may carry.
func canaryPanics() []any {
	return []any{canaryCaller + canaryKhmer, fmt.Errorf("reading %s: %w", canaryKhmer, errors.New(canaryCaller)), adapters.Message{Text: canaryKhmer},
		[]byte(canaryKhmer), map[string]string{canaryCaller: canaryKhmer}, &struct{ Story string }{canaryKhmer}, canaryLatin}
}

// panickingChannel is a channel whose hooks break with what they were told, in the hand of the gateway.
type panickingChannel struct {
	adapters.Channel
	broke *atomic.Int64
}

func (p panickingChannel) Routes() []adapters.Route {
	routes := p.Channel.Routes()
	for i := range routes {
		handler := routes[i].Handler
		routes[i].Handler = func(adapters.Sink) http.Handler { return handler(panickingSink{p.broke}) }
	}
	return routes
}

type panickingSink struct{ broke *atomic.Int64 }

func (p panickingSink) Receive(r context.Context, m adapters.Message) (adapters.Answer, error) {
	p.broke.Add(1)
	panic(m)
}
func (p panickingSink) Delivered(r context.Context, d adapters.Delivery) error {
	p.broke.Add(1)
	panic(fmt.Sprint(d, canaryCaller))
}
func (p panickingSink) Ended(r context.Context, e adapters.Ended) error {
	p.broke.Add(1)
	panic(errors.New(e.Session + canaryKhmer))
}
func (p panickingSink) Ignored(string, string) {
	p.broke.Add(1)
	panic(canaryLatin)
}

// TestSilenceOfPanicsInHooks: each hook breaks with what it was told in its hands; the provider hears "internal error", and the log a line of code.
func TestSilenceOfPanicsInHooks(t *testing.T) {
	t.Parallel()
	w := canaryWorld(t, "embedded")
	hooks, n := w.hooks(), 0
	tellsCanary(w)
	var broke atomic.Int64
	for i, channel := range w.gateway.channels {
		w.gateway.channels[i] = panickingChannel{channel, &broke}
	}
	door := w.gateway.Public()
	for route, h := range hooks {
		before := broke.Load()
		for _, c := range h.calls(&n) {
			asked := broke.Load()
			status, answer := w.sent(door, c)
			w.silentIn("the answer of "+route+" that broke", answer)
			if broke.Load() > asked && status != http.StatusInternalServerError {
				t.Errorf("%s, %s: broke and was answered %d", route, c.what, status)
			}
		}
		if broke.Load() == before {
			t.Errorf("%s never broke", route)
		}
	}
	if got := w.metric("chumrok_panics_total"); got != strconv.FormatInt(broke.Load(), 10) {
		t.Errorf("%s panics were counted, of %d", got, broke.Load())
	}
	w.keepsSilence()
}

// TestSilenceOfPanicsInWork: every kind of due work breaks at each moment at which it looks at the clock, and so does the search for it. It is an error
// of that work, which comes again; the gateway goes on, and what broke it is said nowhere.
func TestSilenceOfPanicsInWork(t *testing.T) {
	t.Parallel()
	w := canaryWorld(t, "embedded")
	tellsCanary(w)
	broken := &panickingClock{clock: w.clock}
	w.gateway.now = broken.Now
	db := w.database()
	first := func(statement string) string {
		if found := w.values(db, statement); len(found) > 0 {
			return string(found[0])
		}
		t.Fatalf("nothing is found by %s", statement)
		return ""
	}
	referral, conversation := first(`SELECT id FROM referrals`), first(`SELECT id FROM conversations`)
	subjects := map[string]string{"store.DueSend": first(`SELECT id FROM messages WHERE state = 'queued'`), "store.DueUnfinished": conversation,
		"store.DueErase": conversation, "store.DueForget": conversation, "store.DueHold": referral}
	for name, kind := range dueKinds(t) {
		subject := subjects[name]
		if subject == "" {
			subject = referral
		}
		for i, value := range canaryPanics() {
			broken.value = value
			broken.left.Store(int64(1 + i%3))
			w.gateway.survived(func() { w.gateway.do(t.Context(), store.Due{Kind: kind, Subject: subject, Attempts: 1}) })
			broken.left.Store(0)
		}
	}
	for i, value := range canaryPanics() {
		broken.value = value
		broken.left.Store(int64(1 + i))
		if _, err := w.gateway.Sweep(t.Context()); err != nil {
			w.silentIn("the error of a sweep", fmt.Appendf(nil, "%v %+v %#v", err, err, err))
		}
		w.clock.set(w.clock.Now().Add(time.Hour))
	}
	broken.left.Store(0)
	if got := w.metric("chumrok_panics_total"); got == "0" {
		t.Error("nothing broke")
	}
	w.forward(time.Hour)
	w.gets(canaryOfficer)
	w.keepsSilence()
}

// survived does something that may break, as the worker around do does it.
func (g *Gateway) survived(do func()) {
	var err error
	defer g.survives(&err)
	do()
}

// dueKinds are the kinds of work that try knows, by the names of their constants, as the source has them: a new kind is driven without a word here.
func dueKinds(t *testing.T) map[string]string {
	t.Helper()
	values, cases := map[string]string{}, map[string]bool{}
	for _, file := range sourceFiles(t) {
		prefix := map[string]string{"gateway": "", "internal/store": "store."}
		if _, looked := prefix[file.dir]; !looked || file.test {
			continue
		}
		ast.Inspect(file.ast, func(n ast.Node) bool {
			spec, isValue := n.(*ast.ValueSpec)
			if !isValue || len(spec.Values) != 1 {
				return true
			}
			if literal, isLiteral := spec.Values[0].(*ast.BasicLit); isLiteral && literal.Kind == token.STRING {
				values[prefix[file.dir]+spec.Names[0].Name], _ = strconv.Unquote(literal.Value)
			}
			return true
		})
		if file.path != "gateway/watch.go" {
			continue
		}
		ast.Inspect(file.ast, func(n ast.Node) bool {
			if c, isCase := n.(*ast.CaseClause); isCase {
				for _, one := range c.List {
					switch e := one.(type) {
					case *ast.Ident:
						cases[e.Name] = true
					case *ast.SelectorExpr:
						cases[fmt.Sprint(e.X, ".", e.Sel)] = true
					}
				}
			}
			return true
		})
	}
	found := map[string]string{}
	for name := range cases {
		if values[name] == "" {
			t.Errorf("watch.go knows the work %s, and no constant of that name was found", name)
			continue
		}
		found[name] = values[name]
	}
	if found["store.DueSend"] != store.DueSend || len(found) < 16 {
		t.Errorf("only %d kinds of work were found", len(found))
	}
	return found
}
