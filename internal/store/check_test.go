package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/audit"
)

type seed struct {
	name, sql string
	args      func(f fixture) []any
	want      string // beginning of the sentence that names it; ID stands for the argument
}

// seeds are faults that nothing in this package can make: each is seeded by hand and must be named with its id.
var seeds = []seed{
	{"unknown bin", `UPDATE conversations SET bin = 'lost' WHERE id = $1`, open1, "conversation ID is in no bin"},
	{"sum of bins", `UPDATE conversations SET bin = 'lost' WHERE id = $1`, open1, "received is 3 and the bins add up to 2"},
	{"unknown mark", `UPDATE conversations SET bin = 'marked', mark = 'whatever' WHERE id = $1`, open1, "conversation ID is marked with nothing known"},
	{"mark without bin", `UPDATE conversations SET mark = 'spam' WHERE id = $1`, open1, "conversation ID has a mark and is not marked"},
	{"turn removed", `DELETE FROM turns WHERE conversation_id = $1 AND seq = 1`, open1, "conversation ID has turns missing"},
	{"last turn removed", `DELETE FROM turns WHERE conversation_id = $1 AND seq = 2`, open1, "conversation ID has turns missing"},
	{"all turns removed", `DELETE FROM turns WHERE conversation_id = $1`, open1, "conversation ID has turns missing"},
	{"turn without conversation", `UPDATE turns SET conversation_id = 'x' WHERE id = $1`, func(f fixture) []any { return []any{f.turn} },
		"turn ID belongs to no conversation"},
	{"over but live", `UPDATE conversations SET ended_at = 1 WHERE id = $1`, open1, "conversation ID is over and can still be taken up"},
	{"open for ever", `DELETE FROM due WHERE kind = 'unfinished' AND subject = $1`, open1, "conversation ID is open and nothing will ever end it"},
	{"concluded without report", `UPDATE conversations SET bin = 'concluded' WHERE id = $1`, open1, "conversation ID is concluded without a report"},
	{"concluded without referral", `DELETE FROM referrals WHERE conversation_id = $1`, concluded1, "conversation ID is concluded without a referral"},
	{"report with nobody", `DELETE FROM referrals WHERE report_id = $1`, report1, "report ID has neither a referral nor an open hold"},
	{"held without hold", `DELETE FROM holds WHERE conversation_id = $1`, held1, "conversation ID is held and no hold of it is open"},
	{"report marked away", `UPDATE conversations SET bin = 'marked', mark = 'empty' WHERE id = $1`, held1, "conversation ID has a report and is marked"},
	{"report without conversation", `UPDATE reports SET conversation_id = 'x' WHERE id = $1`, report1, "report ID belongs to no conversation"},
	{"referral without report", `UPDATE referrals SET report_id = 'x' WHERE id = $1`, referral1, "referral ID belongs to no report"},
	{"no accepted clock", `DELETE FROM due WHERE kind = 'accepted' AND subject = $1`, referral1, "referral ID is alerting and no clock runs"},
	{"no seen clock", `UPDATE referrals SET state = 'accepted', owner = 'o' WHERE id = $1`, referral1, "referral ID is accepted and no clock runs"},
	{"no outcome clock", `UPDATE referrals SET state = 'seen', owner = 'o' WHERE id = $1`, referral1, "referral ID is accepted or seen and no clock runs"},
	{"no review clock", `UPDATE referrals SET state = 'review', owner = 'o' WHERE id = $1`, referral1, "referral ID waits for a review and no clock runs"},
	{"nobody alerted", `DELETE FROM alerts WHERE referral_id = $1`, referral1, "referral ID is alerting and nobody was alerted"},
	{"accepted by nobody", `UPDATE referrals SET state = 'accepted' WHERE id = $1`, referral1, "referral ID is accepted by nobody"},
	{"one code, two matters", `UPDATE holds SET code = $1`, func(f fixture) []any { return []any{f.concluded.Effects.Referrals[0].Code} },
		"code ID is that of two open matters"},
	{"hold without conversation", `UPDATE holds SET conversation_id = 'x' WHERE id = $1`, hold1, "hold ID belongs to no conversation"},
	{"no hold clock", `DELETE FROM due WHERE kind = 'hold' AND subject = $1`, hold1, "hold ID is not decided and no clock runs"},
	{"taken hold without clock", `UPDATE holds SET state = 'taken', owner = '' WHERE id = $1`, hold1, "hold ID is taken by nobody"},
	{"carried by nothing", `UPDATE messages SET digest_id = 'x' WHERE id = $1`, message1, "message ID is carried by one that is not stored"},
	{"alert about nothing", `UPDATE alerts SET referral_id = 'x' WHERE id = $1`, alert1, "alert ID asks about nothing"},
	{"alert without message", `UPDATE messages SET alert_id = NULL WHERE alert_id = $1`, alert1, "alert ID has no message"},
	{"never sent", `DELETE FROM due WHERE kind = 'send' AND subject = $1`, message1, "message ID is queued and nothing will ever send it"},
	{"message without alert", `UPDATE messages SET alert_id = 'x' WHERE id = $1`, message1, "message ID carries an alert that is not stored"},
	{"joined to nothing", `UPDATE conversations SET bin = 'marked', mark = 'joined' WHERE id = $1`, open1, "conversation ID is joined to no report"},
	{"half erased", `UPDATE conversations SET bin = 'marked', mark = 'erased' WHERE id = $1`, concluded1, "conversation ID is erased and something is left"},
	{"key lost", `UPDATE conversations SET wrapped_key = '' WHERE id = $1`, open1, "conversation ID has no key, and nothing says that it was erased"},
	{"never erased", `INSERT INTO erasures (conversation_id, tries, hold_id, asked_at, decision, decided_by, decided_at, reason, erased_at)
		VALUES ($1, 0, '', 0, 'erase', 'command', 1, 'r', 0)`, concluded1, "conversation ID is to be erased and nothing will do it"},
	{"nobody decides", `INSERT INTO erasures (conversation_id, tries, hold_id, asked_at, decision, decided_by, decided_at, reason, erased_at)
		VALUES ($1, 0, 'x', 1, '', '', 0, '', 0)`, concluded1, "conversation ID was asked to be erased and no hold of it is open"},
	{"record changed", `UPDATE audit SET who = 'nobody' WHERE seq = 2 AND who <> $1`, func(fixture) []any { return []any{"-"} }, "entry 2: its content"},
	{"record cut", `DELETE FROM audit WHERE seq = 3 AND who <> $1`, func(fixture) []any { return []any{"-"} }, "entry 3: it is gone: the record ends after entry 2"},
}

