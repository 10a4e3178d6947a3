//go:build unix

package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

// ledger is the database that a gateway left, opened with its keys: what the drill looks at, never by the gateway.
type ledger struct {
	sql    *sql.DB
	store  *store.Store
	keys   *seal.Keyring
	phones map[string]string // officer id → number
	opened map[string][]store.Turn
}

// place is where a turn stands.
type place struct {
	conversation string
	seq          int64
}

func (w *World) openLedger(ctx context.Context) (*ledger, error) {
	keys, err := seal.Load(w.env["CHUMROK_KEYS"])
	if err != nil {
		return nil, fmt.Errorf("reading the keys: %w", err)
	}
	l := &ledger{keys: keys, phones: map[string]string{}, opened: map[string][]store.Turn{}}
	address := w.env["CHUMROK_DATABASE_URL"]
	if l.store, err = store.Open(ctx, address, keys); err != nil {
		return nil, err
	}
	if l.sql, err = w.OpenSQL(); err != nil {
		l.close()
		return nil, err
	}
	p, _, err := pack.Load(os.DirFS(w.env["CHUMROK_PACK"]), "pack")
	if err != nil {
		l.close()
		return nil, fmt.Errorf("loading the pack: %w", err)
	}
	for _, o := range p.Directory.All() {
		l.phones[o.ID] = o.Phone.E164()
	}
	return l, nil
}

// OpenSQL opens the world's database beside the gateway.
func (w *World) OpenSQL() (*sql.DB, error) {
	address := w.env["CHUMROK_DATABASE_URL"]
	if path, isFile := strings.CutPrefix(address, "sqlite:"); isFile {
		return sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(10000)")
	}
	return sql.Open("pgx", address)
}

func (l *ledger) close() {
	if l.sql != nil {
		_ = l.sql.Close()
	}
	_ = l.store.Close()
}

// repeatKey is what the ledger knows a turn by.
func (l *ledger) repeatKey(t *Turn) (string, error) {
	if t.Provider == "twilio" {
		return l.keys.RepeatKey(t.Provider, t.ID), nil
	}
	from, err := phone.Restore(t.From)
	if err != nil {
		return "", err
	}
	return l.keys.RepeatKey(t.Provider, t.ID+"|"+l.store.PhoneIndex(from)), nil
}

// places is every turn of the ledger, by its repeat key.
func (l *ledger) places(ctx context.Context) (map[string]place, error) {
	rows, err := l.sql.QueryContext(ctx, `SELECT repeat_key, conversation_id, seq FROM turns`)
	if err != nil {
		return nil, fmt.Errorf("reading turns: %w", err)
	}
	defer rows.Close()
	list := map[string]place{}
	for rows.Next() {
		var key string
		var p place
		if err := rows.Scan(&key, &p.conversation, &p.seq); err != nil {
			return nil, fmt.Errorf("reading turns: %w", err)
		}
		list[key] = p
	}
	return list, rows.Err()
}

// answer is what the ledger says that a turn was answered.
func (l *ledger) answer(ctx context.Context, p place) (string, error) {
	turns, known := l.opened[p.conversation]
	if !known {
		var err error
		if turns, err = l.store.Turns(ctx, p.conversation); err != nil {
			return "", err
		}
		l.opened[p.conversation] = turns
	}
	for _, t := range turns {
		if t.Seq == p.seq {
			return string(t.Answer), nil
		}
	}
	return "", fmt.Errorf("conversation %s has no turn %d", p.conversation, p.seq)
}
