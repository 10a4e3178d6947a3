package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"chumrok/internal/audit"
)

// The due work of drills.
const (
	DueDrill        = "drill"         // subject: the id of a call; sends the test to one phone
	DueMonthlyDrill = "monthly_drill" // subject: "drill"; begins the drill of a month
)

// Drill is a test of officers' phones. It is no report, and counts among none.
type Drill struct {
	ID       string
	Code     string
	AreaCode string // "" = everywhere
	Reason   string
	By       string
	At       time.Time
	EndsAt   time.Time // from then on no answer counts

	Phones, Answered, Failed, Waiting, Skipped int // counted by Drills
}

// DrillCall is one phone in a drill.
type DrillCall struct {
	ID         string
	DrillID    string
	Code       string // of the drill
	OfficerID  string
	PhoneIndex string
	At         time.Time // when it is sent
	MessageID  string    // "" = not sent yet
	Skipped    string    // why it is not sent; "" = it is
	State      DeliveryState
	Reason     string // of a failure
	AnsweredAt time.Time
	EndsAt     time.Time
}

// DrillMove is what came of a call: it was sent by a message, answered, or left out.
type DrillMove struct {
	CallID    string
	MessageID string
	Answered  bool
	Skipped   string
}

// StartDrill writes a drill with its calls and the work that sends them, on record. One of that id that was started already stays as it is.
func (s *Store) StartDrill(ctx context.Context, d Drill, calls []DrillCall) error {
	return s.act(ctx, "starting a drill", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		done, err := words(ctx, tx, "writing a drill", `INSERT INTO drills (id, code, area_code, reason, started, started_at, ends_at)
			VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT DO NOTHING RETURNING id`, d.ID, d.Code, d.AreaCode, d.Reason, d.By, millis(d.At), millis(d.EndsAt))
		if err != nil || len(done) == 0 {
			return nil, err
		}
		var due []Due
		for _, c := range calls {
			if _, err := tx.ExecContext(ctx, `INSERT INTO drill_calls (id, drill_id, officer_id, phone_index, at, message_id, skipped, answered_at)
				VALUES ($1,$2,$3,$4,$5,'',$6,0)`, c.ID, d.ID, c.OfficerID, c.PhoneIndex, millis(c.At), c.Skipped); err != nil {
				return nil, fmt.Errorf("writing a call of a drill: %w", err)
			}
			if c.Skipped == "" {
				due = append(due, Due{Kind: DueDrill, Subject: c.ID, At: c.At})
			}
		}
		return []audit.Entry{{At: d.At, Who: d.By, What: "drill started", Subject: d.ID}}, upsertDue(ctx, tx, due)
	})
}

func moveDrill(ctx context.Context, tx *sql.Tx, at time.Time, m DrillMove) error {
	answered := int64(0)
	if m.Answered {
		answered = millis(at)
	}
	_, err := tx.ExecContext(ctx, `UPDATE drill_calls SET message_id = CASE WHEN $2 = '' THEN message_id ELSE $2 END,
		skipped = CASE WHEN $3 = '' THEN skipped ELSE $3 END, answered_at = CASE WHEN answered_at = 0 THEN $4 ELSE answered_at END WHERE id = $1`,
		m.CallID, m.MessageID, m.Skipped, answered)
	if err == nil && m.Answered {
		err = noteReachOf(ctx, tx, `drill_calls WHERE id = $1`, m.CallID, 0, answered)
	}
	if err != nil {
		return fmt.Errorf("writing what came of a call: %w", err)
	}
	return nil
}

// Drills lists the drills, the last one first, with what came of them.
func (s *Store) Drills(ctx context.Context) ([]Drill, error) {
	return query(ctx, s.read, "reading drills", func(scan scanner) (d Drill, err error) {
		var at, ends int64
		err = scan(&d.ID, &d.Code, &d.AreaCode, &d.Reason, &d.By, &at, &ends, &d.Phones, &d.Answered, &d.Failed, &d.Waiting, &d.Skipped)
		d.At, d.EndsAt = instant(at), instant(ends)
		return d, err
	}, `SELECT d.id, d.code, d.area_code, d.reason, d.started, d.started_at, d.ends_at, count(c.id),
			coalesce(sum(CASE WHEN c.answered_at > 0 THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN c.answered_at = 0 AND m.state = 'failed' THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN c.message_id = '' AND c.skipped = '' THEN 1 ELSE 0 END), 0),
			coalesce(sum(CASE WHEN c.skipped <> '' THEN 1 ELSE 0 END), 0)
		FROM drills d LEFT JOIN drill_calls c ON c.drill_id = d.id LEFT JOIN messages m ON m.id = c.message_id
		GROUP BY d.id, d.code, d.area_code, d.reason, d.started, d.started_at, d.ends_at ORDER BY d.started_at DESC, d.id DESC`)
}

// DrillCalls lists the calls of a drill.
func (s *Store) DrillCalls(ctx context.Context, drill string) ([]DrillCall, error) {
	return s.drillCalls(ctx, `c.drill_id = $1 ORDER BY c.officer_id`, drill)
}

// DrillCall is one call.
func (s *Store) DrillCall(ctx context.Context, id string) (DrillCall, bool, error) {
	return first(s.drillCalls(ctx, `c.id = $1`, id))
}

// DrillsOn lists the calls that were sent to a phone in drills that have not ended.
func (s *Store) DrillsOn(ctx context.Context, phoneIndex string, now time.Time) ([]DrillCall, error) {
	return s.drillCalls(ctx, `c.phone_index = $1 AND c.message_id <> '' AND d.ends_at > $2 ORDER BY c.at DESC`, phoneIndex, millis(now))
}

func (s *Store) drillCalls(ctx context.Context, where string, args ...any) ([]DrillCall, error) {
	return query(ctx, s.read, "reading the calls of a drill", func(scan scanner) (c DrillCall, err error) {
		var at, answered, ends int64
		err = scan(&c.ID, &c.DrillID, &c.Code, &c.OfficerID, &c.PhoneIndex, &at, &c.MessageID, &c.Skipped, &answered, &ends, &c.State, &c.Reason)
		c.At, c.AnsweredAt, c.EndsAt = instant(at), instant(answered), instant(ends)
		return c, err
	}, `SELECT c.id, c.drill_id, d.code, c.officer_id, c.phone_index, c.at, c.message_id, c.skipped, c.answered_at, d.ends_at,
			coalesce(m.state, ''), coalesce(m.reason, '')
		FROM drill_calls c JOIN drills d ON d.id = c.drill_id LEFT JOIN messages m ON m.id = c.message_id WHERE `+where, args...)
}

// SilentPhones lists the phones, by their index, that did not answer the last two drills that they were called in and that have ended.
func (s *Store) SilentPhones(ctx context.Context, now time.Time) (map[string]bool, error) {
	calls, err := s.drillCalls(ctx, `c.skipped = '' AND d.ends_at <= $1 ORDER BY d.started_at DESC, d.id DESC`, millis(now))
	if err != nil {
		return nil, err
	}
	seen, missed := map[string]int{}, map[string]int{}
	silent := map[string]bool{}
	for _, c := range calls {
		if seen[c.PhoneIndex]++; seen[c.PhoneIndex] > 2 {
			continue
		}
		if c.AnsweredAt.IsZero() {
			missed[c.PhoneIndex]++
		}
		silent[c.PhoneIndex] = missed[c.PhoneIndex] == 2
	}
	return silent, nil
}
