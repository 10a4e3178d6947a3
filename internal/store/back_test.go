package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/phone"
)

// found is the ids that CutOff gives.
func found(t *testing.T, s *Store, number phone.Number, channel string, since time.Time, except string) []string {
	t.Helper()
	list, err := s.CutOff(t.Context(), number, channel, since, except)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range list {
		if r.State == nil || r.Number != number {
			t.Errorf("%s comes without its state or its number", r.ID)
		}
		ids = append(ids, r.ID)
	}
	return ids
}

func TestCutOffIsWhatStoppedHalfWay(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		first := mustFresh(t, s, beginning(t, s, "first"))
		second := beginning(t, s, "second")
		second.At = noon.Add(time.Minute)
		mustFresh(t, s, second)
		held := mustFresh(t, s, holding(t, s, beginning(t, s, "held"), "482131"))
		silent := mustFresh(t, s, beginning(t, s, "silent"))
		apply(t, s, Effects{Conversations: []ConversationChange{{ID: silent.Conversation.ID, Bin: Marked, Mark: MarkEmpty}}})
		// None of these: concluded and over, over with a hold, marked by a person, by another channel, another's, nobody's.
		mustFresh(t, s, concluding(t, s, beginning(t, s, "done"), "482149"))
		spam := mustFresh(t, s, beginning(t, s, "spam"))
		apply(t, s, Effects{Conversations: []ConversationChange{{ID: spam.Conversation.ID, Bin: Marked, Mark: MarkSpam}}})
		sms := beginning(t, s, "sms")
		sms.Conversation.Channel = "sms"
		mustFresh(t, s, sms)
		hidden := beginning(t, s, "hidden")
		hidden.Conversation.Number = phone.Number{}
		mustFresh(t, s, hidden)

		if got, want := found(t, s, caller(t), "ussd", noon, ""), []string{second.Conversation.ID, silent.Conversation.ID, first.Conversation.ID}; !cmp.Equal(got, want) {
			t.Errorf("got %q, want %q; the one that ended with a hold is %s", got, want, held.Conversation.ID)
		}
		if got, want := found(t, s, caller(t), "ussd", noon.Add(time.Second), ""), []string{second.Conversation.ID}; !cmp.Equal(got, want) {
			t.Errorf("since a second after noon: %q, want %q", got, want)
		}
		if got := found(t, s, caller(t), "ussd", noon.Add(time.Second), second.Conversation.ID); got != nil {
			t.Errorf("but for the second: %q", got)
		}
		if got := found(t, s, phone.Number{}, "ussd", noon, ""); got != nil {
			t.Errorf("of a hidden number: %q", got)
		}
		// A wrong proof in the second leaves the second alone, and takes the others away.
		wrong := next(second)
		wrong.Effects.ProofTried = &ProofTried{Number: caller(t), Channel: "ussd", Since: noon, Except: second.Conversation.ID}
		mustFresh(t, s, wrong)
		if got, want := found(t, s, caller(t), "ussd", noon, ""), []string{second.Conversation.ID}; !cmp.Equal(got, want) {
			t.Errorf("after a wrong proof: %q, want %q", got, want)
		}
		// A hidden number's wrong proof is nobody's.
		wrong = next(wrong)
		wrong.Effects.ProofTried = &ProofTried{Channel: "ussd", Since: noon}
		mustFresh(t, s, wrong)
		if got := found(t, s, caller(t), "ussd", noon, ""); len(got) != 1 {
			t.Errorf("after a hidden number's wrong proof: %q", got)
		}
		sound(t, s)
	})
}

// taking is the turn in which a conversation goes on under the live key of another one, which is over with it.
func taking(old, short Entry) Entry {
	e := next(old)
	e.Conversation.LiveKey, e.Conversation.Replaces = short.Conversation.LiveKey, short.Conversation.ID
	e.Effects.Conversations = []ConversationChange{{ID: short.Conversation.ID, Seq: short.Seq, Bin: Marked, Mark: MarkJoined, Ended: true}}
	e.Effects.DueDone = []DueKey{{Kind: DueUnfinished, Subject: short.Conversation.ID}}
	e.Effects.Additions = []Addition{{ConversationID: short.Conversation.ID, ReportOf: old.Conversation.ID}}
	return e
}

