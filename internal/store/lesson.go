package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/phone"
	"chumrok/internal/seal"
)

// DueLesson is the due work that sends a lesson; its subject is the id of Lessons.
const DueLesson = "lesson"

// Lessons is a phone that asked for a lesson a day by message, and was called safe by who asked. Its number is sealed under a key of the
// row, and gone with the row.
type Lessons struct {
	ID       string
	Audience string // child, parent
	Language string
	Hours    string // when this phone may be written to, in the words of a report's contact: morning, noon, afternoon, evening, any
	Number   phone.Number
	Next     int // the lesson that is sent next, from 1
	NextAt   time.Time
}

// String is the id alone.
func (l Lessons) String() string { return "lessons " + l.ID }

// Format prints the id alone: who learns what on which phone is nobody's to read.
func (l Lessons) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(l.String())) }

// LessonSent moves Lessons on, in the same effects that write the message and the due work of the following one.
type LessonSent struct {
	ID     string
	Sent   int       // the lesson that is sent now; where another one is the next → Behind
	NextAt time.Time // when the following one is due; zero = that was the last, and the row is removed with its number
}

// StartLessons notes that a phone wants lessons from l.Next at l.NextAt on, in place of what it wanted before for this audience, with
// the due work that sends them, as the act of by. It returns the id under which the phone is kept: that of the row that was there, or l.ID.
func (s *Store) StartLessons(ctx context.Context, at time.Time, by string, l Lessons) (string, error) {
	if l.Number.IsZero() || l.ID == "" {
		return "", fmt.Errorf("starting lessons: no number or no id")
	}
	key, wrapped, err := s.keys.NewDataKey(l.ID)
	if err != nil {
		return "", fmt.Errorf("starting lessons: %w", err)
	}
	number := key.Seal(seal.Place{Table: "lessons", Column: "number", Row: l.ID}, []byte(l.Number.E164()))
	id := ""
	err = s.act(ctx, "starting lessons", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		// A row that is there keeps its id, its key and its number, which is the same one.
		ids, err := words(ctx, tx, "writing lessons", `INSERT INTO lessons (id, phone_index, audience, language, hours, next, next_at, number, wrapped_key)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9) ON CONFLICT (phone_index, audience) DO UPDATE SET language = excluded.language,
			hours = excluded.hours, next = excluded.next, next_at = excluded.next_at RETURNING id`,
			l.ID, s.PhoneIndex(l.Number), l.Audience, l.Language, l.Hours, l.Next, millis(l.NextAt), number, wrapped)
		if err != nil {
			return nil, err
		}
		id = ids[0]
		if err := upsertDue(ctx, tx, []Due{{Kind: DueLesson, Subject: id, At: l.NextAt}}); err != nil {
			return nil, err
		}
		return []audit.Entry{{At: at, Who: by, What: "lessons on", Subject: id}}, nil
	})
	return id, err
}

// StopLessons forgets the lessons of a phone, for every audience, as the act of by. It is false when it had none.
func (s *Store) StopLessons(ctx context.Context, at time.Time, by, phoneIndex string) (bool, error) {
	had := false
	err := s.act(ctx, "stopping lessons", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		ids, err := words(ctx, tx, "forgetting lessons", `DELETE FROM lessons WHERE phone_index = $1 RETURNING id`, phoneIndex)
		if had = len(ids) > 0; err != nil {
			return nil, err
		}
		var acts []audit.Entry
		var due []DueKey
		for _, id := range ids {
			acts = append(acts, audit.Entry{At: at, Who: by, What: "lessons off", Subject: id})
			due = append(due, DueKey{DueLesson, id})
		}
		return acts, dropDue(ctx, tx, due)
	})
	return had && err == nil, err
}

// Lessons is one phone's lessons, opened; the subject of due work of the kind DueLesson.
func (s *Store) Lessons(ctx context.Context, id string) (Lessons, bool, error) {
	return first(s.lessons(ctx, `id = $1`, id))
}

// LessonsOf lists the lessons of a phone, one for each audience.
func (s *Store) LessonsOf(ctx context.Context, phoneIndex string) ([]Lessons, error) {
	return s.lessons(ctx, `phone_index = $1`, phoneIndex)
}

func (s *Store) lessons(ctx context.Context, where string, args ...any) ([]Lessons, error) {
	return query(ctx, s.read, "reading lessons", func(scan scanner) (l Lessons, err error) {
		var nextAt int64
		var number, wrapped []byte
		err = scan(&l.ID, &l.Audience, &l.Language, &l.Hours, &l.Next, &nextAt, &number, &wrapped)
		if err != nil {
			return l, err
		}
		l.NextAt = instant(nextAt)
		key, err := s.unwrap(l.ID, wrapped)
		if err != nil {
			return l, err
		}
		l.Number, err = openNumber(key, "lessons", l.ID, number)
		return l, err
	}, `SELECT id, audience, language, hours, next, next_at, number, wrapped_key FROM lessons WHERE `+where+` ORDER BY audience, id`, args...)
}

// writeLessonSent is false when another lesson is the next one, or the phone stopped its lessons.
func writeLessonSent(ctx context.Context, tx *sql.Tx, l LessonSent) (bool, error) {
	text, args := `DELETE FROM lessons WHERE id = $1 AND next = $2 RETURNING id`, []any{l.ID, l.Sent}
	if !l.NextAt.IsZero() {
		text, args = `UPDATE lessons SET next = next + 1, next_at = $3 WHERE id = $1 AND next = $2 RETURNING id`, append(args, millis(l.NextAt))
	}
	done, err := words(ctx, tx, "moving lessons on", text, args...)
	return len(done) == 1, err
}
