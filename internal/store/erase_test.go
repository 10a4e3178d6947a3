package store

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// proven is a concluded report whose reporter was told the code 91234567 and the proof 42.
func proven(t *testing.T, s *Store) Entry {
	t.Helper()
	e := canaryReport(t, s)
	e.Effects.Report.Proof = "42"
	return mustFresh(t, s, e)
}

// TestErasable: a code, a proof and how often it was wrong; the same answer for every code that is nobody's.
func TestErasable(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := proven(t, s)
		id, theirs := e.Conversation.ID, s.PhoneIndex(caller(t))
		finds := func(code, proof string, want Erasable) {
			t.Helper()
			got, err := s.Erasable(t.Context(), code, proof)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		finds("91234567", "42", Erasable{ConversationID: id, Known: true, PhoneIndex: theirs, Proved: true})
		for _, wrong := range []string{"", "4", "24", "420", "042"} {
			finds("91234567", wrong, Erasable{ConversationID: id, Known: true, PhoneIndex: theirs})
		}
		finds("91234568", "42", Erasable{ConversationID: nobody})
		finds("", "", Erasable{ConversationID: nobody})

		try := func(before int, wrong bool, of string) OutcomeKind {
			t.Helper()
			kind, err := s.Apply(t.Context(), noon, Effects{EraseTry: &EraseTry{ConversationID: of, Before: before, Wrong: wrong}})
			if err != nil {
				t.Fatal(err)
			}
			return kind
		}
		for n := range 3 {
			if kind := try(n, true, id); kind != Fresh {
				t.Errorf("try %d is %v", n, kind)
			}
			if kind := try(0, false, nobody); kind != Fresh {
				t.Errorf("a try for nobody is %v", kind)
			}
		}
		if kind := try(2, true, id); kind != Behind {
			t.Errorf("a try that did not see the one before is %v", kind)
		}
		finds("91234567", "42", Erasable{ConversationID: id, Known: true, PhoneIndex: theirs, Proved: true, Tries: 3})

		hold := holding(t, s, beginning(t, s, "other"), "700009").Effects.Holds[0]
		hold.ConversationID, hold.ReportID = id, e.Effects.Report.ID
		wish := Effects{Holds: append(e.Effects.Holds[:0:0], hold), Due: []Due{{Kind: DueHold, Subject: hold.ID, At: noon}},
			Erasures: []ErasureChange{{ConversationID: id, HoldID: hold.ID}}}
		apply(t, s, wish)
		finds("91234567", "42", Erasable{ConversationID: id, Known: true, PhoneIndex: theirs, Proved: true, Tries: 3, Asked: true})
		if kind, err := s.Apply(t.Context(), noon, Effects{Erasures: wish.Erasures}); err != nil || kind != Behind {
			t.Errorf("a second wish is %v, %v", kind, err)
		}
		if stopped, err := s.ContactStopped(t.Context(), theirs, noon); err != nil || !stopped {
			t.Errorf("what was written before goes out: %v", err)
		}
		if stopped, err := s.ContactStopped(t.Context(), theirs, noon.Add(time.Second)); err != nil || stopped {
			t.Errorf("what is written after does not: %v", err)
		}
		list, err := s.Erasures(t.Context())
		want := []Erasure{{ConversationID: id, Code: "700009", Tries: 3, HoldID: hold.ID, AskedAt: noon}}
		if diff := cmp.Diff(want, list); diff != "" || err != nil {
			t.Error(diff, err)
		}
		sound(t, s)
	})
}

