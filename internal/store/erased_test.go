package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/servertest"
)

func erasedList(tb testing.TB) *ErasedList {
	tb.Helper()
	l := ErasedListAt(filepath.Join(tb.TempDir(), "erased"))
	if err := l.Begin(); err != nil {
		tb.Fatal(err)
	}
	return l
}

func listed(tb testing.TB, l *ErasedList) map[string]erasedHow {
	tb.Helper()
	got, err := l.read()
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

// TestTheListOfWhatWasErased: only its owner may read it, the last line about an id counts, a line that broke off says nothing and spoils none.
func TestTheListOfWhatWasErased(t *testing.T) {
	t.Parallel()
	l := erasedList(t)
	if info, err := os.Stat(l.path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info, err)
	}
	a, b, c, d := NewID(), NewID(), NewID(), NewID()
	write := func(text string) {
		t.Helper()
		f, err := os.OpenFile(l.path, os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteString(text)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add := func(how erasedHow, ids ...string) {
		t.Helper()
		if err := l.add(how, ids...); err != nil {
			t.Fatal(err)
		}
	}
	add(erasedAsked, a, b)
	write(c[:20]) // the power went
	if diff := cmp.Diff(map[string]erasedHow{a: erasedAsked, b: erasedAsked}, listed(t, l)); diff != "" {
		t.Error(diff)
	}
	add(erasedByTime, d)
	add(notErased, b)
	write(c + " asked") // no end of the line: it may be the half of something else
	again := ErasedListAt(l.path)
	if diff := cmp.Diff(map[string]erasedHow{a: erasedAsked, d: erasedByTime}, listed(t, again)); diff != "" {
		t.Error(diff)
	}
	text, err := os.ReadFile(l.path)
	if err != nil || !regexp.MustCompile(`^[0-9a-f\- \nikmpst]+$`).Match(text) {
		t.Errorf("%q, %v", text, err)
	}
	if err := ErasedListAt(filepath.Join(t.TempDir(), "nowhere", "erased")).Begin(); err == nil {
		t.Error("a list is begun in a folder that is not there")
	}
}

// TestWhatIsErasedIsErasedAgain: two databases hold the same, as a database and what a backup of it brings back. What is erased in the first
// is erased in the second, on record, whatever stood open in it; and no more than that.
func TestWhatIsErasedIsErasedAgain(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		url := "sqlite:" + filepath.Join(t.TempDir(), "restored.db")
		if s.dialect == onPostgres {
			url = servertest.Postgres(t)
		}
		back := opened(t, url, s.keys)
		list := erasedList(t)
		s.KeepErased(list)
		back.KeepErased(list)

		wished, aged, reopened, stays := concluding(t, s, beginning(t, s, "wished"), "700001"), concluding(t, s, beginning(t, s, "aged"), "700002"),
			concluding(t, s, beginning(t, s, "reopened"), "700003"), concluding(t, s, beginning(t, s, "stays"), "700004")
		added := beginning(t, s, "added")
		added.Conversation.Bin, added.Conversation.Mark, added.Conversation.Ended = Marked, MarkJoined, true
		added.Effects = Effects{Additions: []Addition{{ConversationID: added.Conversation.ID, ReportOf: wished.Conversation.ID}}}
		for _, e := range []Entry{wished, aged, reopened, stays, added} {
			mustFresh(t, s, e)
			mustFresh(t, back, e)
		}
		reading := beginning(t, s, "reading") // an officer has it on the screen, in what was brought back
		reading.Effects.Shown = []Shown{{ConversationID: reading.Conversation.ID, ReportOf: wished.Conversation.ID}}
		mustFresh(t, back, reading)
		over(t, s, aged, noon)
		over(t, back, aged, noon)
		over(t, s, reopened, noon) // the backup is older than its end

		if n, err := back.ReErase(t.Context(), noon.Add(101*day)); err != nil || n != 0 {
			t.Errorf("with nothing on the list %d, %v", n, err)
		}
		apply(t, s, Effects{Erasures: []ErasureChange{{ConversationID: wished.Conversation.ID, Decision: DecidedErase, By: "desk", Reason: "asked"}},
			Due: []Due{{Kind: DueErase, Subject: wished.Conversation.ID, At: noon}}})
		if err := s.Erase(t.Context(), noon, "desk", wished.Conversation.ID); err != nil {
			t.Fatal(err)
		}
		lapses(t, s, noon.Add(100*day), keeping)
		want := map[string]erasedHow{wished.Conversation.ID: erasedAsked, added.Conversation.ID: erasedAsked, aged.Conversation.ID: erasedByTime,
			reopened.Conversation.ID: erasedByTime}
		if diff := cmp.Diff(want, listed(t, list)); diff != "" {
			t.Error(diff)
		}

		if n, err := back.ReErase(t.Context(), noon.Add(101*day)); err != nil || n < 3 || n > 4 { // what was added goes with its report
			t.Errorf("%d erased again, %v", n, err)
		}
		sound(t, back)
		for id, bin := range map[string]string{wished.Conversation.ID: "marked erased", added.Conversation.ID: "marked erased", aged.Conversation.ID: "concluded ",
			reopened.Conversation.ID: "marked erased", stays.Conversation.ID: "concluded "} {
			c, _, err := back.Conversation(t.Context(), id)
			if err != nil || string(c.Bin)+" "+string(c.Mark) != bin {
				t.Errorf("%s is %s %s, %v", id, c.Bin, c.Mark, err)
			}
			if _, words := left(t, back, id); words != (id == stays.Conversation.ID) {
				t.Errorf("%s has its words: %t", id, words)
			}
		}
		if turns, err := back.Turns(t.Context(), reading.Conversation.ID); err != nil || turns[0].Answer != nil {
			t.Errorf("the officer still reads it, %v", err)
		}
		if acts := acts(t, back); len(acts) != 1 || !strings.HasPrefix(acts[0], "gateway: erased again: ") {
			t.Errorf("on record is %q", acts)
		}
		if n, err := back.ReErase(t.Context(), noon.Add(101*day)); err != nil || n != 0 {
			t.Errorf("the second time %d, %v", n, err)
		}
	})
}

