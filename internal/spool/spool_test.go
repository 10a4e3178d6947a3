package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"chumrok/internal/seal"
)

const canary = "she-hides-at-her-aunt's"

func keyring(tb testing.TB) *seal.Keyring {
	tb.Helper()
	keys, err := seal.Generate()
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}

func opened(tb testing.TB, folder string, keys *seal.Keyring) *Spool {
	tb.Helper()
	s, err := Open(folder, keys)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func put(tb testing.TB, s *Spool, thread string, bodies ...string) {
	tb.Helper()
	for _, body := range bodies {
		if err := s.Put(thread, "", []byte(body)); err != nil {
			tb.Fatal(err)
		}
	}
}

// replayed is what a pass brings.
func replayed(tb testing.TB, s *Spool) []string {
	tb.Helper()
	var mu sync.Mutex
	var got []string
	if _, err := s.Replay(tb.Context(), 1000, func(_ context.Context, body []byte, _ bool) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, string(body))
		return nil
	}); err != nil {
		tb.Fatal(err)
	}
	return got
}

// messages are the paths of the files that wait.
func messages(tb testing.TB, folder string) []string {
	tb.Helper()
	names, err := files(folder)
	if err != nil {
		tb.Fatal(err)
	}
	for i, name := range names {
		names[i] = filepath.Join(folder, name)
	}
	return names
}

func TestWhatIsKeptComesBackInOrderAndOnce(t *testing.T) {
	t.Parallel()
	folder, keys := filepath.Join(t.TempDir(), "spool"), keyring(t)
	s := opened(t, folder, keys)
	put(t, s, "a", "1", "2")
	put(t, s, "a", "3")
	s = opened(t, folder, keys) // killed: the next process finds it
	put(t, s, "a", "4")
	if n := s.Waiting(); n != 4 || !s.Has("a") || s.Has("c") {
		t.Fatalf("%d wait", n)
	}
	if diff := cmp.Diff([]string{"1", "2", "3", "4"}, replayed(t, s)); diff != "" {
		t.Fatal(diff)
	}
	if n := s.Waiting(); n != 0 || s.Has("a") {
		t.Fatalf("%d still wait", n)
	}
	if left := replayed(t, opened(t, folder, keys)); left != nil {
		t.Fatalf("replayed again: %q", left)
	}
}

func TestAFileTellsNothing(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "spool")
	s := opened(t, folder, keyring(t))
	put(t, s, "thread-of-the-child", canary, canary)
	paths := messages(t, folder)
	if len(paths) != 2 {
		t.Fatalf("%d files", len(paths))
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v; want 0600", info.Mode(), err)
		}
		text, err := os.ReadFile(path)
		if err != nil || bytes.Contains(text, []byte(canary)) || bytes.Contains(text, []byte("thread-of")) {
			t.Errorf("the file shows what was said, or of whom it is; %v", err)
		}
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is open to others: %v %v", info.Mode(), err)
	}
}

// TestBytesGoBeforeTheName: after a replay the file's bytes are gone too; a crash between the two is no broken message.
func TestBytesGoBeforeTheName(t *testing.T) {
	t.Parallel()
	folder, keys := t.TempDir(), keyring(t)
	s := opened(t, folder, keys)
	put(t, s, "a", canary)
	path := messages(t, folder)[0]
	second := path + ".link" // another name shows what became of the bytes
	if err := os.Link(path, second); err != nil {
		t.Fatal(err)
	}
	replayed(t, s)
	text, err := os.ReadFile(second)
	if err != nil || len(text) == 0 || strings.Trim(string(text), "\x00") != "" {
		t.Fatalf("the bytes are still there: %d of them, %v", len(text), err)
	}
	if err := os.Rename(second, path); err != nil {
		t.Fatal(err)
	}
	s = opened(t, folder, keys)
	if s.Waiting() != 0 || s.Broken() != 0 || len(messages(t, folder)) != 0 {
		t.Fatalf("%d wait, %d broken, %d files", s.Waiting(), s.Broken(), len(messages(t, folder)))
	}
}

// TestReplayedBeforeItsFileWent: killed between the ledger and the removal, a message is replayed again.
func TestReplayedBeforeItsFileWent(t *testing.T) {
	t.Parallel()
	folder, keys := t.TempDir(), keyring(t)
	s := opened(t, folder, keys)
	put(t, s, "a", "1")
	path := messages(t, folder)[0]
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	replayed(t, s)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"1"}, replayed(t, opened(t, folder, keys))); diff != "" {
		t.Fatal(diff)
	}
}

