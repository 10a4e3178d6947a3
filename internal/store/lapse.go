package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// eraseByTime empties conversations whose matter is over and old: their key, number and words, what stands sealed about them, and the copies in
// which officers read them. Their bins stay, and of their reports what figures are made of: harm, age, sex, channel, times, and of the place the
// province. It says which it emptied; one that an officer has on the screen stays for the next time.
func eraseByTime(ctx context.Context, tx *sql.Tx, at, cut time.Time, ids []string) ([]string, error) {
	able, err := settled(ctx, tx, cut, ids)
	if err != nil || len(able) == 0 {
		return nil, err
	}
	type copied struct{ of, in string }
	shown, err := query(ctx, tx, "looking for copies of a report", func(scan scanner) (c copied, err error) {
		err = scan(&c.of, &c.in)
		return c, err
	}, `SELECT report_of, conversation_id FROM shown WHERE report_of IN `+list(len(able)), anys(able)...)
	if err != nil {
		return nil, err
	}
	var copies []string
	for _, c := range shown {
		copies = append(copies, c.in)
	}
	open, err := stillOpen(ctx, tx, copies)
	if err != nil {
		return nil, err
	}
	for _, c := range shown {
		if slices.Contains(open, c.in) {
			able = slices.DeleteFunc(able, func(id string) bool { return id == c.of })
		}
	}
	if len(able) == 0 {
		return nil, nil
	}
	copies = copies[:0]
	for _, c := range shown {
		if slices.Contains(able, c.of) {
			copies = append(copies, c.in)
		}
	}
	return able, empty(ctx, tx, at, able, copies)
}

