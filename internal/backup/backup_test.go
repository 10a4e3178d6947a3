package backup

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var turns = Table{Name: "turns", Columns: []Column{{"id", Text}, {"seq", Int}, {"heard", Bytes}, {"ended", Bool}}}

var sample = [][]any{
	{"a", int64(1), []byte("sealed"), false},
	{"ក", int64(-1 << 62), []byte{}, true},
	{nil, nil, nil, nil},
}

var header = Header{Schema: 40, Taken: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Engine: "sqlite", Pack: Pack{Name: "Cambodia", Hash: "00"}}

// stream is the plain stream of rows of one table.
func stream(tb testing.TB, rows [][]any) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, header)
	if err != nil {
		tb.Fatal(err)
	}
	for _, t := range []Table{{Name: "empty", Columns: turns.Columns}, turns} {
		if err := w.Table(t); err != nil {
			tb.Fatal(err)
		}
	}
	for _, row := range rows {
		if err := w.Row(row); err != nil {
			tb.Fatal(err)
		}
	}
	if _, err := w.Close(Trailer{RecordSeq: 7, RecordHash: []byte{1, 2}}); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// rowsOf reads a stream to its end.
func rowsOf(in io.Reader) (h Header, rows [][]any, t Trailer, err error) {
	r, err := NewReader(in)
	if err != nil {
		return h, nil, t, err
	}
	for {
		_, values, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Header, rows, r.Trailer, nil
		}
		if err != nil {
			return h, nil, t, err
		}
		if values != nil {
			rows = append(rows, values)
		}
	}
}

func identity(tb testing.TB) *age.X25519Identity {
	tb.Helper()
	i, err := age.GenerateX25519Identity()
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

// sealedFile is a whole backup as it lies on a disk.
func sealedFile(tb testing.TB, plain []byte, recipients ...age.Recipient) []byte {
	tb.Helper()
	var out bytes.Buffer
	w, err := Seal(&out, recipients)
	if err != nil {
		tb.Fatal(err)
	}
	_, err = w.Write(plain)
	if err := errors.Join(err, w.Close()); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

func TestWhatGoesInComesOut(t *testing.T) {
	t.Parallel()
	one, other := identity(t), identity(t)
	file := sealedFile(t, stream(t, sample), one.Recipient(), other.Recipient())
	for _, key := range []age.Identity{one, other} {
		in, err := Open(bytes.NewReader(file), []age.Identity{identity(t), key})
		if err != nil {
			t.Fatal(err)
		}
		h, rows, trailer, err := rowsOf(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(sample, rows); diff != "" {
			t.Errorf("rows (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(header, h); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(Trailer{Rows: map[string]int64{"empty": 0, "turns": 3}, RecordSeq: 7, RecordHash: []byte{1, 2}}, trailer); diff != "" || trailer.Total() != 3 {
			t.Errorf("trailer (-want +got):\n%s", diff)
		}
	}
}

// TestAnyValueComesOut: whatever a column holds, in any order of rows.
func TestAnyValueComesOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		row := rapid.Custom(func(r *rapid.T) []any {
			return []any{
				rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.String(), func(s string) any { return s })).Draw(r, "id"),
				rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.Int64(), func(n int64) any { return n })).Draw(r, "seq"),
				rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return append([]byte{}, b...) })).Draw(r, "heard"),
				rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.Bool(), func(b bool) any { return b })).Draw(r, "ended"),
			}
		})
		want := rapid.SliceOf(row).Draw(r, "rows")
		_, got, _, err := rowsOf(bytes.NewReader(stream(t, want)))
		if err != nil {
			r.Fatal(err)
		}
		if len(want) == 0 {
			want = nil
		}
		if diff := cmp.Diff(want, got); diff != "" {
			r.Fatal(diff)
		}
	})
}

// TestEveryPartOfAFileIsNeeded: a file that ends anywhere but at its end, or in which any byte is another one, is refused.
func TestEveryPartOfAFileIsNeeded(t *testing.T) {
	t.Parallel()
	key := identity(t)
	file := sealedFile(t, stream(t, sample), key.Recipient())
	read := func(file []byte) error {
		in, err := Open(bytes.NewReader(file), []age.Identity{key})
		if err == nil {
			_, _, _, err = rowsOf(in)
		}
		return err
	}
	if err := read(file); err != nil {
		t.Fatal(err)
	}
	for n := range file {
		if err := read(file[:n]); !errors.Is(err, ErrDamaged) {
			t.Errorf("the first %d bytes of %d: %v", n, len(file), err)
		}
		changed := bytes.Clone(file)
		changed[n] ^= 0x10
		if err := read(changed); err == nil {
			t.Errorf("with byte %d changed it is believed", n)
		}
	}
	if err := read(append(bytes.Clone(file), 0)); !errors.Is(err, ErrDamaged) {
		t.Errorf("with a byte more: %v", err)
	}
	// Whoever can make a file for the key can make one that is whole outside and not inside.
	plain := stream(t, sample)
	for n := range plain {
		if err := read(sealedFile(t, plain[:n], key.Recipient())); !errors.Is(err, ErrDamaged) {
			t.Errorf("the first %d bytes of %d inside: %v", n, len(plain), err)
		}
		changed := bytes.Clone(plain)
		changed[n] ^= 0x10
		if err := read(sealedFile(t, changed, key.Recipient())); err == nil {
			t.Errorf("with byte %d changed inside it is believed", n)
		}
	}
	if err := read(sealedFile(t, append(plain, 0), key.Recipient())); !errors.Is(err, ErrDamaged) {
		t.Errorf("with a byte more inside: %v", err)
	}
}

