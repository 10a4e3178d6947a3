package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/seal"
)

// monthBegun makes a key of a month, registers it and takes it into use.
func monthBegun(t *testing.T, s *Store, at time.Time, month string) seal.Epoch {
	t.Helper()
	e, err := s.keys.MakeEpoch(month)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := s.RegisterEpoch(t.Context(), at, e); err != nil || !ok {
		t.Fatalf("registering: %t, %v", ok, err)
	}
	if err := s.UseEpoch(t.Context(), at, e); err != nil || !s.keys.Use(e.ID) {
		t.Fatalf("using: %v", err)
	}
	return e
}

func TestNoTwoGatewaysMakeRivals(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		first, err := s.keys.MakeEpoch("2026-11")
		if err != nil {
			t.Fatal(err)
		}
		rival, err := keyring(t).MakeEpoch("2026-11")
		if err != nil {
			t.Fatal(err)
		}
		for _, try := range []struct {
			epoch seal.Epoch
			want  bool
		}{{first, true}, {first, true}, {rival, false}} {
			if got, err := s.RegisterEpoch(t.Context(), noon, try.epoch); err != nil || got != try.want {
				t.Errorf("registering %s: %t, %v; want %t", try.epoch.ID, got, err, try.want)
			}
		}
		forged := first
		forged.Mark = rival.Mark
		if got, err := s.RegisterEpoch(t.Context(), noon, forged); err != nil || got {
			t.Errorf("a key of the same id and another secret: %t, %v", got, err)
		}
		list, err := s.Epochs(t.Context())
		if err != nil || len(list) != 1 || list[0].Epoch != first || !list[0].UsedAt.IsZero() {
			t.Errorf("%v, %v", list, err)
		}
		if _, some := InUse(list); some {
			t.Error("a key is in use that nobody took into use")
		}
	})
}

// TestMovingKeysGoesOnWhereItWasEnded: rows under a master key of an older file and under a retired key move page by page; whoever ends it half
// way loses nothing, and the next one does the rest and no more.
func TestMovingKeysGoesOnWhereItWasEnded(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		const many = 2*rewrapPage + 17
		var ids []string
		for i := range many {
			e := mustFresh(t, s, beginning(t, s, fmt.Sprintf("live %d", i)))
			ids = append(ids, e.Conversation.ID)
			if i == many/2 {
				monthBegun(t, s, noon, "2026-11")
			}
		}
		if err := s.SetPhone(t.Context(), "desk", NewPhone{OfficerID: "o1", Number: caller(t), At: noon}); err != nil {
			t.Fatal(err)
		}
		second := monthBegun(t, s, noon, "2026-12")
		if err := s.RetireEpochs(t.Context(), noon, "operator", second); err != nil {
			t.Fatal(err)
		}

		ctx, kill := context.WithCancel(t.Context())
		moved := 0
		_, err := s.Rewrap(ctx, func(n int) { moved += n; kill() })
		if err == nil || moved != rewrapPage {
			t.Fatalf("it moved %d and ended with %v", moved, err)
		}
		left, err := s.KeysLeft(t.Context())
		if err != nil || left[second.ID] != rewrapPage {
			t.Errorf("after the end %v, %v", left, err)
		}
		again := 0
		if stuck, err := s.Rewrap(t.Context(), func(n int) { again += n }); err != nil || stuck != 0 || again != many-rewrapPage+1 {
			t.Errorf("then it moved %d, %d stuck, %v", again, stuck, err)
		}
		left, err = s.KeysLeft(t.Context())
		if diff := cmp.Diff(map[string]int{second.ID: many}, left); diff != "" || err != nil {
			t.Error(diff, err)
		}
		for _, id := range ids {
			if turns, err := s.Turns(t.Context(), id); err != nil || string(turns[0].Heard) != "heard 1" {
				t.Fatalf("%s can be read no more: %v", id, err)
			}
		}
		if phones, err := s.Phones(t.Context()); err != nil || len(phones) != 1 || phones[0].Number != caller(t) {
			t.Errorf("the changed phone: %v", err)
		}
		sound(t, s)
	})
}

