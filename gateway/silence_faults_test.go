package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"chumrok/adapters"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

// fault is one way in which something that the gateway stands on goes, or lies.
type fault struct {
	strike func(*world)
	own    []string // beginnings of places into which the fault itself put a canary
}

// lies puts a canary's bytes where sealed bytes or our own words stood.
func lies(statement string) func(*world) {
	return func(w *world) {
		w.t.Helper()
		db := w.database()
		defer db.Close()
		for one := range strings.SplitSeq(statement, ";") {
			if _, err := db.ExecContext(w.t.Context(), one, []byte(canaryCaller+" "+canaryKhmer)); err != nil {
				w.t.Fatalf("%s: %v", one, err)
			}
		}
	}
}

var inTheDatabase = []string{"the column", "the file chumrok.db"}

var faults = map[string]fault{
	"the database is closed": {strike: func(w *world) { _ = w.gateway.store.Close() }},
	"a table is gone": {strike: func(w *world) {
		db := w.database()
		defer db.Close()
		for _, table := range []string{"turns", "due", "messages"} {
			if _, err := db.ExecContext(w.t.Context(), `ALTER TABLE `+table+` RENAME TO gone_`+table); err != nil {
				w.t.Fatal(err)
			}
		}
	}},
	"Redis is gone": {strike: func(w *world) {
		if w.redis != nil {
			w.redis.Stop()
			return
		}
		_ = w.gateway.client.Close()
	}},
	"Redis holds somebody's words": {own: []string{"a value in Redis"}, strike: func(w *world) {
		for key, fields := range w.redisContent() {
			for field := range fields {
				if err := w.gateway.client.HSet(w.t.Context(), key, field, canaryCaller+" "+canaryKhmer).Err(); err != nil {
					w.t.Fatal(err)
				}
			}
		}
	}},
	"Redis holds another kind of value": {own: []string{"a value in Redis"}, strike: func(w *world) {
		for key := range w.redisContent() {
			w.gateway.client.Del(w.t.Context(), key)
			if err := w.gateway.client.Set(w.t.Context(), key, canaryKhmer, time.Hour).Err(); err != nil {
				w.t.Fatal(err)
			}
		}
	}},
	"a state that cannot be read": {own: inTheDatabase, strike: func(w *world) {
		w.emptyRedis()
		lies(`UPDATE turns SET state = $1, heard = $1, answer = $1`)(w)
	}},
	"keys that cannot be read":     {own: inTheDatabase, strike: lies(`UPDATE conversations SET wrapped_key = $1, number = $1; UPDATE messages SET wrapped_key = $1`)},
	"messages that cannot be read": {own: inTheDatabase, strike: lies(`UPDATE messages SET text = $1, number = $1`)},
	"referrals that cannot be read": {own: inTheDatabase, strike: lies(
		`UPDATE referrals SET body = $1; UPDATE holds SET body = $1; UPDATE reports SET details = $1`)},
	"phones that cannot be read": {own: inTheDatabase, strike: func(w *world) {
		now := w.clock.Now()
		if err := w.gateway.store.SetPhone(w.t.Context(), operator, store.NewPhone{OfficerID: "meas-focal", Number: w.number(canaryOfficer), At: now}); err != nil {
			w.t.Fatal(err)
		}
		lies(`UPDATE officer_phones SET number = $1, wrapped_key = $1`)(w)
		w.clock.set(now.Add(readAgain))
	}},
	"the keys of another deployment": {strike: func(w *world) {
		keys, err := seal.Generate()
		if err != nil {
			w.t.Fatal(err)
		}
		w.gateway.keys = keys
	}},
}

