package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/report"
	"chumrok/internal/seal"
)

// DueArchive is the due work that seals a report for the holders; its subject is the conversation of the report.
const DueArchive = "archive"

// ArchiveCopy is what a caller told, sealed for a holder. No gateway can open it.
type ArchiveCopy struct {
	ConversationID string      `json:"row"`
	Holder         seal.Holder `json:"holder"`
	Fingerprint    string      `json:"key"` // of the holder's public key
	Codes          []string    `json:"codes"`
	At             time.Time   `json:"at"`
	Sealed         []byte      `json:"sealed"`
}

// Archived is what is in an archive copy: what was told, without what was done about it.
type Archived struct {
	Codes   []string      // of the referral and the hold at that time
	Code    string        // that its reporter was told
	Number  string        // of the phone that told it, as long as it was kept
	Reasons []string      // of its risk
	Report  report.Report // with what was added
}

// archivedPlain is Archived as it is sealed.
type archivedPlain struct {
	Codes   []string        `json:"codes,omitempty"`
	Code    string          `json:"code,omitempty"`
	Number  string          `json:"number,omitempty"`
	Reasons []string        `json:"reasons,omitempty"`
	Report  json.RawMessage `json:"report"`
}

func archivePlace(conversation string) seal.Place {
	return seal.Place{Table: "archive", Column: "sealed", Row: conversation}
}

// Open opens a copy with its holder's private key; it needs neither the database nor the keys of the gateway.
func (c ArchiveCopy) Open(key seal.HolderKey) (Archived, error) {
	plain, err := key.Open(archivePlace(c.ConversationID), c.Sealed)
	if err != nil {
		return Archived{}, fmt.Errorf("opening the copy of %s: %w", c.ConversationID, err)
	}
	var p archivedPlain
	if err := json.Unmarshal(plain, &p); err != nil {
		return Archived{}, fmt.Errorf("reading the copy of %s: %w", c.ConversationID, err)
	}
	a := Archived{Codes: p.Codes, Code: p.Code, Number: p.Number, Reasons: p.Reasons}
	if a.Report, err = report.FromPlain(p.Report); err != nil {
		return Archived{}, fmt.Errorf("reading the copy of %s: %w", c.ConversationID, err)
	}
	return a, nil
}

// String shows nothing of what was told.
func (a Archived) String() string { return "archived " + a.Report.ID }

// Format makes every verb print what String returns.
func (a Archived) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(a.String())) }

// archiveDue is the work that follows from a report that is written: a new copy for each holder.
func (e *sealedEffects) archiveDue(at time.Time) []Due {
	if !e.archive {
		return nil
	}
	return []Due{{Kind: DueArchive, Subject: e.Report.ConversationID, At: at, Urgency: -1}}
}

// WantArchive writes the work for reports that have no copy for a holder of today, as after an upgrade or for a new holder.
func (s *Store) WantArchive(ctx context.Context, now time.Time) error {
	if !s.keys.HasHolders() {
		return nil
	}
	for _, h := range seal.Holders() {
		ids, err := words(ctx, s.read, "looking for what is not archived", `SELECT r.conversation_id FROM reports r JOIN conversations c ON c.id = r.conversation_id
			WHERE length(c.wrapped_key) > 0 AND r.details IS NOT NULL AND NOT EXISTS (SELECT 1 FROM archive a
			WHERE a.conversation_id = c.id AND a.holder = $1 AND a.fingerprint = $2) AND `+noDue(DueArchive, "c.id")+` ORDER BY 1`, string(h), s.keys.Fingerprint(h))
		if err != nil {
			return err
		}
		for len(ids) > 0 {
			page := ids[:min(len(ids), 200)]
			ids = ids[len(page):]
			var due []Due
			for _, id := range page {
				due = append(due, Due{Kind: DueArchive, Subject: id, At: now, Urgency: -1})
			}
			if _, err := s.Apply(ctx, now, Effects{Due: due}); err != nil {
				return fmt.Errorf("wanting archive copies: %w", err)
			}
		}
	}
	return nil
}

