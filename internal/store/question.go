package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Question is what was last asked of a phone, so that a bare digit is understood.
type Question struct {
	PhoneIndex string
	Kind       string
	Code       string
	AskedAt    time.Time // zero = the entry's time
}

func ask(ctx context.Context, tx *sql.Tx, at time.Time, q Question) error {
	if q.AskedAt.IsZero() {
		q.AskedAt = at
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO questions (phone_index, kind, code, asked_at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (phone_index) DO UPDATE SET kind = excluded.kind, code = excluded.code, asked_at = excluded.asked_at`,
		q.PhoneIndex, q.Kind, q.Code, millis(q.AskedAt))
	if err != nil {
		return fmt.Errorf("asking a phone: %w", err)
	}
	return nil
}

func unask(ctx context.Context, tx *sql.Tx, phoneIndex string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM questions WHERE phone_index = $1`, phoneIndex); err != nil {
		return fmt.Errorf("closing a question: %w", err)
	}
	return nil
}

// Question is the question that waits for an answer of the phone with this index. It is gone once another alert went to that phone;
// how long it counts is the caller's to say, by AskedAt.
func (s *Store) Question(ctx context.Context, phoneIndex string) (Question, bool, error) {
	list, err := query(ctx, s.read, "reading a question", func(scan scanner) (q Question, err error) {
		var asked int64
		err = scan(&q.PhoneIndex, &q.Kind, &q.Code, &asked)
		q.AskedAt = instant(asked)
		return q, err
	}, `SELECT phone_index, kind, code, asked_at FROM questions WHERE phone_index = $1`, phoneIndex)
	if err != nil || len(list) == 0 {
		return Question{}, false, err
	}
	return list[0], true, nil
}
