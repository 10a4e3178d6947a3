package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// DeliveryState is how far a message, or the alert that it carries, has come.
type DeliveryState string

const (
	// Queued: written down, not yet sent.
	Queued DeliveryState = "queued"
	// Handed: handed to the network, not yet on the phone.
	Handed DeliveryState = "handed"
	// Delivered: on the phone.
	Delivered DeliveryState = "delivered"
	// Failed: the way that was tried is given up; another way may still be tried.
	Failed DeliveryState = "failed"
	// Answered: somebody replied to it. Only alerts are answered.
	Answered DeliveryState = "answered"
)

// before lists the states that a state may follow, so that a late or repeated delivery report takes nothing back. A failed one may be
// sent again another way.
var before = map[DeliveryState]string{
	Queued:    "'failed'",
	Handed:    "'queued','failed'",
	Failed:    "'queued','handed'",
	Delivered: "'queued','handed','failed'",
	Answered:  "'queued','handed','failed','delivered'",
}

// Alert is a message that asks one person to act on a referral or a hold.
type Alert struct {
	ID         string
	ReferralID string // or
	HoldID     string
	OfficerID  string
	PhoneIndex string // Store.PhoneIndex of the number that it goes to: a code counts only from a number it was sent to
	Code       string
	Key        string // of locales
	Tier       string // the officer's own
	Other      string // the tier that the text names, if any
	Round      int    // which time this officer is asked
	State      DeliveryState
	CreatedAt  time.Time // zero = the entry's time
	HandedAt, DeliveredAt, FailedAt,
	AnsweredAt time.Time
}

// AlertState moves an alert on. A state that does not follow the stored one changes nothing.
type AlertState struct {
	ID    string
	State DeliveryState
	At    time.Time // zero = the entry's time
}

// Alerted is a referral or a hold about which a phone was alerted, once for each matter whatever the number of its alerts.
type Alerted struct {
	AlertID    string // the latest to this phone
	ReferralID string // or
	HoldID     string
	OfficerID  string
	Code       string
	State      string // of the referral or the hold
	Owner      string // officer id of the one who took it
	AreaCode   string // of a referral
	AlertedAt  time.Time
	ClosedAt   time.Time // zero while it is open
}

// CodeKept is how long after its end a referral's code stays its own and is still understood from the phones it was sent to.
const CodeKept = 90 * 24 * time.Hour

const alertColumns = `id, referral_id, hold_id, officer_id, phone_index, code, key, tier, other, round, state,
	created_at, handed_at, delivered_at, failed_at, answered_at`

func insertAlert(ctx context.Context, tx *sql.Tx, at time.Time, a Alert) error {
	if a.State == "" {
		a.State = Queued
	}
	if a.CreatedAt.IsZero() {
		a.CreatedAt = at
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO alerts (`+alertColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)`,
		a.ID, null(a.ReferralID), null(a.HoldID), a.OfficerID, a.PhoneIndex, a.Code, a.Key, a.Tier, a.Other, a.Round, a.State,
		millis(a.CreatedAt), millis(a.HandedAt), millis(a.DeliveredAt), millis(a.FailedAt), millis(a.AnsweredAt))
	if err != nil {
		return fmt.Errorf("writing an alert: %w", err)
	}
	// A bare digit after an alert answers the alert, not the question that was asked before it.
	return unask(ctx, tx, a.PhoneIndex)
}

func moveAlert(ctx context.Context, tx *sql.Tx, at time.Time, a AlertState) error {
	if a.At.IsZero() {
		a.At = at
	}
	return moveAlertWhere(ctx, tx, `id = $1`, a)
}

func moveAlertWhere(ctx context.Context, tx *sql.Tx, where string, a AlertState) error {
	prior, known := before[a.State]
	if !known {
		return fmt.Errorf("moving an alert: no state %q", a.State)
	}
	set, args := `state = $2`, []any{a.ID, a.State}
	if a.State != Queued {
		set += `, ` + string(a.State) + `_at = $3`
		args = append(args, millis(a.At))
	}
	if err := noteReach(ctx, tx, where+` AND state IN (`+prior+`)`, a); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE alerts SET `+set+` WHERE `+where+` AND state IN (`+prior+`)`, args...); err != nil {
		return fmt.Errorf("moving an alert: %w", err)
	}
	return nil
}

// Alert is one alert.
func (s *Store) Alert(ctx context.Context, id string) (Alert, bool, error) {
	list, err := s.alerts(ctx, `id = $1`, id)
	if err != nil || len(list) == 0 {
		return Alert{}, false, err
	}
	return list[0], true, nil
}

// AlertsOf lists the alerts of a referral or of a hold, by its id, the oldest first.
func (s *Store) AlertsOf(ctx context.Context, id string) ([]Alert, error) {
	return s.alerts(ctx, `referral_id = $1 OR hold_id = $1`, id)
}

func (s *Store) alerts(ctx context.Context, where string, args ...any) ([]Alert, error) {
	return query(ctx, s.read, "reading alerts", func(scan scanner) (a Alert, err error) {
		var ref, hold sql.NullString
		var created, handed, delivered, failed, answered int64
		err = scan(&a.ID, &ref, &hold, &a.OfficerID, &a.PhoneIndex, &a.Code, &a.Key, &a.Tier, &a.Other, &a.Round, &a.State,
			&created, &handed, &delivered, &failed, &answered)
		a.ReferralID, a.HoldID = ref.String, hold.String
		a.CreatedAt, a.HandedAt, a.DeliveredAt = instant(created), instant(handed), instant(delivered)
		a.FailedAt, a.AnsweredAt = instant(failed), instant(answered)
		return a, err
	}, `SELECT `+alertColumns+` FROM alerts WHERE `+where+` ORDER BY created_at, id`, args...)
}

// AlertsForPhone lists the matters about which the phone with this index was alerted and which are open or were closed within CodeKept
// before now; the one alerted last comes first.
func (s *Store) AlertsForPhone(ctx context.Context, phoneIndex string, now time.Time) ([]Alerted, error) {
	all, err := query(ctx, s.read, "reading what a phone was alerted about", func(scan scanner) (a Alerted, err error) {
		var alerted, closed int64
		err = scan(&a.AlertID, &a.ReferralID, &a.HoldID, &a.OfficerID, &a.Code, &a.State, &a.Owner, &a.AreaCode, &alerted, &closed)
		a.AlertedAt, a.ClosedAt = instant(alerted), instant(closed)
		return a, err
	}, `SELECT a.id, r.id, '', a.officer_id, r.code, r.state, r.owner, r.area_code, a.created_at AS alerted, r.closed_at
		FROM alerts a JOIN referrals r ON r.id = a.referral_id
		WHERE a.phone_index = $1 AND (r.closed_at = 0 OR r.closed_at > $2)
		UNION ALL
		SELECT a.id, '', h.id, a.officer_id, h.code, h.state, h.owner, '', a.created_at AS alerted, h.closed_at
		FROM alerts a JOIN holds h ON h.id = a.hold_id
		WHERE a.phone_index = $1 AND (h.closed_at = 0 OR h.closed_at > $2)
		ORDER BY alerted DESC, 1 DESC`, phoneIndex, millis(now.Add(-CodeKept)))
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	latest := all[:0]
	for _, a := range all {
		if id := a.ReferralID + a.HoldID; !seen[id] {
			seen[id] = true
			latest = append(latest, a)
		}
	}
	return latest, nil
}
