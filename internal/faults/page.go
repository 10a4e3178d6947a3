//go:build unix

package main

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// shown is what every scenario shows, for the table of them all.
type shown struct {
	answered, lost int
	silence        time.Duration
	alerts         int
	repeats        int
}

// opening is the page's text before its figures.
const opening = `# Reliability

What happens to a child's words when something breaks. Every figure here was measured and printed by %s, which starts the real binary on a real
Redis and a real SQLite or PostgreSQL, lets callers tell reports and officers answer them, breaks things, and looks at what is left. Nothing on
this page is typed by hand: run it again instead of editing it.

After each fault this must hold, or the drill ends with 1 and says so here:

- Every turn that got an answer is in the ledger, sealed, with that answer. The database is read with its keys, not asked through the gateway.
- %s holds.
- A turn that is delivered again gets the answer that it got, and is not taken for a new one.
- No due alert is silent for longer than %s, from its beginning or from the end of the fault.
- A message may be sent again rather than be lost; each repeat is counted, and an alert that comes again says so.

How it was measured: %s. PostgreSQL and Redis run on the same machine and without fsync, as test servers do: what is killed here is the gateway,
or a server's process, never the machine's power. Callers press keys faster than people do.

`

// page is RELIABILITY.md.
func page(o options, results []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, opening, "`make drill`", "`chumrok ledger --check`", silentAtMost, machine(o))
	b.WriteString("| what is broken | ledger in | turns answered | of them lost | alerts | longest silence | repeats | holds |\n|---|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %d | %d | %d | %s | %d | %s |\n", r.scenario.Name, r.anchor(), r.house.words(), r.shown.answered, r.shown.lost,
			r.shown.alerts, r.shown.silence.Round(time.Millisecond), r.shown.repeats, yes(len(r.faults) == 0))
	}
	for _, r := range results {
		fmt.Fprintf(&b, "\n## %s, %s\n\n%s; %s. `%s`\n\n| figure | |\n|---|---|\n", r.scenario.Name, r.house.words(), capital(r.scenario.Breaks), r.scenario.Heals, r.command(o))
		for _, f := range r.figures {
			fmt.Fprintf(&b, "| %s | %s |\n", f.Name, f.Value)
		}
		fmt.Fprintf(&b, "| the whole run | %s |\n", r.took.Round(time.Second))
		for _, f := range r.faults {
			fmt.Fprintf(&b, "\n**Does not hold:** %s\n", f)
		}
	}
	return b.String()
}

// verdict is the last line on the terminal.
func verdict(results []result) string {
	broken := 0
	for _, r := range results {
		if len(r.faults) > 0 {
			broken++
		}
	}
	switch {
	case len(results) == 1 && broken == 0:
		return "holds"
	case len(results) == 1:
		return "DOES NOT HOLD"
	case broken == 0:
		return fmt.Sprintf("all of %d runs held", len(results))
	}
	return fmt.Sprintf("%d of %d runs did not hold", broken, len(results))
}

// command repeats one run.
func (r result) command(o options) string {
	words := fmt.Sprintf("go run ./internal/faults --only %s --house %s --seed %d", r.scenario.Name, r.house, o.seed)
	if r.scenario.Name == kills.Name {
		words += fmt.Sprintf(" --kills %d", o.kills)
	}
	return words
}

// anchor is the part of the address that leads to a run's section, as forges make it of the heading.
func (r result) anchor() string {
	return strings.ToLower(strings.ReplaceAll(r.scenario.Name+" "+r.house.words(), " ", "-"))
}

func (h House) words() string {
	if h == OnPostgres {
		return "PostgreSQL"
	}
	return "SQLite"
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "**no**"
}

func capital(words string) string { return strings.ToUpper(words[:1]) + words[1:] }

// machine says on what and when it was measured.
func machine(o options) string {
	words := []string{time.Now().UTC().Format("2 January 2006"), fmt.Sprintf("%s on %s/%s with %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()),
		fmt.Sprintf("seed %d", o.seed)}
	if out, err := exec.Command("redis-server", "--version").Output(); err == nil { //nolint:noctx // it prints a line
		if fields := strings.Fields(string(out)); len(fields) > 2 {
			words = append(words, "Redis "+strings.TrimPrefix(fields[2], "v="))
		}
	}
	return strings.Join(words, ", ")
}
