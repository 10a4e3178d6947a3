package store

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"fmt"
	"time"
)

// The due work of erasing.
const (
	DueErase  = "erase"  // subject: a conversation id; destroys what a person decided to destroy
	DueForget = "forget" // subject: a live key; what is in the working memory under it goes
)

// nobody is where tries are counted for a code that is nobody's, so that a wrong code is the same work as a right one.
const nobody = "nobody"

// proofKind is the kind of the keyed hash of a reporter's proof.
const proofKind = "reporter proof"

// ErasureDecision is what a person decided about a wish to erase.
type ErasureDecision string

const (
	// DecidedErase: it is to be destroyed.
	DecidedErase ErasureDecision = "erase"
	// DecidedRefuse: it stays.
	DecidedRefuse ErasureDecision = "refuse"
)

// Erasure is a wish to have a report erased, and what became of it.
type Erasure struct {
	ConversationID string // of the report
	Code           string // of the hold where a person decides, or of the referral
	Tries          int    // wrong proofs
	HoldID         string // where a person decides; "" = nobody asked by phone
	AskedAt        time.Time
	Decision       ErasureDecision // "" = none yet
	By             string
	DecidedAt      time.Time
	Reason         string
	ErasedAt       time.Time // when it was destroyed; zero = it is still there
}

// Erasable is what decides whether who holds a code, a phone and a proof may ask to erase.
type Erasable struct {
	ConversationID string // of the report; some word that is no id when the code is nobody's
	Known          bool
	PhoneIndex     string // of the number that told it
	Proved         bool   // the proof is the one that was told
	Tries          int    // wrong proofs before
	Asked          bool   // it was asked for and is not refused
}

// EraseTry counts a try to prove oneself with a code, right or wrong and whosever the code is, so that all are the same work.
type EraseTry struct {
	ConversationID string // of Erasable
	Before         int    // its Tries: when another try was counted meanwhile → Behind
	Wrong          bool   // it counts
}

// ErasureChange is a wish that was uttered, or decided. Asked keeps what is there of tries.
type ErasureChange struct {
	ConversationID string // of the report
	HoldID         string // with a wish
	Decision       ErasureDecision
	By, Reason     string // with a decision
}

func (s *Store) proofHash(conversation, proof string) string {
	if proof == "" {
		return ""
	}
	return s.keys.Blind(proofKind, conversation+" "+proof)
}

// Erasable finds what a code and a proof are about. It is one statement and one comparison for each code, right or wrong.
func (s *Store) Erasable(ctx context.Context, code, proof string) (Erasable, error) {
	var stored string
	found, err := query(ctx, s.read, "looking for what may be erased", func(scan scanner) (e Erasable, err error) {
		var known, asked int64
		err = scan(&known, &e.ConversationID, &e.PhoneIndex, &stored, &e.Tries, &asked)
		e.Known, e.Asked = known > 0, asked > 0
		return e, err
	}, `WITH asked AS (SELECT COUNT(*) AS known, COALESCE(MAX(r.conversation_id), '`+nobody+`') AS conversation,
			COALESCE(MAX(c.number_index), '') AS phone, COALESCE(MAX(r.proof), '') AS proof
			FROM reports r JOIN conversations c ON c.id = r.conversation_id WHERE r.reporter_code = $1)
		SELECT asked.known, asked.conversation, asked.phone, asked.proof,
			COALESCE((SELECT MAX(e.tries) FROM erasures e WHERE e.conversation_id = asked.conversation), 0),
			(SELECT COUNT(*) FROM erasures e WHERE e.conversation_id = asked.conversation AND e.asked_at > 0 AND e.decision <> 'refuse')
		FROM asked`, s.keys.Blind(reporterCodeKind, code))
	if err != nil {
		return Erasable{}, err
	}
	e := found[0]
	given := s.keys.Blind(proofKind, e.ConversationID+" "+proof)
	e.Proved = subtle.ConstantTimeCompare([]byte(given), []byte(stored)) == 1 && proof != "" && e.Known
	return e, nil
}