func TestWhatCannotBeReadIsSetAsideAndTriedAgain(t *testing.T) {
	t.Parallel()
	folder, keys := t.TempDir(), keyring(t)
	s := opened(t, folder, keys)
	put(t, s, "a", "first")
	put(t, s, "b", "second")
	put(t, s, "c", "third")
	paths := messages(t, folder)
	whole, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	spoilt := bytes.Clone(whole)
	spoilt[len(spoilt)-1] ^= 1
	if err := os.WriteFile(paths[0], spoilt, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(paths[1], filepath.Join(folder, "00000000000000ff-"+strings.Repeat("a", 26))); err != nil { // sealed for another name
		t.Fatal(err)
	}
	other := opened(t, folder, keys)
	if other.Waiting() != 1 || other.Broken() != 2 {
		t.Fatalf("%d wait, %d broken", other.Waiting(), other.Broken())
	}
	if diff := cmp.Diff([]string{"third"}, replayed(t, other)); diff != "" {
		t.Fatal(diff)
	}
	st, err := Look(folder)
	if err != nil || st.Waiting != 0 || st.Broken != 2 {
		t.Fatalf("%+v, %v", st, err)
	}
	aside := filepath.Join(folder, brokenFolder, filepath.Base(paths[0]))
	if err := os.WriteFile(aside, whole, 0o600); err != nil { // mended
		t.Fatal(err)
	}
	again := opened(t, folder, keys)
	if again.Waiting() != 1 || again.Broken() != 1 {
		t.Fatalf("%d wait, %d broken", again.Waiting(), again.Broken())
	}
	if diff := cmp.Diff([]string{"first"}, replayed(t, again)); diff != "" {
		t.Fatal(diff)
	}
}

// TestAnotherKeyFileLosesNothing: what was kept under other keys is set aside, and read when they are back.
func TestAnotherKeyFileLosesNothing(t *testing.T) {
	t.Parallel()
	folder, keys := t.TempDir(), keyring(t)
	put(t, opened(t, folder, keys), "a", "1")
	if s := opened(t, folder, keyring(t)); s.Waiting() != 0 || s.Broken() != 1 {
		t.Fatalf("%d wait, %d broken", s.Waiting(), s.Broken())
	}
	s := opened(t, folder, keys)
	ids, err := s.KeyIDs()
	if err != nil {
		t.Fatal(err)
	}
	if len(ids) != 1 || len(ids[0]) != 8 {
		t.Errorf("its keys are %q, want one", ids)
	}
	if diff := cmp.Diff([]string{"1"}, replayed(t, s)); diff != "" {
		t.Fatal(diff)
	}
}

// TestOneThatFailsStopsItsThreadAlone: the others go on, its own wait for it, and after many tries it is set aside.
func TestOneThatFailsStopsItsThreadAlone(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), keyring(t))
	put(t, s, "a", "a1", "a2")
	put(t, s, "b", "b1")
	var got []string
	do := func(_ context.Context, body []byte, _ bool) error {
		if string(body) == "a1" {
			return errors.New("cannot be taken")
		}
		got = append(got, string(body))
		return nil
	}
	if done, err := s.Replay(t.Context(), 100, do); done != 1 || err == nil {
		t.Fatalf("%d done, %v", done, err)
	}
	if diff := cmp.Diff([]string{"b1"}, got); diff != "" {
		t.Fatal(diff)
	}
	for range mostTries {
		if s.Broken() > 0 {
			break
		}
		if _, err := s.Replay(t.Context(), 1, do); err == nil {
			t.Fatal("no error")
		}
	}
	if _, err := s.Replay(t.Context(), 100, do); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b1", "a2"}, got); diff != "" || s.Broken() != 1 || s.Waiting() != 0 {
		t.Fatalf("%d wait, %d broken; %s", s.Waiting(), s.Broken(), diff)
	}
}

// TestLaterHoldsNothingAgainstAMessage: as long as the database is away a pass ends at once, and no message is ever set aside for it.
func TestLaterHoldsNothingAgainstAMessage(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), keyring(t))
	put(t, s, "a", "1")
	put(t, s, "b", "2")
	var calls atomic.Int64
	for range 2 * mostTries {
		if done, err := s.Replay(t.Context(), 100, func(context.Context, []byte, bool) error {
			calls.Add(1)
			return Later(errors.New("away"))
		}); done != 0 || err == nil {
			t.Fatalf("%d done, %v", done, err)
		}
	}
	if calls.Load() < 2*mostTries || s.Waiting() != 2 || s.Broken() != 0 {
		t.Fatalf("%d calls, %d wait, %d broken", calls.Load(), s.Waiting(), s.Broken())
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := s.Replay(stopped, 100, func(context.Context, []byte, bool) error { calls.Add(1); return nil }); !errors.Is(err, context.Canceled) || s.Waiting() != 2 {
		t.Fatalf("%v, %d wait", err, s.Waiting())
	}
}

