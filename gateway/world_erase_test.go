package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"chumrok/flows"
)

// runs runs a subcommand at the story's time, beside the gateway.
func (w *world) runs(args ...string) (int, string) {
	w.t.Helper()
	var out, complaints strings.Builder
	var environ []string
	for name, value := range w.env {
		environ = append(environ, name+"="+value)
	}
	code := runAt(w.t.Context(), args, streams{in: strings.NewReader(""), out: &out, err: &complaints}, environ, w.clock.Now)
	if text := out.String() + complaints.String(); anyNumber.MatchString(text) || strings.Contains(text, secret) {
		w.t.Errorf("%v prints something personal: %s", args, text)
	}
	return code, out.String() + complaints.String()
}

// told is a report by USSD as its reporter knows it.
type toldBy struct{ code, proof, conversation, referral string }

// tellsByUSSD tells of beating, with a story, and hears a code and a number; the chair of the committee gets the referral.
func (w *world) tellsByUSSD(number string, keys ...string) toldBy {
	w.t.Helper()
	child := w.caller(number).dials("*1280#").presses(toDanger...)
	if len(keys) == 0 {
		keys = []string{"2", "1", "កន្ទឺ ១ បាត់ដំបង", "1", "1", "3", "1", "2"} // no danger; beaten; there; myself, 12 to 14, a girl; a neighbour
	}
	child.presses(keys...).presses("3", "He hits me "+secret, "1", "1", "1") // no contact; the story; told, sent, on
	t := toldBy{code: child.code(8)}
	child.presses("1")
	if w.calls == nil {
		w.calls = map[string]*caller{}
	}
	w.calls[number] = child
	r, found, err := w.gateway.store.ReportByCode(w.t.Context(), t.code)
	if err != nil || !found {
		w.t.Fatalf("the report: found %t, %v", found, err)
	}
	c, _, err := w.gateway.store.Conversation(w.t.Context(), r.ConversationID)
	if err != nil {
		w.t.Fatal(err)
	}
	state, err := flows.Decode(c.State)
	if err != nil {
		w.t.Fatal(err)
	}
	t.conversation, t.proof = r.ConversationID, state.Proof
	return t
}

func (w *world) tellsTheChair(number string) toldBy {
	t := w.tellsByUSSD(number)
	t.referral = digitsIn(w.t, w.gets("banan1-chair"), 6)
	return t
}

// wrong is a number that is not the one that was told.
func (t toldBy) wrong(n int) string {
	for i := 10 + n; ; i++ {
		if p := fmt.Sprint(i); p != t.proof {
			return p
		}
	}
}

// last is the last call of a phone that told something.
func (w *world) last(number string) *caller {
	w.t.Helper()
	if w.calls[number] == nil {
		w.t.Fatal("that phone told nothing")
	}
	return w.calls[number]
}

// asksToErase asks to erase, in English, and returns every screen on the way.
func (w *world) asksToErase(number, code, proof string) []string {
	w.t.Helper()
	c := w.caller(number).dials("*1280#")
	screens := []string{c.screen}
	for _, key := range []string{"2", "3", code, "3", proof} {
		screens = append(screens, c.presses(key).screen)
	}
	if !c.ended || c.screen != w.sentence("en", "ask.wished") {
		w.t.Fatalf("asking to erase ends with %q", c.screen)
	}
	w.settle()
	return screens
}

// closes lets the chair take a referral, read it, see the child and give an outcome.
func (w *world) closes(referral string) {
	w.t.Helper()
	chair := w.pin("banan1-chair")
	w.replies("banan1-chair", "1 "+referral)
	says(w.t, w.onDuty("banan1-chair", chair).opens(referral).presses("1").reads(), "He hits me "+secret)
	w.forward(time.Hour) // the officer's call is over
	w.replies("banan1-chair", "3 "+referral)
	w.replies("banan1-chair", "4 "+referral+" 1")
	w.stands(referral, "closed", "banan1-chair")
}

// database opens the story's database beside the gateway.
func (w *world) database() *sql.DB {
	w.t.Helper()
	driver, name := "sqlite", "file:"+w.env["CHUMROK_DATA"]+"/chumrok.db"
	if url := w.env["CHUMROK_DATABASE_URL"]; url != "" {
		driver, name = "pgx", url
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { db.Close() })
	return db
}

