package store

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/referral"
)

func TestAnAlertFollowsItsMessageAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "900001"))
		m, a := e.Effects.Messages[0].ID, e.Effects.Alerts[0].ID
		for _, step := range []struct {
			move          Effects
			message, then DeliveryState
			attempts      int
		}{
			{Effects{MessageStates: []MessageState{{ID: m, State: Failed, Provider: "p", Attempts: 1, Reason: "30003"}}}, Failed, Failed, 1},
			{Effects{MessageStates: []MessageState{{ID: m, State: Handed, Provider: "p", ProviderID: "1", Attempts: 2}}}, Handed, Handed, 2},
			{Effects{MessageStates: []MessageState{{ID: m, State: Handed, Provider: "q", ProviderID: "2", Attempts: 3}}}, Handed, Handed, 3},
			{Effects{MessageStates: []MessageState{{ID: m, State: Delivered}}}, Delivered, Delivered, 3},
			{Effects{MessageStates: []MessageState{{ID: m, State: Failed, Reason: "late"}}}, Delivered, Delivered, 3},
			{Effects{AlertStates: []AlertState{{ID: a, State: Answered}}}, Delivered, Answered, 3},
			{Effects{MessageStates: []MessageState{{ID: m, State: Delivered}}}, Delivered, Answered, 3},
		} {
			apply(t, s, step.move)
			gotM, _, err := s.Message(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			gotA, _, err := s.Alert(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			if gotM.State != step.message || gotA.State != step.then || gotM.Attempts != step.attempts {
				t.Errorf("after %+v: message %s (%d attempts), alert %s", step.move, gotM.State, gotM.Attempts, gotA.State)
			}
		}
		for provider, id := range map[string]string{"p": "1", "q": "2"} {
			if got, ok, err := s.MessageByProviderID(t.Context(), provider, id); err != nil || !ok || got.ID != m {
				t.Errorf("by %s's id: found %t, %v", provider, ok, err)
			}
		}
		if _, ok, err := s.MessageByProviderID(t.Context(), "q", "1"); ok || err != nil {
			t.Errorf("by an id that is another provider's: found %t, %v", ok, err)
		}
		if kind, err := s.Apply(t.Context(), noon, Effects{MessageStates: []MessageState{{ID: m, State: "on the moon"}}}); err == nil {
			t.Errorf("an unknown state: %v", kind)
		}
	})
}

func TestAPhoneKnowsWhatItWasAlertedAbout(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "910001"))
		h := mustFresh(t, s, holding(t, s, beginning(t, s, "b"), "910002"))
		ref, index := e.Effects.Referrals[0], s.PhoneIndex(caller(t))
		second := e.Effects.Alerts[0]
		second.ID, second.CreatedAt, second.Round = NewID(), noon.Add(time.Minute), 1
		elsewhere := second
		elsewhere.ID, elsewhere.PhoneIndex = NewID(), "another phone"
		apply(t, s, Effects{Alerts: []Alert{second, elsewhere}})
		look := func(now time.Time) []string {
			t.Helper()
			list, err := s.AlertsForPhone(t.Context(), index, now)
			if err != nil {
				t.Fatal(err)
			}
			out := []string{}
			for _, a := range list {
				out = append(out, a.Code+" "+a.State+" "+a.AlertID)
			}
			return out
		}
		waiting := "910002 waiting " + h.Effects.Alerts[0].ID
		if diff := cmp.Diff([]string{"910001 alerting " + second.ID, waiting}, look(noon)); diff != "" {
			t.Errorf("open (-want +got):\n%s", diff)
		}
		ref.Version, ref.State, ref.Owner, ref.ClosedAt = 1, referral.Closed, "o1", noon
		apply(t, s, Effects{Referrals: []referral.Referral{ref}})
		if diff := cmp.Diff([]string{"910001 closed " + second.ID, waiting}, look(noon.Add(CodeKept-time.Second))); diff != "" {
			t.Errorf("lately closed (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{waiting}, look(noon.Add(CodeKept))); diff != "" {
			t.Errorf("long closed (-want +got):\n%s", diff)
		}
		for at, free := range map[time.Time]bool{noon.Add(CodeKept - time.Second): false, noon.Add(CodeKept): true} {
			if got, err := s.CodeFree(t.Context(), "910001", at); err != nil || got != free {
				t.Errorf("at %v the code is free: %t, %v", at, got, err)
			}
		}
		late := concluding(t, s, beginning(t, s, "c"), "910001")
		late.At, late.Effects.Report.Code = noon.Add(CodeKept), "98888888"
		mustFresh(t, s, late)
		if got, ok, err := s.ReferralByCode(t.Context(), "910001"); err != nil || !ok || got.ID != late.Effects.Referrals[0].ID && !got.StartedAt.Equal(noon) {
			t.Errorf("the code's referral: found %t, %v", ok, err)
		}
		if open, err := s.OpenReferrals(t.Context()); err != nil || len(open) != 1 {
			t.Errorf("%d open referrals, %v", len(open), err)
		}
		if open, err := s.OpenHolds(t.Context()); err != nil || len(open) != 1 {
			t.Errorf("%d open holds, %v", len(open), err)
		}
		if list, err := s.AlertsOf(t.Context(), ref.ID); err != nil || len(list) != 3 {
			t.Errorf("%d alerts of the referral, %v", len(list), err)
		}
	})
}

func TestAQuestionWaitsUntilSomethingElseGoesToThePhone(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		q := Question{PhoneIndex: s.PhoneIndex(caller(t)), Kind: "reason", Code: "920001", AskedAt: noon}
		look := func() bool {
			t.Helper()
			got, ok, err := s.Question(t.Context(), q.PhoneIndex)
			if err != nil || ok && got != q {
				t.Fatalf("%+v, %v", got, err)
			}
			return ok
		}
		apply(t, s, Effects{Question: &q})
		q.Kind = "outcome"
		apply(t, s, Effects{Question: &q})
		if !look() {
			t.Error("the question is gone")
		}
		mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "920002")) // alerts the same phone
		if look() {
			t.Error("the question outlived an alert to the phone")
		}
		apply(t, s, Effects{Question: &q})
		apply(t, s, Effects{ClearQuestions: []string{q.PhoneIndex}})
		if look() {
			t.Error("the question was not cleared")
		}
	})
}

func TestDefinitionsStayAsTheyWere(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		d := Definition{Hash: "h1", Name: "report", Version: 1, Body: "name: report"}
		for _, body := range []string{d.Body, "changed"} {
			if err := s.SaveDefinition(t.Context(), noon, Definition{Hash: d.Hash, Name: d.Name, Version: 1, Body: body}); err != nil {
				t.Fatal(err)
			}
		}
		got, err := s.Definitions(t.Context())
		if diff := cmp.Diff([]Definition{d}, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	})
}
