package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"chumrok/internal/seal"
)

// version is the first byte of a file. A file that begins with zeros instead was replayed and overwritten.
const version = 1

// head is what stands before the sealed part: the version, and the length of the wrapped key in two bytes.
const head = 3

// beside begins the name of a file that is still being written. One that is left is of a Put that never returned.
const beside = ".new-"

var (
	errUnreadable = errors.New("a message of the spool cannot be read: another key file, or the file was changed")
	errSpent      = errors.New("replayed already")
)

// fileName is what the files of messages are called: the place in line, and letters that no other file has.
var fileName = regexp.MustCompile(`^[0-9a-f]{16}-[a-z2-7]{26}$`)

// files are the names of the messages in a folder, in order of arrival.
func files(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() && fileName.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// sweep removes what a Put left unfinished: nobody was told that it was kept.
func sweep(folder string) error {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), beside) {
			err = errors.Join(err, ignoreGone(os.Remove(filepath.Join(folder, e.Name()))))
		}
	}
	return err
}

// place is what a message is sealed for: another file's name does not open it.
func place(name string) seal.Place { return seal.Place{Table: "spool", Column: "message", Row: name} }

// row is what a message's key is bound to.
func row(name string) string { return "spool/" + name }

// write brings a message to the disk: whole, or not at all.
func (s *Spool) write(it *item, body []byte) error {
	name := it.name
	key, wrapped, err := s.keys.NewDataKey(row(name))
	if err != nil {
		return err
	}
	if len(wrapped) > 1<<16-1 {
		return errors.New("the wrapped key is too long")
	}
	plain := append(appendPart(appendPart(nil, it.thread), it.key), body...)
	text := binary.BigEndian.AppendUint16([]byte{version}, uint16(len(wrapped)))
	text = append(text, wrapped...)
	text = append(text, key.Seal(place(name), plain)...)

	aside := filepath.Join(s.folder, beside+name)
	f, err := os.OpenFile(aside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(aside, filepath.Join(s.folder, name))
	}
	if err != nil {
		return errors.Join(err, ignoreGone(os.Remove(aside)))
	}
	if err := syncFolder(s.folder); err != nil {
		return errors.Join(err, ignoreGone(os.Remove(filepath.Join(s.folder, name))))
	}
	return nil
}

// split reads a file's wrapped key and its sealed part.
func split(path string) (seal.Wrapped, []byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	if len(text) >= head && !slices.ContainsFunc(text, func(b byte) bool { return b != 0 }) {
		return nil, nil, errSpent
	}
	if len(text) < head || text[0] != version {
		return nil, nil, errUnreadable
	}
	n := int(binary.BigEndian.Uint16(text[1:]))
	if len(text) < head+n {
		return nil, nil, errUnreadable
	}
	return seal.Wrapped(text[head : head+n]), text[head+n:], nil
}

// read opens a message. The error is or wraps errUnreadable, errSpent or fs.ErrNotExist, or it is the disk's.
func (s *Spool) read(path, name string) (it *item, body []byte, err error) {
	wrapped, sealed, err := split(path)
	if err != nil {
		return nil, nil, err
	}
	key, err := s.keys.Unwrap(row(name), wrapped)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	plain, err := key.Open(place(name), sealed)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	it = &item{name: name}
	for _, part := range []*string{&it.thread, &it.key} {
		n, used := binary.Uvarint(plain)
		if used <= 0 || n > uint64(len(plain)-used) {
			return nil, nil, errUnreadable
		}
		plain = plain[used:]
		*part, plain = string(plain[:n]), plain[n:]
	}
	return it, plain, nil
}

func appendPart(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// remove destroys a message that was replayed: first the bytes, since a name that is gone leaves them on the disk, then the name.
func (s *Spool) remove(name string) error {
	path := filepath.Join(s.folder, name)
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return ignoreGone(err)
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, info.Size()), 0)
	}
	if err == nil {
		err = f.Sync()
	}
	// A disk that takes no zeros may still let the name go, and then the message is not replayed again and again.
	return errors.Join(f.Close(), ignoreGone(os.Remove(path)), err)
}

// setAside moves a file to where it does not stop the others.
func (s *Spool) setAside(name string) error {
	if err := os.Rename(filepath.Join(s.folder, name), filepath.Join(s.folder, brokenFolder, name)); err != nil {
		return fmt.Errorf("setting a message of the spool aside: %w", err)
	}
	s.broken++
	return errors.Join(syncFolder(s.folder), syncFolder(filepath.Join(s.folder, brokenFolder)))
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// syncFolder makes a new name outlive a power cut. Windows has nothing of the kind.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
