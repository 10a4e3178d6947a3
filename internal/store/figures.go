package store

import (
	"context"
	"fmt"
	"time"

	"chumrok/internal/audit"
)

// Reported is what figures are made of: the coarse words of a report, and the times of one referral of it. Nothing in it was sealed.
type Reported struct {
	Again    bool // the same report as the one before, with another referral
	AreaCode string
	Harm     string
	Age      string
	Sex      string
	Channel  string
	At       time.Time
	Referred bool // with a referral; the times below are its own, zero for what has not happened
	Started  time.Time
	Accepted time.Time
	Seen     time.Time
	Closed   time.Time
}

// EachReported calls do with each report told in [from, to), and again for each further referral of it. Conversations that a person or the
// gateway marked (tests, pranks, erased ones and what was joined to another) are not among them.
func (s *Store) EachReported(ctx context.Context, from, to time.Time, do func(Reported)) error {
	found, err := s.read.QueryContext(ctx, `SELECT r.id, r.area_code, r.harm, r.age, r.sex, r.channel, r.at,
			COALESCE(x.started_at, 0), COALESCE(x.accepted_at, 0), COALESCE(x.seen_at, 0), COALESCE(x.closed_at, 0)
		FROM reports r JOIN conversations c ON c.id = r.conversation_id LEFT JOIN referrals x ON x.report_id = r.id
		WHERE r.at >= $1 AND r.at < $2 AND c.bin <> 'marked' AND r.state <> 'empty'
		ORDER BY r.at, r.id`, millis(from), millis(to))
	if err != nil {
		return fmt.Errorf("reading reports for figures: %w", err)
	}
	defer found.Close()
	var last string
	for found.Next() {
		var r Reported
		var id string
		var at, started, accepted, seen, closed int64
		if err := found.Scan(&id, &r.AreaCode, &r.Harm, &r.Age, &r.Sex, &r.Channel, &at, &started, &accepted, &seen, &closed); err != nil {
			return fmt.Errorf("reading reports for figures: %w", err)
		}
		r.At, r.Started, r.Accepted, r.Seen, r.Closed = instant(at), instant(started), instant(accepted), instant(seen), instant(closed)
		r.Again, r.Referred = id == last, started > 0
		last = id
		do(r)
	}
	if err := found.Err(); err != nil {
		return fmt.Errorf("reading reports for figures: %w", err)
	}
	return nil
}

// Acts lists what was done of one kind, the oldest first.
func (s *Store) Acts(ctx context.Context, what string) ([]audit.Entry, error) {
	return query(ctx, s.read, "reading the record", func(scan scanner) (e audit.Entry, err error) {
		var at int64
		err = scan(&e.Seq, &at, &e.Who, &e.What, &e.Subject)
		e.At = instant(at)
		return e, err
	}, `SELECT seq, at, who, what, subject FROM audit WHERE what = $1 ORDER BY seq`, what)
}
