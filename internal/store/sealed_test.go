package store

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/internal/seal"
	"chumrok/internal/servertest"
)

// What must not be readable in a database: a number in the ways it may be written, and a story in Khmer.
const canaryStory = "គាត់វាយខ្ញុំរាល់យប់"

var canaries = []string{"12000123", "12 000 123", canaryStory, "គាត់", "canary answer", "canary state", "91234567", "village_chief", "canary reason"}

// canaryReport fills every place in which something personal is kept.
func canaryReport(t *testing.T, s *Store) Entry {
	t.Helper()
	e := concluding(t, s, beginning(t, s, "live"), "700001")
	e.Heard, e.Answer, e.State = []byte(canaryStory), []byte("canary answer"), []byte("canary state +85512000123")
	r := e.Effects.Report
	r.Story, r.More, r.PlaceTyped, r.Code = canaryStory, canaryStory, canaryStory, "91234567"
	r.ByWhom, r.Official, r.Reasons = "official", "village_chief", []string{"canary reason"}
	e.Effects.Referrals[0].Plan = referral.Plan{Why: []string{"The village_chief is named."}}
	e.Effects.Messages = append(e.Effects.Messages,
		Message{ID: NewID(), ConversationID: e.Conversation.ID, Kind: ToReporter, Number: caller(t), Text: canaryStory},
		Message{ID: NewID(), Kind: ToReply, OfficerID: "o1", Number: caller(t), Text: canaryStory})
	e.Effects.Due = append(e.Effects.Due, Due{Kind: DueSend, Subject: e.Effects.Messages[1].ID, At: noon}, Due{Kind: DueSend, Subject: e.Effects.Messages[2].ID, At: noon})
	hold := referral.Hold{ID: NewID(), ReportID: r.ID, ConversationID: e.Conversation.ID, Code: "700001", Reason: referral.NoPlace,
		State: referral.HoldTaken, Owner: "desk", Why: []string{canaryStory, "village_chief"}, StartedAt: noon}
	e.Effects.Holds = []referral.Hold{hold}
	e.Effects.Due = append(e.Effects.Due, Due{Kind: DueHold, Subject: hold.ID, At: noon})
	e.Effects.Question = &Question{PhoneIndex: s.PhoneIndex(caller(t)), Kind: "reason", Code: "700001"}
	return e
}

func TestSealedThingsOpenAgain(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, canaryReport(t, s))
		r, ok, err := s.Report(t.Context(), e.Effects.Report.ID)
		if err != nil || !ok {
			t.Fatalf("the report: found %t, %v", ok, err)
		}
		want := *e.Effects.Report
		if r.Contact.Number != want.Contact.Number || r.Story != want.Story || r.Code != want.Code || r.Risk != report.High || r.Version != 1 ||
			r.State != report.Referred || r.Reasons[0] != "canary reason" || !r.At.Equal(want.At) {
			t.Error("the report is not what was written")
		}
		if byCode, ok, err := s.ReportByCode(t.Context(), "91234567"); err != nil || !ok || byCode.ID != r.ID {
			t.Errorf("by the reporter's code: found %t, %v", ok, err)
		}
		for i, m := range e.Effects.Messages {
			got, ok, err := s.Message(t.Context(), m.ID)
			if err != nil || !ok || got.Text != m.Text || got.Number != m.Number || got.State != Queued {
				t.Errorf("message %d: found %t, %v", i, ok, err)
			}
		}
		ref, ok, err := s.ReferralByCode(t.Context(), "700001")
		e.Effects.Referrals[0].Version = 1
		if diff := cmp.Diff(e.Effects.Referrals[0], ref); diff != "" || !ok || err != nil {
			t.Errorf("the referral: found %t, %v (-want +got):\n%s", ok, err, diff)
		}
		hold, ok, err := s.HoldByCode(t.Context(), "700001")
		e.Effects.Holds[0].Version = 1
		if diff := cmp.Diff(e.Effects.Holds[0], hold); diff != "" || !ok || err != nil {
			t.Errorf("the hold: found %t, %v (-want +got):\n%s", ok, err, diff)
		}
		sound(t, s)
	})
}

