package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// prints runs a subcommand beside the world's gateway, with this on its standard input, and looks for the canaries in what it prints.
func (w *world) prints(input string, args ...string) (exit int, out string) {
	w.t.Helper()
	var o, e strings.Builder
	environ := []string{"CHUMROK_KEYS=" + w.gateway.config.Keys}
	for name, value := range w.env {
		environ = append(environ, name+"="+value)
	}
	exit = runAt(w.t.Context(), args, streams{in: strings.NewReader(input), out: &o, err: &e}, environ, w.clock.Now)
	w.silentIn(fmt.Sprintf("what %v prints", args), []byte(o.String()+e.String()))
	return exit, o.String() + e.String()
}

// TestSilenceThroughAWholeLife: the canary tells, adds, asks, wants lessons and is erased; an officer with a canary's phone is asked, dials with right
// and wrong PINs, reads, answers, loses the phone and gets another. What every subcommand prints says none of it, but where it is asked to reveal.
func TestSilenceThroughAWholeLife(t *testing.T) {
	silentHouses(t, func(w *world) []string {
		pin := w.pin("banan1-chair")
		child := w.caller(canaryCaller).dials("*1280#").presses(toDanger...)
		child.presses("2", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2", "3", canaryKhmer+" "+khmerDigits("012 000 987"), "1", "1", "1")
		code := child.code(8)
		child.presses("1")
		referral := digitsIn(w.t, w.gets("banan1-chair"), 6)
		w.replies("banan1-chair", canaryKhmer+" "+canaryOfficer)
		w.replies("banan1-chair", "1 "+referral)
		w.onDuty("banan1-chair", "000000")
		if told := w.onDuty("banan1-chair", pin).opens(referral).presses("1").reads(); !strings.Contains(told, canaryWords[0]) {
			w.t.Fatalf("the officer reads %q: the canary did not come in", told)
		}
		w.forward(time.Hour)
		w.adds(canaryCaller, code, canaryLatin)
		w.asks(canaryCaller, code)
		w.caller(canaryCaller).texts(code + " " + canaryKhmer)
		w.caller(canaryCaller).wantsLessons("1", "1", "3")
		w.caller(canaryCaller).dials("*1280#").presses(toDanger...).presses("1", "1", canaryLatin) // in danger now, and hangs up
		for range 16 {
			w.later(3 * time.Hour)
			w.settle()
		}
		w.caller(canaryCaller).dials("*1280#").presses("2", "3", code, "3", "99") // erase, with a wrong proof

		if exit, out := w.reveals("referrals", "--reveal", referral); exit != exitDone || !strings.Contains(out, canaryWords[0]) {
			w.t.Errorf("who asks to see is shown nothing: %d", exit)
		}
		for _, args := range [][]string{{"ledger", "--json", "--check"}, {"referrals", "--json"}, {"referrals", referral}, {"holds", "--json"}, {"health"}, {"coverage"},
			{"figures"}, {"erase", "list"}, {"officer", "list"}, {"drill", "list"}, {"clubs", "list"}, {"emergency", "list"}, {"flows", "graph"},
			{"officer", "pin", "banan1-focal"}, {"officer", "lost", "banan1-chair"}, {"holds", "take", "000000", "--as", "desk"}, {"erase", referral, "--reason", "asked"}, {"check", w.env["CHUMROK_PACK"]}} {
			if exit, out := w.prints("", args...); exit == exitUse {
				w.t.Errorf("%v: %s", args, out)
			}
		}
		if exit, out := w.prints(canaryOfficer+"\n", "officer", "phone", "banan1-chair"); exit != exitDone {
			w.t.Errorf("a number on standard input: %d %s", exit, out)
		}
		for _, wrong := range []string{"", canaryOfficer + "12345678901", canaryKhmer} {
			if exit, _ := w.prints(wrong, "officer", "phone", "banan1-chair"); exit == exitDone {
				w.t.Errorf("%q was taken for a number", wrong)
			}
		}
		w.restart0()
		w.forward(time.Hour)
		return []string{pin}
	})
}

// restart0 closes the gateway and opens it again, whatever lies on the phones.
func (w *world) restart0() {
	w.t.Helper()
	w.gateway.Close()
	w.read = map[string]int{}
	w.open()
}

// TestSilenceOfBrokenPacks: a row that slipped by a column, a number with a digit too many or in the wrong file, and a fault beside a number. `check`
// and the start name file and line, and no number of an officer.
func TestSilenceOfBrokenPacks(t *testing.T) {
	t.Parallel()
	const row = `x1,020101,committee,chair,1,"Chair",012 000 986,km,always,m,,` + "\n"
	head := "officer_id,area_code,body,role,order,name,phone,languages,hours,gender,case_system,case_account\n"
	for name, broken := range map[string]map[string]string{
		"a column too many":      {"directory.csv": head + "," + row},
		"a column too few":       {"directory.csv": head + strings.TrimPrefix(row, "x1,")},
		"slipped to the left":    {"directory.csv": head + `020101,committee,chair,1,"Chair",012 000 986,km,always,m,,,x` + "\n"},
		"slipped to the right":   {"directory.csv": head + `,x1,020101,committee,chair,1,012 000 986,012 000 986,km,always,m,` + "\n"},
		"a digit too many":       {"directory.csv": head + strings.Replace(row, "986", "9861", 1)},
		"a number as an id":      {"directory.csv": head + strings.Replace(row, "x1", "012000986", 1)},
		"a number as a body":     {"directory.csv": head + strings.Replace(row, "committee", "012000986", 1)},
		"a number as a language": {"directory.csv": head + strings.Replace(row, ",km,", ",012 000 986,", 1)},
		"a number as an order":   {"directory.csv": head + strings.Replace(row, ",1,", ",85512000986,", 1)},
		"a number in the hours":  {"directory.csv": head + strings.Replace(row, "always", "012-000-986", 1)},
		"a number as an area":    {"directory.csv": head + strings.Replace(row, "020101", "85512000986", 1)},
		"an open quote":          {"directory.csv": head + strings.Replace(row, `"Chair"`, `"Chair`, 1)},
		"twice":                  {"directory.csv": head + row + row},
		"no header":              {"directory.csv": row},
		"a number as a club":     {"clubs.csv": "code,area_code,name\n012000986,020101,Club\n85512,012000986,012 000 986\n"},
		"a broken setting":       {"pack.yaml": "name: [" + canaryOfficer},
		"clubs without a header": {"clubs.csv": "012000986,020101,012 000 986\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := &world{t: t, logs: &lines{}, clock: &clock{at: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)}, env: environment{"CHUMROK_DATA": t.TempDir(), "CHUMROK_PACK": storyPack(t)}}
			for file, text := range broken {
				if err := os.WriteFile(filepath.Join(w.env["CHUMROK_PACK"], file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			var out, complaints strings.Builder
			run(t.Context(), []string{"check", w.env["CHUMROK_PACK"]}, streams{in: strings.NewReader(""), out: &out, err: &complaints}, nil)
			w.silentIn("what check prints", []byte(out.String()+complaints.String()))
			config, err := readConfig(w.env)
			if err != nil {
				t.Fatal(err)
			}
			log := slog.New(slog.NewJSONHandler(io.MultiWriter(w.logs), &slog.HandlerOptions{Level: slog.LevelDebug}))
			g, err := Open(t.Context(), config, log, w.clock.Now)
			if err == nil {
				g.Close()
				if out.Len() == 0 {
					t.Error("nothing was found to be wrong")
				}
			} else {
				w.silentIn("the refusal to start", []byte(err.Error()))
			}
			w.silentIn("the log", []byte(w.logs.String()))
		})
	}
}
