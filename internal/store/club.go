package store

import (
	"context"
	"database/sql"
	"time"

	"chumrok/internal/audit"
)

// Club is a children's club whose number stands for its commune.
type Club struct {
	Code      string
	AreaCode  string // six digits
	Name      string // of the club, "" where it has none
	AddedAt   time.Time
	RetiredAt time.Time // zero = in use. A retired code still routes: its poster may hang on a wall for years.
}

// AddClub keeps a club and puts it on record as the act of by. It is ErrTaken when the code was ever given to a club, retired or not.
func (s *Store) AddClub(ctx context.Context, by string, c Club) error {
	return s.act(ctx, "adding a club", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		done, err := words(ctx, tx, "adding a club", `INSERT INTO clubs (code, area_code, name, added_at, retired_at) VALUES ($1,$2,$3,$4,$5)
			ON CONFLICT DO NOTHING RETURNING code`, c.Code, c.AreaCode, c.Name, millis(c.AddedAt), millis(c.RetiredAt))
		if err == nil && len(done) == 0 {
			err = ErrTaken
		}
		what := "club add"
		if !c.RetiredAt.IsZero() {
			what = "club retire"
		}
		return []audit.Entry{{At: c.AddedAt, Who: by, What: what, Subject: c.Code}}, err
	})
}

// RetireClub takes a club out of use, as the act of by; its code routes as before. It is false when there is none in use with this code.
func (s *Store) RetireClub(ctx context.Context, at time.Time, by, code string) (bool, error) {
	retired := false
	err := s.act(ctx, "retiring a club", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		done, err := words(ctx, tx, "retiring a club", `UPDATE clubs SET retired_at = $2 WHERE code = $1 AND retired_at = 0 RETURNING code`,
			code, millis(at))
		if retired = len(done) == 1; err != nil || !retired {
			return nil, err
		}
		return []audit.Entry{{At: at, Who: by, What: "club retire", Subject: code}}, nil
	})
	return retired && err == nil, err
}

// Clubs lists every club, retired ones too, by code.
func (s *Store) Clubs(ctx context.Context) ([]Club, error) {
	return query(ctx, s.read, "reading clubs", func(scan scanner) (c Club, err error) {
		var added, retired int64
		err = scan(&c.Code, &c.AreaCode, &c.Name, &added, &retired)
		c.AddedAt, c.RetiredAt = instant(added), instant(retired)
		return c, err
	}, `SELECT code, area_code, name, added_at, retired_at FROM clubs ORDER BY code`)
}
