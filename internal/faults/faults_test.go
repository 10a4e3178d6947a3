//go:build unix

package main

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"
)

// TestSeesWhatIsLost breaks by hand what the drill looks at, behind the gateway's back: a check that cannot fail would prove nothing.
func TestSeesWhatIsLost(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	binary, err := build(t.Context(), "../..", folder)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := chosen{house: OnSQLite, scenario: Scenario{Name: "spoilt", Run: func(ctx context.Context, w *World) error {
		stop := w.Callers(ctx, 6)
		for w.Counted() < 300 && ctx.Err() == nil {
			wait(ctx, 50*time.Millisecond)
		}
		stop()
		if err := w.noRepeats(ctx); err != nil {
			return err
		}
		// A turn is lost, an alert was silent for longer than a minute, and one was sent twice without saying so.
		if err := w.exec(ctx, `DELETE FROM turns WHERE repeat_key = (SELECT repeat_key FROM turns WHERE seq = 3 LIMIT 1)`); err != nil {
			return err
		}
		if err := w.exec(ctx, `UPDATE alerts SET handed_at = handed_at + 61000 WHERE id = (SELECT min(id) FROM alerts WHERE handed_at > 0)`); err != nil {
			return err
		}
		for _, taken := range w.Carrier.Taken() {
			if codeIn(taken.Text) != "" {
				w.Carrier.taken = append(w.Carrier.taken, taken)
				break
			}
		}
		return nil
	}}}
	r := spoilt.run(t.Context(), options{seed: 1, limit: 2 * time.Minute}, binary, folder, &terminal{out: io.Discard, began: time.Now()})
	for _, words := range []string{"is not in the ledger", "silent for", "in the same words", "ledger --check does not hold"} {
		if !strings.Contains(strings.Join(r.faults, "\n"), words) {
			t.Errorf("the drill does not see that it %q; it sees:\n%s", words, strings.Join(r.faults, "\n"))
		}
	}
}

func TestPageSaysWhatDoesNotHold(t *testing.T) {
	t.Parallel()
	r := result{chosen: chosen{house: OnPostgres, scenario: Scenario{Name: "kills", Breaks: "it is killed", Heals: "it is started"}},
		figures: []Figure{{"kill -9", "3 in 2s"}}, faults: []string{"a turn is lost"}}
	text := page(options{seed: 7, kills: 3}, []result{r})
	for _, words := range []string{"| **no** |", "**Does not hold:** a turn is lost", "| kill -9 | 3 in 2s |", "--only kills --house postgres --seed 7 --kills 3"} {
		if !strings.Contains(text, words) {
			t.Errorf("the page lacks %q:\n%s", words, text)
		}
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for words, want := range map[string]string{
		"": "", "--only kills,write-lock": "", "--only nothing": "choose of kills", "--only write-lock --house postgres": "nothing to run",
	} {
		o := options{}
		for i, f := 0, strings.Fields(words); i < len(f); i += 2 {
			if f[i] == "--only" {
				o.only = f[i+1]
			} else {
				o.house = f[i+1]
			}
		}
		_, err := choose(o)
		if got := errorText(err); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", words, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