// TestAnotherGatewaysErasingsAreListed: a gateway's list takes in what others on the same database erased, and does so once.
func TestAnotherGatewaysErasingsAreListed(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "live"), "700001"))
		marked(t, s, "nothing", MarkEmpty) // of which nothing needs to be listed: it goes by its own time again
		over(t, s, e, noon)
		lapses(t, s, noon.Add(100*day), keeping)
		s.KeepErased(erasedList(t))
		for _, want := range []int{1, 0} {
			if n, err := s.CatchUpErased(t.Context()); err != nil || n != want {
				t.Errorf("%d, %v; want %d", n, err, want)
			}
		}
		if diff := cmp.Diff(map[string]erasedHow{e.Conversation.ID: erasedByTime}, listed(t, s.erased)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestNothingIsErasedThatCannotBeListed: where the list cannot be written, nothing is erased.
func TestNothingIsErasedThatCannotBeListed(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, s *Store) {
		e := mustFresh(t, s, concluding(t, s, beginning(t, s, "live"), "700001"))
		over(t, s, e, noon)
		s.KeepErased(ErasedListAt(filepath.Join(t.TempDir(), "nowhere", "erased")))
		if _, _, err := s.Lapse(t.Context(), noon.Add(100*day), Keeping{Told: day}, 10); err == nil || !strings.Contains(err.Error(), "beside its key file") {
			t.Errorf("%v", err)
		}
		if _, words := left(t, s, e.Conversation.ID); !words {
			t.Error("it was erased")
		}
	})
}

// sealedBytes are the bytes of every sealed column of a conversation, and of the index that finds it by its code, which stands in two trees: text
// is ciphertext, so they are what a disk would show of it.
func sealedBytes(t *testing.T, s *Store, id string) [][]byte {
	t.Helper()
	var all [][]byte
	for _, text := range []string{`SELECT heard FROM turns WHERE conversation_id = $1`, `SELECT answer FROM turns WHERE conversation_id = $1`,
		`SELECT state FROM turns WHERE conversation_id = $1`, `SELECT number FROM conversations WHERE id = $1`, `SELECT wrapped_key FROM conversations WHERE id = $1`,
		`SELECT details FROM reports WHERE conversation_id = $1`, `SELECT body FROM referrals WHERE conversation_id = $1`, `SELECT body FROM holds WHERE conversation_id = $1`,
		`SELECT reporter_code FROM reports WHERE conversation_id = $1`, `SELECT text FROM messages WHERE conversation_id = $1`, `SELECT number FROM messages WHERE conversation_id = $1`} {
		found, err := query(t.Context(), s.read, "reading", func(scan scanner) (b []byte, err error) {
			err = scan(&b)
			return b, err
		}, text, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range found {
			if len(b) > 16 {
				all = append(all, b)
			}
		}
	}
	if len(all) < 8 {
		t.Fatalf("only %d sealed values: this looks at the wrong ones", len(all))
	}
	return all
}

// onDisk is everything that the files of a database hold.
func onDisk(t *testing.T, s *Store, path string) []byte {
	t.Helper()
	root := path
	if s.dialect == onPostgres {
		if _, err := s.write.ExecContext(t.Context(), `CHECKPOINT`); err != nil { // what the server holds in memory is written out
			t.Fatal(err)
		}
		if err := s.read.QueryRowContext(t.Context(), `SELECT current_setting('data_directory') || '/base/' || oid FROM pg_database WHERE datname = current_database()`).
			Scan(&root); err != nil {
			t.Fatal(err)
		}
	}
	var all bytes.Buffer
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // the server writes files anew meanwhile
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		body, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		all.Write(body)
		return err
	})
	if err != nil || all.Len() < 10_000 {
		t.Fatalf("%d bytes, %v", all.Len(), err)
	}
	return all.Bytes()
}