// Archive seals the report that due work speaks of for each holder, in place of the copy from before, and ends the work. A report that is
// erased or past its time gets none.
func (s *Store) Archive(ctx context.Context, now time.Time, due Due) error {
	r, found, err := s.ReportOf(ctx, due.Subject)
	if err != nil {
		return fmt.Errorf("archiving: %w", err)
	}
	if !found || !s.keys.HasHolders() {
		return s.Finish(ctx, due)
	}
	plain, err := s.archivePlain(ctx, r)
	if err != nil {
		return fmt.Errorf("archiving: %w", err)
	}
	var copies []ArchiveCopy
	for _, h := range seal.Holders() {
		sealed, err := s.keys.SealFor(h, archivePlace(due.Subject), plain)
		if err != nil {
			return fmt.Errorf("archiving: %w", err)
		}
		copies = append(copies, ArchiveCopy{ConversationID: due.Subject, Holder: h, Fingerprint: s.keys.Fingerprint(h), Sealed: sealed})
	}
	return s.act(ctx, "archiving", func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error) {
		there, err := hold(ctx, tx, due.Subject) // or it was erased meanwhile
		if err != nil || !there {
			return nil, err
		}
		for _, c := range copies {
			_, err := tx.ExecContext(ctx, `INSERT INTO archive AS a (conversation_id, holder, fingerprint, version, at, sealed) VALUES ($1,$2,$3,$4,$5,$6)
				ON CONFLICT (conversation_id, holder) DO UPDATE SET fingerprint = excluded.fingerprint, version = excluded.version, at = excluded.at,
				sealed = excluded.sealed WHERE a.version <= excluded.version`, c.ConversationID, string(c.Holder), c.Fingerprint, r.Version, millis(now), c.Sealed)
			if err != nil {
				return nil, err
			}
		}
		return nil, finishDue(ctx, tx, due)
	})
}

func (s *Store) archivePlain(ctx context.Context, r Report) ([]byte, error) {
	p := archivedPlain{Code: r.Code, Reasons: r.Reasons}
	told, found, err := s.Conversation(ctx, r.ConversationID)
	if err != nil {
		return nil, err
	}
	if found && !told.Number.IsZero() {
		p.Number = told.Number.E164()
	}
	if p.Codes, err = s.codesOf(ctx, r.ConversationID); err != nil {
		return nil, err
	}
	if p.Report, err = r.Report.Plain(); err != nil {
		return nil, err
	}
	return json.Marshal(p)
}

// codesOf is the codes of the referrals and holds of a conversation.
func (s *Store) codesOf(ctx context.Context, conversation string) ([]string, error) {
	return words(ctx, s.read, "reading the codes of a report", `SELECT code FROM referrals WHERE conversation_id = $1 UNION SELECT code FROM holds
		WHERE conversation_id = $1 ORDER BY 1`, conversation)
}

// ArchiveCopies lists the sealed copies of a conversation's report, or with "" all there are, as the act of by.
func (s *Store) ArchiveCopies(ctx context.Context, at time.Time, by, conversation, subject string) ([]ArchiveCopy, error) {
	list, err := query(ctx, s.read, "reading archive copies", func(scan scanner) (c ArchiveCopy, err error) {
		var written int64
		err = scan(&c.ConversationID, &c.Holder, &c.Fingerprint, &written, &c.Sealed)
		c.At = instant(written)
		return c, err
	}, `SELECT conversation_id, holder, fingerprint, at, sealed FROM archive WHERE $1 = '' OR conversation_id = $1 ORDER BY conversation_id, holder`, conversation)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	for i := range list {
		if i > 0 && list[i].ConversationID == list[i-1].ConversationID {
			list[i].Codes = list[i-1].Codes
		} else if list[i].Codes, err = s.codesOf(ctx, list[i].ConversationID); err != nil {
			return nil, err
		}
	}
	err = s.act(ctx, "putting the export of copies on record", func(context.Context, *sql.Tx) ([]audit.Entry, error) {
		return []audit.Entry{{At: at, Who: by, What: "archive exported", Subject: subject}}, nil
	})
	return list, err
}

// ConversationWithCode is the conversation whose referral or hold has this code, also where it is past its time; false where there is none or
// it was erased.
func (s *Store) ConversationWithCode(ctx context.Context, code string) (string, bool, error) {
	return first(words(ctx, s.read, "looking for a code", `SELECT k.conversation_id FROM codes k JOIN conversations c ON c.id = k.conversation_id
		WHERE k.code = $1 AND c.mark <> 'erased'`, code))
}

// eraseArchive removes the holders' copies of what was told in conversations.
func eraseArchive(ctx context.Context, tx *sql.Tx, ids []string) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM archive WHERE conversation_id IN `+list(len(ids)), anys(ids)...); err != nil {
		return fmt.Errorf("erasing archive copies: %w", err)
	}
	return nil
}
