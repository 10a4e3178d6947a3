package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"chumrok/internal/audit"
)

// recordHead is the first line of the file of the record's key.
const recordHead = "chumrok-record-key 1"

// recordWords explains the file to whoever opens it.
const recordWords = `# Signs the checkpoints of the record of who did what. Readable by the gateway alone; it opens nothing that callers told.
# Give the second word of "verifying" to whoever keeps the checkpoints. Keep the file as it is: another key is another record's name.
`

// errNoRecordKey says that the record's key could not be kept where it belongs.
var errNoRecordKey = errors.New("keeping the record's key beside the key file")

// recordKey is the pair of keys of this deployment's record.
type recordKey struct {
	signer    note.Signer
	verifier  note.Verifier
	verifying string // the verifier's text, which may be given to anybody
}

// recordKeyPath is where the record's key is kept: beside the key file, outside the database and its backups.
func recordKeyPath(config Config) string {
	return filepath.Join(filepath.Dir(config.Keys), "record.key")
}

// loadRecordKey reads the record's key. A missing file is fs.ErrNotExist; a file that others may read is refused; no error holds any of the
// file's words.
func loadRecordKey(path string) (k recordKey, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return k, fmt.Errorf("reading the record's key: %w", err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o037 != 0 {
		return k, fmt.Errorf("reading the record's key: %s is open to others (mode %04o); run chmod 600 %s", path, mode, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return k, fmt.Errorf("reading the record's key: %w", err)
	}
	if k, err = parseRecordKey(string(text)); err != nil {
		return k, fmt.Errorf("reading the record's key: %s: %w; take the file from its safe copy, or move it away and make another with 'audit key'", path, err)
	}
	return k, nil
}

// parseRecordKey reads the file's text: whether both keys are there, and fit.
func parseRecordKey(text string) (k recordKey, err error) {
	var signing string
	first, rest, _ := strings.Cut(text, "\n")
	if strings.TrimSpace(first) != recordHead {
		return k, fmt.Errorf("its first line is not %q", recordHead)
	}
	for line := range strings.Lines(rest) {
		switch words := strings.Fields(line); {
		case len(words) == 2 && words[0] == "signing":
			signing = words[1]
		case len(words) == 2 && words[0] == "verifying":
			k.verifying = words[1]
		}
	}
	if k.signer, err = note.NewSigner(signing); err != nil {
		return recordKey{}, errors.New("its signing key cannot be read")
	}
	if k.verifier, err = note.NewVerifier(k.verifying); err != nil {
		return recordKey{}, errors.New("its verifying key cannot be read")
	}
	if k.signer.Name() != k.verifier.Name() || k.signer.KeyHash() != k.verifier.KeyHash() {
		return recordKey{}, errors.New("its two keys do not belong together")
	}
	return k, nil
}

// makeRecordKey makes the record's key at path, readable by its owner alone, where there is none; otherwise it reads the one that is there.
// Whoever makes it at the same time makes the same one. The second result says that it was made now.
func makeRecordKey(path string, random io.Reader) (recordKey, bool, error) {
	if k, err := loadRecordKey(path); !errors.Is(err, fs.ErrNotExist) {
		return k, false, err
	}
	signing, verifying, err := audit.GenerateKey(random)
	if err != nil {
		return recordKey{}, false, err
	}
	made := true
	if err := createWhole(path, recordHead+"\n"+recordWords+"signing "+signing+"\nverifying "+verifying+"\n"); errors.Is(err, fs.ErrExist) {
		made = false
	} else if err != nil {
		return recordKey{}, false, fmt.Errorf("%w: %w", errNoRecordKey, err)
	}
	k, err := loadRecordKey(path)
	return k, made, err
}

// createWhole makes a file of mode 0600 that is whole and on disk when anybody sees it; it never takes the place of another.
func createWhole(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".making-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		if err = os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
			err = createPlain(path, text) // a file system without second names
		}
	}
	if err = errors.Join(err, os.Remove(f.Name())); err != nil || runtime.GOOS == "windows" { // which has no such thing as syncing a folder
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// createPlain makes a file of mode 0600 in more than one step; it never takes the place of another either.
func createPlain(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}