type fixture struct {
	open, concluded, held Entry
	turn                  string
}

func open1(f fixture) []any      { return []any{f.open.Conversation.ID} }
func concluded1(f fixture) []any { return []any{f.concluded.Conversation.ID} }
func held1(f fixture) []any      { return []any{f.held.Conversation.ID} }
func report1(f fixture) []any    { return []any{f.concluded.Effects.Report.ID} }
func referral1(f fixture) []any  { return []any{f.concluded.Effects.Referrals[0].ID} }
func hold1(f fixture) []any      { return []any{f.held.Effects.Holds[0].ID} }
func alert1(f fixture) []any     { return []any{f.concluded.Effects.Alerts[0].ID} }
func message1(f fixture) []any   { return []any{f.concluded.Effects.Messages[0].ID} }

// plant fills a ledger with one conversation of each kind and three acts.
func plant(t *testing.T, s *Store) fixture {
	t.Helper()
	var f fixture
	f.open = mustFresh(t, s, next(mustFresh(t, s, beginning(t, s, "open"))))
	f.concluded = mustFresh(t, s, concluding(t, s, beginning(t, s, "concluded"), "800001"))
	f.held = mustFresh(t, s, holding(t, s, beginning(t, s, "held"), "800002"))
	for _, what := range []string{"reveal", "accept", "reveal"} {
		apply(t, s, Effects{Audit: []audit.Entry{{Who: "desk", What: what, Subject: "800001"}}})
	}
	ids, err := words(t.Context(), s.read, "finding a turn", `SELECT id FROM turns WHERE conversation_id = $1`, f.open.Conversation.ID)
	if err != nil {
		t.Fatal(err)
	}
	f.turn = ids[0]
	return f
}