// writeEraseTry is false when another try was counted in between.
func writeEraseTry(ctx context.Context, tx *sql.Tx, t EraseTry) (bool, error) {
	more := flag(t.Wrong)
	done, err := words(ctx, tx, "counting a proof", `INSERT INTO erasures AS e (conversation_id, tries, hold_id, asked_at, decision, decided_by,
			decided_at, reason, erased_at) VALUES ($1,$2,'',0,'','',0,'',0)
		ON CONFLICT (conversation_id) DO UPDATE SET tries = e.tries + $2 WHERE e.tries = $3 OR e.conversation_id = '`+nobody+`'
		RETURNING conversation_id`, t.ConversationID, more, t.Before)
	return len(done) == 1, err
}

// writeErasure is false when the wish was uttered or decided already.
func writeErasure(ctx context.Context, tx *sql.Tx, at time.Time, c ErasureChange) (bool, error) {
	text, args := `INSERT INTO erasures AS e (conversation_id, tries, hold_id, asked_at, decision, decided_by, decided_at, reason, erased_at)
		VALUES ($1,0,$2,$3,'','',0,'',0) ON CONFLICT (conversation_id) DO UPDATE SET hold_id = excluded.hold_id, asked_at = excluded.asked_at,
			decision = '', decided_by = '', decided_at = 0, reason = '' WHERE e.asked_at = 0 OR e.decision = 'refuse'
		RETURNING conversation_id`, []any{c.ConversationID, c.HoldID, millis(at)}
	if c.Decision != "" {
		text, args = `INSERT INTO erasures AS e (conversation_id, tries, hold_id, asked_at, decision, decided_by, decided_at, reason, erased_at)
			VALUES ($1,0,'',0,$2,$3,$4,$5,0) ON CONFLICT (conversation_id) DO UPDATE SET decision = excluded.decision,
				decided_by = excluded.decided_by, decided_at = excluded.decided_at, reason = excluded.reason
				WHERE e.decision <> 'erase' OR e.erased_at = 0 AND excluded.decision = 'refuse'
			RETURNING conversation_id`, []any{c.ConversationID, string(c.Decision), c.By, millis(at), c.Reason}
	}
	done, err := words(ctx, tx, "writing a wish to erase", text, args...)
	return len(done) == 1, err
}

// erasureCode is the code by which a wish is known; it stays when all else is erased.
const erasureCode = `COALESCE((SELECT MAX(h.code) FROM holds h WHERE h.id = e.hold_id),
	(SELECT MAX(f.code) FROM referrals f WHERE f.conversation_id = e.conversation_id),
	(SELECT MAX(h.code) FROM holds h WHERE h.conversation_id = e.conversation_id), '')`

// Erasure is the wish about one conversation's report; false where nobody asked and nobody decided.
func (s *Store) Erasure(ctx context.Context, conversation string) (Erasure, bool, error) {
	return first(s.erasures(ctx, `conversation_id = $1`, conversation))
}

// Erasures lists what was asked or decided, the oldest first.
func (s *Store) Erasures(ctx context.Context) ([]Erasure, error) {
	return s.erasures(ctx, `asked_at > 0 OR decided_at > 0`)
}

func (s *Store) erasures(ctx context.Context, where string, args ...any) ([]Erasure, error) {
	return query(ctx, s.read, "reading wishes to erase", func(scan scanner) (e Erasure, err error) {
		var asked, decided, erased int64
		err = scan(&e.ConversationID, &e.Code, &e.Tries, &e.HoldID, &asked, &e.Decision, &e.By, &decided, &e.Reason, &erased)
		e.AskedAt, e.DecidedAt, e.ErasedAt = instant(asked), instant(decided), instant(erased)
		return e, err
	}, `SELECT conversation_id, `+erasureCode+`, tries, hold_id, asked_at, decision, decided_by, decided_at, reason, erased_at
		FROM erasures e WHERE `+where+` ORDER BY asked_at + decided_at, conversation_id`, args...)
}

