package seal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// escrowHead is the first line of an escrow file, escrowWords explain it.
const (
	escrowHead  = "chumrok-escrow 1"
	escrowWords = `# The key of one month and the key file, sealed for the recovery holder. Hand it over to him; it opens with his private key alone, and
# "chumrok keys recover" puts it back. Keep it apart from the copies of the database.
`
	escrowLine = "#### key file ends ####\n" // between the key file and the epoch inside the seal
)

func escrowPlace(e Epoch) Place { return Place{Table: "escrow", Column: e.Month, Row: e.ID} }

// escrow writes a month's key and the key file, sealed for the recovery holder, into the folder of escrow. Where the key file names none,
// nothing is written.
func (k *Keyring) escrow(m master) error {
	r := k.ring()
	if _, ok := r.holders[RecoveryHolder]; !ok || k.c.path == "" {
		return nil
	}
	e := m.epoch()
	plain := slices.Concat(r.text(), []byte(escrowLine), m.text())
	sealed, err := k.SealFor(RecoveryHolder, escrowPlace(e), plain)
	if err != nil {
		return err
	}
	dir := escrowOf(k.c.path)
	if err := makeFolder(dir); err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n%sepoch %s %s\nsealed %s\n", escrowHead, escrowWords, e.ID, e.Month, base64.RawURLEncoding.EncodeToString(sealed))
	return writeFile(filepath.Join(dir, e.Name()), []byte(text))
}

// Escrow writes the escrow files of every month anew, as for a recovery holder who is new, and names them.
func (k *Keyring) Escrow() ([]string, error) {
	if k.Fingerprint(RecoveryHolder) == "" {
		return nil, errors.New("writing escrow: the key file has no line recovery PUBLICKEY; make a pair with `chumrok keys generate --holder recovery`")
	}
	k.c.change.Lock()
	defer k.c.change.Unlock()
	var names []string
	for _, m := range k.ring().epochs {
		if err := k.escrow(m); err != nil {
			return names, fmt.Errorf("writing escrow: %w", err)
		}
		names = append(names, filepath.Join(escrowOf(k.c.path), m.epoch().Name()))
	}
	return names, nil
}

// Recover puts the keys of the escrow files in dir back beside path with the recovery holder's private key: the key file where it is lost,
// and every month's key that is not there. It returns the months' keys that it put back.
func Recover(path, dir string, key HolderKey) ([]Epoch, error) {
	if key.Holder() != RecoveryHolder {
		return nil, fmt.Errorf("recovering keys: this is the key of the %s holder; escrow opens with that of the recovery holder", key.Holder())
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("recovering keys: %w", err)
	}
	var back []Epoch
	seen := false
	for _, entry := range entries {
		if !epochFile.MatchString(entry.Name()) {
			continue
		}
		seen = true
		file, m, err := openEscrow(filepath.Join(dir, entry.Name()), key)
		if err != nil {
			return back, fmt.Errorf("recovering keys: %w", err)
		}
		made, err := putBack(path, file, m)
		if err != nil {
			return back, fmt.Errorf("recovering keys: %w", err)
		}
		if made {
			back = append(back, m.epoch())
		}
	}
	if !seen {
		return nil, fmt.Errorf("recovering keys: no escrow file is in %s; their names are such as 2026-11.1.0a1b2c3d", dir)
	}
	return back, nil
}

// openEscrow opens an escrow file.
func openEscrow(path string, key HolderKey) (*parser, master, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, master{}, err
	}
	e, sealed, err := parseEscrow(string(text))
	if err != nil {
		return nil, master{}, fmt.Errorf("%s: %w", path, err)
	}
	plain, err := key.Open(escrowPlace(e), sealed)
	if err != nil {
		return nil, master{}, fmt.Errorf("%s: it is not sealed for this key, or was changed: %w", path, err)
	}
	file, epoch, _ := strings.Cut(string(plain), escrowLine)
	m, err := parseEpoch(epoch)
	if err != nil {
		return nil, master{}, fmt.Errorf("%s: %w", path, err)
	}
	p := &parser{path: path}
	for line := range strings.Lines(file) {
		p.line(strings.TrimRight(line, "\n"))
	}
	err = p.whole()
	return p, m, err
}

// parseEscrow reads what is outside the seal.
func parseEscrow(text string) (e Epoch, sealed []byte, err error) {
	if head, _, _ := strings.Cut(text, "\n"); strings.TrimSpace(head) != escrowHead {
		return e, nil, errors.New("it is not an escrow file")
	}
	for line := range strings.Lines(text) {
		switch words := strings.Fields(line); {
		case len(words) == 3 && words[0] == "epoch":
			e.ID, e.Month = words[1], words[2]
		case len(words) == 2 && words[0] == "sealed":
			if sealed, err = base64.RawURLEncoding.DecodeString(words[1]); err != nil {
				return e, nil, errors.New("it is cut short or has a wrong letter")
			}
		}
	}
	if e.ID == "" || len(sealed) == 0 {
		return e, nil, errors.New("it is cut short")
	}
	return e, sealed, nil
}

// putBack writes what is missing of a key file and a month's key, and says whether the latter was.
func putBack(path string, file *parser, m master) (bool, error) {
	there, err := parseFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		r, err := file.ring(nil)
		if err != nil {
			return false, err
		}
		if err := newKeyring(r, path).Save(path); err != nil {
			return false, err
		}
	case err != nil:
		return false, err
	case mark(there.index) != mark(file.index):
		return false, fmt.Errorf("%s is another gateway's key file; move it away first, and keep it", path)
	}
	name := filepath.Join(epochsOf(path), m.epoch().Name())
	if _, err := os.Lstat(name); err == nil {
		return false, nil
	}
	return true, newKeyring(&ring{}, path).keep(m)
}
