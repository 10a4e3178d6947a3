package audit_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"chumrok/internal/audit"
)

func record(t *testing.T) []audit.Entry {
	t.Helper()
	at := time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.FixedZone("Phnom Penh", 7*3600))
	first, head := audit.Link(audit.Head{},
		audit.Entry{At: at, Who: "desk", What: "reveal", Subject: "r1"},
		audit.Entry{At: at, Who: "desk", What: "reveal", Subject: "r2"})
	second, _ := audit.Link(head, audit.Entry{At: at.Add(time.Minute), Who: "officer-1", What: "accept", Subject: "r1"})
	return append(first, second...)
}

func TestVerifyAcceptsWhatWasLinked(t *testing.T) {
	t.Parallel()
	entries := record(t)
	head, err := audit.Verify(audit.Head{}, entries)
	if err != nil {
		t.Fatalf("verifying an untouched record: %v", err)
	}
	if head.Seq != 3 {
		t.Errorf("head is %d, want 3", head.Seq)
	}
	if _, err := audit.Verify(audit.Head{Seq: 1, Hash: entries[0].Hash}, entries[1:]); err != nil {
		t.Errorf("verifying from the middle: %v", err)
	}
}

func TestVerifyNamesTheFirstBrokenEntry(t *testing.T) {
	t.Parallel()
	breaks := map[string]struct {
		change func([]audit.Entry) []audit.Entry
		named  string
	}{
		"changed who":     {func(e []audit.Entry) []audit.Entry { e[1].Who = "x"; return e }, "entry 2"},
		"changed what":    {func(e []audit.Entry) []audit.Entry { e[1].What = "x"; return e }, "entry 2"},
		"changed subject": {func(e []audit.Entry) []audit.Entry { e[1].Subject = "x"; return e }, "entry 2"},
		"changed time":    {func(e []audit.Entry) []audit.Entry { e[1].At = e[1].At.Add(time.Second); return e }, "entry 2"},
		"moved a letter":  {func(e []audit.Entry) []audit.Entry { e[0].Who, e[0].What = "deskr", "eveal"; return e }, "entry 1"},
		"removed":         {func(e []audit.Entry) []audit.Entry { return append(e[:1], e[2]) }, "entry 3"},
		"first removed":   {func(e []audit.Entry) []audit.Entry { return e[1:] }, "entry 2"},
		"rehashed":        {func(e []audit.Entry) []audit.Entry { e[1].Who = "x"; e[1].Hash = e[1].Digest(); return e }, "entry 3"},
	}
	for name, b := range breaks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := audit.Verify(audit.Head{}, b.change(record(t)))
			if !errors.Is(err, audit.ErrBroken) || !strings.HasPrefix(err.Error(), b.named) {
				t.Errorf("got %v, want an ErrBroken that names %s", err, b.named)
			}
		})
	}
}
