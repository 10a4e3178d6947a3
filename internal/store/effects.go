package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/seal"
)

// sealedEffects is effects with what is personal in them sealed for the rows that it goes to.
type sealedEffects struct {
	Effects
	details      []byte   // of the report
	reporterCode string   // blind index
	proof        string   // keyed hash
	referrals    [][]byte // bodies
	holds        [][]byte
	messages     []sealedMessage
	triedIndex   string // of the number whose proof was tried
	archive      bool   // the report is to be sealed for the holders, too
}

// plain says that the effects touch nothing but due work and the audit record, which a group writes for all its members at once.
func (e *sealedEffects) plain() bool {
	return e.Report == nil && e.Question == nil && e.ProofTried == nil && e.EraseTry == nil && e.Checkpoint == nil &&
		len(e.Additions)+len(e.Shown)+len(e.Erasures)+len(e.ClearQuestions)+len(e.Conversations)+len(e.Referrals)+len(e.Holds)+
			len(e.Alerts)+len(e.AlertStates)+len(e.Messages)+len(e.Digested)+len(e.DrillMoves)+len(e.MessageStates)+len(e.DueFinished)+len(e.LessonsSent) == 0
}

// acts is the audit entries of the effects; those without a time get the entry's.
func (e *sealedEffects) acts(at time.Time) []audit.Entry {
	acts := make([]audit.Entry, len(e.Audit))
	for i, a := range e.Audit {
		if a.At.IsZero() {
			a.At = at
		}
		acts[i] = a
	}
	return acts
}

// sealEffects seals under the key of each row's conversation; key is the one of the conversation whose turn it is, if any.
func (s *Store) sealEffects(ctx context.Context, conversation string, key seal.DataKey, e Effects) (sealedEffects, error) {
	out := sealedEffects{Effects: e}
	out.MessageStates = slices.Clone(e.MessageStates)
	for i := range out.MessageStates {
		m := &out.MessageStates[i]
		m.ProviderID = s.handingID(m.Provider, m.ProviderID)
	}
	known := map[string]seal.DataKey{}
	if conversation != "" {
		known[conversation] = key
	}
	keyOf := func(id string) (seal.DataKey, error) {
		if k, ok := known[id]; ok {
			return k, nil
		}
		k, err := s.key(ctx, id)
		if err == nil {
			known[id] = k
		}
		return k, err
	}
	body := func(table, id, conversation string, v any) ([]byte, error) {
		plain, err := json.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("writing %s %s: %w", table, id, err)
		}
		k, err := keyOf(conversation)
		if err != nil {
			return nil, fmt.Errorf("sealing %s %s: %w", table, id, err)
		}
		return k.Seal(seal.Place{Table: table, Column: "body", Row: id}, plain), nil
	}
	if r := e.Report; r != nil {
		plain, err := r.plain()
		if err != nil {
			return out, err
		}
		k, err := keyOf(r.ConversationID)
		if err != nil {
			return out, fmt.Errorf("sealing report %s: %w", r.ID, err)
		}
		out.details = k.Seal(seal.Place{Table: "reports", Column: "details", Row: r.ID}, plain)
		if r.Code != "" {
			out.reporterCode = s.keys.Blind(reporterCodeKind, r.Code)
		}
		out.proof = s.proofHash(r.ConversationID, r.Proof)
		out.archive = s.keys.HasHolders()
	}
	if p := e.ProofTried; p != nil && !p.Number.IsZero() {
		out.triedIndex = s.PhoneIndex(p.Number)
	}
	for _, r := range e.Referrals {
		r.Version++
		sealed, err := body("referrals", r.ID, r.ConversationID, r)
		if err != nil {
			return out, err
		}
		out.referrals = append(out.referrals, sealed)
	}
	for _, h := range e.Holds {
		h.Version++
		sealed, err := body("holds", h.ID, h.ConversationID, h)
		if err != nil {
			return out, err
		}
		out.holds = append(out.holds, sealed)
	}
	for _, m := range e.Messages {
		sealed, err := s.sealMessage(m, keyOf)
		if err != nil {
			return out, err
		}
		out.messages = append(out.messages, sealed)
	}
	return out, nil
}