func TestCheckNamesEachFault(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		f := plant(t, s)
		sound(t, s)
		for _, seed := range seeds {
			t.Run(seed.name, func(t *testing.T) {
				// What holds rows together is looked at when a transaction is committed, and this one never is: so it can hold what a
				// restored or edited database may.
				tx, err := s.write.BeginTx(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = tx.Rollback() }() // on purpose
				if _, err := tx.ExecContext(t.Context(), seed.sql, seed.args(f)...); err != nil {
					t.Fatal(err)
				}
				faults, err := check(t.Context(), tx)
				if err != nil {
					t.Fatal(err)
				}
				id, _ := seed.args(f)[0].(string)
				want := strings.ReplaceAll(seed.want, "ID", id)
				if !slices.ContainsFunc(faults, func(f string) bool { return strings.HasPrefix(f, want) }) {
					t.Errorf("got %q, want one that begins with %q", faults, want)
				}
			})
		}
		sound(t, s)
	})
}

func TestEveryRuleOfCheckIsSeeded(t *testing.T) {
	t.Parallel()
	for _, r := range rules {
		begins, _, _ := strings.Cut(r.fault, "%s")
		tail, _, _ := strings.Cut(strings.TrimPrefix(r.fault, begins+"%s"), ",")
		if !slices.ContainsFunc(seeds, func(s seed) bool {
			return strings.HasPrefix(begins+"ID"+tail, s.want) || strings.HasPrefix(s.want, begins+"ID"+tail)
		}) {
			t.Errorf("no test seeds %q", r.fault)
		}
	}
}

func TestCountsAreWhatWasWritten(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		f := plant(t, s)
		apply(t, s, Effects{Conversations: []ConversationChange{{ID: f.open.Conversation.ID, Seq: 2, Bin: Marked, Mark: MarkInformation, Ended: true}},
			DueDone: []DueKey{{DueUnfinished, f.open.Conversation.ID}}})
		want := Counts{Turns: 4, Received: 3, Concluded: 1, Held: 1, Marked: map[string]int64{"information": 1}, Reports: 2,
			Referrals: map[string]int64{"alerting": 1}, Holds: map[string]int64{"waiting": 1}, Alerts: map[string]int64{"queued": 2},
			Messages: map[string]int64{"queued": 2}, Due: map[string]int64{DueAccepted: 1, DueHold: 1, DueSend: 2}}
		if diff := cmp.Diff(want, counts(t, s)); diff != "" {
			t.Errorf("counts (-want +got):\n%s", diff)
		}
		sound(t, s)
		if _, ok, err := s.Resume(t.Context(), "open"); ok || err != nil {
			t.Errorf("what is over can be taken up: %t, %v", ok, err)
		}
	})
}

func TestTheRecordIsInOneOrder(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		entries := make([]Entry, 40)
		for i := range entries {
			entries[i] = beginning(t, s, NewID())
			entries[i].Effects.Audit = []audit.Entry{{Who: "a", What: "b", Subject: "c"}, {At: noon.Add(time.Hour), Who: "d", What: "e", Subject: "f"}}
		}
		atOnce(t, s, entries)
		head, err := s.VerifyAudit(t.Context())
		if err != nil || head.Seq != 80 {
			t.Fatalf("the record ends at %d: %v", head.Seq, err)
		}
		list, err := s.Audit(t.Context(), 78, 10)
		if err != nil || len(list) != 2 || list[1].Who != "d" || !list[0].At.Equal(noon) || !list[1].At.Equal(noon.Add(time.Hour)) {
			t.Errorf("the last two: %v, %v", list, err)
		}
	})
}
