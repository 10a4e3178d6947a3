package flows

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Fault is one thing wrong with a definition: where, what, and how to mend it. Line and Col count from 1.
type Fault struct {
	File      string
	Line, Col int
	What      string
	Mend      string
}

// Error is "file:line:col: what; mend".
func (f Fault) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s; %s", f.File, f.Line, f.Col, f.What, f.Mend)
}

// at is a place in a definition's file.
type at struct{ line, col int }

// faults gathers what is wrong with one file.
type faults struct {
	file string
	list []Fault
}

func (f *faults) add(p at, mend, what string, args ...any) {
	f.list = append(f.list, Fault{File: f.file, Line: max(p.line, 1), Col: max(p.col, 1), What: fmt.Sprintf(what, args...), Mend: mend})
}

// err joins all faults by line, each one once; nil when there are none.
func (f *faults) err() error {
	slices.SortStableFunc(f.list, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col), cmp.Compare(a.What, b.What))
	})
	var errs []error
	for _, fault := range slices.Compact(f.list) {
		errs = append(errs, fault)
	}
	return errors.Join(errs...)
}
