package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/directory"
	"chumrok/internal/pack"
	"chumrok/internal/store"
)

// importAct is what stands on record, with the digest of what was reviewed, before a directory is put in force.
const importAct = "directory import"

// step is one step of putting a directory in force. Whatever the process is killed between, directory.csv is the whole old one or the whole new one,
// and the same command does the rest.
type step struct {
	doing string
	do    func() error
}

// apply puts the reviewed list in force.
func (in *imported) apply(c *call) error {
	s, _, err := openRecords(c.ctx, c.env)
	if err != nil {
		return fmt.Errorf("who is told of children is changed on record only: %w", err)
	}
	defer s.Close()
	kept, steps := in.steps(c.ctx, s, c.now())
	for _, step := range steps {
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.doing, err)
		}
	}
	fmt.Fprintf(c.stream.out, "\nin force: %s; the one before is kept as %s\n", in.path, filepath.Base(kept))
	fmt.Fprintln(c.stream.out, "A gateway that is running tells the officers of the old one until it is started again: restart it now.")
	if in.now.Sample {
		fmt.Fprintln(c.stream.out, `pack.yaml still says "sample: true": take the line out when every number is real.`)
	}
	return nil
}

// steps are the steps in their order, and the name under which the old directory is kept.
func (in *imported) steps(ctx context.Context, s *store.Store, now time.Time) (kept string, steps []step) {
	folder := filepath.Dir(in.path)
	fresh := filepath.Join(folder, ".directory.csv."+in.digest) // a hidden file: pack.Load passes over what a crash leaves
	kept = filepath.Join(folder, pack.Kept+now.In(in.now.Zone).Format("2006-01-02-150405")+".csv")
	return kept, []step{
		{"writing the new directory", func() error { return writeWhole(fresh, in.text, in.path) }},
		{"reading the new directory again", func() error { return in.readsTheSame(fresh) }},
		{"keeping the old directory", func() error { return keep(in.path, kept, in.old) }},
		{"putting the change on record", func() error {
			act := audit.Entry{At: now, Who: operator, What: importAct, Subject: in.digest}
			_, err := s.Apply(ctx, now, store.Effects{Audit: []audit.Entry{act}})
			return err
		}},
		{"looking at the directory in force again", func() error {
			if text, err := os.ReadFile(in.path); err != nil || !bytes.Equal(text, in.old) {
				return errors.Join(err, errors.New("it was changed a moment ago: review the difference again"))
			}
			return nil
		}},
		{"putting the new directory in its place", func() error { return os.Rename(fresh, in.path) }},
		{"making it durable", func() error { return syncFolder(folder) }},
	}
}

// writeWhole writes a file that is on disk when it returns, with the rights of another one.
func writeWhole(path string, text []byte, like string) error {
	info, err := os.Stat(like)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// readsTheSame says whether the file that was written means what was reviewed.
func (in *imported) readsTheSame(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	roster, _, err := directory.LoadFor(in.now.Officers(), f, "directory.csv", in.now.Gazetteer)
	if err != nil {
		return err
	}
	if d := directory.Compare(in.then.Directory, roster, ""); !d.None() {
		return fmt.Errorf("%d rows would be read otherwise than they were reviewed: report this as a fault of chumrok", len(d.Added)+len(d.Changed)+len(d.Gone))
	}
	return nil
}

// keep gives the old file a second name; where the disk can't, it is copied.
func keep(path, kept string, old []byte) error {
	err := os.Link(path, kept)
	if errors.Is(err, fs.ErrExist) { // the same second, or the same command again after a crash
		if text, err := os.ReadFile(kept); err != nil || !bytes.Equal(text, old) {
			return errors.Join(err, fmt.Errorf("%s is there already: try again", kept))
		}
		return nil
	}
	if err != nil {
		return writeWhole(kept, old, path)
	}
	return nil
}

// syncFolder makes the new names in a folder durable.
func syncFolder(folder string) error {
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
