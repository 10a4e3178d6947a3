// Package spool keeps what people say while the database cannot be written, sealed and on the disk, so that no child has to say it twice
// and nothing is lost with the process. It does not know what it keeps, reads no clock, and decides neither what is kept nor when it is
// replayed.
//
// A spool is a folder with one file for each message. A file is whole or not there: it is written beside, brought to the disk, and
// renamed. Its name is a number and random letters, its bytes are sealed for that name, and only its owner may read it. It goes when its
// replay has succeeded; a process killed in between replays it again, so a replay must be something that can be done twice.
package spool

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"chumrok/internal/seal"
)

// brokenFolder is where the files lie, inside of the spool, that could not be read or replayed. They are tried again at each Open.
const brokenFolder = "broken"

// mostTries is how often a message is replayed in vain, by its own fault, before it is set aside. The gateway tries a few times in two
// seconds, so what passes by itself within some twenty seconds still goes through in its place.
const mostTries = 40

// Spool is one folder of waiting messages. Any number of goroutines may use it at once; a folder is one process's, as is its data folder.
type Spool struct {
	folder string
	keys   *seal.Keyring

	mu      sync.Mutex
	freed   *sync.Cond      // a thread is no longer busy
	busy    map[string]bool // threads of which a message is being replayed
	queue   []*item         // in order of arrival
	threads map[string]int  // how many wait of each thread
	known   map[string]bool // what tells a message from any other, of those that wait
	next    uint64
	broken  int
}

// item is a waiting message: what is kept of it in memory.
type item struct {
	name   string
	thread string
	key    string
	tries  int
}

// Open makes the folder where it is not there, and takes up what waits in it. What an earlier process could not read is tried again; the
// files that still cannot be read are counted by Broken and stay.
func Open(folder string, keys *seal.Keyring) (*Spool, error) {
	s := &Spool{folder: folder, keys: keys, threads: map[string]int{}, known: map[string]bool{}, busy: map[string]bool{}, next: 1}
	s.freed = sync.NewCond(&s.mu)
	if err := os.MkdirAll(filepath.Join(folder, brokenFolder), 0o700); err != nil {
		return nil, fmt.Errorf("making the spool's folder: %w; its folder must be one that this process may write", err)
	}
	if err := sweep(folder); err != nil {
		return nil, fmt.Errorf("clearing the spool of what was left unfinished: %w", err)
	}
	waiting, err := files(folder)
	if err != nil {
		return nil, fmt.Errorf("reading the spool: %w", err)
	}
	aside, err := files(filepath.Join(folder, brokenFolder))
	if err != nil {
		return nil, fmt.Errorf("reading the spool: %w", err)
	}
	for _, name := range slices.Concat(waiting, aside) {
		s.next = max(s.next, number(name)+1)
	}
	for _, name := range aside {
		if err := s.takeBack(name); err != nil {
			return nil, err
		}
	}
	for _, name := range waiting {
		if err := s.takeUp(name); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(s.queue, func(a, b *item) int { return cmp.Compare(a.name, b.name) })
	return s, nil
}

// takeUp puts a file in line, or aside when it cannot be read.
func (s *Spool) takeUp(name string) error {
	it, _, err := s.read(filepath.Join(s.folder, name), name)
	switch {
	case err == nil:
		s.line(len(s.queue), it)
		return nil
	case errors.Is(err, errSpent), errors.Is(err, fs.ErrNotExist):
		return ignoreGone(os.Remove(filepath.Join(s.folder, name)))
	case errors.Is(err, errUnreadable):
		return s.setAside(name)
	}
	return fmt.Errorf("reading the spool: %w", err)
}

// takeBack puts a file that was set aside in line again, where it can be read now: a key came back, or a newer release knows what to do.
func (s *Spool) takeBack(name string) error {
	from := filepath.Join(s.folder, brokenFolder, name)
	it, _, err := s.read(from, name)
	switch {
	case errors.Is(err, errUnreadable):
		s.broken++
		return nil
	case errors.Is(err, errSpent), errors.Is(err, fs.ErrNotExist):
		return ignoreGone(os.Remove(from))
	case err != nil:
		return fmt.Errorf("reading the spool: %w", err)
	}
	if err := os.Rename(from, filepath.Join(s.folder, name)); err != nil {
		return fmt.Errorf("putting a message of the spool in line again: %w", err)
	}
	s.line(len(s.queue), it)
	return nil
}

// line puts a message into the line at a place.
func (s *Spool) line(at int, it *item) {
	s.queue = slices.Insert(s.queue, at, it)
	s.threads[it.thread]++
	if it.key != "" {
		s.known[it.key] = true
	}
}

// Put keeps a body: when it returns nil the body is on the disk and outlives a power cut. thread says what belongs in one order, and key what tells
// the message from any other, both in a form that tells nothing; where a message with this key waits already, it is kept. An error means that
// nothing is kept.
func (s *Spool) Put(thread, key string, body []byte) error {
	s.mu.Lock()
	if key != "" && s.known[key] {
		s.mu.Unlock()
		return nil
	}
	name := fmt.Sprintf("%016x-%s", s.next, strings.ToLower(rand.Text()))
	s.next++
	s.mu.Unlock()
	it := &item{name: name, thread: thread, key: key}
	if err := s.write(it, body); err != nil {
		return fmt.Errorf("keeping a message in the spool: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at, _ := slices.BinarySearchFunc(s.queue, it, func(a, b *item) int { return cmp.Compare(a.name, b.name) })
	s.line(at, it)
	return nil
}

// Waiting is how many messages wait to be replayed.
func (s *Spool) Waiting() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queue)
}

// Has says whether something of a thread waits.
func (s *Spool) Has(thread string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.threads[thread] > 0
}

// Broken is how many messages lie aside, since they could not be read or replayed.
func (s *Spool) Broken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// KeyIDs names the master keys that something in the spool is sealed by, also what lies aside: none of them may be destroyed yet.
func (s *Spool) KeyIDs() ([]string, error) {
	var ids []string
	for _, folder := range []string{s.folder, filepath.Join(s.folder, brokenFolder)} {
		names, err := files(folder)
		if err != nil {
			return nil, fmt.Errorf("reading the spool: %w", err)
		}
		for _, name := range names {
			wrapped, _, err := split(filepath.Join(folder, name))
			if err == nil && !slices.Contains(ids, wrapped.KeyID()) {
				ids = append(ids, wrapped.KeyID())
			}
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Standing is what can be told of a spool without its keys.
type Standing struct {
	Waiting int       // messages to be replayed
	Broken  int       // messages set aside
	Since   time.Time // when the oldest of those that wait was kept, by the disk's clock; zero when none waits
}

// Look counts a spool that another process may be using. A folder that is not there holds nothing.
func Look(folder string) (Standing, error) {
	var st Standing
	waiting, err := files(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err != nil {
		return st, fmt.Errorf("looking into the spool: %w", err)
	}
	for _, name := range waiting {
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			continue // replayed meanwhile
		}
		st.Waiting++
		if st.Since.IsZero() || info.ModTime().Before(st.Since) {
			st.Since = info.ModTime()
		}
	}
	aside, err := files(filepath.Join(folder, brokenFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return st, fmt.Errorf("looking into the spool: %w", err)
	}
	st.Broken = len(aside)
	return st, nil
}

// number is the place in line that a name tells.
func number(name string) uint64 {
	n, err := strconv.ParseUint(name[:16], 16, 64)
	if err != nil {
		return 0
	}
	return n
}