func TestNothingPersonalIsInTheDatabase(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "chumrok.db")
		s := opened(t, "sqlite:"+path, keyring(t))
		e := mustFresh(t, s, canaryReport(t, s))
		for _, suffix := range []string{"", "-wal", "-shm"} {
			body, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			lookForCanaries(t, "file"+suffix, body)
			if suffix == "-wal" && !bytes.Contains(body, []byte(e.Conversation.ID)) {
				t.Error("the log does not hold the turn at all: this test looks at the wrong bytes")
			}
		}
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		s := opened(t, servertest.Postgres(t), keyring(t))
		e := mustFresh(t, s, canaryReport(t, s))
		all := dump(t, s)
		lookForCanaries(t, "dump", all)
		if !bytes.Contains(all, []byte(e.Conversation.ID)) {
			t.Error("the dump does not hold the turn at all: this test looks at the wrong bytes")
		}
	})
}

func lookForCanaries(t *testing.T, where string, body []byte) {
	t.Helper()
	for _, c := range canaries {
		if bytes.Contains(body, []byte(c)) || bytes.Contains(body, []byte(hex.EncodeToString([]byte(c)))) {
			t.Errorf("%s: holds %q", where, c)
		}
	}
}

// dump is every column of every row of every table, text as it is and bytes as they are.
func dump(t *testing.T, s *Store) []byte {
	t.Helper()
	tables, err := words(t.Context(), s.read, "listing tables", `SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1`)
	if err != nil || len(tables) < 14 {
		t.Fatalf("%d tables, %v", len(tables), err)
	}
	var all bytes.Buffer
	for _, table := range tables {
		found, err := s.read.QueryContext(t.Context(), `SELECT * FROM `+table)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := found.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for found.Next() {
			row := make([]any, len(columns))
			for i := range row {
				row[i] = new(any)
			}
			if err := found.Scan(row...); err != nil {
				t.Fatal(err)
			}
			for _, v := range row {
				if b, ok := (*v.(*any)).([]byte); ok {
					all.Write(b)
				} else {
					fmt.Fprint(&all, *v.(*any))
				}
				all.WriteByte('\n')
			}
		}
		if err := found.Err(); err != nil {
			t.Fatal(err)
		}
		if err := found.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return all.Bytes()
}

func TestSealedBytesThatWereMovedDoNotOpen(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		a := mustFresh(t, s, beginning(t, s, "a"))
		mustFresh(t, s, next(a))
		b := mustFresh(t, s, concluding(t, s, beginning(t, s, "b"), "710001"))
		c := mustFresh(t, s, concluding(t, s, beginning(t, s, "c"), "710002"))
		for name, move := range map[string]struct {
			sql  string
			args []any
			read func() error
		}{
			"a turn's answer to another turn": {`UPDATE turns SET answer = (SELECT answer FROM turns WHERE conversation_id = $1 AND seq = 1)
				WHERE conversation_id = $1 AND seq = 2`, []any{a.Conversation.ID},
				func() error { _, err := s.Turns(t.Context(), a.Conversation.ID); return err }},
			"a turn's heard to its answer": {`UPDATE turns SET answer = heard WHERE conversation_id = $1`, []any{c.Conversation.ID},
				func() error { _, err := s.Record(t.Context(), c); return err }},
			"a report to another report": {`UPDATE reports SET details = (SELECT details FROM reports WHERE id = $1) WHERE id = $2`,
				[]any{b.Effects.Report.ID, c.Effects.Report.ID},
				func() error { _, _, err := s.Report(t.Context(), c.Effects.Report.ID); return err }},
			"a key to another conversation": {`UPDATE conversations SET wrapped_key = (SELECT wrapped_key FROM conversations WHERE id = $1) WHERE id = $2`,
				[]any{a.Conversation.ID, b.Conversation.ID},
				func() error { _, _, err := s.Conversation(t.Context(), b.Conversation.ID); return err }},
		} {
			if _, err := s.write.ExecContext(t.Context(), move.sql, move.args...); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := move.read(); !errors.Is(err, seal.ErrOpen) || strings.Contains(err.Error(), "answer 1") {
				t.Errorf("%s: %v, want seal.ErrOpen", name, err)
			}
		}
	})
}
