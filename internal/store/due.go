package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"
)

// The kinds of due work that Check knows; a gateway may have more.
const (
	DueSend       = "send"       // subject: a message id; Check wants one for each message that is queued
	DueAccepted   = "accepted"   // subject: a referral id; the accepted clock, wanted while it is alerting
	DueSeen       = "seen"       // subject: a referral id; the seen clock, wanted while it is accepted
	DueOutcome    = "outcome"    // subject: a referral id; the outcome clock, wanted while it is accepted or seen
	DueReview     = "review"     // subject: a referral id; the review clock, wanted while it is in review
	DueRemind     = "remind"     // subject: a referral id; somebody is reminded before one of the clocks runs out
	DueHold       = "hold"       // subject: a hold id; wanted while it waits
	DueUnfinished = "unfinished" // subject: a conversation id; wanted while it is open
)

// Due is one piece of work at a time: a send or a clock. Kind and Subject are ids and words, never anything personal.
type Due struct {
	Kind     string
	Subject  string
	At       time.Time
	Urgency  int // higher is claimed first
	Attempts int // how often it was claimed since it was written or moved, this time included

	id, lease string // which writing of it, and which claim
}

// Key is what the work is known by.
func (d Due) Key() DueKey { return DueKey{d.Kind, d.Subject} }

// DueKey names due work: there is at most one of a kind for a subject.
type DueKey struct{ Kind, Subject string }

func (k DueKey) compare(o DueKey) int {
	if c := strings.Compare(k.Kind, o.Kind); c != 0 {
		return c
	}
	return strings.Compare(k.Subject, o.Subject)
}

// upsertDue writes due work, the last of the same key counting, in the order of its keys so that two groups never wait crosswise.
func upsertDue(ctx context.Context, tx *sql.Tx, list []Due) error {
	if len(list) == 0 {
		return nil
	}
	last := make(map[DueKey]Due, len(list))
	for _, d := range list {
		last[d.Key()] = d
	}
	keys := make([]DueKey, 0, len(last))
	for k := range last {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, DueKey.compare)
	args := make([]any, 0, len(keys)*9)
	for _, k := range keys {
		d := last[k]
		args = append(args, NewID(), d.Kind, d.Subject, millis(d.At), d.Urgency, 0, "", "", 0)
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO due (id, kind, subject, at, urgency, attempts, lease_id, lease_by, lease_until) VALUES `+
		rows(len(keys), 9)+` ON CONFLICT (kind, subject) DO UPDATE SET id = excluded.id, at = excluded.at, urgency = excluded.urgency,
		attempts = 0, lease_id = '', lease_by = '', lease_until = 0`, args...)
	if err != nil {
		return fmt.Errorf("writing due work: %w", err)
	}
	return nil
}

func finishDue(ctx context.Context, tx execer, d Due) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM due WHERE id = $1`, d.id); err != nil {
		return fmt.Errorf("finishing due work: %w", err)
	}
	return nil
}

// dropDue removes due work by its keys, whoever holds it.
func dropDue(ctx context.Context, tx *sql.Tx, keys []DueKey) error {
	if len(keys) == 0 {
		return nil
	}
	keys = slices.Clone(keys)
	slices.SortFunc(keys, DueKey.compare)
	args := make([]any, 0, len(keys)*2)
	for _, k := range keys {
		args = append(args, k.Kind, k.Subject)
	}
	if _, err := tx.ExecContext(ctx, `DELETE FROM due WHERE (kind, subject) IN (VALUES `+rows(len(keys), 2)+`)`, args...); err != nil {
		return fmt.Errorf("removing due work: %w", err)
	}
	return nil
}

