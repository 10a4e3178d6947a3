package store

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"
)

// DueDigest is the due work that sends a phone one message about all that waits for it; its subject is the phone's index.
const DueDigest = "digest"

// Digested gives messages to one that carries them: each goes where that one goes, and is not sent itself. What was sent in the meantime is
// left as it is.
type Digested struct {
	Into     string
	Messages []string
}

func writeDigested(ctx context.Context, tx *sql.Tx, d Digested) error {
	for _, id := range d.Messages {
		_, err := tx.ExecContext(ctx, `UPDATE messages SET digest_id = $2, why = 'It was told in one message with others.' WHERE id = $1 AND digest_id = '' AND state = 'queued'`, id, d.Into)
		if err == nil {
			_, err = tx.ExecContext(ctx, `DELETE FROM due WHERE kind = '`+DueSend+`' AND subject = $1
				AND EXISTS (SELECT 1 FROM messages WHERE id = $1 AND digest_id <> '')`, id)
		}
		if err != nil {
			return fmt.Errorf("giving a message to a digest: %w", err)
		}
	}
	return nil
}

// toOfficers are the kinds of messages that reach an officer unasked.
const toOfficers = `('alert','inform','digest')`

// Reached counts the messages that went to officers since a time, unasked and each by itself: what a phone had to bear.
func (s *Store) Reached(ctx context.Context, officers []string, since time.Time) (int, error) {
	n, err := query(ctx, s.read, "counting what reached a phone", func(scan scanner) (n int, err error) {
		err = scan(&n)
		return n, err
	}, `SELECT count(*) FROM messages WHERE officer_id IN `+list(len(officers))+` AND kind IN `+toOfficers+` AND digest_id = ''
		AND handed_at > $`+strconv.Itoa(len(officers)+1), append(anys(officers), millis(since))...)
	if err != nil || len(n) == 0 {
		return 0, err
	}
	return n[0], nil
}

// Waiting lists the messages to officers that wait, less urgent than that and sent by nobody at this moment, the most urgent first.
func (s *Store) Waiting(ctx context.Context, officers []string, now time.Time, urgency int) ([]string, error) {
	n := len(officers)
	return words(ctx, s.read, "reading what waits for a phone", `SELECT m.id FROM messages m JOIN due d ON d.kind = '`+DueSend+`' AND d.subject = m.id
		WHERE m.officer_id IN `+list(n)+` AND m.kind IN ('alert','inform') AND m.state = 'queued' AND m.digest_id = ''
		AND d.lease_until <= $`+strconv.Itoa(n+1)+` AND d.urgency < $`+strconv.Itoa(n+2)+` ORDER BY d.urgency DESC, m.created_at, m.id`,
		append(anys(officers), millis(now), urgency)...)
}

// LastDigest is the digest that was made last for officers: its id, when, and whether it still waits to be sent.
func (s *Store) LastDigest(ctx context.Context, officers []string) (id string, at time.Time, waits bool, err error) {
	type last struct {
		id, state string
		at        int64
	}
	found, err := query(ctx, s.read, "reading the last digest", func(scan scanner) (l last, err error) {
		err = scan(&l.id, &l.state, &l.at)
		return l, err
	}, `SELECT id, state, created_at FROM messages WHERE officer_id IN `+list(len(officers))+` AND kind = 'digest' ORDER BY created_at DESC, id DESC LIMIT 1`,
		anys(officers)...)
	if err != nil || len(found) == 0 {
		return "", time.Time{}, false, err
	}
	return found[0].id, instant(found[0].at), found[0].state == string(Queued), nil
}

// AlertsIn lists the alerts that a digest carries.
func (s *Store) AlertsIn(ctx context.Context, digest string) ([]string, error) {
	return words(ctx, s.read, "reading what a digest carries", `SELECT alert_id FROM messages WHERE digest_id = $1 AND alert_id IS NOT NULL ORDER BY id`, digest)
}
