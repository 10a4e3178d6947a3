package store

import (
	"context"
	"database/sql"
	"fmt"
)

// Counts is what the ledger holds at one moment. Its JSON is what `ledger --json` prints.
type Counts struct {
	Turns     int64            `json:"turns"`
	Received  int64            `json:"received"` // conversations
	Open      int64            `json:"open"`
	Concluded int64            `json:"concluded"`
	Held      int64            `json:"held"`
	Marked    map[string]int64 `json:"marked"` // by kind
	Reports   int64            `json:"reports"`
	Referrals map[string]int64 `json:"referrals"` // by state
	Holds     map[string]int64 `json:"holds"`     // by state
	Alerts    map[string]int64 `json:"alerts"`    // by state
	Messages  map[string]int64 `json:"messages"`  // by state
	Due       map[string]int64 `json:"due"`       // by kind
}

// snapshot begins a transaction that only reads and sees one moment.
func (s *Store) snapshot(ctx context.Context) (*sql.Tx, error) {
	var opts *sql.TxOptions // SQLite: every reading transaction sees one moment
	if s.dialect == onPostgres {
		opts = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := s.read.BeginTx(ctx, opts)
	if err != nil {
		return nil, fmt.Errorf("beginning to read: %w", err)
	}
	return tx, nil
}

// Counts counts everything at one moment.
func (s *Store) Counts(ctx context.Context) (Counts, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return Counts{}, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return count(ctx, tx)
}

func count(ctx context.Context, tx *sql.Tx) (Counts, error) {
	c := Counts{Marked: map[string]int64{}, Referrals: map[string]int64{}, Holds: map[string]int64{}, Alerts: map[string]int64{},
		Messages: map[string]int64{}, Due: map[string]int64{}}
	type line struct {
		what, kind string
		n          int64
	}
	lines, err := query(ctx, tx, "counting", func(scan scanner) (l line, err error) {
		err = scan(&l.what, &l.kind, &l.n)
		return l, err
	}, `SELECT 'turns', '', count(*) FROM turns
		UNION ALL SELECT 'received', '', count(*) FROM conversations
		UNION ALL SELECT bin, mark, count(*) FROM conversations GROUP BY bin, mark
		UNION ALL SELECT 'reports', '', count(*) FROM reports
		UNION ALL SELECT 'referrals', state, count(*) FROM referrals GROUP BY state
		UNION ALL SELECT 'holds', state, count(*) FROM holds GROUP BY state
		UNION ALL SELECT 'alerts', state, count(*) FROM alerts GROUP BY state
		UNION ALL SELECT 'messages', state, count(*) FROM messages GROUP BY state
		UNION ALL SELECT 'due', kind, count(*) FROM due GROUP BY kind`)
	for _, l := range lines {
		switch l.what {
		case "turns":
			c.Turns = l.n
		case "received":
			c.Received = l.n
		case "reports":
			c.Reports = l.n
		case "referrals":
			c.Referrals[l.kind] = l.n
		case "holds":
			c.Holds[l.kind] = l.n
		case "alerts":
			c.Alerts[l.kind] = l.n
		case "messages":
			c.Messages[l.kind] = l.n
		case "due":
			c.Due[l.kind] = l.n
		case string(StillOpen):
			c.Open += l.n
		case string(Concluded):
			c.Concluded += l.n
		case string(Held):
			c.Held += l.n
		case string(Marked):
			c.Marked[l.kind] += l.n
		}
	}
	return c, err
}
