package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"chumrok/deploy"
)

// keptPlaces are everything that the gateway leaves behind outside the seal, by what it is called: its log, its figures, all that Redis holds, every
// column of every table, and every file of its data folder.
func (w *world) keptPlaces() map[string][]byte {
	w.t.Helper()
	all := map[string][]byte{"the log": []byte(w.logs.String())}
	figures := httptest.NewRecorder()
	w.gateway.Private().ServeHTTP(figures, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/metrics", http.NoBody))
	all["the figures"] = figures.Body.Bytes()
	w.keptInRedis(all)
	w.keptInSQL(all)
	err := filepath.WalkDir(w.env["CHUMROK_DATA"], func(path string, entry fs.DirEntry, err error) error {
		all["the name of a file"] = append(all["the name of a file"], path...)
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		all["the file "+filepath.Base(path)] = body
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// keptInRedis adds every key, and every value of every kind.
func (w *world) keptInRedis(all map[string][]byte) {
	w.t.Helper()
	ctx, client := w.t.Context(), w.gateway.client
	keys, err := client.Keys(ctx, "*").Result()
	if err != nil { // Redis is gone, and with it what it held
		return
	}
	for _, key := range keys {
		kind, err := client.Type(ctx, key).Result()
		var value any
		switch {
		case err != nil:
		case kind == "string":
			value, err = client.Get(ctx, key).Result()
		case kind == "hash":
			value, err = client.HGetAll(ctx, key).Result()
		case kind == "list":
			value, err = client.LRange(ctx, key, 0, -1).Result()
		case kind == "set":
			value, err = client.SMembers(ctx, key).Result()
		case kind == "zset":
			value, err = client.ZRange(ctx, key, 0, -1).Result()
		case kind == "stream":
			value, err = client.XRange(ctx, key, "-", "+").Result()
		case kind == "none": // it expired meanwhile
		default:
			w.t.Fatalf("Redis holds a %s, which this test cannot read", kind)
		}
		if err != nil && kind != "none" {
			w.t.Fatalf("reading what Redis holds: %v", err)
		}
		all["a name in Redis"] = fmt.Appendf(all["a name in Redis"], "%s\n", key)
		all["a value in Redis"] = fmt.Appendf(all["a value in Redis"], "%s\n", value)
	}
}

// keptInSQL adds every column of every table, as text and bytes as they are.
func (w *world) keptInSQL(all map[string][]byte) {
	w.t.Helper()
	db := w.database()
	defer db.Close()
	list := `SELECT name FROM sqlite_master WHERE type = 'table'`
	if w.env["CHUMROK_DATABASE_URL"] != "" {
		list = `SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'`
	}
	for _, table := range w.values(db, list) {
		rows, err := db.QueryContext(w.t.Context(), `SELECT * FROM `+string(table))
		if err != nil {
			w.t.Fatal(err)
		}
		columns, _ := rows.Columns()
		for rows.Next() {
			row := make([]any, len(columns))
			for i := range row {
				row[i] = new(any)
			}
			if err := rows.Scan(row...); err != nil {
				w.t.Fatal(err)
			}
			for i, v := range row {
				place := "the column " + string(table) + "." + columns[i]
				if b, isBytes := (*v.(*any)).([]byte); isBytes {
					all[place] = append(append(all[place], b...), '\n')
				} else {
					all[place] = fmt.Appendln(all[place], *v.(*any))
				}
			}
		}
		if err := rows.Err(); err != nil {
			w.t.Fatal(err)
		}
		_ = rows.Close()
	}
}

// keepsSilence looks for the canaries, and for PINs, in everything that is left behind, and that the canaries did come in.
func (w *world) keepsSilence(pins ...string) {
	w.t.Helper()
	w.keepsSilenceIn(w.keptPlaces(), pins...)
	told := 0
	db := w.database()
	defer db.Close()
	for _, id := range w.values(db, `SELECT id FROM conversations`) {
		turns, err := w.gateway.store.Turns(w.t.Context(), string(id))
		if err != nil {
			continue // the story broke it
		}
		for _, turn := range turns {
			if found(turn.Heard) != "" {
				told++
			}
		}
	}
	if told == 0 {
		w.t.Error("no canary came in: this test looks at silence that has nothing to hide")
	}
}

func (w *world) keepsSilenceIn(places map[string][]byte, pins ...string) {
	w.t.Helper()
	for name, text := range places {
		w.silentIn(name, text)
		for _, pin := range pins {
			if holdsPIN(text, pin) {
				w.t.Errorf("%s holds a PIN", name)
			}
		}
	}
}

// silentIn fails for a canary in a text, and shows the line around it.
func (w *world) silentIn(name string, text []byte) {
	w.t.Helper()
	form := found(text)
	if form == "" {
		return
	}
	at := bytes.Index(text, traces[form])
	from, to := max(0, at-200), min(len(text), at+len(traces[form])+100)
	if i := bytes.LastIndexByte(text[from:at], '\n'); i >= 0 {
		from += i + 1
	}
	w.t.Errorf("%s holds a canary, as %s: %q", name, form, text[from:to])
}

// TestCanariesAreNobodysWords: what is looked for stands in nothing that we ship, so whatever is found was said by the canary.
func TestCanariesAreNobodysWords(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]fs.FS{"the pack": deploy.Cambodia(), "the sentences": os.DirFS("../locales"), "the conversations": os.DirFS("../flows"), "the stories' pack": os.DirFS("testdata")} {
		err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.Contains(path, "fuzz") {
				return err
			}
			body, err := fs.ReadFile(files, path)
			for _, word := range append([]string{`12 ?000 ?98[67]`}, canaryWords...) {
				if regexp.MustCompile(word).Match(body) {
					t.Errorf("%s: %s says %s", name, path, word)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}