// ContactStopped says whether the phone with this index asked, after a message was written, that what it told be erased: nothing that was
// written before goes out to it.
func (s *Store) ContactStopped(ctx context.Context, phoneIndex string, written time.Time) (bool, error) {
	stopped, err := words(ctx, s.read, "looking for a wish to erase", `SELECT e.conversation_id FROM erasures e
		JOIN conversations c ON c.id = e.conversation_id WHERE c.number_index = $1 AND e.asked_at >= $2 LIMIT 1`, phoneIndex, millis(written))
	return len(stopped) > 0, err
}

// SamePhone lists the codes of other matters that were told from the phone of a conversation, the oldest first: a child whose call was cut may
// have told hers twice, and only one of them is erased with its code.
func (s *Store) SamePhone(ctx context.Context, conversation string) ([]string, error) {
	return words(ctx, s.read, "looking for other matters of a phone", `SELECT x.code FROM conversations c
		JOIN (SELECT conversation_id, code, started_at FROM referrals UNION ALL
			SELECT conversation_id, code, started_at FROM holds h WHERE NOT EXISTS (SELECT 1 FROM referrals f WHERE f.conversation_id = h.conversation_id)) x
			ON x.conversation_id = c.id
		WHERE c.number_index = (SELECT number_index FROM conversations WHERE id = $1) AND c.number_index <> '' AND c.id <> $1 AND c.emptied_at = 0
			AND x.code <> '' GROUP BY x.code ORDER BY MIN(x.started_at), x.code LIMIT 20`, conversation)
}

// Addition makes a conversation part of the report of another one, or of its own where words came after the end.
type Addition struct{ ConversationID, ReportOf string }

// Shown notes that a conversation holds a copy of what was told in another one.
type Shown struct{ ConversationID, ReportOf string }

func writeAddition(ctx context.Context, tx *sql.Tx, at time.Time, a Addition) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO additions (conversation_id, report_of, at) VALUES ($1,$2,$3)
		ON CONFLICT (conversation_id) DO UPDATE SET report_of = excluded.report_of`, a.ConversationID, a.ReportOf, millis(at))
	if err != nil {
		return fmt.Errorf("joining a conversation to a report: %w", err)
	}
	return nil
}

// writeShown is false when what is shown was erased in between. The row of the conversation is where both meet: whoever comes second waits for
// the first.
func writeShown(ctx context.Context, tx *sql.Tx, s Shown) (bool, error) {
	if there, err := hold(ctx, tx, s.ReportOf); err != nil || !there {
		return false, err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO shown (conversation_id, report_of) VALUES ($1,$2) ON CONFLICT DO NOTHING`, s.ConversationID, s.ReportOf)
	if err != nil {
		return false, fmt.Errorf("noting where a report was shown: %w", err)
	}
	return true, nil
}

// hold keeps a conversation from being changed by others until the transaction ends; it is false for one that was emptied.
func hold(ctx context.Context, tx *sql.Tx, conversation string) (bool, error) {
	there, err := set(ctx, tx, "holding a conversation", `UPDATE conversations SET mark = mark WHERE id = $1 AND emptied_at = 0 RETURNING id`, conversation)
	return there[conversation], err
}

// AddedSince counts the conversations that were joined to the report of one since a time.
func (s *Store) AddedSince(ctx context.Context, conversation string, since time.Time) (int, error) {
	joined, err := words(ctx, s.read, "counting what was added", `SELECT conversation_id FROM additions WHERE report_of = $1 AND at >= $2`,
		conversation, millis(since))
	return len(joined), err
}

// DangerAddedSince counts those of AddedSince in which danger was said.
func (s *Store) DangerAddedSince(ctx context.Context, conversation string, since time.Time) (int, error) {
	joined, err := words(ctx, s.read, "counting the danger that was added", `SELECT a.conversation_id FROM additions a
		JOIN conversations c ON c.id = a.conversation_id
		WHERE a.report_of = $1 AND a.at >= $2 AND a.conversation_id <> a.report_of AND c.danger_at > 0`, conversation, millis(since))
	return len(joined), err
}
