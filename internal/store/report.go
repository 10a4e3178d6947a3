package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"chumrok/internal/report"
	"chumrok/internal/seal"
)

// ErrCodeTaken is wrapped by the error of a report whose reporter's code belongs to another report. Ask CodeFree before telling a code.
var ErrCodeTaken = errors.New("the reporter's code belongs to another report")

// reporterCodeKind is the kind of the blind index that finds a report by its code.
const reporterCodeKind = "reporter code"

// details is what a report's row seals: the report whole, and what triage and the desk know of it.
type details struct {
	Report  json.RawMessage
	Reasons []string `json:",omitempty"`
	Code    string   `json:",omitempty"`
}

func (r Report) plain() ([]byte, error) {
	whole, err := r.Report.Plain()
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(details{whole, r.Reasons, r.Code})
	if err != nil {
		return nil, fmt.Errorf("writing report %s: %w", r.ID, err)
	}
	return b, nil
}

// writeReport is false when the conversation has a report already, or the stored version is another one. What routing and figures need
// stands outside the seal, what was told stands inside.
func writeReport(ctx context.Context, tx *sql.Tx, at time.Time, r Report, code, proof string, sealed []byte) (bool, error) {
	if r.At.IsZero() {
		r.At = at
	}
	args := []any{r.ID, r.ConversationID, r.Version + 1, string(r.State), r.Channel, r.Who, r.Risk.String(), string(r.Danger), string(r.Harm),
		r.AreaCode, r.Age, r.Sex, null(code), sealed, millis(r.At), proof}
	if r.Version > 0 {
		done, err := set(ctx, tx, "changing a report", `UPDATE reports SET version = $3, state = $4, channel = $5, who = $6, risk = $7,
			danger = $8, harm = $9, area_code = $10, age = $11, sex = $12, reporter_code = $13, details = $14, at = $15,
			proof = CASE WHEN $16 = '' THEN proof ELSE $16 END
			WHERE id = $1 AND conversation_id = $2 AND version = $3 - 1 RETURNING id`, args...)
		return len(done) == 1, err
	}
	done, err := set(ctx, tx, "writing a report", `INSERT INTO reports (id, conversation_id, version, state, channel, who, risk, danger, harm,
		area_code, age, sex, reporter_code, details, at, proof) VALUES `+list(16)+` ON CONFLICT DO NOTHING RETURNING id`, args...)
	if err != nil || len(done) == 1 {
		return err == nil, err
	}
	theirs, err := words(ctx, tx, "looking for a code", `SELECT id FROM reports WHERE reporter_code = $1 AND conversation_id <> $2`,
		null(code), r.ConversationID)
	if err == nil && len(theirs) > 0 {
		err = fmt.Errorf("writing report %s: %w", r.ID, ErrCodeTaken)
	}
	return false, err
}

// Report is one report, opened. Who asks for it is for the record (Effects.Audit).
func (s *Store) Report(ctx context.Context, id string) (Report, bool, error) {
	return s.report(ctx, `r.id = $1`, id)
}

// ReportOf is the report of a conversation, which has one at most.
func (s *Store) ReportOf(ctx context.Context, conversation string) (Report, bool, error) {
	return s.report(ctx, `r.conversation_id = $1`, conversation)
}

// ReportByCode is the report whose reporter was told this code.
func (s *Store) ReportByCode(ctx context.Context, code string) (Report, bool, error) {
	return s.report(ctx, `r.reporter_code = $1`, s.keys.Blind(reporterCodeKind, code))
}

func (s *Store) report(ctx context.Context, where, arg string) (Report, bool, error) {
	type row struct {
		id, conversation, state, risk string
		version                       int
		sealed, wrapped               []byte
	}
	found, err := query(ctx, s.read, "reading a report", func(scan scanner) (r row, err error) {
		err = scan(&r.id, &r.conversation, &r.state, &r.risk, &r.version, &r.sealed, &r.wrapped)
		return r, err
	}, `SELECT r.id, r.conversation_id, r.state, r.risk, r.version, r.details, c.wrapped_key
		FROM reports r JOIN conversations c ON c.id = r.conversation_id
		WHERE c.emptied_at = 0 AND `+where, arg)
	if err != nil || len(found) == 0 {
		return Report{}, false, err
	}
	r := found[0]
	out := Report{Version: r.version}
	err = s.openReport(r.conversation, r.id, r.wrapped, r.sealed, &out)
	if errors.Is(err, ErrPast) {
		return Report{}, false, nil
	}
	if err != nil {
		return Report{}, false, fmt.Errorf("opening report %s: %w", r.id, err)
	}
	out.ID, out.ConversationID, out.State = r.id, r.conversation, report.State(r.state)
	if r.risk != report.Risk(0).String() {
		if err := out.Risk.UnmarshalText([]byte(r.risk)); err != nil {
			return Report{}, false, fmt.Errorf("reading report %s: %w", r.id, err)
		}
	}
	return out, true, nil
}

func (s *Store) openReport(conversation, id string, wrapped, sealed []byte, into *Report) error {
	key, err := s.unwrap(conversation, seal.Wrapped(wrapped))
	if err != nil {
		return err
	}
	plain, err := open(key, "reports", "details", id, sealed)
	if err != nil || plain == nil {
		return err
	}
	var d details
	if err := json.Unmarshal(plain, &d); err != nil {
		return err
	}
	into.Reasons, into.Code = d.Reasons, d.Code
	into.Report, err = report.FromPlain(d.Report)
	return err
}
