package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"chumrok/internal/audit"
)

// ClockMark is the latest time that a gateway on this ledger has reached.
type ClockMark struct {
	At     time.Time // zero = none yet
	Jumped time.Time // when a clock that was far ahead was last believed; zero = never
}

// ClockMark reads the mark.
func (s *Store) ClockMark(ctx context.Context) (ClockMark, error) {
	m, err := query(ctx, s.read, "reading the clock's mark", scanMark, `SELECT mark, jumped_at FROM clock WHERE one = 1`)
	if err != nil || len(m) == 0 {
		return ClockMark{}, err
	}
	return m[0], nil
}

// RaiseClock moves the mark on to what was reached, never back, and returns where it stands: another gateway may be further.
func (s *Store) RaiseClock(ctx context.Context, reached ClockMark) (ClockMark, error) {
	var stands ClockMark
	err := s.retry(ctx, func(ctx context.Context) error {
		m, err := query(ctx, s.write, "raising the clock's mark", scanMark, `UPDATE clock SET mark = CASE WHEN mark < $1 THEN $1 ELSE mark END,
			jumped_at = CASE WHEN jumped_at < $2 THEN $2 ELSE jumped_at END WHERE one = 1 RETURNING mark, jumped_at`, millis(reached.At), millis(reached.Jumped))
		if err == nil && len(m) != 1 {
			err = errors.New("raising the clock's mark: its row is gone")
		}
		if err == nil {
			stands = m[0]
		}
		return err
	})
	return stands, err
}

// ResetClock sets the mark to at, also back, and puts it on record as the act of by, for the reason given. A gateway that runs raises it again.
func (s *Store) ResetClock(ctx context.Context, at time.Time, by, reason string) error {
	return s.act(ctx, "resetting the clock's mark", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		if by == "" || reason == "" {
			return nil, errors.New("it needs somebody who says so, and a reason")
		}
		_, err := tx.ExecContext(ctx, `UPDATE clock SET mark = $1, jumped_at = 0 WHERE one = 1`, millis(at))
		if err != nil {
			return nil, fmt.Errorf("writing the mark: %w", err)
		}
		// A key that was taken into use at a time that has not come would be used until its month is over.
		if _, err := tx.ExecContext(ctx, `UPDATE epochs SET used_at = 0, retired_at = $1 WHERE used_at > $1`, millis(at)); err != nil {
			return nil, fmt.Errorf("taking keys of months to come out of use: %w", err)
		}
		return []audit.Entry{{At: at, Who: by, What: "clock reset", Subject: "clock", Reason: reason}}, nil
	})
}

func scanMark(scan scanner) (ClockMark, error) {
	var at, jumped int64
	err := scan(&at, &jumped)
	return ClockMark{At: instant(at), Jumped: instant(jumped)}, err
}
