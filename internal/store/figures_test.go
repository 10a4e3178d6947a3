package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/audit"
	"chumrok/internal/referral"
)

// reportedIn gathers what figures would be made of.
func reportedIn(t *testing.T, s *Store, from, to time.Time) (list []Reported) {
	t.Helper()
	if err := s.EachReported(t.Context(), from, to, func(r Reported) { list = append(list, r) }); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestFiguresAreMadeOfCoarseColumns(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		year := func() []Reported { return reportedIn(t, s, noon.AddDate(0, -6, 0), noon.AddDate(0, 6, 0)) }
		if got := year(); len(got) != 0 {
			t.Fatalf("an empty ledger has %v", got)
		}
		e := concluding(t, s, mustFresh(t, s, beginning(t, s, "live")), "482131")
		first := e.Effects.Report.ConversationID
		e.Seq, e.RepeatKey = 2, repeatKey()
		e.Conversation.New = false
		mustFresh(t, s, e)
		want := Reported{AreaCode: "020401", Harm: "physical", Age: "6_11", Sex: "female", Channel: "ussd", At: noon, Referred: true, Started: noon}
		if diff := cmp.Diff([]Reported{want}, year()); diff != "" {
			t.Fatal(diff)
		}
		r, _, err := s.ReferralByCode(t.Context(), "482131")
		if err != nil {
			t.Fatal(err)
		}
		r.State, r.Owner, r.AcceptedAt, r.SeenAt = referral.Seen, "o1", noon.Add(time.Minute), noon.Add(time.Hour)
		if _, err := s.Apply(t.Context(), noon, Effects{Referrals: []referral.Referral{r}}); err != nil {
			t.Fatal(err)
		}
		want.Accepted, want.Seen = r.AcceptedAt, r.SeenAt
		again := r
		again.ID, again.Code, again.Version, again.AcceptedAt, again.SeenAt, again.State = NewID(), "482132", 0, time.Time{}, time.Time{}, referral.Closed
		again.StartedAt, again.ClosedAt = noon.Add(2*time.Hour), noon.Add(3*time.Hour)
		if _, err := s.Apply(t.Context(), noon, Effects{Referrals: []referral.Referral{again}}); err != nil {
			t.Fatal(err)
		}
		other := want
		other.Again, other.Started, other.Accepted, other.Seen, other.Closed = true, again.StartedAt, time.Time{}, time.Time{}, again.ClosedAt
		if diff := cmp.Diff([]Reported{want, other}, year()); diff != "" {
			t.Error(diff)
		}
		if got := reportedIn(t, s, noon.Add(time.Millisecond), noon.AddDate(1, 0, 0)); len(got) != 0 {
			t.Errorf("after its time there is %v", got)
		}
		if got := reportedIn(t, s, noon.AddDate(-1, 0, 0), noon); len(got) != 0 {
			t.Errorf("before its time there is %v", got)
		}
		// Whatever is marked is out: tests, pranks, what was joined, what was erased.
		for _, mark := range []Mark{MarkTest, MarkSpam, MarkJoined, MarkErased, MarkOfficer} {
			if _, err := s.Apply(t.Context(), noon, Effects{Conversations: []ConversationChange{{ID: first, Bin: Marked, Mark: mark}}}); err != nil {
				t.Fatal(err)
			}
			if got := year(); len(got) != 0 {
				t.Errorf("marked %s, and figures have %v", mark, got)
			}
		}
	})
}

func TestActs(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		for i, what := range []string{"figures", "reveal", "figures"} {
			if _, err := s.Apply(t.Context(), noon, Effects{Audit: []audit.Entry{{At: noon, Who: "command", What: what, Subject: fmt.Sprint(i)}}}); err != nil {
				t.Fatal(err)
			}
		}
		acts, err := s.Acts(t.Context(), "figures")
		if err != nil || len(acts) != 2 || acts[0].Subject != "0" || acts[1].Subject != "2" || !acts[1].At.Equal(noon) {
			t.Errorf("%v %v", acts, err)
		}
	})
}

// BenchmarkFigures reads 100,000 reports with their referrals.
func BenchmarkFigures(b *testing.B) {
	const n = 100_000
	s := opened(b, "sqlite:"+b.TempDir()+"/figures.db", keyring(b))
	tx, err := s.write.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for i := range n {
		id := fmt.Sprintf("%08d", i)
		at := millis(noon.Add(-time.Duration(i) * time.Minute))
		for _, statement := range []struct {
			text string
			args []any
		}{
			{`INSERT INTO conversations (id, channel, provider, definition, number_index, wrapped_key, bin, mark, danger_at, last_seq, started_at, last_at, ended_at)
				VALUES ($1, 'ussd', 'simulator', 'd', '', x'00', 'concluded', '', 0, 1, $2, $2, $2)`, []any{id, at}},
			{`INSERT INTO reports (id, conversation_id, version, state, channel, who, risk, danger, harm, area_code, age, sex, at)
				VALUES ($1, $1, 1, 'referred', 'ussd', 'child', 'medium', 'no', 'physical', '020101', '6_11', 'female', $2)`, []any{id, at}},
			{`INSERT INTO referrals (id, report_id, conversation_id, code, version, state, risk, area_code, owner, started_at, closed_at, body, accepted_at, seen_at)
				VALUES ($1, $1, $1, $1, 1, 'seen', 'medium', '020101', 'o1', $2, 0, x'00', $2 + 60000, $2 + 3600000)`, []any{id, at}},
		} {
			if _, err := tx.ExecContext(b.Context(), statement.text, statement.args...); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for b.Loop() {
		seen := 0
		if err := s.EachReported(b.Context(), noon.AddDate(-1, 0, 0), noon.AddDate(0, 1, 0), func(Reported) { seen++ }); err != nil || seen != n {
			b.Fatal(seen, err)
		}
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds(), "reports/s")
}
