package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Carried is how far one alert has come, and which provider carries it and why: for whoever asks what became of it.
type Carried struct {
	AlertID   string    `json:"-"`
	OfficerID string    `json:"officer"`
	Key       string    `json:"-"`
	State     string    `json:"state"`
	Provider  string    `json:"provider,omitempty"`
	Attempts  int       `json:"attempts"`
	Why       string    `json:"why,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	At        time.Time `json:"at"` // when it was decided to send it
}

// Carried lists the alerts of a referral or of a hold, by its id, with what carries them; the oldest first.
func (s *Store) Carried(ctx context.Context, id string) ([]Carried, error) {
	return query(ctx, s.read, "reading how alerts were carried", func(scan scanner) (c Carried, err error) {
		var at int64
		err = scan(&c.AlertID, &c.OfficerID, &c.Key, &c.State, &c.Provider, &c.Attempts, &c.Why, &c.Reason, &at)
		c.At = instant(at)
		return c, err
	}, `SELECT a.id, a.officer_id, a.key, a.state, m.provider, m.attempts, m.why, m.reason, a.created_at
		FROM alerts a JOIN messages m ON m.alert_id = a.id WHERE a.referral_id = $1 OR a.hold_id = $1 ORDER BY a.created_at, a.id`, id)
}

// earlyKept is how long a report waits for the message that it speaks of. What is of another program on the same account waits in vain.
const earlyKept = 24 * time.Hour

// Early is a delivery report that came before the provider's own answer to the sending.
type Early struct {
	State  DeliveryState
	Reason string
}

// KeepEarly keeps a delivery report whose message is not known yet. It says false when the message became known in the meantime: the report
// is then for that message and is not kept.
func (s *Store) KeepEarly(ctx context.Context, at time.Time, provider, providerID string, early Early) (kept bool, err error) {
	err = s.retry(ctx, func(ctx context.Context) error {
		if _, err := s.write.ExecContext(ctx, `DELETE FROM handings WHERE message_id = '' AND at < $1`, millis(at.Add(-earlyKept))); err != nil {
			return fmt.Errorf("dropping old reports: %w", err)
		}
		// The row is the meeting place of this report and of the sending: whichever comes second waits for the first.
		result, err := s.write.ExecContext(ctx, `INSERT INTO handings (provider, provider_id, message_id, at, early_state, early_reason)
			VALUES ($1,$2,'',$3,$4,$5) ON CONFLICT (provider, provider_id)
			DO UPDATE SET early_state = excluded.early_state, early_reason = excluded.early_reason WHERE handings.message_id = ''`,
			provider, s.handingID(provider, providerID), millis(at), early.State, early.Reason)
		if err != nil {
			return fmt.Errorf("keeping an early report: %w", err)
		}
		n, err := result.RowsAffected()
		kept = n > 0
		return err
	})
	return kept, err
}

// Early is the delivery report that came before the message with this id of the provider was known to be sent, if one did.
func (s *Store) Early(ctx context.Context, provider, providerID string) (Early, bool, error) {
	list, err := query(ctx, s.read, "reading an early report", func(scan scanner) (e Early, err error) {
		err = scan(&e.State, &e.Reason)
		return e, err
	}, `SELECT early_state, early_reason FROM handings WHERE provider = $1 AND provider_id = $2 AND early_state <> ''`, provider, s.handingID(provider, providerID))
	if err != nil || len(list) == 0 {
		return Early{}, false, err
	}
	return list[0], true, nil
}

// noteReach keeps since when a phone cannot be reached, or that it was: where names the alert that is about to move to a.State.
func noteReach(ctx context.Context, tx *sql.Tx, where string, a AlertState) error {
	since, reached := int64(0), int64(0)
	switch a.State {
	case Failed:
		since = millis(a.At)
	case Delivered, Answered:
		reached = millis(a.At)
	default:
		return nil
	}
	return noteReachOf(ctx, tx, `alerts WHERE `+where, a.ID, since, reached)
}

// noteDrillReach is noteReach for a test message.
func noteDrillReach(ctx context.Context, tx *sql.Tx, m MessageState) error {
	since, reached := int64(0), int64(0)
	switch m.State {
	case Failed:
		since = millis(m.At)
	case Delivered:
		reached = millis(m.At)
	default:
		return nil
	}
	return noteReachOf(ctx, tx, `drill_calls WHERE message_id = $1`, m.ID, since, reached)
}

func noteReachOf(ctx context.Context, tx *sql.Tx, from, id string, since, reached int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO reach (phone_index, failing_since, reached_at)
		SELECT DISTINCT phone_index, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM `+from+`
		ON CONFLICT (phone_index) DO UPDATE SET
			failing_since = CASE WHEN excluded.failing_since = 0 THEN 0 WHEN reach.failing_since = 0 THEN excluded.failing_since ELSE reach.failing_since END,
			reached_at = CASE WHEN excluded.reached_at > reach.reached_at THEN excluded.reached_at ELSE reach.reached_at END`,
		id, since, reached)
	if err != nil {
		return fmt.Errorf("noting whether a phone is reached: %w", err)
	}
	return nil
}

// Failing lists the phones, by their index, to which nothing has come through, and since when.
func (s *Store) Failing(ctx context.Context) (map[string]time.Time, error) {
	type failing struct {
		index string
		since int64
	}
	list, err := query(ctx, s.read, "reading which phones are not reached", func(scan scanner) (f failing, err error) {
		err = scan(&f.index, &f.since)
		return f, err
	}, `SELECT phone_index, failing_since FROM reach WHERE failing_since > 0`)
	if err != nil {
		return nil, err
	}
	out := make(map[string]time.Time, len(list))
	for _, f := range list {
		out[f.index] = instant(f.since)
	}
	return out, nil
}
