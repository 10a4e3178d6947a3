package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"chumrok/internal/referral"
	"chumrok/internal/seal"
)

// writeReferral is false when the stored version is another one, or the code is another matter's.
func writeReferral(ctx context.Context, tx *sql.Tx, at time.Time, r referral.Referral, sealed []byte) (bool, error) {
	if r.StartedAt.IsZero() {
		r.StartedAt = at
	}
	closed := millis(r.ClosedAt)
	if !r.State.Open() && closed == 0 {
		closed = millis(at)
	}
	if r.Version > 0 {
		done, err := set(ctx, tx, "changing a referral", `UPDATE referrals SET version = version + 1, state = $3, risk = $4, area_code = $5,
			owner = $6, closed_at = $7, body = $8, accepted_at = $9, seen_at = $10 WHERE id = $1 AND version = $2 RETURNING id`,
			r.ID, r.Version, string(r.State), r.Risk.String(), r.AreaCode, r.Owner, closed, sealed, millis(r.AcceptedAt), millis(r.SeenAt))
		return len(done) == 1, err
	}
	if ok, err := takeCode(ctx, tx, at, r.Code, r.ConversationID); err != nil || !ok {
		return false, err
	}
	done, err := set(ctx, tx, "writing a referral", `INSERT INTO referrals (id, report_id, conversation_id, code, version, state, risk, area_code,
		owner, started_at, closed_at, body, accepted_at, seen_at) VALUES `+list(14)+` ON CONFLICT DO NOTHING RETURNING id`,
		r.ID, r.ReportID, r.ConversationID, r.Code, 1, string(r.State), r.Risk.String(), r.AreaCode, r.Owner, millis(r.StartedAt), closed, sealed,
		millis(r.AcceptedAt), millis(r.SeenAt))
	return len(done) == 1, err
}

// takeCode makes a code that of a conversation; false when another conversation's open or lately closed matter has it.
func takeCode(ctx context.Context, tx *sql.Tx, at time.Time, code, conversation string) (bool, error) {
	taken, err := words(ctx, tx, "taking a code", `INSERT INTO codes (code, conversation_id) VALUES ($1, $2)
		ON CONFLICT (code) DO UPDATE SET conversation_id = excluded.conversation_id
		WHERE codes.conversation_id = excluded.conversation_id OR (
			NOT EXISTS (SELECT 1 FROM referrals r WHERE r.code = codes.code AND (r.closed_at = 0 OR r.closed_at > $3)) AND
			NOT EXISTS (SELECT 1 FROM holds h WHERE h.code = codes.code AND (h.closed_at = 0 OR h.closed_at > $3)))
		RETURNING code`, code, conversation, millis(at.Add(-CodeKept)))
	return len(taken) == 1, err
}

// CodeFree says whether a code may be given: to a referral or a hold when none that is open or was closed within CodeKept before now has
// it, to a reporter when no report has it.
func (s *Store) CodeFree(ctx context.Context, code string, now time.Time) (bool, error) {
	taken, err := words(ctx, s.read, "looking for a code", `SELECT code FROM referrals WHERE code = $1 AND (closed_at = 0 OR closed_at > $2)
		UNION ALL SELECT code FROM holds WHERE code = $1 AND (closed_at = 0 OR closed_at > $2)
		UNION ALL SELECT code FROM drills WHERE code = $1 AND ends_at > $2
		UNION ALL SELECT reporter_code FROM reports WHERE reporter_code = $3`,
		code, millis(now.Add(-CodeKept)), s.keys.Blind(reporterCodeKind, code))
	return err == nil && len(taken) == 0, err
}

// Referral is the referral with this id; the error wraps ErrPast where it is past its time.
func (s *Store) Referral(ctx context.Context, id string) (referral.Referral, bool, error) {
	r, found, err := first(s.referrals(ctx, `x.id = $1`, `x.id`, id))
	if err == nil && !found {
		err = s.pastMatter(ctx, "referrals", id)
	}
	return r, found, err
}

// ReferralByCode is the referral that has this code now: the one started last when the code had been another's before.
func (s *Store) ReferralByCode(ctx context.Context, code string) (referral.Referral, bool, error) {
	return first(s.referrals(ctx, `x.code = $1`, `x.started_at DESC, x.id DESC`, code))
}

// OpenReferrals lists the referrals that are not closed, the oldest first.
func (s *Store) OpenReferrals(ctx context.Context) ([]referral.Referral, error) {
	return s.referrals(ctx, `x.closed_at = 0`, `x.started_at, x.id`)
}

// ReferralsOf lists the referrals of a conversation's report, the oldest first.
func (s *Store) ReferralsOf(ctx context.Context, conversation string) ([]referral.Referral, error) {
	return s.referrals(ctx, `x.conversation_id = $1`, `x.started_at, x.id`, conversation)
}

func (s *Store) referrals(ctx context.Context, where, order string, args ...any) ([]referral.Referral, error) {
	return query(ctx, s.read, "reading referrals", func(scan scanner) (r referral.Referral, err error) {
		version, err := s.scanBody(scan, "referrals", &r)
		r.Version = version
		return r, err
	}, `SELECT x.id, x.conversation_id, x.version, x.body, c.wrapped_key FROM referrals x JOIN conversations c ON c.id = x.conversation_id
		WHERE c.emptied_at = 0 AND (`+where+`) ORDER BY `+order, args...)
}

// scanBody reads id, conversation, version, body and wrapped key, and opens the body into v.
func (s *Store) scanBody(scan scanner, table string, v any) (version int, err error) {
	var id, conversation string
	var sealed, wrapped []byte
	if err := scan(&id, &conversation, &version, &sealed, &wrapped); err != nil {
		return 0, err
	}
	key, err := s.unwrap(conversation, seal.Wrapped(wrapped))
	if err == nil {
		sealed, err = open(key, table, "body", id, sealed)
	}
	if err == nil {
		err = json.Unmarshal(sealed, v)
	}
	if err != nil {
		return 0, fmt.Errorf("opening %s %s: %w", table, id, err)
	}
	return version, nil
}

func first[T any](list []T, err error) (T, bool, error) {
	if err != nil || len(list) == 0 {
		var none T
		return none, false, err
	}
	return list[0], true, nil
}
