package store

import (
	"testing"
	"time"
)

func TestAPhoneIsFailingUntilItIsReached(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "900001"))
		m, a, index := e.Effects.Messages[0].ID, e.Effects.Alerts[0], s.PhoneIndex(caller(t))
		since := func() time.Time {
			t.Helper()
			failing, err := s.Failing(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return failing[index]
		}
		move := func(at time.Time, state DeliveryState) {
			t.Helper()
			if kind, err := s.Apply(t.Context(), at, Effects{MessageStates: []MessageState{{ID: m, State: state}}}); err != nil || kind != Fresh {
				t.Fatalf("moving to %s: %v, %v", state, kind, err)
			}
		}
		if got := since(); !got.IsZero() {
			t.Errorf("failing since %v before anything was sent", got)
		}
		move(noon, Failed)
		if got := since(); !got.Equal(noon) {
			t.Errorf("failing since %v, want %v", got, noon)
		}
		later := a
		later.ID, later.Round = NewID(), 2
		again := e.Effects.Messages[0]
		again.ID, again.AlertID = NewID(), later.ID
		apply(t, s, Effects{Alerts: []Alert{later}, Messages: []Message{again}})
		first := m
		m = again.ID
		move(noon.Add(time.Hour), Failed)
		if got := since(); !got.Equal(noon) {
			t.Errorf("failing since %v, want the first failure, %v", got, noon)
		}
		m = first
		move(noon.Add(2*time.Hour), Delivered)
		if got := since(); !got.IsZero() {
			t.Errorf("failing since %v although a message is on the phone", got)
		}
		move(noon.Add(3*time.Hour), Failed) // takes nothing back: it was delivered
		if got := since(); !got.IsZero() {
			t.Errorf("failing since %v by a report that came too late", got)
		}
	})
}

func TestAReportThatOvertakesTheSending(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "a"), "900001"))
		m := e.Effects.Messages[0].ID
		keep := func(id string, at time.Time) bool {
			t.Helper()
			kept, err := s.KeepEarly(t.Context(), at, "kannel", id, Early{State: Failed, Reason: "16"})
			if err != nil {
				t.Fatal(err)
			}
			return kept
		}
		if !keep("7", noon) {
			t.Error("a report of an unknown message was not kept")
		}
		if _, found, err := s.MessageByProviderID(t.Context(), "kannel", "7"); found || err != nil {
			t.Errorf("a message for it before it was sent: %t, %v", found, err)
		}
		apply(t, s, Effects{MessageStates: []MessageState{{ID: m, State: Handed, Provider: "kannel", ProviderID: "7", Attempts: 1, Maybe: true,
			Why: "The route for prefix +855 names kannel."}}})
		got, found, err := s.MessageByProviderID(t.Context(), "kannel", "7")
		if err != nil || !found || got.ID != m || !got.Maybe || got.Why == "" {
			t.Errorf("the message: %t, %+v, %v", found, got, err)
		}
		if early, found, err := s.Early(t.Context(), "kannel", "7"); err != nil || !found || early.State != Failed || early.Reason != "16" {
			t.Errorf("its early report: %t, %+v, %v", found, early, err)
		}
		if keep("7", noon) {
			t.Error("a report of a known message was kept as early")
		}
		if !keep("8", noon) || !keep("9", noon.Add(earlyKept+time.Second)) {
			t.Error("reports of unknown messages were not kept")
		}
		if _, found, err := s.Early(t.Context(), "kannel", "8"); found || err != nil {
			t.Errorf("a report that waited in vain is still there: %t, %v", found, err)
		}
		if carried, err := s.Carried(t.Context(), e.Effects.Referrals[0].ID); err != nil || len(carried) != 1 || carried[0].Provider != "kannel" ||
			carried[0].State != string(Handed) {
			t.Errorf("how the alert was carried: %+v, %v", carried, err)
		}
	})
}
