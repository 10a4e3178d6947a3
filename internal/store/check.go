package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"chumrok/internal/audit"
)

// faultsShown is how many faults of one rule are named: enough to see what happened, few enough to read.
const faultsShown = 50

// marks is what a marked conversation may be marked with, as SQL.
const marks = `('empty','information','service','officer','test','spam','joined','erased')`

// rule is one thing that must hold. find selects the ids for which it does not; fault says so, with the id in place of %s.
type rule struct{ fault, find string }

// rules is what `ledger --check` proves, beside that the bins add up and that the record of acts holds.
var rules = []rule{
	{"conversation %s is in no bin",
		`SELECT id FROM conversations WHERE bin NOT IN ('open','concluded','held','marked')`},
	{"conversation %s is marked with nothing known",
		`SELECT id FROM conversations WHERE bin = 'marked' AND mark NOT IN ` + marks},
	{"conversation %s has a mark and is not marked",
		`SELECT id FROM conversations WHERE bin <> 'marked' AND mark <> ''`},
	{"conversation %s has turns missing, or a last turn that is not its own",
		`SELECT c.id FROM conversations c LEFT JOIN turns t ON t.conversation_id = c.id GROUP BY c.id, c.last_seq
			HAVING count(t.id) <> c.last_seq OR coalesce(min(t.seq), 0) <> 1 OR coalesce(max(t.seq), 0) <> c.last_seq`},
	{"turn %s belongs to no conversation",
		`SELECT id FROM turns t WHERE NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = t.conversation_id)`},
	{"conversation %s is over and can still be taken up",
		`SELECT id FROM conversations WHERE ended_at <> 0 AND live_key IS NOT NULL`},
	{"conversation %s is open and nothing will ever end it (no due work " + DueUnfinished + ")",
		`SELECT id FROM conversations c WHERE bin = 'open' AND ` + noDue(DueUnfinished, "c.id")},
	{"conversation %s is concluded without a report",
		`SELECT id FROM conversations c WHERE bin = 'concluded' AND NOT EXISTS (SELECT 1 FROM reports r WHERE r.conversation_id = c.id)`},
	{"conversation %s is concluded without a referral",
		`SELECT id FROM conversations c WHERE bin = 'concluded' AND NOT EXISTS (SELECT 1 FROM referrals r WHERE r.conversation_id = c.id)`},
	{"conversation %s is held and no hold of it is open",
		`SELECT id FROM conversations c WHERE bin = 'held' AND NOT EXISTS
			(SELECT 1 FROM holds h WHERE h.conversation_id = c.id AND h.closed_at = 0)`},
	{"conversation %s has a report and is marked as if nothing of its own had been told",
		`SELECT c.id FROM conversations c JOIN reports r ON r.conversation_id = c.id
			WHERE c.bin = 'marked' AND (c.mark IN ('empty','service','officer') OR c.mark IN ('information','joined') -- but a person may say so
				AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.conversation_id = c.id AND h.closed_at > 0)
				AND NOT EXISTS (SELECT 1 FROM referrals f WHERE f.conversation_id = c.id AND f.closed_at > 0))`},
	{"report %s belongs to no conversation",
		`SELECT id FROM reports r WHERE NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = r.conversation_id)`},
	{"report %s has neither a referral nor an open hold",
		`SELECT r.id FROM reports r JOIN conversations c ON c.id = r.conversation_id WHERE c.bin IN ('concluded','held')
			AND NOT EXISTS (SELECT 1 FROM referrals f WHERE f.report_id = r.id)
			AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.conversation_id = c.id AND h.closed_at = 0)`},
	{"referral %s belongs to no report",
		`SELECT id FROM referrals f WHERE NOT EXISTS (SELECT 1 FROM reports r WHERE r.id = f.report_id AND r.conversation_id = f.conversation_id)`},
	{"referral %s is alerting and no clock runs (no due work " + DueAccepted + ")",
		`SELECT id FROM referrals f WHERE state = 'alerting' AND ` + noDue(DueAccepted, "f.id")},
	{"referral %s is accepted and no clock runs (no due work " + DueSeen + ")",
		`SELECT id FROM referrals f WHERE state = 'accepted' AND ` + noDue(DueSeen, "f.id")},
	{"referral %s is accepted or seen and no clock runs (no due work " + DueOutcome + ")",
		`SELECT id FROM referrals f WHERE state IN ('accepted','seen') AND ` + noDue(DueOutcome, "f.id")},
	{"referral %s waits for a review and no clock runs (no due work " + DueReview + ")",
		`SELECT id FROM referrals f WHERE state = 'review' AND ` + noDue(DueReview, "f.id")},
	{"referral %s is alerting and nobody was alerted",
		`SELECT id FROM referrals f WHERE state = 'alerting' AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.referral_id = f.id)`},
	{"referral %s is accepted by nobody",
		`SELECT id FROM referrals WHERE state IN ('accepted','seen') AND owner = ''`},
	{"code %s is that of two open matters of different reports",
		`SELECT code FROM (SELECT code, conversation_id FROM referrals WHERE closed_at = 0
			UNION SELECT code, conversation_id FROM holds WHERE closed_at = 0) AS open GROUP BY code HAVING count(*) > 1`},
	{"hold %s is taken by nobody",
		`SELECT id FROM holds WHERE state = 'taken' AND owner = ''`},
	{"hold %s belongs to no conversation",
		`SELECT id FROM holds h WHERE NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = h.conversation_id)`},
	{"hold %s is not decided and no clock runs (no due work " + DueHold + ")",
		`SELECT id FROM holds h WHERE state IN ('waiting','taken') AND ` + noDue(DueHold, "h.id")},
	{"alert %s asks about nothing that is stored",
		`SELECT id FROM alerts a WHERE NOT EXISTS (SELECT 1 FROM referrals f WHERE f.id = a.referral_id)
			AND NOT EXISTS (SELECT 1 FROM holds h WHERE h.id = a.hold_id)`},
	{"alert %s has no message that carries it",
		`SELECT id FROM alerts a WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.alert_id = a.id)`},
	{"conversation %s is joined to no report",
		`SELECT id FROM conversations c WHERE bin = 'marked' AND mark = 'joined' AND NOT EXISTS
			(SELECT 1 FROM additions a WHERE a.conversation_id = c.id)`},
	{"conversation %s is erased and something is left of it",
		`SELECT c.id FROM conversations c LEFT JOIN reports r ON r.conversation_id = c.id WHERE (c.emptied_at > 0 OR c.bin = 'marked' AND c.mark = 'erased') AND (
			length(c.wrapped_key) > 0 OR c.number IS NOT NULL OR c.number_index <> '' OR c.live_key IS NOT NULL
			OR r.details IS NOT NULL OR r.reporter_code IS NOT NULL OR coalesce(r.proof, '') <> ''
			OR EXISTS (SELECT 1 FROM turns t WHERE t.conversation_id = c.id AND (t.heard IS NOT NULL OR t.answer IS NOT NULL OR t.state IS NOT NULL))
			OR EXISTS (SELECT 1 FROM messages m WHERE m.conversation_id = c.id AND (c.mark = 'erased' OR m.text IS NOT NULL OR m.number IS NOT NULL))
			OR c.mark = 'erased' AND EXISTS (SELECT 1 FROM archive a WHERE a.conversation_id = c.id)
			OR EXISTS (SELECT 1 FROM referrals f WHERE f.conversation_id = c.id AND (length(f.body) > 0 OR f.closed_at = 0))
			OR EXISTS (SELECT 1 FROM holds h WHERE h.conversation_id = c.id AND (length(h.body) > 0 OR h.closed_at = 0)))`},
	{"conversation %s has no key, and nothing says that it was erased",
		`SELECT id FROM conversations WHERE (emptied_at = 0) = (length(wrapped_key) = 0)`},
	{"conversation %s is to be erased and nothing will do it (no due work " + DueErase + ")",
		`SELECT conversation_id FROM erasures e WHERE decision = 'erase' AND erased_at = 0 AND ` + noDue(DueErase, "e.conversation_id")},
	{"conversation %s was asked to be erased and no hold of it is open",
		`SELECT conversation_id FROM erasures e WHERE asked_at > 0 AND decision = '' AND NOT EXISTS
			(SELECT 1 FROM holds h WHERE h.id = e.hold_id AND h.closed_at = 0)`},
	{"message %s is queued and nothing will ever send it (no due work " + DueSend + ")",
		`SELECT id FROM messages m WHERE state = 'queued' AND digest_id = '' AND ` + noDue(DueSend, "m.id")},
	{"message %s is carried by one that is not stored, or that was sent without it",
		`SELECT id FROM messages m WHERE digest_id <> '' AND NOT EXISTS (SELECT 1 FROM messages d WHERE d.id = m.digest_id AND d.kind = 'digest'
			AND (m.state <> 'queued' OR d.state = 'queued'))`},
	{"message %s carries an alert that is not stored",
		`SELECT id FROM messages m WHERE alert_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.id = m.alert_id)`},
}

func noDue(kind, subject string) string {
	return `NOT EXISTS (SELECT 1 FROM due d WHERE d.kind = '` + kind + `' AND d.subject = ` + subject + `)`
}

// Check says what does not add up at this moment, one sentence each with the id that it is about; none when all holds.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	tx, err := s.snapshot(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	return check(ctx, tx)
}

func check(ctx context.Context, tx *sql.Tx) ([]string, error) {
	var faults []string
	counts, err := count(ctx, tx)
	if err != nil {
		return nil, err
	}
	sum := counts.Open + counts.Concluded + counts.Held
	for _, n := range counts.Marked {
		sum += n
	}
	if sum != counts.Received {
		faults = append(faults, fmt.Sprintf("received is %d and the bins add up to %d", counts.Received, sum))
	}
	for _, r := range rules {
		ids, err := words(ctx, tx, "checking the ledger", r.find+` ORDER BY 1 LIMIT $1`, faultsShown)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			faults = append(faults, fmt.Sprintf(r.fault, id))
		}
	}
	if _, err := verifyAudit(ctx, tx); errors.Is(err, audit.ErrBroken) {
		faults = append(faults, err.Error())
	} else if err != nil {
		return nil, err
	}
	return faults, nil
}