// values are all bytes that a statement finds.
func (w *world) values(db *sql.DB, text string, args ...any) [][]byte {
	w.t.Helper()
	rows, err := db.QueryContext(w.t.Context(), text, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	columns, _ := rows.Columns()
	var all [][]byte
	for rows.Next() {
		row := make([]any, len(columns))
		for i := range row {
			row[i] = new([]byte)
		}
		if err := rows.Scan(row...); err != nil {
			w.t.Fatal(err)
		}
		for _, v := range row {
			if b := *v.(*[]byte); len(b) > 0 {
				all = append(all, slices.Clone(b))
			}
		}
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return all
}

// traces are the sealed bytes of everything that holds the secret: of the report and of every conversation in which it was read or said.
func (w *world) traces(conversation string) [][]byte {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	var all [][]byte
	for _, id := range w.values(db, `SELECT id FROM conversations`) {
		turns, err := w.gateway.store.Turns(w.t.Context(), string(id))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, turn := range turns {
			if bytes.Contains(slices.Concat(turn.Heard, turn.Answer, turn.State), []byte(secret)) {
				all = append(all, w.values(db, `SELECT heard, answer, state FROM turns WHERE conversation_id = $1 AND seq = $2`, string(id), turn.Seq)...)
			}
		}
	}
	for _, text := range []string{`SELECT wrapped_key, number FROM conversations WHERE id = $1`, `SELECT details FROM reports WHERE conversation_id = $1`,
		`SELECT body FROM referrals WHERE conversation_id = $1`, `SELECT body FROM holds WHERE conversation_id = $1`,
		`SELECT text FROM messages WHERE conversation_id = $1`} {
		all = append(all, w.values(db, text, conversation)...)
	}
	if len(all) < 10 {
		w.t.Fatalf("only %d sealed values: this looks at the wrong ones", len(all))
	}
	return all
}

// atRest is everything that the database's files, or on a server its rows, and Redis hold.
func (w *world) atRest(db *sql.DB) []byte {
	w.t.Helper()
	var kept [][]byte
	if w.env["CHUMROK_DATABASE_URL"] == "" {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			body, err := os.ReadFile(w.env["CHUMROK_DATA"] + "/chumrok.db" + suffix)
			if err != nil {
				w.t.Fatal(err)
			}
			kept = append(kept, body)
		}
	} else {
		for _, table := range w.values(db, `SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'`) {
			kept = append(kept, w.values(db, `SELECT convert_to(t::text, 'UTF8') FROM `+string(table)+` t`)...)
		}
	}
	keys, err := w.gateway.client.Keys(w.t.Context(), "*").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	for _, key := range keys {
		kept = append(kept, []byte(key))
		fields, err := w.gateway.client.HGetAll(w.t.Context(), key).Result()
		if err != nil { // not a hash
			value, err := w.gateway.client.Get(w.t.Context(), key).Bytes()
			if err != nil {
				w.t.Fatal(err)
			}
			kept = append(kept, value)
		}
		for _, value := range fields {
			kept = append(kept, []byte(value))
		}
	}
	return bytes.Join(kept, []byte{0})
}

// isGone says that none of these bytes is in the database, nor what they say in anything that can still be opened, nor in Redis.
func (w *world) isGone(traces [][]byte) {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	all := w.atRest(db)
	for _, trace := range traces {
		if bytes.Contains(all, trace) || bytes.Contains(all, fmt.Appendf(nil, "%x", trace)) || bytes.Contains(all, []byte(secret)) {
			w.t.Fatal("something is left of what was erased")
		}
	}
	for _, id := range w.values(db, `SELECT id FROM conversations WHERE mark <> 'erased'`) {
		turns, err := w.gateway.store.Turns(w.t.Context(), string(id))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, turn := range turns {
			if bytes.Contains(slices.Concat(turn.Heard, turn.Answer, turn.State), []byte(secret)) {
				w.t.Errorf("conversation %s still tells it", id)
			}
		}
	}
}

// wishOf is the hold of a wish.
func (w *world) wishOf(t toldBy) (h struct{ StartedAt, Due time.Time }, open bool) {
	w.t.Helper()
	about, err := aboutErasing(w.t.Context(), w.gateway.store, t.conversation)
	if err != nil {
		w.t.Fatal(err)
	}
	hold, open := about.wishOf()
	h.StartedAt, h.Due = hold.StartedAt, hold.Due
	return h, open
}
