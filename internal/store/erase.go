package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"chumrok/internal/audit"
)

// ErrBeingRead is wrapped by the error of Erase while an officer has the report on the screen: what else was said in that call has to be filed
// first, so it is to be tried again.
var ErrBeingRead = errors.New("an officer is reading it")

// Erase destroys what was told in a conversation: its key, everything that is sealed under it, its number and the index that finds it, what
// its report says outside the seal, the copies of it for the holders, what was added to it from other conversations, the messages and alerts
// about it, and the copies in conversations in which it was shown. Rows, times and repeat keys stay, and its bin becomes marked erased. It is an act of by, on record
// with the matter's code, and does nothing where it was done. The bytes are gone from SQLite's files when it returns without an error.
func (s *Store) Erase(ctx context.Context, at time.Time, by, conversation string) error {
	err := s.act(ctx, "erasing", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		done, err := words(ctx, tx, "noting that it is erased", `UPDATE erasures SET erased_at = $2 WHERE conversation_id = $1 AND decision = 'erase'
			AND erased_at = 0 RETURNING conversation_id`, conversation, millis(at))
		if err != nil || len(done) == 0 {
			return nil, err
		}
		if _, err := hold(ctx, tx, conversation); err != nil {
			return nil, err
		}
		codes, err := words(ctx, tx, "looking for the code of a matter", `SELECT `+erasureCode+` FROM erasures e WHERE e.conversation_id = $1`, conversation)
		if err != nil {
			return nil, err
		}
		whole, err := words(ctx, tx, "looking for what belongs to a report", `SELECT conversation_id FROM additions a WHERE report_of = $1
			AND NOT EXISTS (SELECT 1 FROM reports r WHERE r.conversation_id = a.conversation_id)`, conversation) // a matter of its own is not its part
		if err != nil {
			return nil, err
		}
		if !slices.Contains(whole, conversation) {
			whole = append(whole, conversation)
		}
		copies, err := words(ctx, tx, "looking for copies of a report", `SELECT conversation_id FROM shown WHERE report_of = $1`, conversation)
		if err != nil {
			return nil, err
		}
		// A copy stands in an officer's conversation. Where the same call also told something of its own, that is in its own report.
		copies = slices.DeleteFunc(copies, func(id string) bool { return slices.Contains(whole, id) })
		for _, id := range copies {
			open, err := words(ctx, tx, "looking for who reads a report", `SELECT id FROM conversations WHERE id = $1 AND bin = 'open'`, id)
			if err != nil {
				return nil, err
			}
			if len(open) > 0 {
				return nil, ErrBeingRead
			}
		}
		for _, do := range []func() error{
			func() error { return eraseMatters(ctx, tx, at, whole) },
			func() error { return eraseTurns(ctx, tx, slices.Concat(whole, copies)) },
			func() error { return endSessions(ctx, tx, at, slices.Concat(whole, copies)) },
			func() error { return eraseConversations(ctx, tx, whole) },
			func() error { return eraseArchive(ctx, tx, whole) },
			func() error {
				_, err := tx.ExecContext(ctx, `DELETE FROM shown WHERE report_of = $1`, conversation)
				return err
			},
		} {
			if err := do(); err != nil {
				return nil, err
			}
		}
		return []audit.Entry{{At: at, Who: by, What: "erased", Subject: codes[0]}}, nil
	})
	if err != nil {
		return err
	}
	return s.wipe(ctx)
}