func TestAConversationIsTakenUpInAnotherCall(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		old := mustFresh(t, s, beginning(t, s, "cut"))
		short := mustFresh(t, s, beginning(t, s, "call"))
		up := mustFresh(t, s, taking(old, short))
		r, ok, err := s.Resume(t.Context(), "call")
		if err != nil || !ok || r.ID != old.Conversation.ID || r.Seq != 2 {
			t.Fatalf("the call is that of %v (found %t, %v), want the one that was cut", r, ok, err)
		}
		if _, ok, err := s.Resume(t.Context(), "cut"); err != nil || ok {
			t.Errorf("the call that was cut still goes on: %t, %v", ok, err)
		}
		if out := record(t, s, next(short)); out.Kind != Behind { // a conversation that is over takes no turn
			t.Errorf("a turn of the short one: %v, want behind", out.Kind)
		}
		if out := record(t, s, up); out.Kind != Repeat || string(out.Answer) != string(up.Answer) {
			t.Errorf("the same once more: %v", out.Kind)
		}
		mustFresh(t, s, next(up))
		if c := counts(t, s); c.Received != 2 || c.Open != 1 || c.Marked["joined"] != 1 {
			t.Errorf("%+v", c)
		}
		sound(t, s)
	})
}

// TestTwoCallsTakeOneConversationUp lets many calls take one up at once, alone and in groups: one has it, the others have lost nothing.
func TestTwoCallsTakeOneConversationUp(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		old := mustFresh(t, s, beginning(t, s, "cut"))
		calls := make([]Entry, 8)
		var shorts []Entry
		for i := range calls {
			shorts = append(shorts, mustFresh(t, s, beginning(t, s, repeatKey())))
			calls[i] = taking(old, shorts[i])
		}
		if diff := cmp.Diff(map[OutcomeKind]int{Fresh: 1, Behind: 7}, kinds(atOnce(t, s, calls))); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		if c := counts(t, s); c.Open != 8 || c.Marked["joined"] != 1 {
			t.Errorf("%+v", c)
		}
		for _, short := range shorts { // who came second still has a call of her own
			if r, ok, err := s.Resume(t.Context(), short.Conversation.LiveKey); err != nil || !ok {
				t.Errorf("a call lost its key: %v", err)
			} else if r.ID != short.Conversation.ID && r.ID != old.Conversation.ID {
				t.Errorf("a call is that of %v", r)
			}
		}
		sound(t, s)
	})
}

// TestWhatCannotBeTakenUp holds that a wrong proof, an end or a referral that came in between is seen in the same transaction.
func TestWhatCannotBeTakenUp(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		for name, between := range map[string]func(old, short Entry) Effects{
			"a wrong proof": func(_, short Entry) Effects {
				return Effects{ProofTried: &ProofTried{Number: caller(t), Channel: "ussd", Since: noon, Except: short.Conversation.ID}}
			},
			"an end": func(old, _ Entry) Effects {
				return Effects{Conversations: []ConversationChange{{ID: old.Conversation.ID, Ended: true}}}
			},
			"a person who marked it": func(old, _ Entry) Effects {
				return Effects{Conversations: []ConversationChange{{ID: old.Conversation.ID, Bin: Marked, Mark: MarkSpam, Ended: true}}}
			},
		} {
			old := mustFresh(t, s, beginning(t, s, repeatKey()))
			short := mustFresh(t, s, beginning(t, s, repeatKey()))
			apply(t, s, between(old, short))
			if out := record(t, s, taking(old, short)); out.Kind != Behind {
				t.Errorf("after %s: %v, want behind", name, out.Kind)
			}
			if r, ok, err := s.Resume(t.Context(), short.Conversation.LiveKey); err != nil || !ok || r.ID != short.Conversation.ID {
				t.Errorf("after %s the call is not its own any more: %t, %v", name, ok, err)
			}
		}
		sound(t, s)
	})
}

// TestASilenceEndsWithTheNextTurn: a conversation that was marked while nobody spoke is open again when somebody does.
func TestASilenceEndsWithTheNextTurn(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		for _, mark := range []Mark{MarkEmpty, MarkInformation, MarkService, MarkSpam} {
			e := mustFresh(t, s, beginning(t, s, repeatKey()))
			apply(t, s, Effects{Conversations: []ConversationChange{{ID: e.Conversation.ID, Bin: Marked, Mark: mark}}})
			mustFresh(t, s, next(e))
			r, _, err := s.Conversation(t.Context(), e.Conversation.ID)
			wantBin, wantMark := StillOpen, Mark("")
			if mark == MarkSpam { // a person's word stands
				wantBin, wantMark = Marked, mark
			}
			if err != nil || r.Bin != wantBin || r.Mark != wantMark {
				t.Errorf("marked %s, then a turn: %s %q, %v", mark, r.Bin, r.Mark, err)
			}
		}
		sound(t, s)
	})
}