// TestSilenceInEveryFault lets a child tell, breaks what the gateway stands on, and lets every provider call and all work fall due. Neither an answer
// nor an error nor anything that is left behind says what was told.
func TestSilenceInEveryFault(t *testing.T) {
	t.Parallel()
	for name, f := range faults {
		for _, house := range []string{"embedded", "real"} {
			t.Run(name+"/"+house, func(t *testing.T) {
				t.Parallel()
				w := canaryWorld(t, house)
				pin := w.pin("banan1-chair")
				tellsCanary(w)
				before := w.logs.String()
				f.strike(w)
				w.clock.set(w.clock.Now().Add(40 * time.Minute))
				refusals := w.pokes()
				for range 6 {
					if _, err := w.gateway.Sweep(context.WithoutCancel(t.Context())); err != nil {
						refusals = fmt.Appendf(refusals, "%v %+v %#v\n", err, err, err)
					}
					w.clock.set(w.clock.Now().Add(time.Hour))
				}
				w.silentIn("an error", refusals)
				if !notices(w.logs.String()[len(before):]) {
					t.Error("nobody noticed the fault: this test breaks nothing")
				}
				places := w.keptPlaces()
				for place := range places {
					if slices.ContainsFunc(f.own, func(own string) bool { return strings.HasPrefix(place, own) }) {
						delete(places, place)
					}
				}
				w.keepsSilenceIn(places, pin)
			})
		}
	}
}

// notices says whether a log complains of something else than of the callers that this test lets hang up.
func notices(log string) bool {
	for line := range strings.Lines(log) {
		if !strings.Contains(line, `"level":"DEBUG"`) && !strings.Contains(line, "context canceled") {
			return true
		}
	}
	return false
}

// tellsCanary tells by SMS and by USSD, leaves one conversation open on each channel, an alert that waits to be sent, and an officer's question.
func tellsCanary(w *world) {
	w.t.Helper()
	w.caller(canaryCaller).texts(canaryKhmer).texts("ឃុំកន្ទឺ ១ ខេត្តបាត់ដំបង").texts("1").texts("2").texts("3")
	w.settle()
	w.caller(canaryCaller).dials("*1280#").presses(toDanger...).presses("2", "1", canaryLatin)
	w.caller(canaryCaller).texts(canaryLatin + " " + khmerDigits("012 000 987"))
	m := store.Message{ID: store.NewID(), Kind: store.ToReply, OfficerID: "banan1-chair", Number: w.number(canaryOfficer), Text: canaryKhmer}
	if _, err := w.gateway.store.Apply(w.t.Context(), w.clock.Now(), store.Effects{Messages: []store.Message{m},
		Due: []store.Due{{Kind: store.DueSend, Subject: m.ID, At: w.clock.Now()}}}); err != nil {
		w.t.Fatal(err)
	}
}

// pokes calls every hook as its provider does, goes on in what is open, and asks the gateway itself with a context that ended; it returns all that
// came back as errors.
func (w *world) pokes() []byte {
	w.t.Helper()
	n := 10_000
	var refusals []byte
	refused := func(err error) {
		if err != nil {
			refusals = fmt.Appendf(refusals, "%v %+v %#v %q\n", err, err, err, err)
		}
	}
	door := w.gateway.Public()
	for route, h := range w.hooks() {
		c := h.right("right", h.fields, &n)
		status, answer := w.sent(door, c)
		w.silentAnswer(route, h, c, status, answer)
	}
	for _, path := range []string{"/metrics", "/readyz", "/healthz"} {
		_, answer := w.sent(w.gateway.Private(), siegeCall{method: http.MethodGet, path: path})
		w.silentIn(path, answer)
	}
	ended, cancel := context.WithCancel(w.t.Context())
	cancel()
	for _, ctx := range []context.Context{w.t.Context(), ended} {
		for i, m := range []adapters.Message{
			{Provider: "twilio", Channel: adapters.SMS, From: w.number(canaryCaller), To: "1280", Text: canaryKhmer},
			{Provider: "twilio", Channel: adapters.SMS, From: w.number(canaryOfficer), To: "1280", Text: "1 " + canaryKhmer},
			{Provider: "africastalking", Channel: adapters.USSD, From: w.number(canaryCaller), Session: fmt.Sprintf("ATUid_%032d", w.lines), Text: canaryKhmer, Cumulative: true},
			{Provider: "ussd/nalo", Channel: adapters.USSD, From: w.number(canaryCaller), Session: canaryCaller, Text: canaryKhmer},
		} {
			if i < 3 {
				n++
				m.ID = fmt.Sprint("poke-", n, canaryKhmer)
			}
			_, err := w.gateway.Receive(ctx, m)
			refused(err)
		}
		refused(w.gateway.Delivered(ctx, adapters.Delivery{Provider: "twilio", ID: canaryCaller, State: adapters.Failed, Reason: "30003"}))
		refused(w.gateway.Ended(ctx, adapters.Ended{Provider: "twilio", Session: canaryCaller}))
	}
	return refusals
}