// Claim takes up to limit pieces of work that are due at now and that nobody holds, the most urgent first and then the longest due, for
// the length of lease. Two claimers never hold the same one; when a lease runs out its work is claimed again.
func (s *Store) Claim(ctx context.Context, now time.Time, by string, lease time.Duration, limit int) ([]Due, error) {
	var claimed []Due
	err := s.retry(ctx, func(ctx context.Context) error {
		var waiting int
		err := s.read.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM due WHERE at <= $1 AND lease_until <= $1 LIMIT 1) AS one`,
			millis(now)).Scan(&waiting)
		if err != nil || waiting == 0 {
			return err
		}
		// The outer conditions look needless: they are checked again on a row that another claimer held while this one waited for it.
		claimed, err = query(ctx, s.write, "claiming due work", func(scan scanner) (d Due, err error) {
			var at int64
			err = scan(&d.id, &d.lease, &d.Kind, &d.Subject, &at, &d.Urgency, &d.Attempts)
			d.At = instant(at)
			return d, err
		}, `UPDATE due SET lease_id = $1, lease_by = $2, lease_until = $3, attempts = attempts + 1
			WHERE at <= $4 AND lease_until <= $4 AND id IN (
				SELECT id FROM due WHERE at <= $4 AND lease_until <= $4 ORDER BY urgency DESC, at, id LIMIT $5)
			RETURNING id, lease_id, kind, subject, at, urgency, attempts`,
			NewID(), by, millis(now.Add(lease)), millis(now), limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claiming due work: %w", err)
	}
	slices.SortFunc(claimed, func(a, b Due) int {
		if a.Urgency != b.Urgency {
			return b.Urgency - a.Urgency
		}
		if c := a.At.Compare(b.At); c != 0 {
			return c
		}
		return a.Key().compare(b.Key())
	})
	return claimed, nil
}

// Finish removes claimed work that is done, unless it was written again since the claim.
func (s *Store) Finish(ctx context.Context, d Due) error {
	return s.retry(ctx, func(ctx context.Context) error { return finishDue(ctx, s.write, d) })
}

// Retry gives claimed work back, due at a later time; its attempts stay counted. It changes nothing when the work was written again or
// claimed by another since.
func (s *Store) Retry(ctx context.Context, d Due, at time.Time) error {
	return s.retry(ctx, func(ctx context.Context) error {
		_, err := s.write.ExecContext(ctx, `UPDATE due SET at = $3, lease_id = '', lease_by = '', lease_until = 0
			WHERE id = $1 AND lease_id = $2`, d.id, d.lease, millis(at))
		if err != nil {
			return fmt.Errorf("giving due work back: %w", err)
		}
		return nil
	})
}

// Postpone is Retry for work that could not be begun: it does not count as an attempt.
func (s *Store) Postpone(ctx context.Context, d Due, at time.Time) error {
	return s.retry(ctx, func(ctx context.Context) error {
		_, err := s.write.ExecContext(ctx, `UPDATE due SET at = $3, attempts = attempts - 1, lease_id = '', lease_by = '', lease_until = 0
			WHERE id = $1 AND lease_id = $2`, d.id, d.lease, millis(at))
		if err != nil {
			return fmt.Errorf("postponing due work: %w", err)
		}
		return nil
	})
}

// NextDue is the earliest time at which anything that nobody holds is due, and false when there is none.
func (s *Store) NextDue(ctx context.Context) (time.Time, bool, error) {
	var at sql.NullInt64
	if err := s.read.QueryRowContext(ctx, `SELECT min(CASE WHEN lease_until > at THEN lease_until ELSE at END) FROM due`).Scan(&at); err != nil {
		return time.Time{}, false, fmt.Errorf("reading the next due work: %w", err)
	}
	return instant(at.Int64), at.Valid, nil
}

// DueOf is the work that a subject waits for, by kind and without claiming it: for showing when a clock runs out.
func (s *Store) DueOf(ctx context.Context, subject string) ([]Due, error) {
	return query(ctx, s.read, "reading due work", func(scan scanner) (d Due, err error) {
		var at int64
		err = scan(&d.id, &d.Kind, &d.Subject, &at, &d.Urgency, &d.Attempts)
		d.At = instant(at)
		return d, err
	}, `SELECT id, kind, subject, at, urgency, attempts FROM due WHERE subject = $1 ORDER BY kind`, subject)
}

// ReleaseLeases gives back everything that a holder of this name holds. A gateway calls it when it starts, with the name it had before it
// was killed: what it was doing is due again at once, and not when its leases run out.
func (s *Store) ReleaseLeases(ctx context.Context, by string) error {
	return s.retry(ctx, func(ctx context.Context) error {
		_, err := s.write.ExecContext(ctx, `UPDATE due SET lease_id = '', lease_by = '', lease_until = 0 WHERE lease_by = $1`, by)
		if err != nil {
			return fmt.Errorf("giving leases back: %w", err)
		}
		return nil
	})
}