// eraseMatters closes the referrals and holds of conversations, empties them and their report, and removes what went out about them.
func eraseMatters(ctx context.Context, tx *sql.Tx, at time.Time, ids []string) error {
	in, args := list(len(ids)), anys(ids)
	matters := `(SELECT id FROM referrals WHERE conversation_id IN ` + in + ` UNION SELECT id FROM holds WHERE conversation_id IN ` + in + `)`
	sent := `(SELECT id FROM messages WHERE conversation_id IN ` + in + ` OR alert_id IN (SELECT id FROM alerts
		WHERE referral_id IN ` + matters + ` OR hold_id IN ` + matters + `))`
	for _, text := range []string{
		`DELETE FROM due WHERE kind <> '` + DueErase + `' AND (subject IN ` + in + ` OR subject IN ` + matters + ` OR subject IN ` + sent + `)`,
		`DELETE FROM handings WHERE message_id IN ` + sent,
		`DELETE FROM audit_reasons WHERE seq IN (SELECT a.seq FROM audit a WHERE EXISTS (SELECT 1 FROM referrals f WHERE f.code = a.subject
			AND f.started_at <= a.at AND f.conversation_id IN ` + in + `) OR EXISTS (SELECT 1 FROM holds h WHERE h.code = a.subject
			AND h.started_at <= a.at AND h.conversation_id IN ` + in + `))`,
		`DELETE FROM questions WHERE code IN (SELECT code FROM referrals WHERE conversation_id IN ` + in + `
			UNION SELECT code FROM holds WHERE conversation_id IN ` + in + `)`,
		`DELETE FROM messages WHERE id IN ` + sent,
		`DELETE FROM alerts WHERE referral_id IN ` + matters + ` OR hold_id IN ` + matters,
		`UPDATE reports SET version = version + 1, who = '', danger = '', harm = '', area_code = '', age = '', sex = '', reporter_code = NULL,
			proof = '', details = NULL WHERE conversation_id IN ` + in,
	} {
		if _, err := tx.ExecContext(ctx, text, args...); err != nil {
			return fmt.Errorf("erasing what is known of a matter: %w", err)
		}
	}
	for _, text := range []string{
		`UPDATE referrals SET version = version + 1, state = 'closed', area_code = '', body = $1,
			closed_at = CASE WHEN closed_at = 0 THEN $2 ELSE closed_at END WHERE conversation_id IN `,
		`UPDATE holds SET version = version + 1, state = 'released', body = $1,
			closed_at = CASE WHEN closed_at = 0 THEN $2 ELSE closed_at END WHERE conversation_id IN `,
	} {
		for _, id := range ids {
			if _, err := tx.ExecContext(ctx, text+`($3)`, []byte{}, millis(at), id); err != nil {
				return fmt.Errorf("erasing a matter: %w", err)
			}
		}
	}
	return nil
}

func eraseTurns(ctx context.Context, tx *sql.Tx, ids []string) error {
	_, err := tx.ExecContext(ctx, `UPDATE turns SET heard = NULL, answer = NULL, state = NULL WHERE conversation_id IN `+list(len(ids)), anys(ids)...)
	if err != nil {
		return fmt.Errorf("erasing what was said: %w", err)
	}
	return nil
}

// endSessions ends conversations, so that none goes on from what the working memory still holds of it, and has that forgotten.
func endSessions(ctx context.Context, tx *sql.Tx, at time.Time, ids []string) error {
	live, err := words(ctx, tx, "looking for what is open", `SELECT live_key FROM conversations WHERE live_key IS NOT NULL AND id IN `+list(len(ids)), anys(ids)...)
	if err != nil {
		return err
	}
	var due []Due
	for _, key := range live {
		due = append(due, Due{Kind: DueForget, Subject: key, At: at})
	}
	if err := upsertDue(ctx, tx, due); err != nil {
		return err
	}
	for _, id := range ids {
		if err := dropDue(ctx, tx, []DueKey{{DueUnfinished, id}}); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE conversations SET live_key = NULL, ended_at = CASE WHEN ended_at = 0 THEN $1 ELSE ended_at END
			WHERE id = $2`, millis(at), id); err != nil {
			return fmt.Errorf("ending a conversation: %w", err)
		}
	}
	return nil
}

func eraseConversations(ctx context.Context, tx *sql.Tx, ids []string) error {
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, `UPDATE conversations SET bin = 'marked', mark = 'erased', number_index = '', number = NULL, wrapped_key = $1,
			danger_at = 0 WHERE id = $2`, []byte{}, id); err != nil {
			return fmt.Errorf("erasing a conversation: %w", err)
		}
	}
	return nil
}

// errBusy is returned when readers kept SQLite's log from being emptied; it is tried again.
var errBusy = errors.New("the log of the database could not be emptied, since it was being read")

// wipe empties SQLite's log of what was overwritten. secure_delete has overwritten it in the file itself. On PostgreSQL it is the server's
// own vacuum that frees it; without the key what is left there is noise.
func (s *Store) wipe(ctx context.Context) error {
	if s.dialect != onSQLite {
		return nil
	}
	var busy, frames, moved int
	if err := s.write.QueryRowContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`).Scan(&busy, &frames, &moved); err != nil {
		return fmt.Errorf("emptying the database's log: %w", err)
	}
	if busy != 0 {
		return errBusy
	}
	return nil
}