func TestAThreadIsReplayedAlone(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), keyring(t))
	put(t, s, "a", "a1")
	put(t, s, "b", "b1")
	put(t, s, "a", "a2")
	var got []string
	if done, err := s.ReplayThread(t.Context(), "a", func(_ context.Context, body []byte, last bool) error {
		if got = append(got, string(body)); last != (string(body) == "a2") {
			t.Errorf("%s is the last of its thread: %t", body, last)
		}
		return nil
	}); done != 2 || err != nil {
		t.Fatalf("%d, %v", done, err)
	}
	if diff := cmp.Diff([]string{"a1", "a2"}, got); diff != "" || s.Waiting() != 1 {
		t.Fatal(diff)
	}
}

// TestNothingHalfIsLeft: what cannot be written is an error and no file; what a killed Put left is removed and counts for nothing.
func TestNothingHalfIsLeft(t *testing.T) {
	t.Parallel()
	folder, keys := filepath.Join(t.TempDir(), "spool"), keyring(t)
	opened(t, folder, keys)
	if err := os.WriteFile(filepath.Join(folder, beside+"x"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := opened(t, folder, keys)
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || s.Waiting() != 0 {
		t.Fatalf("%v, %v, %d wait", entries, err, s.Waiting())
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := s.Put("a", "", []byte(canary)); !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), canary) || s.Waiting() != 0 {
		t.Fatalf("%v, %d wait", err, s.Waiting())
	}
	if st, err := Look(folder); err != nil || st != (Standing{}) {
		t.Fatalf("%+v, %v", st, err)
	}
}

// TestTheSameMessageWaitsOnce: a message that the provider delivers again and again is kept once, also over a restart.
func TestTheSameMessageWaitsOnce(t *testing.T) {
	t.Parallel()
	folder, keys := t.TempDir(), keyring(t)
	for range 3 {
		s := opened(t, folder, keys)
		for range 3 {
			if err := s.Put("a", "message 1", []byte("1")); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := opened(t, folder, keys)
	if diff := cmp.Diff([]string{"1"}, replayed(t, s)); diff != "" {
		t.Fatal(diff)
	}
	if err := s.Put("a", "message 1", []byte("1")); err != nil || s.Waiting() != 1 {
		t.Fatalf("%d wait after the replay, %v", s.Waiting(), err)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := opened(t, t.TempDir(), keyring(t))
	const writers, each = 8, 10
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				if err := s.Put(fmt.Sprint(w), "", fmt.Appendf(nil, "%d %d", w, i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	last := map[byte]int{}
	total := 0
	count := func() {
		for _, body := range replayed(t, s) {
			var w, i int
			if _, err := fmt.Sscanf(body, "%d %d", &w, &i); err != nil || i != last[byte(w)] {
				t.Errorf("%q came when %d was next: %v", body, last[byte(w)], err)
			}
			last[byte(w)]++
			total++
		}
	}
	count()
	all.Wait()
	count()
	if total != writers*each {
		t.Fatalf("%d of %d came back", total, writers*each)
	}
}

// FuzzFile: whatever stands in a file, it is read as what was written, or refused.
func FuzzFile(f *testing.F) {
	keys := keyring(f)
	s := opened(f, f.TempDir(), keys)
	put(f, s, "thread", "body")
	whole, err := os.ReadFile(messages(f, s.folder)[0])
	if err != nil {
		f.Fatal(err)
	}
	name := filepath.Base(messages(f, s.folder)[0])
	f.Add(whole)
	f.Add(whole[:4])
	f.Add([]byte{version, 255, 255})
	f.Add(make([]byte, 100))
	path := filepath.Join(f.TempDir(), name)
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		it, body, err := s.read(path, name)
		if err == nil && (it.thread != "thread" || string(body) != "body" || !bytes.Equal(text, whole)) {
			t.Fatalf("read %q %q from bytes that nobody wrote", it.thread, body)
		}
	})
}
