package directory

import (
	"errors"
	"strings"
	"testing"
	"time"

	"chumrok/internal/gazetteer"
	"chumrok/internal/sheet"
)

// FuzzParseHours: hours that are read say, of any moment, whether it is in them, and are the same again when they are read as they were written.
func FuzzParseHours(f *testing.F) {
	for _, s := range []string{"always", "Mo-Fr 07:30-11:30 14:00-17:30", "Sa,Su 22:00-06:00", "Mo-Fr 08:00-17:00; Sa 08:00-12:00", "Fr-Mo 00:00-24:00", "Mo 25:00-3", ";", "\xff"} {
		f.Add(s, int64(0))
	}
	f.Fuzz(func(t *testing.T, text string, minutes int64) {
		h, err := ParseHours(text)
		if err != nil {
			return
		}
		again, err := ParseHours(h.Text)
		if err != nil || len(again.Spans) != len(h.Spans) {
			t.Fatalf("%q is %d spans, read again %d, %v", text, len(h.Spans), len(again.Spans), err)
		}
		for _, s := range h.Spans {
			if s.From < 0 || s.From >= s.To || s.To > 1440 {
				t.Fatalf("%q has the span %+v", text, s)
			}
		}
		at := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC).Add(time.Duration(minutes%(60*24*365)) * time.Minute)
		next := h.Next(at, nil)
		if next.Before(at) || next.Sub(at) > 8*24*time.Hour || !h.Open(next, nil) {
			t.Fatalf("after %v %q opens at %v, and is then open: %t", at, text, next, h.Open(next, nil))
		}
	})
}

// FuzzImport reads any file that an office may send, CSV or a workbook, as Import does. A fault names a cell or a line and a mend and quotes no phone;
// what is taken can be told: each officer has a place, a phone and a language.
func FuzzImport(f *testing.F) {
	row := "a,020101,committee,chair,1,Chair,012 000 101,km,always,m,,\n"
	for _, s := range []string{header + row, header + strings.ReplaceAll(row, ",", ";"), strings.ReplaceAll(header+row, ",", "\t"), header + "a,20101,committee,chair,1,Chair,12000101,km,always,m,,\n", "PK\x03\x04", ""} {
		f.Add([]byte(s))
	}
	g := gazetteer.Default()
	f.Fuzz(func(t *testing.T, file []byte) {
		rows, _, err := sheet.Read(file)
		if err != nil {
			return
		}
		d, _, err := Import(Country{}, rows, "office.xlsx", g)
		if (d == nil) != (err != nil) {
			t.Fatalf("a directory %t and the error %v", d != nil, err)
		}
		if err != nil {
			var fault Fault
			if !errors.As(err, &fault) || fault.Mend == "" || fault.Line < 0 {
				t.Fatalf("a fault without a line or a mend: %v", err)
			}
			if strings.Contains(err.Error(), "12 000 101") || strings.Contains(err.Error(), "12000101") {
				t.Fatalf("a fault quotes a phone: %v", err)
			}
			return
		}
		for _, o := range d.All() {
			if p, ok := g.Get(o.AreaCode); o.AreaCode != National && (!ok || p.Retired) || !o.Phone.Dialable() || o.ID == "" || len(o.Languages) == 0 {
				t.Fatalf("taken: %+v", o)
			}
		}
	})
}
