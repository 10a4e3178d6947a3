package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"
)

// ErasedList is the file in which it stands which conversations were erased: their ids and nothing else. It lies beside the keys, outside of
// the database and its backups, so that what a backup brings back is erased again. Lines are only ever added, and are on the disk before what
// they speak of is committed; a line that a power cut broke off says nothing. Several processes may add to one file.
type ErasedList struct {
	path string
	mu   sync.Mutex
}

// erasedHow says how a conversation was erased, as the second word of its line. The last line about a conversation counts.
type erasedHow string

const (
	erasedAsked  erasedHow = "asked" // by a wish: nothing of it stays but its row
	erasedByTime erasedHow = "time"  // because its time was over: its bin and the coarse words for figures stay
	notErased    erasedHow = "kept"  // it came to no erasing after all
)

// ErasedListAt is the list at path. It is begun with its first line.
func ErasedListAt(path string) *ErasedList { return &ErasedList{path: path} }

// Begin makes the file where there is none, so that whoever could not write it learns so before anything is to be erased.
func (l *ErasedList) Begin() error { return l.write("") }

// add puts lines at the end, one for each conversation, and returns when they are on the disk.
func (l *ErasedList) add(how erasedHow, ids ...string) error {
	if l == nil || len(ids) == 0 {
		return nil
	}
	var lines strings.Builder
	for _, id := range ids {
		lines.WriteString(id + " " + string(how) + "\n")
	}
	return l.write(lines.String())
}

func (l *ErasedList) write(lines string) (err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	doing := "adding to the list of what was erased: %w; the process must be able to write beside its key file"
	f, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf(doing, err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf(doing, err)
	}
	last := []byte{'\n'}
	if end > 0 {
		if _, err := f.ReadAt(last, end-1); err != nil {
			return fmt.Errorf(doing, err)
		}
	}
	if last[0] != '\n' { // a line that was broken off ends here
		lines = "\n" + lines
	}
	if _, err := f.WriteString(lines); err != nil {
		return fmt.Errorf(doing, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf(doing, err)
	}
	if end > 0 || runtime.GOOS == "windows" { // which has no such thing as syncing a folder
		return nil
	}
	dir, err := os.Open(filepath.Dir(l.path)) // a new file's name is on the disk only with its folder
	if err == nil {
		err = errors.Join(dir.Sync(), dir.Close())
	}
	if err != nil {
		return fmt.Errorf(doing, err)
	}
	return nil
}

// read is what the list says of each conversation. What is no whole line is passed over: what it began to speak of was never committed.
func (l *ErasedList) read() (map[string]erasedHow, error) {
	if l == nil {
		return nil, nil
	}
	text, err := os.ReadFile(l.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the list of what was erased: %w", err)
	}
	list := map[string]erasedHow{}
	for line := range bytes.Lines(text) {
		whole, ended := strings.CutSuffix(string(line), "\n")
		id, word, _ := strings.Cut(whole, " ")
		how := erasedHow(word)
		if uuid.Validate(id) != nil || !ended || how != erasedAsked && how != erasedByTime && how != notErased {
			continue
		}
		list[id] = how
	}
	maps.DeleteFunc(list, func(_ string, how erasedHow) bool { return how == notErased })
	return list, nil
}

// KeepErased has this store write what it erases into a list, before it is erased. Without one nothing is listed: that is for tests only.
func (s *Store) KeepErased(l *ErasedList) { s.erased = l }

// CatchUpErased adds to the list what was erased by others on the same database, or before there was a list, and says how much that was. Each
// gateway has a list of its own, and calls this now and then.
func (s *Store) CatchUpErased(ctx context.Context) (int, error) {
	listed, err := s.erased.read()
	if err != nil || s.erased == nil {
		return 0, err
	}
	missing := map[erasedHow][]string{}
	for after := ""; ; {
		found, err := query(ctx, s.read, "reading what was erased", func(scan scanner) (one [2]string, err error) {
			err = scan(&one[0], &one[1])
			return one, err
		}, `SELECT id, mark FROM conversations c WHERE emptied_at > 0 AND id > $1 AND (mark = 'erased' OR `+isMatter+`) ORDER BY id LIMIT 1000`, after)
		if err != nil {
			return 0, err
		}
		for _, one := range found {
			after = one[0]
			how := erasedByTime
			if one[1] == string(MarkErased) {
				how = erasedAsked
			}
			if listed[one[0]] != how {
				missing[how] = append(missing[how], one[0])
			}
		}
		if len(found) < 1000 {
			break
		}
	}
	n := 0
	for _, how := range slices.Sorted(maps.Keys(missing)) {
		if err := s.erased.add(how, missing[how]...); err != nil {
			return n, err
		}
		n += len(missing[how])
	}
	return n, nil
}
