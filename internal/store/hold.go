package store

import (
	"context"
	"database/sql"
	"time"

	"chumrok/internal/referral"
)

// writeHold is false when the stored version is another one, or the code is another matter's.
func writeHold(ctx context.Context, tx *sql.Tx, at time.Time, h referral.Hold, sealed []byte) (bool, error) {
	if h.StartedAt.IsZero() {
		h.StartedAt = at
	}
	closed := int64(0)
	if h.State == referral.HoldReleased {
		closed = millis(at)
	}
	if h.Version > 0 {
		done, err := set(ctx, tx, "changing a hold", `UPDATE holds SET version = version + 1, state = $3, risk = $4, owner = $5,
			closed_at = CASE WHEN closed_at > 0 AND CAST($6 AS BIGINT) > 0 THEN closed_at ELSE $6 END, body = $7 WHERE id = $1 AND version = $2 RETURNING id`,
			h.ID, h.Version, string(h.State), h.Risk.String(), h.Owner, closed, sealed)
		return len(done) == 1, err
	}
	if ok, err := takeCode(ctx, tx, at, h.Code, h.ConversationID); err != nil || !ok {
		return false, err
	}
	done, err := set(ctx, tx, "writing a hold", `INSERT INTO holds (id, report_id, conversation_id, code, version, state, risk, owner, started_at,
		closed_at, body) VALUES `+list(11)+` ON CONFLICT DO NOTHING RETURNING id`,
		h.ID, h.ReportID, h.ConversationID, h.Code, 1, string(h.State), h.Risk.String(), h.Owner, millis(h.StartedAt), closed, sealed)
	return len(done) == 1, err
}

// Hold is the hold with this id; the error wraps ErrPast where it is past its time.
func (s *Store) Hold(ctx context.Context, id string) (referral.Hold, bool, error) {
	h, found, err := first(s.holds(ctx, `x.id = $1`, `x.id`, id))
	if err == nil && !found {
		err = s.pastMatter(ctx, "holds", id)
	}
	return h, found, err
}

// HoldByCode is the hold that has this code now.
func (s *Store) HoldByCode(ctx context.Context, code string) (referral.Hold, bool, error) {
	return first(s.holds(ctx, `x.code = $1`, `x.started_at DESC, x.id DESC`, code))
}

// OpenHolds lists what waits at the desk or was taken there and is not decided, the oldest first.
func (s *Store) OpenHolds(ctx context.Context) ([]referral.Hold, error) {
	return s.holds(ctx, `x.closed_at = 0`, `x.started_at, x.id`)
}

// HoldsOf lists the holds of a conversation, the oldest first.
func (s *Store) HoldsOf(ctx context.Context, conversation string) ([]referral.Hold, error) {
	return s.holds(ctx, `x.conversation_id = $1`, `x.started_at, x.id`, conversation)
}

func (s *Store) holds(ctx context.Context, where, order string, args ...any) ([]referral.Hold, error) {
	return query(ctx, s.read, "reading holds", func(scan scanner) (h referral.Hold, err error) {
		version, err := s.scanBody(scan, "holds", &h)
		h.Version = version
		return h, err
	}, `SELECT x.id, x.conversation_id, x.version, x.body, c.wrapped_key FROM holds x JOIN conversations c ON c.id = x.conversation_id
		WHERE c.emptied_at = 0 AND (`+where+`) ORDER BY `+order, args...)
}
