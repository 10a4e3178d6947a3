//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"chumrok/internal/spool"
)

const (
	// silentAtMost is the gateway's promise: after a fault no due alert is silent longer.
	silentAtMost = 60 * time.Second
	// mostAgain is how many turns are delivered once more after the fault, the last ones.
	mostAgain = 4000
	// sideBySide is how many of them at a time.
	sideBySide = 8
	// faultsNamed is how many faults of one kind are named.
	faultsNamed = 3
)

// check looks at what a scenario left: with every gateway that was killed for good still dead, and the first that runs asked.
func (w *World) check(ctx context.Context) error {
	for _, stop := range w.stoppers {
		stop()
	}
	g := w.running()
	if g == nil {
		g = w.Gateways[0]
		if err := g.Up(ctx); err != nil {
			return err
		}
	}
	if err := g.Serves(ctx); err != nil {
		return err
	}
	l, err := w.openLedger(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	if err := w.checkSpools(ctx); err != nil {
		return fmt.Errorf("looking into the spools: %w", err)
	}
	if err := w.checkAlerts(ctx, l); err != nil {
		return fmt.Errorf("looking at the alerts: %w", err)
	}
	if err := w.checkTurns(ctx, l); err != nil {
		return fmt.Errorf("looking for the turns: %w", err)
	}
	if err := w.checkAgain(ctx, g); err != nil {
		return fmt.Errorf("delivering turns again: %w", err)
	}
	return w.checkLedger(ctx, g)
}

// running is the first gateway that was not killed for good.
func (w *World) running() *Gateway {
	for _, g := range w.Gateways {
		g.mu.Lock()
		up := g.cmd != nil
		g.mu.Unlock()
		if up {
			return g
		}
	}
	return nil
}

// checkTurns looks in the ledger for every turn that was answered, opens it, and compares the answer.
func (w *World) checkTurns(ctx context.Context, l *ledger) error {
	places, err := l.places(ctx)
	if err != nil {
		return err
	}
	var missing, unlike []string
	for _, t := range w.turns {
		key, err := l.repeatKey(t)
		if err != nil {
			return err
		}
		at, found := places[key]
		if !found {
			missing = append(missing, t.ID)
			continue
		}
		answer, err := l.answer(ctx, at)
		if err != nil {
			return err
		}
		if answer != t.Answer {
			unlike = append(unlike, t.ID)
		}
	}
	c := w.tally
	w.shown.answered, w.shown.lost = c.answered, len(missing)+len(unlike)
	w.Figure("turns that got an answer", "%d, of them %d after more than one delivery, %d delivered twice at once", c.answered, c.again, c.twice)
	w.Figure("of them not in the ledger", "%d", len(missing))
	w.Figure("of them in the ledger with other words", "%d", len(unlike))
	w.Figure("deliveries that nobody answered", "%d", c.refused)
	w.Figure("callers by USSD who waited for more than "+ussdLimit.String(), "%d", c.overLimit)
	w.Figure("callers who heard the help numbers instead", "%d", c.apologies)
	w.Figure("conversations told to the end", "%d of %d", c.concluded, c.begun)
	w.Figure("slowest answers", "%s", w.slowest())
	var never []string
	for _, t := range w.late {
		key, err := l.repeatKey(t)
		if err != nil {
			return err
		}
		if _, found := places[key]; !found {
			never = append(never, t.ID)
		}
	}
	w.Figure("of their turns not in the ledger afterwards", "%d", len(never))
	if !w.Forgets {
		w.faultsOf("turn %s was answered with the help numbers, and is not in the ledger now", never)
	}
	w.faultsOf("turn %s was answered and is not in the ledger", missing)
	w.faultsOf("turn %s was answered with other words than the ledger has", unlike)
	if c.answered == 0 {
		w.Fault("no turn was answered at all, so nothing is proved")
	}
	return nil
}

// checkSpools waits until nothing waits in a spool any more, and says what was set aside.
func (w *World) checkSpools(ctx context.Context) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for _, g := range w.Gateways {
		for {
			st, err := spool.Look(filepath.Join(g.Data, "spool"))
			if err != nil {
				return err
			}
			if st.Broken > 0 {
				w.Fault("gateway %s set aside %d messages of its spool", g.Name, st.Broken)
			}
			if st.Waiting == 0 {
				break
			}
			if time.Since(began) > silentAtMost {
				w.Fault("%d messages still wait in the spool of gateway %s %s after the fault", st.Waiting, g.Name, silentAtMost)
				break
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
		}
	}
	if len(w.late) > 0 {
		w.Figure("the spool was empty", "%s after the fault", time.Since(began).Round(100*time.Millisecond))
	}
	return nil
}

// slowest is how long callers waited, from the delivery that was answered to its answer.
func (w *World) slowest() string {
	var took []time.Duration
	for _, t := range w.turns {
		took = append(took, t.Took)
	}
	if len(took) == 0 {
		return "none"
	}
	slices.Sort(took)
	ms := func(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
	return fmt.Sprintf("half within %s, 99 of 100 within %s, all within %s", ms(took[len(took)/2]), ms(took[len(took)*99/100]), ms(took[len(took)-1]))
}

// checkAgain delivers turns once more: each gets the answer that it got, and none is a turn of its own.
func (w *World) checkAgain(ctx context.Context, g *Gateway) error {
	turns := w.turns[max(0, len(w.turns)-mostAgain):]
	before, err := g.Metric(ctx, `chumrok_turns_total`, `result="fresh"`)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	var unlike []string
	work := make(chan *Turn)
	var all sync.WaitGroup
	for range sideBySide {
		all.Go(func() {
			for t := range work {
				answer, _, err := w.deliver(ctx, g, &Turn{Provider: t.Provider, ID: t.ID, Session: t.Session, From: t.From, Text: t.Text})
				if err != nil || answer != t.Answer {
					mu.Lock()
					unlike = append(unlike, t.ID)
					mu.Unlock()
				}
			}
		})
	}
	for _, t := range turns {
		work <- t
	}
	close(work)
	all.Wait()
	after, err := g.Metric(ctx, `chumrok_turns_total`, `result="fresh"`)
	if err != nil {
		return err
	}
	w.Figure("turns delivered once more afterwards", "%d; answered with other words %d, taken for new %.0f", len(turns), len(unlike), after-before)
	w.faultsOf("turn %s got another answer when it was delivered again", unlike)
	if after != before {
		w.Fault("%.0f turns that were delivered again were taken for new", after-before)
	}
	return nil
}

// checkLedger asks the product's own commands.
func (w *World) checkLedger(ctx context.Context, g *Gateway) error {
	text, err := g.command(ctx, "ledger", "--check", "--json")
	var n struct {
		Turns, Received, Open, Concluded, Held int64
		Marked                                 map[string]int64
		Reports                                int64
		Referrals                              map[string]int64
		Faults                                 []string
	}
	if bad := json.Unmarshal([]byte(text), &n); bad != nil {
		return fmt.Errorf("reading the ledger's counts: %w; %w", bad, err)
	}
	marked, referrals := int64(0), int64(0)
	for _, v := range n.Marked {
		marked += v
	}
	for _, v := range n.Referrals {
		referrals += v
	}
	w.Figure("`chumrok ledger --check`", "%s: %d turns in %d conversations; open %d, concluded %d, held %d, marked %d; %d reports, %d referrals",
		map[bool]string{true: "holds", false: "DOES NOT HOLD"}[err == nil], n.Turns, n.Received, n.Open, n.Concluded, n.Held, marked, n.Reports, referrals)
	if err != nil {
		w.Fault("ledger --check does not hold: %s", strings.Join(n.Faults[:min(faultsNamed, len(n.Faults))], "; "))
	}
	if n.Turns < int64(w.distinct()) {
		w.Fault("the ledger counts %d turns, and %d were answered", n.Turns, w.distinct())
	}
	return nil
}

// distinct is how many different turns were answered.
func (w *World) distinct() int {
	ids := map[string]bool{}
	for _, t := range w.turns {
		ids[t.Provider+t.ID] = true
	}
	return len(ids)
}

// faultsOf names the first few of a kind.
func (w *World) faultsOf(words string, ids []string) {
	if len(ids) == 0 {
		return
	}
	w.Fault(words+" (%d such)", ids[rand.IntN(len(ids))], len(ids))
}

// Metric is the sum of the gateway's counters of a name whose labels hold all of these.
func (g *Gateway) Metric(ctx context.Context, name string, labels ...string) (float64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.Private+"/metrics", http.NoBody)
	if err != nil {
		return 0, err
	}
	response, err := way.Do(request)
	if err != nil {
		return 0, fmt.Errorf("reading the metrics: %w", err)
	}
	defer response.Body.Close()
	sum := 0.0
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		if !strings.HasPrefix(line, name+"{") && !strings.HasPrefix(line, name+" ") ||
			slices.ContainsFunc(labels, func(l string) bool { return !strings.Contains(line, l) }) {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		if err != nil {
			return 0, fmt.Errorf("reading the metrics: %w", err)
		}
		sum += value
	}
	return sum, lines.Err()
}