// TestErase: what was told, what was added and what was shown is gone; rows, repeat keys and counts stay; a repeat is known.
func TestErase(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := proven(t, s)
		id := e.Conversation.ID
		added := beginning(t, s, "added")
		added.Effects = Effects{Additions: []Addition{{ConversationID: added.Conversation.ID, ReportOf: id}}}
		added.Conversation.Bin, added.Conversation.Mark = Marked, MarkJoined
		mustFresh(t, s, added)
		if n, err := s.AddedSince(t.Context(), id, noon); err != nil || n != 1 {
			t.Errorf("%d additions, %v", n, err)
		}
		reading := beginning(t, s, "reading")
		reading.Effects.Shown = []Shown{{ConversationID: reading.Conversation.ID, ReportOf: id}}
		mustFresh(t, s, reading)
		before, err := s.Counts(t.Context())
		if err != nil {
			t.Fatal(err)
		}

		if err := s.Erase(t.Context(), noon, "desk", id); err != nil {
			t.Fatal(err)
		}
		if r, found, err := s.ReportByCode(t.Context(), "91234567"); err != nil || !found || r.Story != canaryStory {
			t.Fatalf("without a decision it is erased: %v", err)
		}
		apply(t, s, Effects{Erasures: []ErasureChange{{ConversationID: id, Decision: DecidedErase, By: "desk", Reason: "asked"}},
			Due: []Due{{Kind: DueErase, Subject: id, At: noon}}})
		if err := s.Erase(t.Context(), noon, "desk", id); !errors.Is(err, ErrBeingRead) {
			t.Fatalf("while it is read: %v", err)
		}
		apply(t, s, Effects{Conversations: []ConversationChange{{ID: reading.Conversation.ID, Bin: Marked, Mark: MarkOfficer, Ended: true}},
			DueDone: []DueKey{{DueUnfinished, reading.Conversation.ID}}})
		for range 2 { // the second time it does nothing
			if err := s.Erase(t.Context(), noon, "desk", id); err != nil {
				t.Fatal(err)
			}
		}
		apply(t, s, Effects{DueDone: []DueKey{{DueErase, id}}})
		sound(t, s)

		for _, of := range []string{id, added.Conversation.ID} {
			c, found, err := s.Conversation(t.Context(), of)
			if err != nil || !found || c.Bin != Marked || c.Mark != MarkErased || !c.Number.IsZero() || c.State != nil || !c.Key.IsZero() {
				t.Errorf("conversation %s: %v, %s %s", of, err, c.Bin, c.Mark)
			}
			if _, err := s.Turns(t.Context(), of); !errors.Is(err, errErased) {
				t.Errorf("its turns: %v", err)
			}
		}
		turns, err := s.Turns(t.Context(), reading.Conversation.ID)
		if err != nil || len(turns) != 1 || turns[0].Answer != nil || turns[0].State != nil {
			t.Errorf("what was shown: %v", err)
		}
		if _, found, err := s.ReportByCode(t.Context(), "91234567"); err != nil || found {
			t.Errorf("the report is found %t, %v", found, err)
		}
		if _, found, err := s.ReferralByCode(t.Context(), "700001"); err != nil || found {
			t.Errorf("the referral is found %t, %v", found, err)
		}
		out, err := s.Record(t.Context(), e)
		if err != nil || out.Kind != Repeat || out.Conversation != id || len(out.Answer) != 0 {
			t.Errorf("a repeat: %v, %v", out, err)
		}
		after, err := s.Counts(t.Context())
		if err != nil || after.Turns != before.Turns || after.Received != before.Received || after.Reports != before.Reports || after.Marked["erased"] != 2 {
			t.Errorf("before %+v, after %+v, %v", before, after, err)
		}
		if err := s.fits(t.Context()); err != nil {
			t.Errorf("the keys are tried on what is erased: %v", err)
		}
	})
}

// TestShownAfterItWasErased: an officer's turn that was stepped before an erasing and is written after it leaves no copy of what was told.
func TestShownAfterItWasErased(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		id := proven(t, s).Conversation.ID
		apply(t, s, Effects{Erasures: []ErasureChange{{ConversationID: id, Decision: DecidedErase, By: "desk", Reason: "asked"}},
			Due: []Due{{Kind: DueErase, Subject: id, At: noon}}})
		if err := s.Erase(t.Context(), noon, "desk", id); err != nil {
			t.Fatal(err)
		}
		reading := beginning(t, s, "reading")
		reading.Effects.Shown = []Shown{{ConversationID: reading.Conversation.ID, ReportOf: id}}
		if out, err := s.Record(t.Context(), reading); err != nil || out.Kind != Behind {
			t.Errorf("what was erased is shown: %v, %v", out.Kind, err)
		}
	})
}

// TestErasingLeavesWhatIsAMatterOfItsOwn: a conversation that stands among a report's additions and has a report of its own is not erased
// with it, and the ledger says that it is marked wrongly.
func TestErasingLeavesWhatIsAMatterOfItsOwn(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		id := proven(t, s).Conversation.ID
		other := holding(t, s, beginning(t, s, "other"), "700009")
		other.Effects.Additions = []Addition{{ConversationID: other.Conversation.ID, ReportOf: id}}
		mustFresh(t, s, other)
		apply(t, s, Effects{Erasures: []ErasureChange{{ConversationID: id, Decision: DecidedErase, By: "desk", Reason: "asked"}},
			Due: []Due{{Kind: DueErase, Subject: id, At: noon}}})
		if err := s.Erase(t.Context(), noon, "desk", id); err != nil {
			t.Fatal(err)
		}
		if holds, err := s.OpenHolds(t.Context()); err != nil || len(holds) != 1 {
			t.Errorf("%d holds are open, %v", len(holds), err)
		}
		apply(t, s, Effects{DueDone: []DueKey{{DueErase, id}}})
		sound(t, s)
		apply(t, s, Effects{Conversations: []ConversationChange{{ID: other.Conversation.ID, Bin: Marked, Mark: MarkJoined}}})
		if faults, err := s.Check(t.Context()); err != nil || len(faults) == 0 {
			t.Errorf("joined with a report of its own: %v, %v", faults, err)
		}
	})
}
