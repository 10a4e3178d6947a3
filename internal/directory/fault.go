package directory

import (
	"fmt"
	"strings"
	"unicode"
)

// A Fault is one thing that is wrong in a file of a deployment, where it is and how to mend it. It never shows a phone number.
type Fault struct {
	File   string
	Line   int    // 0 when it is about the whole file
	Column int    // 0 when only the line is known
	Cell   string // what a spreadsheet calls the cell, such as G7; "" when that is not known
	What   string
	Mend   string
}

// Error returns "file:line: what; mend", with ":column" or " (cell G7)" after the line where one is known.
func (f Fault) Error() string {
	where := f.File
	if f.Line > 0 {
		where += fmt.Sprintf(":%d", f.Line)
		if f.Column > 0 {
			where += fmt.Sprintf(":%d", f.Column)
		}
	}
	if f.Cell != "" {
		where += " (cell " + f.Cell + ")"
	}
	return where + ": " + f.What + "; " + f.Mend
}

// A Note is something that a person should know of a file that loads nevertheless, such as a retired code that was followed.
type Note struct {
	File string
	Line int
	Text string
}

// String returns "file:line: text", without the line where the note is about the whole file.
func (n Note) String() string {
	if n.Line == 0 {
		return n.File + ": " + n.Text
	}
	return fmt.Sprintf("%s:%d: %s", n.File, n.Line, n.Text)
}

// Nearest returns the known word that was probably meant by a mistyped one, or "" where none is near: at most a third of its letters
// may differ, and one letter of a short word.
func Nearest(word string, known []string) string {
	best, least := "", max(min(1, len(word)-1), len(word)/3)+1
	for _, k := range known {
		if n := distance(strings.ToLower(word), strings.ToLower(k)); n < least {
			best, least = k, n
		}
	}
	return best
}

// distance counts the letters to add, take out, change or swap with their neighbour that make b of a.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	var before, last, row [65]int
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// show quotes a cell for a fault: short, and without its digits where it may be a phone number in the wrong place.
func show(cell string) string {
	digits := 0
	for _, r := range cell {
		if unicode.IsDigit(r) {
			digits++
		}
	}
	if digits > 6 {
		return "(a number)"
	}
	if runes := []rune(cell); len(runes) > 30 {
		cell = string(runes[:30]) + "…"
	}
	return fmt.Sprintf("%q", cell)
}