// empty takes out of conversations what eraseByTime takes, and their words out of copies.
func empty(ctx context.Context, tx *sql.Tx, at time.Time, ids, copies []string) error {
	in := list(len(ids))
	sent := `(SELECT id FROM messages WHERE conversation_id IN ` + in + `)`
	for _, text := range []string{
		`DELETE FROM questions WHERE code IN (SELECT code FROM referrals WHERE conversation_id IN ` + in + `
			UNION SELECT code FROM holds WHERE conversation_id IN ` + in + `)`,
		`DELETE FROM handings WHERE message_id IN ` + sent,
		noReasons(in),
		`UPDATE erasures SET reason = '' WHERE conversation_id IN ` + in,
		`UPDATE messages SET ` + noMessage + ` WHERE id IN ` + sent,
		`UPDATE reports SET version = version + 1, who = '', danger = '', area_code = substr(area_code, 1, 2), reporter_code = NULL, proof = '',
			details = NULL WHERE conversation_id IN ` + in,
		`DELETE FROM shown WHERE report_of IN ` + in + ` OR conversation_id IN ` + in,
	} {
		if _, err := tx.ExecContext(ctx, text, anys(ids)...); err != nil {
			return fmt.Errorf("emptying what was told: %w", err)
		}
	}
	in = listFrom(2, len(ids))
	for _, text := range []string{
		`UPDATE referrals SET version = version + 1, area_code = substr(area_code, 1, 2), body = $1 WHERE conversation_id IN ` + in,
		`UPDATE holds SET version = version + 1, body = $1 WHERE conversation_id IN ` + in,
		`UPDATE conversations SET number_index = '', number = NULL, danger_at = 0, wrapped_key = $1 WHERE id IN ` + in,
	} {
		if _, err := tx.ExecContext(ctx, text, append([]any{[]byte{}}, anys(ids)...)...); err != nil {
			return fmt.Errorf("emptying what was told: %w", err)
		}
	}
	if err := eraseTurns(ctx, tx, append(copies, ids...)); err != nil {
		return err
	}
	if err := endSessions(ctx, tx, at, ids); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE conversations SET emptied_at = $1 WHERE id IN `+in, append([]any{millis(at)}, anys(ids)...)...); err != nil {
		return fmt.Errorf("emptying a conversation: %w", err)
	}
	return nil
}

// noMessage takes out of a message all but that it was sent, when, and what became of it.
const noMessage = `number = NULL, text = NULL, wrapped_key = NULL, provider_id = '', why = '', reason = ''`

// eraseNumbers takes the numbers of conversations, and those to which something was sent in them, with the indexes by which they are found.
func eraseNumbers(ctx context.Context, tx *sql.Tx, _, cut time.Time, ids []string) ([]string, error) {
	able, err := settled(ctx, tx, cut, ids)
	if err != nil || len(able) == 0 {
		return nil, err
	}
	for _, text := range []string{
		`UPDATE messages SET number = NULL WHERE conversation_id IN ` + list(len(able)),
		`UPDATE conversations SET number = NULL, number_index = '' WHERE id IN ` + list(len(able)),
	} {
		if _, err := tx.ExecContext(ctx, text, anys(able)...); err != nil {
			return nil, fmt.Errorf("erasing numbers: %w", err)
		}
	}
	return able, nil
}

// eraseMessages empties messages of which nothing is open, and drops the ids under which providers know them.
func eraseMessages(ctx context.Context, tx *sql.Tx, _, cut time.Time, ids []string) ([]string, error) {
	type sent struct{ id, conversation string }
	found, err := query(ctx, tx, "reading old messages", func(scan scanner) (m sent, err error) {
		err = scan(&m.id, &m.conversation)
		return m, err
	}, `SELECT id, coalesce(conversation_id, '') FROM messages WHERE text IS NOT NULL AND state <> 'queued' AND id IN `+list(len(ids))+` ORDER BY id`, anys(ids)...)
	if err != nil {
		return nil, err
	}
	over := map[string]bool{"": true}
	var able []string
	for _, m := range found {
		if _, known := over[m.conversation]; !known {
			still, err := settled(ctx, tx, cut, []string{m.conversation})
			if err != nil {
				return nil, err
			}
			over[m.conversation] = len(still) == 1
		}
		if over[m.conversation] {
			able = append(able, m.id)
		}
	}
	if len(able) == 0 {
		return nil, nil
	}
	for _, text := range []string{
		`DELETE FROM handings WHERE message_id IN ` + list(len(able)),
		`UPDATE messages SET ` + noMessage + ` WHERE id IN ` + list(len(able)),
	} {
		if _, err := tx.ExecContext(ctx, text, anys(able)...); err != nil {
			return nil, fmt.Errorf("erasing messages: %w", err)
		}
	}
	return able, nil
}

// eraseAsked forgets of matters that were emptied who was asked about them and who took them, and the codes by which they were called: the
// record of acts names officers and codes for ever, and nobody shall learn from the two together which figures are about whose commune.
func eraseAsked(ctx context.Context, tx *sql.Tx, _, _ time.Time, ids []string) ([]string, error) {
	in := list(len(ids))
	of := `(SELECT conversation_id FROM referrals WHERE id IN (SELECT referral_id FROM alerts WHERE id IN ` + in + `)
		UNION SELECT conversation_id FROM holds WHERE id IN (SELECT hold_id FROM alerts WHERE id IN ` + in + `))`
	for _, text := range []string{
		// A holder of an archive copy asks for it by its code.
		`DELETE FROM codes WHERE conversation_id IN ` + of + ` AND NOT EXISTS (SELECT 1 FROM archive a WHERE a.conversation_id = codes.conversation_id)`,
		`UPDATE messages SET officer_id = '' WHERE conversation_id IN ` + of,
		`UPDATE referrals SET owner = '', code = '' WHERE conversation_id IN ` + of,
		`UPDATE holds SET owner = '', code = '' WHERE conversation_id IN ` + of,
		`UPDATE alerts SET officer_id = '', phone_index = '', code = '' WHERE id IN ` + in,
	} {
		if _, err := tx.ExecContext(ctx, text, anys(ids)...); err != nil {
			return nil, fmt.Errorf("forgetting who was asked: %w", err)
		}
	}
	return ids, nil
}

// eraseDrillCalls forgets which phones were called in drills; that they were, and how many answered, stays.
func eraseDrillCalls(ctx context.Context, tx *sql.Tx, _, _ time.Time, ids []string) ([]string, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE drill_calls SET phone_index = '', officer_id = '', skipped = CASE WHEN skipped = '' THEN '' ELSE 'skipped' END
		WHERE drill_id IN `+list(len(ids)), anys(ids)...); err != nil {
		return nil, fmt.Errorf("forgetting who was called in a drill: %w", err)
	}
	return ids, nil
}

func eraseQuestions(ctx context.Context, tx *sql.Tx, _, cut time.Time, ids []string) ([]string, error) {
	return words(ctx, tx, "forgetting questions", `DELETE FROM questions WHERE asked_at < $1 AND phone_index IN `+listFrom(2, len(ids))+` RETURNING phone_index`,
		append([]any{millis(cut)}, anys(ids)...)...)
}
