package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"chumrok/internal/audit"
)

// Emergency is a flood or another disaster in a province or in the whole nation, as an operator switched it on.
type Emergency struct {
	ID       string
	AreaCode string // two digits of a province; "" = the nation
	Reason   string // never with a person's name or number
	From     time.Time
	Until    time.Time // when it ends by itself
	EndedAt  time.Time // when it was switched off before; zero = it was not
	By       string    // who switched it on
	EndedBy  string    // who switched it off
}

// In reports whether the emergency is in force at now in an area, which may be a commune, a district or a province. Where the place is not
// known ("") only one of the whole nation counts.
func (e Emergency) In(area string, now time.Time) bool {
	if now.Before(e.From) || !now.Before(e.Until) || !e.EndedAt.IsZero() && !now.Before(e.EndedAt) {
		return false
	}
	return e.AreaCode == "" || len(area) >= 2 && area[:2] == e.AreaCode
}

// StartEmergency switches an emergency on from e.From until e.Until and puts it on record as the act of e.By.
func (s *Store) StartEmergency(ctx context.Context, e Emergency) error {
	return s.act(ctx, "switching an emergency on", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		if e.ID == "" || e.Reason == "" || e.By == "" || !e.Until.After(e.From) {
			return nil, errors.New("it needs an id, a reason, somebody who says so, and an end after its beginning")
		}
		_, err := tx.ExecContext(ctx, `INSERT INTO emergencies (id, area_code, reason, started, ended, from_at, until_at, ended_at)
			VALUES ($1,$2,$3,$4,'',$5,$6,0)`, e.ID, e.AreaCode, e.Reason, e.By, millis(e.From), millis(e.Until))
		return []audit.Entry{{At: e.From, Who: e.By, What: "emergency on", Subject: e.subject()}}, err
	})
}

// EndEmergency switches an emergency off at a time and puts it on record as the act of by. It is false when it was over already.
func (s *Store) EndEmergency(ctx context.Context, at time.Time, by, id string) (bool, error) {
	ended := false
	err := s.act(ctx, "switching an emergency off", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		areas, err := words(ctx, tx, "switching an emergency off", `UPDATE emergencies SET ended_at = $2, ended = $3
			WHERE id = $1 AND ended_at = 0 AND until_at > $2 RETURNING area_code`, id, millis(at), by)
		if ended = len(areas) == 1; err != nil || !ended {
			return nil, err
		}
		return []audit.Entry{{At: at, Who: by, What: "emergency off", Subject: Emergency{ID: id, AreaCode: areas[0]}.subject()}}, nil
	})
	return ended && err == nil, err
}

// subject is how an emergency stands on the record: where it is, then its id.
func (e Emergency) subject() string {
	if e.AreaCode == "" {
		return "nation " + e.ID
	}
	return e.AreaCode + " " + e.ID
}

// Emergencies lists what is in force at now, the oldest first.
func (s *Store) Emergencies(ctx context.Context, now time.Time) ([]Emergency, error) {
	return s.emergencies(ctx, `WHERE from_at <= $1 AND until_at > $1 AND (ended_at = 0 OR ended_at > $1)`, millis(now))
}

// AllEmergencies lists every emergency there ever was, the oldest first.
func (s *Store) AllEmergencies(ctx context.Context) ([]Emergency, error) {
	return s.emergencies(ctx, ``)
}

func (s *Store) emergencies(ctx context.Context, where string, args ...any) ([]Emergency, error) {
	return query(ctx, s.read, "reading emergencies", func(scan scanner) (e Emergency, err error) {
		var from, until, ended int64
		err = scan(&e.ID, &e.AreaCode, &e.Reason, &e.By, &e.EndedBy, &from, &until, &ended)
		e.From, e.Until, e.EndedAt = instant(from), instant(until), instant(ended)
		return e, err
	}, `SELECT id, area_code, reason, started, ended, from_at, until_at, ended_at FROM emergencies `+where+` ORDER BY from_at, id`, args...)
}
