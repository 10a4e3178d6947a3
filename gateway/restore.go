package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"chumrok/internal/audit"
	"chumrok/internal/backup"
	"chumrok/internal/seal"
	"chumrok/internal/store"
)

type restoreCommand struct {
	File     string `arg:"" help:"The backup."`
	Identity string `required:"" help:"The file with the secret key that opens it." placeholder:"KEYFILE"`
	Into     string `help:"The database to make, sqlite:PATH or postgres://…; without it that of CHUMROK_DATABASE_URL." placeholder:"URL"`
}

// Run builds the ledger of a backup beside its place, proves it, and only then puts it there.
func (r restoreCommand) Run(c *call) (err error) {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	if r.Into != "" {
		config.DatabaseURL = r.Into
	}
	keys, err := seal.Load(config.Keys)
	if err != nil {
		return fmt.Errorf("reading the key file of CHUMROK_KEYS, which is in no backup: put back the copy that you kept: %w", err)
	}
	in, err := r.open()
	if err != nil {
		return err
	}
	defer in.file.Close()
	at, err := store.NewRestore(c.ctx, config.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, at.Discard(c.ctx)) }()
	progress, done := progressOf(c, "restore")
	defer done()
	if err := at.Fill(c.ctx, in.Reader, progress); err != nil {
		return fmt.Errorf("restoring %s: %w; nothing was changed", r.File, err)
	}
	sum, err := in.sum()
	if err != nil {
		return fmt.Errorf("reading %s: %w", r.File, err)
	}
	s, err := at.Open(c.ctx, keys)
	if err != nil {
		return fmt.Errorf("opening what was restored: %w; nothing was changed", err)
	}
	held, err := r.finish(c, s, config, in.Reader, sum)
	if err = errors.Join(err, s.Close()); err != nil {
		return fmt.Errorf("finishing what was restored: %w; nothing was changed", err)
	}
	if err := at.Place(c.ctx); err != nil {
		return err
	}
	fmt.Fprintln(c.stream.out, "it is in its place: start the gateway, and what fell due meanwhile is done at once")
	if !held {
		return errNotHeld
	}
	return nil
}

// finish makes the ledger ready, and says what the checks found. What they find stood in the ledger when it was backed up, since the file is
// whole: it is restored all the same, and the exit status says so.
func (r restoreCommand) finish(c *call, s *store.Store, config Config, in *backup.Reader, sum string) (held bool, err error) {
	fmt.Fprintf(c.stream.out, "%s, as it was at %s (%s ago)\n", r.File, in.Header.Taken.Format(time.RFC3339), c.now().Sub(in.Header.Taken).Round(time.Minute))
	fmt.Fprintf(c.stream.out, "  rows    %d\n  sha256  %s\n", in.Trailer.Total(), sum)
	files, _ := packFiles(config.Pack)
	if now, err := hashOf(c.ctx, files); err != nil || now != in.Header.Pack.Hash {
		fmt.Fprintf(c.stream.out, "  pack    was %s, and is another one now: it is in no backup\n", packWords(in.Header.Pack))
	}
	erased, err := afterRestore(c.ctx, s, config, c.now())
	if err != nil {
		return false, fmt.Errorf("erasing again what was erased since: %w", err)
	}
	if erased > 0 {
		fmt.Fprintf(c.stream.out, "  erased  again %d conversations that were erased after the backup was taken\n", erased)
	}
	if err := s.TakeUp(c.ctx, onRecord(c.now(), operator, actRestore, sum, "")); err != nil {
		return false, err
	}
	n := counts{}
	if n.Counts, err = s.Counts(c.ctx); err != nil {
		return false, err
	}
	if n.Faults, err = s.Check(c.ctx); err != nil {
		return false, err
	}
	n.print(c.stream.out, true)
	head, err := s.VerifyAudit(c.ctx)
	switch {
	case errors.Is(err, audit.ErrBroken):
		fmt.Fprintf(c.stream.out, "the record does not hold: %v\n", err)
		return false, nil
	case err != nil:
		return false, err
	}
	fmt.Fprintf(c.stream.out, "the record holds: %d entries, of which the backup had %d and the last is this restore\n", head.Seq, in.Trailer.RecordSeq)
	return len(n.Faults) == 0, nil
}

// backupFile is a backup that is being read.
type backupFile struct {
	*backup.Reader

	file *os.File
	all  io.Reader
	hash func() []byte
}

// sum is the SHA-256 of the whole file.
func (f *backupFile) sum() (string, error) {
	if _, err := io.Copy(io.Discard, f.all); err != nil {
		return "", err
	}
	return hex.EncodeToString(f.hash()), nil
}

func (r restoreCommand) open() (*backupFile, error) {
	identities, err := backup.Identities(r.Identity)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(r.File)
	if err != nil {
		return nil, fmt.Errorf("opening the backup: %w", err)
	}
	digest := sha256.New()
	f := &backupFile{file: file, all: io.TeeReader(file, digest), hash: func() []byte { return digest.Sum(nil) }}
	plain, err := backup.Open(f.all, identities)
	if err == nil {
		f.Reader, err = backup.NewReader(plain)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", r.File, err), file.Close())
	}
	return f, nil
}
