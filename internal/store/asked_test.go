package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/referral"
	"chumrok/internal/report"
)

// TestAsked: a code is found with how its matters stand; a code that is nobody's finds nothing and no error.
func TestAsked(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := concluding(t, s, beginning(t, s, "live"), "482131")
		if _, err := s.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		ref := e.Effects.Referrals[0]
		asks := func(code string, want Asked) {
			t.Helper()
			got, err := s.Asked(t.Context(), code)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		apply := func(change Effects) {
			t.Helper()
			if kind, err := s.Apply(t.Context(), noon, change); err != nil || kind != Fresh {
				t.Fatalf("%v, %v", kind, err)
			}
		}
		theirs := s.PhoneIndex(caller(t))
		asks("9482131", Asked{Known: true, PhoneIndex: theirs, Waiting: 1})
		for _, wrong := range []string{"9482132", "482131", "", "nothing"} {
			asks(wrong, Asked{})
		}

		hold := referral.Hold{ID: NewID(), ReportID: ref.ReportID, ConversationID: ref.ConversationID, Code: "482132", State: referral.HoldWaiting,
			Reason: referral.WrongCommune, Risk: report.High, Due: noon}
		ref.State, ref.Owner, ref.Version = referral.Accepted, "o1", 1
		apply(Effects{Referrals: []referral.Referral{ref}, Holds: []referral.Hold{hold},
			Due: []Due{{Kind: DueHold, Subject: hold.ID, At: noon}}})
		asks("9482131", Asked{Known: true, PhoneIndex: theirs, Working: 1, Waiting: 1})

		ref.State, ref.ClosedAt, ref.Version = referral.Closed, noon.Add(time.Minute), 2
		hold.State, hold.Version = referral.HoldReleased, 1
		apply(Effects{Referrals: []referral.Referral{ref}, Holds: []referral.Hold{hold}})
		asks("9482131", Asked{Known: true, PhoneIndex: theirs, ClosedAt: noon.Add(time.Minute)})
	})
}

// TestOwned: what an officer took is found by the officer, whatever phone was alerted, until it is closed.
func TestOwned(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := concluding(t, s, beginning(t, s, "live"), "482131")
		if _, err := s.Record(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		owned := func(want int, officers ...string) {
			t.Helper()
			got, err := s.Owned(t.Context(), officers...)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != want || want == 1 && (got[0].Code != "482131" || got[0].OfficerID != "o1" || got[0].ReferralID == "") {
				t.Errorf("%v have taken %+v, not %d", officers, got, want)
			}
		}
		owned(0)
		owned(0, "o1", "o2")
		ref := e.Effects.Referrals[0]
		for _, step := range []struct {
			state referral.State
			want  int
		}{{referral.Accepted, 1}, {referral.Closed, 0}} {
			ref.State, ref.Owner = step.state, "o1"
			ref.Version++
			if _, err := s.Apply(t.Context(), noon, Effects{Referrals: []referral.Referral{ref}}); err != nil {
				t.Fatal(err)
			}
			owned(step.want, "o2", "o1")
			owned(0, "o2")
		}
	})
}

// counting is a connector whose connections count the statements that go to the database.
type counting struct {
	driver driver.Driver
	name   string
	n      *atomic.Int64
}

func (c counting) Driver() driver.Driver { return c.driver }
func (c counting) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.driver.Open(c.name)
	return countingConn{conn, c.n}, err
}

type countingConn struct {
	driver.Conn
	n *atomic.Int64
}

// QueryContext counts and passes on; a connection without ExecContext makes database/sql prepare everything else.
func (c countingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.n.Add(1)
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, query, args) //nolint:forcetypeassert // the driver's do
}

// Prepare counts and passes on.
func (c countingConn) Prepare(query string) (driver.Stmt, error) {
	c.n.Add(1)
	return c.Conn.Prepare(query)
}

// TestAskedIsOneStatement: a code that is somebody's and one that is nobody's are one statement each, and nothing is opened for either.
func TestAskedIsOneStatement(t *testing.T) {
	t.Parallel()
	url := "sqlite:" + t.TempDir() + "/chumrok.db"
	s := opened(t, url, keyring(t))
	if _, err := s.Record(t.Context(), concluding(t, s, beginning(t, s, "live"), "482131")); err != nil {
		t.Fatal(err)
	}
	var n atomic.Int64
	read := s.read
	db := sql.OpenDB(counting{read.Driver(), strings.TrimPrefix(url, "sqlite:"), &n})
	s.read = db
	t.Cleanup(func() {
		s.read = read
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, code := range []string{"9482131", "9482132", "", "12345678"} {
		before := n.Load()
		a, err := s.Asked(t.Context(), code)
		if err != nil || a.Known != (code == "9482131") {
			t.Fatalf("%q: %+v, %v", code, a, err)
		}
		if done := n.Load() - before; done != 1 {
			t.Errorf("the code %q is %d statements", code, done)
		}
	}
}