// writeEffects writes a member's effects but for due work that is upserted or dropped and the audit record, which the group writes. It is
// false when something moved in between: then nothing of the member may stay.
func writeEffects(ctx context.Context, tx *sql.Tx, m *member) (bool, error) {
	e := &m.effects
	for _, id := range m.elsewhere() {
		if there, err := hold(ctx, tx, id); err != nil || !there {
			return false, err // it was erased since this was decided, and nobody could read what was written about it
		}
	}
	for _, c := range e.Conversations {
		if ok, err := changeConversation(ctx, tx, m.at, c); err != nil || !ok {
			return false, err
		}
	}
	if e.Report != nil {
		if ok, err := writeReport(ctx, tx, m.at, *e.Report, e.reporterCode, e.proof, e.details); err != nil || !ok {
			return false, err
		}
	}
	for i, h := range e.Holds {
		if ok, err := writeHold(ctx, tx, m.at, h, e.holds[i]); err != nil || !ok {
			return false, err
		}
	}
	for i, r := range e.Referrals {
		if ok, err := writeReferral(ctx, tx, m.at, r, e.referrals[i]); err != nil || !ok {
			return false, err
		}
	}
	for _, l := range e.LessonsSent {
		if ok, err := writeLessonSent(ctx, tx, l); err != nil || !ok {
			return false, err
		}
	}
	if e.ProofTried != nil {
		if err := burnProof(ctx, tx, m.at, e.triedIndex, *e.ProofTried); err != nil {
			return false, err
		}
	}
	if ok, err := writeErasing(ctx, tx, m.at, e); err != nil || !ok {
		return false, err
	}
	return true, writeOutgoing(ctx, tx, m.at, e)
}

// elsewhere is the other conversations about which a member begins a referral or a hold, in the order in which all who hold them do.
func (m *member) elsewhere() []string {
	var ids []string
	add := func(version int, id string) {
		if version == 0 && (m.entry == nil || m.entry.Conversation.ID != id) {
			ids = append(ids, id)
		}
	}
	for _, r := range m.effects.Referrals {
		add(r.Version, r.ConversationID)
	}
	for _, h := range m.effects.Holds {
		add(h.Version, h.ConversationID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// writeErasing writes what belongs to a report or shows it, and who wants it erased. It is false when somebody was faster.
func writeErasing(ctx context.Context, tx *sql.Tx, at time.Time, e *sealedEffects) (bool, error) {
	for _, a := range e.Additions {
		if err := writeAddition(ctx, tx, at, a); err != nil {
			return false, err
		}
	}
	for _, s := range e.Shown {
		if ok, err := writeShown(ctx, tx, s); err != nil || !ok {
			return false, err
		}
	}
	if e.EraseTry != nil {
		if ok, err := writeEraseTry(ctx, tx, *e.EraseTry); err != nil || !ok {
			return false, err
		}
	}
	for _, c := range e.Erasures {
		if ok, err := writeErasure(ctx, tx, at, c); err != nil || !ok {
			return false, err
		}
	}
	return true, nil
}

// writeOutgoing writes what nobody can be faster at: alerts, messages, how far they came, questions, and claimed work that is done.
func writeOutgoing(ctx context.Context, tx *sql.Tx, at time.Time, e *sealedEffects) error {
	for _, a := range e.Alerts {
		if err := insertAlert(ctx, tx, at, a); err != nil {
			return err
		}
	}
	for _, m := range e.messages {
		if err := insertMessage(ctx, tx, at, m); err != nil {
			return err
		}
	}
	for _, d := range e.DrillMoves {
		if err := moveDrill(ctx, tx, at, d); err != nil {
			return err
		}
	}
	for _, d := range e.Digested {
		if err := writeDigested(ctx, tx, d); err != nil {
			return err
		}
	}
	for _, m := range e.MessageStates {
		if err := moveMessage(ctx, tx, at, m); err != nil {
			return err
		}
	}
	for _, a := range e.AlertStates {
		if err := moveAlert(ctx, tx, at, a); err != nil {
			return err
		}
	}
	for _, index := range e.ClearQuestions {
		if err := unask(ctx, tx, index); err != nil {
			return err
		}
	}
	if e.Question != nil {
		if err := ask(ctx, tx, at, *e.Question); err != nil {
			return err
		}
	}
	if e.Checkpoint != nil {
		if err := writeKept(ctx, tx, *e.Checkpoint); err != nil {
			return err
		}
	}
	for _, d := range e.DueFinished {
		if err := finishDue(ctx, tx, d); err != nil {
			return err
		}
	}
	return nil
}