// pieceSize is how much of a sealed value is recognised wherever it lies; a value may be cut over pages.
const pieceSize = 16

// piecesIn says of how many values any piece is in a file's bytes.
func piecesIn(values [][]byte, file []byte) int {
	of := map[[pieceSize]byte]int{}
	for i, v := range values {
		for at := 0; at+pieceSize <= len(v); at += pieceSize {
			of[[pieceSize]byte(v[at:])] = i
		}
	}
	found := map[int]bool{}
	for at := 0; at+pieceSize <= len(file); at++ {
		if i, is := of[[pieceSize]byte(file[at:])]; is {
			found[i] = true
		}
	}
	return len(found)
}

// TestErasedBytesLeaveTheFiles: of many matters among others that stay, some go by time and some by a wish; then no piece of theirs is in any
// file of the database: not in it, not in its log, not in what either left free.
func TestErasedBytesLeaveTheFiles(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			url := "sqlite:" + filepath.Join(dir, "chumrok.db")
			if engine == "postgres" {
				url = servertest.Postgres(t)
			}
			s := opened(t, url, keyring(t))
			var gone, stay [][]byte
			var wishes []string
			for n := range 60 {
				e, code := canaryReport(t, s), fmt.Sprint(700100+n)
				e.Conversation.LiveKey = fmt.Sprint("live", n)
				e.Heard = bytes.Repeat([]byte("x"), 50+n*37) // of many sizes, some over several pages
				e.State = bytes.Repeat([]byte("y"), 9000-n*70)
				f := &e.Effects
				f.Report.Code, f.Referrals[0].Code, f.Holds[0].Code, f.Alerts[0].Code = "91"+code, code, code, code
				mustFresh(t, s, e)
				id := e.Conversation.ID
				marked(t, s, fmt.Sprint("between", n), MarkService)
				switch n % 3 {
				case 0:
					gone = append(gone, sealedBytes(t, s, id)...)
					over(t, s, e, noon)
					gone = append(gone, sealedBytes(t, s, id)...) // as it stood before, and after it was closed
				case 1:
					gone, wishes = append(gone, sealedBytes(t, s, id)...), append(wishes, id)
				default:
					stay = append(stay, sealedBytes(t, s, id)...)
				}
			}
			if before := onDisk(t, s, dir); piecesIn(gone, before) < len(gone)/2 || piecesIn(stay, before) != len(stay) {
				t.Fatalf("of %d that are to go %d are in the files, of %d others %d: this looks at the wrong ones", len(gone), piecesIn(gone, before),
					len(stay), piecesIn(stay, before))
			}
			for _, id := range wishes {
				apply(t, s, Effects{Erasures: []ErasureChange{{ConversationID: id, Decision: DecidedErase, By: "desk", Reason: "asked"}},
					Due: []Due{{Kind: DueErase, Subject: id, At: noon}}})
			}
			if got := lapses(t, s, noon.Add(100*day), keeping); got["told"] != 20 {
				t.Errorf("by time go %v", got)
			}
			for _, id := range wishes {
				if err := s.Erase(t.Context(), noon, "desk", id); err != nil {
					t.Fatal(err)
				}
			}
			after := onDisk(t, s, dir)
			for range 20 { // PostgreSQL's own vacuum or analysis may have had a table in that moment: it is wiped again in the next night
				left, err := words(t.Context(), s.read, "looking for what is not wiped", `SELECT what FROM lapsed WHERE n > 0 AND what = '`+unwiped+`'`)
				if err != nil {
					t.Fatal(err)
				}
				if len(left) == 0 && piecesIn(gone, after) == 0 {
					break
				}
				if err := s.Wipe(t.Context()); err != nil {
					t.Fatal(err)
				}
				after = onDisk(t, s, dir)
			}
			if n := piecesIn(gone, after); n > 0 {
				t.Errorf("pieces of %d of %d sealed values are left", n, len(gone))
			}
			if n := piecesIn(stay, after); n != len(stay) {
				t.Errorf("of %d that were to stay %d are there", len(stay), n)
			}
		})
	}
}
