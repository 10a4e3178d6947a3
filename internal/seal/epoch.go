package seal

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// MonthLayout is how a month is written, for time.Format.
const MonthLayout = "2006-01"

// Epoch is the key of a month as others may know it. There is more than one of a month where it was changed in the middle.
type Epoch struct {
	ID    string // eight hex digits
	Month string // "2026-11"
	Turn  int    // 1 for the first of its month
	Mark  string // check value: whoever has another one has another key
}

// Name is the epoch's file in the folder epochs, and in escrow.
func (e Epoch) Name() string { return fmt.Sprintf("%s.%d.%s", e.Month, e.Turn, e.ID) }

func (m master) epoch() Epoch {
	return Epoch{ID: m.name(), Month: m.month, Turn: m.turn, Mark: mark(m.secret)}
}

// The folders beside the key file.
const (
	epochsFolder = "epochs"
	escrowFolder = "escrow"
)

func epochsOf(path string) string { return filepath.Join(filepath.Dir(path), epochsFolder) }

func escrowOf(path string) string { return filepath.Join(filepath.Dir(path), escrowFolder) }

// EpochsFolder is where the keys of the months are; "" for a keyring that is in memory alone.
func (k *Keyring) EpochsFolder() string {
	if k.c.path == "" {
		return ""
	}
	return epochsOf(k.c.path)
}

// epochHead is the first line of an epoch's file, epochWords explain it.
const (
	epochHead  = "chumrok-epoch 1"
	epochWords = `# The key of one month. With the key file it reads what was told in that month and is still being worked on. The gateway
# destroys it when the month is over and nothing is sealed with it any more: never put it into a backup.
`
)

// Create makes the key file at path with new keys, for these holders' public keys, and the key of its first month.
func Create(path, month string, holders map[Holder]string) (*Keyring, error) {
	r, err := newRing(random(keySize), nil, nil)
	if err != nil {
		return nil, fmt.Errorf("making keys: %w", err)
	}
	for h, text := range holders {
		if r.holders[h], err = parsePublic(text); err != nil {
			return nil, fmt.Errorf("making keys: %s: %w", h, err)
		}
	}
	k := newKeyring(r, path)
	if err := k.Save(path); err != nil {
		return nil, err
	}
	_, err = k.MakeEpoch(month)
	return k, err
}

// Epochs lists the keys of months, the oldest first.
func (k *Keyring) Epochs() []Epoch {
	list := make([]Epoch, 0, len(k.ring().epochs))
	for _, m := range k.ring().epochs {
		list = append(list, m.epoch())
	}
	return list
}

// MakeEpoch makes a new key of a month and keeps it, in the folder of epochs and, sealed for the recovery holder, in that of
// escrow. It wraps nothing before Use.
func (k *Keyring) MakeEpoch(month string) (Epoch, error) { return k.MakeEpochAfter(month, 0) }

// MakeEpochAfter is MakeEpoch where the ledger knows a key of that month with this turn, which may be lost here.
func (k *Keyring) MakeEpochAfter(month string, turn int) (Epoch, error) {
	if _, err := time.Parse(MonthLayout, month); err != nil {
		return Epoch{}, fmt.Errorf("making the key of a month: %q is no month; write one as 2026-11", month)
	}
	k.c.change.Lock()
	defer k.c.change.Unlock()
	if err := k.refresh(); err != nil {
		return Epoch{}, err
	}
	r := k.ring()
	m := fresh(slices.Concat(r.masters, r.epochs))
	m.month, m.turn = month, turn+1
	for _, o := range r.epochs {
		if o.month == month {
			m.turn = max(m.turn, o.turn+1)
		}
	}
	if err := k.escrow(m); err != nil {
		return Epoch{}, fmt.Errorf("making the key of %s: %w", month, err)
	}
	if err := k.keep(m); err != nil {
		if k.c.path != "" {
			err = errors.Join(err, shred(filepath.Join(escrowOf(k.c.path), m.epoch().Name()))) // else each try leaves one
		}
		return Epoch{}, fmt.Errorf("making the key of %s: %w", month, err)
	}
	return m.epoch(), k.replace(append(slices.Clone(r.epochs), m))
}

