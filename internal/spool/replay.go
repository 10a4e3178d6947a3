package spool

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"sync"
)

// later marks an error that is no fault of the message.
type later struct{ err error }

func (l later) Error() string { return l.err.Error() }
func (l later) Unwrap() error { return l.err }

// Later marks an error of a replay that says nothing about the message: the database is still away. The pass ends and the message stays
// first in line. nil stays nil.
func Later(err error) error {
	if err == nil {
		return nil
	}
	return later{err}
}

// Do takes a message over. last says that nothing else of its thread waits.
type Do func(ctx context.Context, body []byte, last bool) error

// sideBySide is how many messages are replayed at a time, each of another thread: those that fall together share what their replay costs.
const sideBySide = 8

// Replay gives the messages to do, those of a thread in order of arrival, at most so many, and says how many were done with. What do
// returns nil for is destroyed. Where it returns another error than Later, the others of that thread wait for the next pass and the
// message is set aside after many tries. The error names what failed, and never a word of a message.
func (s *Spool) Replay(ctx context.Context, most int, do Do) (done int, err error) {
	var mu sync.Mutex
	var faults []error
	failed, over := map[string]bool{}, false
	next := func() bool {
		mu.Lock()
		defer mu.Unlock()
		most--
		return most >= 0 && !over
	}
	pick := func(it *item) bool {
		mu.Lock()
		defer mu.Unlock()
		return !failed[it.thread]
	}
	var workers sync.WaitGroup
	for range sideBySide {
		workers.Go(func() {
			for next() {
				found, thread, err := s.one(ctx, pick, do)
				if !found {
					return
				}
				mu.Lock()
				switch {
				case err == nil:
					done++
				case errors.As(err, &later{}):
					over, faults = true, append(faults, err)
				default:
					failed[thread], faults = true, append(faults, err)
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return done, errors.Join(faults...)
}

// ReplayThread gives all that waits of one thread to do, after what is being replayed of it. It stops at the first error.
func (s *Spool) ReplayThread(ctx context.Context, thread string, do Do) (done int, err error) {
	for s.rests(thread) {
		found, _, err := s.one(ctx, func(it *item) bool { return it.thread == thread }, do)
		if err != nil {
			return done, err
		}
		if found { // else somebody was faster, and is waited for
			done++
		}
	}
	return done, nil
}

// rests waits until nothing of a thread is being replayed, and says whether something of it still waits.
func (s *Spool) rests(thread string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.busy[thread] {
		s.freed.Wait()
	}
	return s.threads[thread] > 0
}

// one replays the first message in line that is picked, of a thread of which none is being replayed.
func (s *Spool) one(ctx context.Context, pick func(*item) bool, do Do) (found bool, thread string, err error) {
	s.mu.Lock()
	at := slices.IndexFunc(s.queue, func(it *item) bool { return !s.busy[it.thread] && pick(it) })
	var it *item
	last := false
	if at >= 0 {
		it = s.queue[at]
		last = s.threads[it.thread] == 1
		s.busy[it.thread] = true
	}
	s.mu.Unlock()
	if it == nil {
		return false, "", nil
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.busy, it.thread)
		s.freed.Broadcast()
	}()
	if err := ctx.Err(); err != nil {
		return true, it.thread, Later(err)
	}
	_, body, err := s.read(filepath.Join(s.folder, it.name), it.name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, errSpent): // another process was faster
		s.forget(it)
		return true, it.thread, nil
	case errors.Is(err, errUnreadable):
		return true, it.thread, errors.Join(err, s.giveUp(it))
	case err != nil:
		return true, it.thread, Later(fmt.Errorf("reading the spool: %w", err))
	}
	if err := do(ctx, body, last); err != nil {
		if errors.As(err, &later{}) {
			return true, it.thread, err
		}
		if it.tries++; it.tries >= mostTries {
			err = errors.Join(fmt.Errorf("a message of the spool is set aside: %w", err), s.giveUp(it))
		}
		return true, it.thread, err
	}
	s.forget(it)
	if err := s.remove(it.name); err != nil {
		return true, it.thread, fmt.Errorf("removing a message that was replayed: %w", err)
	}
	return true, it.thread, nil
}

// forget takes a message out of the line.
func (s *Spool) forget(it *item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.Index(s.queue, it)
	if at < 0 {
		return
	}
	s.queue = slices.Delete(s.queue, at, at+1)
	delete(s.known, it.key)
	if s.threads[it.thread]--; s.threads[it.thread] == 0 {
		delete(s.threads, it.thread)
	}
}

// giveUp sets a message aside and takes it out of the line.
func (s *Spool) giveUp(it *item) error {
	s.forget(it)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.setAside(it.name)
}
