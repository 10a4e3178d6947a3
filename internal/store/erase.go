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
// with the matter's code, and does nothing where it was done. The bytes are gone from SQLite's files when it returns without an error; on
// PostgreSQL see Wipe.
func (s *Store) Erase(ctx context.Context, at time.Time, by, conversation string) error {
	var listed []string
	err := s.act(ctx, "erasing", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		done, err := words(ctx, tx, "noting that it is erased", `UPDATE erasures SET erased_at = $2 WHERE conversation_id = $1 AND decision = 'erase'
			AND erased_at = 0 RETURNING conversation_id`, conversation, millis(at))
		if err != nil || len(done) == 0 {
			return nil, err
		}
		codes, err := words(ctx, tx, "looking for the code of a matter", `SELECT `+erasureCode+` FROM erasures e WHERE e.conversation_id = $1`, conversation)
		if err != nil {
			return nil, err
		}
		gone, err := destroy(ctx, tx, at, conversation, false)
		if err != nil {
			return nil, err
		}
		listed = gone
		return []audit.Entry{{At: at, Who: by, What: "erased", Subject: codes[0]}}, s.erased.add(erasedAsked, gone...)
	})
	if err != nil {
		return errors.Join(err, s.erased.add(notErased, listed...))
	}
	return s.Wipe(ctx)
}

// destroy empties a conversation and what belongs to it, and says which conversations that are. What an officer is reading in this moment is
// ErrBeingRead, unless it must be gone at once.
func destroy(ctx context.Context, tx *sql.Tx, at time.Time, conversation string, atOnce bool) ([]string, error) {
	if _, err := hold(ctx, tx, conversation); err != nil {
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
	copies, err := shownOf(ctx, tx, []string{conversation})
	if err != nil {
		return nil, err
	}
	// A copy stands in an officer's conversation. Where the same call also told something of its own, that is in its own report.
	copies = slices.DeleteFunc(copies, func(id string) bool { return slices.Contains(whole, id) })
	open, err := stillOpen(ctx, tx, copies)
	if err != nil {
		return nil, err
	}
	if len(open) > 0 && !atOnce {
		return nil, ErrBeingRead
	}
	if err := endReading(ctx, tx, open); err != nil {
		return nil, err
	}
	for _, do := range []func() error{
		func() error { return eraseMatters(ctx, tx, at, whole) },
		func() error { return eraseTurns(ctx, tx, slices.Concat(whole, copies)) },
		func() error { return endSessions(ctx, tx, at, slices.Concat(whole, copies)) },
		func() error { return eraseConversations(ctx, tx, at, whole) },
		func() error { return eraseArchive(ctx, tx, whole) },
		func() error { return forgetShown(ctx, tx, []string{conversation}) },
	} {
		if err := do(); err != nil {
			return nil, err
		}
	}
	return whole, nil
}

// shownOf lists the conversations in which reports of others were shown.
func shownOf(ctx context.Context, tx *sql.Tx, reportsOf []string) ([]string, error) {
	return words(ctx, tx, "looking for copies of a report", `SELECT DISTINCT conversation_id FROM shown WHERE report_of IN `+list(len(reportsOf)), anys(reportsOf)...)
}

func forgetShown(ctx context.Context, tx *sql.Tx, reportsOf []string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM shown WHERE report_of IN `+list(len(reportsOf)), anys(reportsOf)...); err != nil {
		return fmt.Errorf("forgetting where a report was shown: %w", err)
	}
	return nil
}

// endReading makes of officers' calls in which a report stands on the screen calls that are over.
func endReading(ctx context.Context, tx *sql.Tx, ids []string) error {
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, `UPDATE conversations SET bin = 'marked', mark = 'officer' WHERE id = $1`, id); err != nil {
			return fmt.Errorf("ending an officer's call: %w", err)
		}
	}
	return nil
}

// stillOpen is which of some conversations may still go on.
func stillOpen(ctx context.Context, tx *sql.Tx, ids []string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return words(ctx, tx, "looking for who reads a report", `SELECT id FROM conversations WHERE bin = 'open' AND id IN `+list(len(ids)), anys(ids)...)
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
		noReasons(in),
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

// noReasons is the statement that destroys what people gave as reasons of acts about conversations. The record of the acts stays.
func noReasons(in string) string {
	return `DELETE FROM audit_reasons WHERE seq IN (SELECT a.seq FROM audit_reasons r JOIN audit a ON a.seq = r.seq
		WHERE EXISTS (SELECT 1 FROM referrals f WHERE f.code = a.subject AND f.started_at <= a.at AND f.conversation_id IN ` + in + `)
			OR EXISTS (SELECT 1 FROM holds h WHERE h.code = a.subject AND h.started_at <= a.at AND h.conversation_id IN ` + in + `))`
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
	if len(ids) == 0 {
		return nil
	}
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
	var waits []DueKey
	for _, id := range ids {
		waits = append(waits, DueKey{DueUnfinished, id})
	}
	if err := dropDue(ctx, tx, waits); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE conversations SET live_key = NULL, ended_at = CASE WHEN ended_at = 0 THEN $1 ELSE ended_at END
		WHERE id IN `+listFrom(2, len(ids)), append([]any{millis(at)}, anys(ids)...)...); err != nil {
		return fmt.Errorf("ending conversations: %w", err)
	}
	return nil
}

func eraseConversations(ctx context.Context, tx *sql.Tx, at time.Time, ids []string) error {
	for _, id := range ids {
		if _, err := tx.ExecContext(ctx, `UPDATE conversations SET bin = 'marked', mark = 'erased', number_index = '', number = NULL, wrapped_key = $1,
			danger_at = 0, emptied_at = $3 WHERE id = $2`, []byte{}, id, millis(at)); err != nil {
			return fmt.Errorf("erasing a conversation: %w", err)
		}
	}
	return nil
}
