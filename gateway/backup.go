package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"filippo.io/age"

	"chumrok/internal/audit"
	"chumrok/internal/backup"
	"chumrok/internal/store"
)

type backupCommand struct {
	To          []string `help:"A public key of age that can open the backup, besides those of CHUMROK_BACKUP_RECIPIENTS." placeholder:"AGE1…"`
	Out         string   `help:"The file to write. It must not be there yet." placeholder:"FILE"`
	NewIdentity string   `help:"Draw a key that opens backups into FILE, and print its public key. Keep FILE away from this machine." placeholder:"FILE"`
}

// Run writes a backup, or draws the key that opens backups.
func (b backupCommand) Run(c *call) error {
	if b.NewIdentity != "" {
		public, err := backup.NewIdentity(b.NewIdentity)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.stream.out, public)
		return nil
	}
	if b.Out == "" {
		return errors.New("a backup needs a file: give --out FILE")
	}
	if _, err := os.Lstat(b.Out); err == nil {
		return fmt.Errorf("there is a file %s already, and a backup replaces none: give it the date for a name", b.Out)
	}
	s, config, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	recipients, err := backup.Recipients(append([]string{config.Backup}, b.To...)...)
	if err != nil {
		return err
	}
	if len(recipients) == 0 {
		return errors.New("nobody could open the backup: set CHUMROK_BACKUP_RECIPIENTS or give --to with a public key of age; 'backup --new-identity FILE' draws one")
	}
	return b.write(c, s, config, recipients)
}

// write makes the file beside its place, puts the backup on record, and then gives the file its name.
func (b backupCommand) write(c *call, s *store.Store, config Config, recipients []age.Recipient) error {
	f, err := os.CreateTemp(filepath.Dir(b.Out), ".chumrok-backup-*") // only its owner may read it
	if err != nil {
		return fmt.Errorf("beginning the backup: %w; give --out a file in a folder that this process may write", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // it has its name by then, or is not whole
	defer f.Close()

	h := backup.Header{Taken: c.now().UTC(), Pack: packOfBackup(c, config)}
	t, sum, broken := b.fill(c, s, h, f, recipients)
	if broken != nil && !errors.Is(broken, audit.ErrBroken) {
		return fmt.Errorf("writing the backup: %w", broken)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	size, err := os.Stat(f.Name())
	if err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	act := onRecord(c.now(), operator, actBackup, sum, "")
	if _, err := s.Apply(c.ctx, act.At, store.Effects{Audit: []audit.Entry{act}}); err != nil {
		return fmt.Errorf("putting the backup on record: %w", err)
	}
	if err := backup.Place(f.Name(), b.Out); err != nil {
		return fmt.Errorf("giving the backup its name: %w", err)
	}
	fmt.Fprintf(c.stream.out, `%s
  holds   %d rows of %d tables as they were at %s
  record  ends with entry %d, %x
  pack    %s
  size    %d bytes, for %d keys
  sha256  %s
`, b.Out, t.Total(), len(t.Rows), h.Taken.Format(time.RFC3339), t.RecordSeq, t.RecordHash, packWords(h.Pack), size.Size(), len(recipients), sum)
	if waiting := waitingInSpool(config); waiting > 0 {
		fmt.Fprintf(c.stream.out, "  not in it: %d messages that wait in the spool of %s for the database; they are in the next one\n", waiting, config.Data)
	}
	if broken != nil {
		fmt.Fprintf(c.stream.out, "the record does not hold, and the backup has it as it is: %v\n", broken)
		return errNotHeld
	}
	return nil
}

func (b backupCommand) fill(c *call, s *store.Store, h backup.Header, f io.Writer, recipients []age.Recipient) (backup.Trailer, string, error) {
	digest := sha256.New()
	out, err := backup.Seal(io.MultiWriter(f, digest), recipients)
	if err != nil {
		return backup.Trailer{}, "", err
	}
	progress, done := progressOf(c, "backup")
	defer done()
	t, broken := s.Backup(c.ctx, h, out, progress)
	if broken != nil && !errors.Is(broken, audit.ErrBroken) {
		return t, "", broken
	}
	if err := out.Close(); err != nil {
		return t, "", err
	}
	return t, hex.EncodeToString(digest.Sum(nil)), broken
}

// lifeSignEvery is how long nothing may be seen of what takes long.
const lifeSignEvery = 2 * time.Second

// progressOf returns what says on standard error how far something is, when it takes longer, and what to call at its end.
func progressOf(c *call, what string) (seen func(table string, rows int64), done func()) {
	tick := time.NewTicker(lifeSignEvery)
	return func(table string, rows int64) {
		select {
		case <-tick.C:
			fmt.Fprintf(c.stream.err, "%s: %d rows, %s\n", what, rows, table)
		default:
		}
	}, tick.Stop
}

// packOfBackup names the deployment pack. A pack that does not load is no reason to be without a backup.
func packOfBackup(c *call, config Config) backup.Pack {
	files, _ := packFiles(config.Pack)
	sum, err := hashOf(c.ctx, files)
	if err != nil {
		fmt.Fprintf(c.stream.err, "the deployment pack cannot be read, and the backup does not name it: %v\n", err)
		return backup.Pack{}
	}
	p, err := loadPack(config)
	if err != nil {
		fmt.Fprintf(c.stream.err, "the deployment pack has faults, and the backup names only its hash; 'chumrok check' names them\n")
		return backup.Pack{Hash: sum}
	}
	return backup.Pack{Name: p.Name, Hash: sum}
}

func packWords(p backup.Pack) string {
	if p.Hash == "" {
		return "not known"
	}
	return fmt.Sprintf("%s, %.16s", p.Name, p.Hash)
}

// hashOf is a SHA-256 over the names and contents of all files, in the order of their names.
func hashOf(ctx context.Context, files fs.FS) (string, error) {
	all := sha256.New()
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err = errors.Join(err, ctx.Err()); err != nil || !entry.Type().IsRegular() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		one := sha256.Sum256(text)
		fmt.Fprintf(all, "%s\x00%x\n", name, one)
		return nil
	})
	return hex.EncodeToString(all.Sum(nil)), err
}

// waitingInSpool counts what waits for a database that did not answer.
func waitingInSpool(config Config) int {
	n := 0
	_ = filepath.WalkDir(filepath.Join(config.Data, "spool"), func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			n++
		}
		return nil // no spool: nothing waits
	})
	return n
}