// TestSpentKeysAreDestroyed: a month's key goes when the month is over, nothing is under it, and every running gateway has the one in use.
func TestSpentKeysAreDestroyed(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		zone := time.FixedZone("ICT", 7*3600)
		november := time.Date(2026, 11, 24, 9, 0, 0, 0, zone)
		december := time.Date(2026, 12, 3, 9, 0, 0, 0, zone)
		first := monthBegun(t, s, november, "2026-11")
		open := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "700001"))
		done := mustFresh(t, s, beginning(t, s, "b"))
		over := next(done)
		over.Conversation.Bin, over.Conversation.Mark, over.Conversation.Ended, over.Ended = Marked, MarkEmpty, true, true
		over.Effects.DueDone = []DueKey{{DueUnfinished, done.Conversation.ID}}
		mustFresh(t, s, over)
		reply := Message{ID: NewID(), Kind: ToReply, OfficerID: "o1", Text: "thank you"}
		if _, err := s.Apply(t.Context(), november, Effects{Messages: []Message{reply}, MessageStates: []MessageState{{ID: reply.ID, State: Handed}}}); err != nil {
			t.Fatal(err)
		}
		second := monthBegun(t, s, december, "2026-12")
		tend := func(now time.Time) []Epoch {
			t.Helper()
			if _, err := s.Rewrap(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			gone, err := s.DestroySpentEpochs(t.Context(), now, zone)
			if err != nil {
				t.Fatal(err)
			}
			return gone
		}
		if gone := tend(december); len(gone) != 0 {
			t.Errorf("destroyed with a conversation under it: %v", gone)
		}
		if left, err := s.KeysLeft(t.Context()); err != nil || left[first.ID] != 1 || left[second.ID] != 1 {
			t.Errorf("the open matter did not move, or the other one did: %v, %v", left, err)
		}
		for more := true; more; { // its time is over: its words are erased
			var err error
			if _, more, err = s.Lapse(t.Context(), december, Keeping{Nothing: day}, 1); err != nil {
				t.Fatal(err)
			}
		}
		if gone := tend(time.Date(2026, 12, 1, 23, 0, 0, 0, zone)); len(gone) != 0 {
			t.Errorf("destroyed on the first day: %v", gone)
		}
		if err := s.SeeGateway(t.Context(), GatewayKeys{Name: "other", Holds: []string{first.ID}, SeenAt: december}); err != nil {
			t.Fatal(err)
		}
		if gone := tend(december); len(gone) != 0 {
			t.Errorf("destroyed while a running gateway wraps with it: %v", gone)
		}
		if err := s.ForgetGateway(t.Context(), "other"); err != nil {
			t.Fatal(err)
		}
		if gone := tend(december); len(gone) != 1 || gone[0].ID != first.ID {
			t.Errorf("%v", gone)
		}
		if gone := tend(december); len(gone) != 0 {
			t.Errorf("destroyed twice: %v", gone)
		}
		if _, err := s.keys.Unwrap(done.Conversation.ID, done.Conversation.Wrapped); !errors.Is(err, seal.ErrKeyMissing) {
			t.Errorf("the key is still there: %v", err)
		}
		if _, err := s.Turns(t.Context(), open.Conversation.ID); err != nil {
			t.Errorf("the open matter: %v", err)
		}
		if m, found, err := s.Message(t.Context(), reply.ID); err != nil || !found || m.Text != "" {
			t.Errorf("what was sent: found %t, %v", found, err)
		}
		sound(t, s)
	})
}

// TestWhatIsPastItsTimeStopsNothing: a database that is put back from before the key of a month was destroyed.
func TestWhatIsPastItsTimeStopsNothing(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		first := monthBegun(t, s, noon, "2026-11")
		e := mustFresh(t, s, holding(t, s, beginning(t, s, "a"), "700001"))
		f := mustFresh(t, s, concluding(t, s, beginning(t, s, "b"), "700002"))
		monthBegun(t, s, noon, "2026-12")
		g := mustFresh(t, s, concluding(t, s, beginning(t, s, "c"), "700003"))
		if _, err := s.write.ExecContext(t.Context(), `UPDATE epochs SET destroyed_at = 1 WHERE id = $1`, first.ID); err != nil {
			t.Fatal(err)
		}
		if err := s.keys.Destroy(first.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Epochs(t.Context()); err != nil {
			t.Fatal(err)
		}
		if list, err := s.OpenReferrals(t.Context()); err != nil || len(list) != 1 || list[0].Code != g.Effects.Referrals[0].Code {
			t.Errorf("open referrals: %d, %v", len(list), err)
		}
		if list, err := s.OpenHolds(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("open holds: %d, %v", len(list), err)
		}
		_, found, err := s.Report(t.Context(), e.Effects.Report.ID)
		if found || err != nil {
			t.Errorf("the report: found %t, %v", found, err)
		}
		c, found, err := s.Conversation(t.Context(), e.Conversation.ID)
		if !found || err != nil || !c.Key.IsZero() || c.State != nil {
			t.Errorf("the conversation: found %t, %v", found, err)
		}
		if _, _, err := s.Referral(t.Context(), f.Effects.Referrals[0].ID); !errors.Is(err, ErrPast) {
			t.Errorf("a referral's clock: %v", err)
		}
		if _, _, err := s.Hold(t.Context(), e.Effects.Holds[0].ID); !errors.Is(err, ErrPast) {
			t.Errorf("a hold's clock: %v", err)
		}
		if out, err := s.Record(t.Context(), f); err != nil || out.Kind != Repeat || len(out.Answer) > 0 {
			t.Errorf("a turn that comes again: %v, %v", out.Kind, err)
		}
		if id, found, err := s.ConversationWithCode(t.Context(), "700001"); err != nil || !found || id != e.Conversation.ID {
			t.Errorf("by its code: %q, %t, %v", id, found, err)
		}
		if stuck, err := s.Rewrap(t.Context(), nil); err != nil || stuck != 2 {
			t.Errorf("moving: %d stuck, %v", stuck, err)
		}
		sound(t, s)
	})
}

// TestADatabaseOfBefore: one that was written with the master keys of an older key file is taken over.
func TestADatabaseOfBefore(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "700001"))
		if _, err := s.write.ExecContext(t.Context(), `DELETE FROM key_marks`); err != nil {
			t.Fatal(err)
		}
		if err := s.fits(t.Context()); err != nil {
			t.Errorf("its own keys: %v", err)
		}
		other := &Store{keys: keyring(t), read: s.read, write: s.write}
		if err := other.fits(t.Context()); !errors.Is(err, seal.ErrKeyMissing) {
			t.Errorf("another key file: %v", err)
		}
		n := monthBegun(t, s, noon, "2026-11")
		if _, err := s.Rewrap(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		left, err := s.KeysLeft(t.Context())
		if diff := cmp.Diff(map[string]int{n.ID: 1}, left); diff != "" || err != nil {
			t.Error(diff, err)
		}
		if r, found, err := s.Report(t.Context(), e.Effects.Report.ID); err != nil || !found || r.Story == "" {
			t.Errorf("the report: %t, %v", found, err)
		}
	})
}