// keep writes an epoch's file.
func (k *Keyring) keep(m master) error {
	if k.c.path == "" {
		return nil
	}
	dir := epochsOf(k.c.path)
	if err := makeFolder(dir); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, m.epoch().Name()), m.text())
}

func makeFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err == nil {
		return syncDir(filepath.Dir(dir))
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

func (m master) text() []byte {
	return fmt.Appendf(nil, "%s\n%sepoch %x %s %d %s\n", epochHead, epochWords, m.id, m.month, m.turn, encode(m.secret))
}

// replace puts a ring of other epochs in place of today's. Whoever calls it holds change.
func (k *Keyring) replace(epochs []master) error {
	old := k.ring()
	r, err := newRing(old.index, old.masters, epochs)
	if err != nil {
		return err
	}
	r.holders = old.holders
	if old.inUse > 0 {
		r.use(old.epochs[old.inUse-1].id)
	}
	k.c.ring.Store(r)
	return nil
}

func (r *ring) use(id [idSize]byte) bool {
	i := slices.IndexFunc(r.epochs, func(m master) bool { return m.id == id })
	if i >= 0 {
		r.inUse = i + 1
	}
	return i >= 0
}

// Use makes an epoch the one that wraps from now on; false when the keyring lacks it.
func (k *Keyring) Use(id string) bool {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != idSize {
		return false
	}
	k.c.change.Lock()
	defer k.c.change.Unlock()
	r := *k.ring()
	if r.inUse > 0 && r.epochs[r.inUse-1].id == [idSize]byte(raw) {
		return true
	}
	if !r.use([idSize]byte(raw)) {
		return false
	}
	k.c.ring.Store(&r)
	return true
}

// Refresh takes up what was put into the folder of epochs since it was read, and forgets what was taken out of it, but never
// the key in use.
func (k *Keyring) Refresh() error {
	k.c.change.Lock()
	defer k.c.change.Unlock()
	return k.refresh()
}

func (k *Keyring) refresh() error {
	if k.c.path == "" {
		return nil
	}
	info, err := os.Stat(epochsOf(k.c.path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("looking for the keys of months: %w", err)
	case info.ModTime().UnixNano() == k.c.scanned.Load():
		return nil // nothing came or went
	}
	epochs, err := loadEpochs(k.c.path)
	if err != nil {
		return fmt.Errorf("reading the keys of months: %w", err)
	}
	if r := k.ring(); r.inUse > 0 {
		used := r.epochs[r.inUse-1]
		if !slices.ContainsFunc(epochs, func(m master) bool { return m.id == used.id }) {
			epochs = append(epochs, used)
		}
	}
	k.c.scanned.Store(info.ModTime().UnixNano())
	return k.replace(epochs)
}

// Destroy overwrites and removes the key of a month, and its copy in the folder of escrow: what it wraps can be read by nobody
// any more, also not in older copies of the database, unless the recovery holder kept the escrow file. The key in use is refused.
func (k *Keyring) Destroy(id string) error {
	k.c.change.Lock()
	defer k.c.change.Unlock()
	r := k.ring()
	i := slices.IndexFunc(r.epochs, func(m master) bool { return m.name() == id })
	if i < 0 {
		return nil
	}
	if m, ok := r.wraps(); ok && m.name() == id {
		return fmt.Errorf("destroying the key %s: it is in use", id)
	}
	name := r.epochs[i].epoch().Name()
	if k.c.path != "" {
		if err := k.noteDestroyed(id); err != nil {
			return fmt.Errorf("destroying the key %s: %w", id, err)
		}
		for _, folder := range []string{escrowOf(k.c.path), epochsOf(k.c.path)} {
			if err := shred(filepath.Join(folder, name)); err != nil {
				return fmt.Errorf("destroying the key %s: %w", id, err)
			}
		}
	}
	return k.replace(slices.Delete(slices.Clone(r.epochs), i, i+1))
}

// destroyedFile is where the ids of destroyed keys are kept, since a database that is put back from an older copy knows nothing of it.
const destroyedFile = "destroyed"

func (k *Keyring) noteDestroyed(id string) error {
	f, err := os.OpenFile(filepath.Join(epochsOf(k.c.path), destroyedFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(id + "\n")
	return errors.Join(err, f.Sync(), f.Close())
}

// Destroyed says whether the key with that id was destroyed here, and not put back since. It is for the rare case that a key is missing, and
// reads a file.
func (k *Keyring) Destroyed(id string) bool {
	if k.c.path == "" {
		return false
	}
	text, err := os.ReadFile(filepath.Join(epochsOf(k.c.path), destroyedFile))
	return err == nil && slices.Contains(strings.Fields(string(text)), id)
}

// shred overwrites a file, removes it and makes that outlive a power cut. A file that is not there is done.
func shred(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.Write(random(int(info.Size())))
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// epochFile is the name of an epoch's file: its month, its turn, its id.
var epochFile = regexp.MustCompile(`^\d{4}-\d\d\.\d+\.[0-9a-f]{8}$`)

// loadEpochs reads the folder of epochs beside the key file at path; files that are not named as epochs are let alone.
func loadEpochs(path string) ([]master, error) {
	dir := epochsOf(path)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	spent := map[string]bool{}
	if text, err := os.ReadFile(filepath.Join(dir, destroyedFile)); err == nil {
		for _, id := range strings.Fields(string(text)) {
			spent[id] = true
		}
	}
	var list []master
	var faults []error
	for _, entry := range entries {
		if !epochFile.MatchString(entry.Name()) {
			continue
		}
		m, err := loadEpoch(filepath.Join(dir, entry.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist): // another process destroyed it in this moment
		case err != nil && spent[entry.Name()[len(entry.Name())-2*idSize:]]: // the power went while it was destroyed
		case err != nil:
			faults = append(faults, err)
		default:
			list = append(list, m)
		}
	}
	return list, errors.Join(faults...)
}

func loadEpoch(path string) (master, error) {
	f, err := openSecret(path, "key of a month")
	if err != nil {
		return master{}, err
	}
	defer f.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(f); err != nil {
		return master{}, err
	}
	m, err := parseEpoch(text.String())
	if err == nil && m.epoch().Name() != filepath.Base(path) {
		err = errors.New("its name is not that of the key in it")
	}
	if err != nil {
		return master{}, fmt.Errorf("%s: %w; copy it again from where it was made, or recover it", path, err)
	}
	return m, nil
}

// parseEpoch reads what text wrote. No error holds a word of it.
func parseEpoch(text string) (master, error) {
	if head, _, _ := strings.Cut(text, "\n"); strings.TrimSpace(head) != epochHead {
		return master{}, errors.New("it is not the key of a month")
	}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 5 || words[0] != "epoch" {
			continue
		}
		m := master{month: words[2]}
		id, err := hex.DecodeString(words[1])
		if err != nil || len(id) != idSize {
			return master{}, errors.New("its id is damaged")
		}
		copy(m.id[:], id)
		if _, err := time.Parse(MonthLayout, m.month); err != nil {
			return master{}, errors.New("its month is damaged")
		}
		if m.turn, err = strconv.Atoi(words[3]); err != nil || m.turn < 1 {
			return master{}, errors.New("its turn is damaged")
		}
		if m.secret, err = decode(words[4]); err == nil && len(m.secret) != keySize {
			err = errors.New("the secret is cut short")
		}
		return m, err
	}
	return master{}, errors.New("it is cut short")
}

// decode reads what encode wrote: a secret and its checksum.
func decode(encoded string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(raw) <= checkSize {
		return nil, errors.New("the secret is cut short or has a wrong letter")
	}
	secret, check := raw[:len(raw)-checkSize:len(raw)-checkSize], raw[len(raw)-checkSize:]
	sum := sha256.Sum256(secret)
	if subtle.ConstantTimeCompare(sum[:checkSize], check) != 1 {
		return nil, errors.New("the secret was changed (its checksum does not fit)")
	}
	return secret, nil
}