func TestWhatIsNoBackupIsRefusedInWords(t *testing.T) {
	t.Parallel()
	key, stranger := identity(t), identity(t)
	for _, c := range []struct {
		name string
		file []byte
		want error
	}{
		{"a text", []byte("Dear all, here is the backup of last week"), ErrForeign},
		{"nothing", nil, ErrDamaged},
		{"somebody else's", sealedFile(t, stream(t, sample), stranger.Recipient()), ErrIdentity},
		{"another thing for the same key", sealedFile(t, []byte("a letter and nothing else"), key.Recipient()), ErrForeign},
		{"a later format", sealedFile(t, bytes.Replace(stream(t, sample), []byte("backup 1"), []byte("backup 2"), 1), key.Recipient()), ErrNewer},
	} {
		in, err := Open(bytes.NewReader(c.file), []age.Identity{key})
		if err == nil {
			_, err = NewReader(in)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	var bare bytes.Buffer
	w, err := age.Encrypt(&bare, key.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte("not compressed"))
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(&bare, []age.Identity{key}); !errors.Is(err, ErrForeign) {
		t.Errorf("a file of age that is not compressed: %v", err)
	}
}

func TestTheWriterRefusesWhatNobodyCouldRead(t *testing.T) {
	t.Parallel()
	w, err := NewWriter(io.Discard, header)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Table(turns); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"too few values":  w.Row([]any{"a"}),
		"a wrong kind":    w.Row([]any{"a", "1", nil, nil}),
		"no truth":        w.Row([]any{"a", int64(1), nil, int64(2)}),
		"an unknown kind": w.Row([]any{"a", 1.5, nil, nil}),
		"a table twice":   w.Table(turns),
		"a row too long":  w.Row([]any{strings.Repeat("a", bodyLimit), int64(1), nil, nil}),
	} {
		if err == nil {
			t.Errorf("%s is written", name)
		}
	}
	if err := w.Row([]any{[]byte("a"), int64(1), "b", int64(1)}); err != nil {
		t.Errorf("what the engines call the same: %v", err)
	}
}

func TestKeysComeFromFilesAndWords(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "key")
	public, err := NewIdentity(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("who may read the key: %v, %v", info.Mode(), err)
	}
	if _, err := NewIdentity(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("a key is overwritten: %v", err)
	}
	found, err := Identities(path)
	if err != nil || len(found) != 1 {
		t.Fatalf("%d keys, %v", len(found), err)
	}
	recipients, err := Recipients(public, " "+public+", "+identity(t).Recipient().String()+"\n", "")
	if err != nil || len(recipients) != 3 {
		t.Fatalf("%d recipients, %v", len(recipients), err)
	}
	if _, err := Open(bytes.NewReader(sealedFile(t, stream(t, nil), recipients...)), found); err != nil {
		t.Errorf("the pair does not fit: %v", err)
	}
	if _, err := Recipients("age1nothing"); err == nil {
		t.Error("a word is taken for a key")
	}
	if _, err := Seal(io.Discard, nil); err == nil {
		t.Error("a backup for nobody")
	}
	for name, text := range map[string]string{"empty": "", "public": public, "locked": ageMagic + "v1\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Identities(filepath.Join(folder, name)); err == nil || strings.Contains(err.Error(), "AGE-SECRET-KEY-1") {
			t.Errorf("an identity that is %s: %v", name, err)
		}
	}
}

func TestPlaceReplacesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	first, second, name := filepath.Join(folder, "1"), filepath.Join(folder, "2"), filepath.Join(folder, "name")
	for _, path := range []string{first, second} {
		if err := os.WriteFile(path, []byte(path), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Place(first, name); err != nil {
		t.Fatal(err)
	}
	if err := Place(second, name); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second one: %v", err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != first {
		t.Errorf("it holds %q, %v", text, err)
	}
	if _, err := os.Lstat(first); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the first name is still there: %v", err)
	}
}

// FuzzReader: whatever bytes come, the reader ends, takes no more memory than there are bytes, and believes only what it would write itself.
func FuzzReader(f *testing.F) {
	plain := stream(f, sample)
	f.Add(plain)
	f.Add(plain[:len(plain)/2])
	f.Add(stream(f, nil))
	f.Add([]byte(magic + "H\xff\xff\xff\x0f{}"))
	f.Add([]byte(magic + "H\x02{}T\x02{}R\x00"))
	f.Add([]byte(strings.Replace(magic, "1", "9", 1)))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, rows, trailer, err := rowsOf(bytes.NewReader(in))
		if err != nil {
			if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrNewer) {
				t.Errorf("an error that says nothing: %v", err)
			}
			return
		}
		if int64(len(rows)) != trailer.Total() {
			t.Errorf("%d rows, and %d are counted, of %+v", len(rows), trailer.Total(), h)
		}
	})
}
