package seal

import (
	"bufio"
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
	"runtime"
	"strings"
)

// fileHead is the first line of a key file.
const fileHead = "chumrok-keys 1"

// fileWords explains the file to whoever opens it.
const fileWords = `# Whoever holds this file and the folder epochs beside it can read every report that is being worked on; without them
# nobody can, but with the escrow files. Keep both readable by the gateway alone, and apart from the database's copies.
# index SECRET         finds sealed things again.
# case PUBLICKEY       archive copies are sealed for the case holder, who keeps the private half apart.
# recovery PUBLICKEY   and for the recovery holder, for whom the keys of each month are put into the folder escrow, too.
# master ID SECRET     of older files: still opens what it sealed. Never remove one in use.
`

// checkSize is how many bytes of a checksum follow a secret in the file, so that a slip of the pen shows on
// loading and not as reports that cannot be read.
const checkSize = 4

// Save writes the key file to path, readable by its owner only (mode 0600), in one step: a crash leaves the old
// file or the new one, whole. It refuses to take the place of a file that holds a key which k lacks, since what
// that key sealed could never be read again. Epochs are files of their own and not written by it.
func (k *Keyring) Save(path string) error {
	if err := k.covers(path); err != nil {
		return fmt.Errorf("saving keys: %w", err)
	}
	if err := writeFile(path, k.ring().text()); err != nil {
		return fmt.Errorf("saving keys: %w", err)
	}
	return nil
}

// writeFile writes a file of mode 0600 whole or not at all, and makes it outlive a power cut.
func writeFile(path string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = tmp.Write(text)
	if err == nil {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the rename outlive a power cut. Windows has nothing of the kind.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// covers says with nil that no file is at path, or that k holds each of its keys.
func (k *Keyring) covers(path string) error {
	p, err := parseFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("a file is there already and cannot be read as keys; move it away first: %w", err)
	}
	if !bytes.Equal(p.index, k.ring().index) {
		return fmt.Errorf("%s holds another keyring; move it away first, and keep it", path)
	}
	for _, o := range p.masters {
		found := false
		for _, m := range k.ring().masters {
			found = found || (m.id == o.id && bytes.Equal(m.secret, o.secret))
		}
		if !found {
			return fmt.Errorf("%s holds master key %x, which the new keys lack; what it sealed would be lost", path, o.id)
		}
	}
	return nil
}

// text is the key file.
func (r *ring) text() []byte {
	var b bytes.Buffer
	b.WriteString(fileHead + "\n" + fileWords)
	for _, m := range r.masters {
		fmt.Fprintf(&b, "master %x %s\n", m.id, encode(m.secret))
	}
	fmt.Fprintf(&b, "index %s\n", encode(r.index))
	for _, h := range Holders() {
		if p, ok := r.holders[h]; ok {
			fmt.Fprintf(&b, "%s %s\n", h, p.text)
		}
	}
	return b.Bytes()
}

func encode(secret []byte) string {
	sum := sha256.Sum256(secret)
	return base64.RawURLEncoding.EncodeToString(append(bytes.Clone(secret), sum[:checkSize]...))
}

// Load reads the key file at path and the folder of epochs beside it. All faults are reported at once, each with its line
// and how to mend it; no error holds any of the files' words. A missing file is fs.ErrNotExist. A file that other users
// can read is refused.
func Load(path string) (*Keyring, error) {
	p, err := parseFile(path)
	if err != nil {
		return nil, fmt.Errorf("loading keys: %w", err)
	}
	epochs, err := loadEpochs(path)
	if err != nil {
		return nil, fmt.Errorf("loading keys: %w", err)
	}
	if len(p.masters)+len(epochs) == 0 {
		return nil, fmt.Errorf("loading keys: %s: no key of any month is in %s; restore that folder, or put the keys back with `chumrok keys recover`", path, epochsOf(path))
	}
	r, err := p.ring(epochs)
	if err != nil {
		return nil, fmt.Errorf("loading keys: %w", err)
	}
	return newKeyring(r, path), nil
}

// parseFile reads the key file alone.
func parseFile(path string) (*parser, error) {
	f, err := openSecret(path, "key file")
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &parser{path: path}
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		p.line(scan.Text())
	}
	if err := scan.Err(); err != nil {
		p.fault("cannot be read further (%v); is this the key file?", err)
	}
	err = p.whole()
	return p, err
}

// openSecret opens a file that holds a secret, and refuses one that others can read.
func openSecret(path, what string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && (!info.Mode().IsRegular() || info.Size() > 1<<20) {
		err = fmt.Errorf("%s is not a %s; make one with `chumrok keys generate`", path, what)
	}
	// A group may read, since that is how container platforms hand a secret over; nobody else may, and none may write.
	if err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o037 != 0 {
		mode := info.Mode().Perm()
		err = fmt.Errorf("%s is open to others (mode %04o); run chmod 600 %s", path, mode, path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

type parser struct {
	path    string
	n       int
	head    bool
	masters []master
	index   []byte
	holders map[Holder]public
	faults  []error
}

func (p *parser) fault(format string, args ...any) {
	p.faults = append(p.faults, fmt.Errorf("%s:%d: %s", p.path, p.n, fmt.Sprintf(format, args...)))
}

func (p *parser) line(text string) {
	p.n++
	text = strings.TrimSpace(text)
	switch words := strings.Fields(text); {
	case text == "" || text[0] == '#':
	case !p.head:
		p.head = true
		if text != fileHead {
			p.fault("the first line must be %q; is this a key file of this gateway?", fileHead)
		}
	case words[0] == "master" && len(words) == 3:
		p.master(words[1], words[2])
	case words[0] == "master":
		p.fault("a master key is three words: master ID SECRET; copy the line again from the safe copy")
	case words[0] == "index" && len(words) == 2:
		secret, ok := p.secret("index", words[1])
		if p.index != nil {
			p.fault("a second index; keep the one that the database was written with")
		} else if ok {
			p.index = secret
		}
	case words[0] == "index":
		p.fault("an index is two words: index SECRET; copy the line again from the safe copy")
	case Holder(words[0]).known() && len(words) == 2:
		p.holder(Holder(words[0]), words[1])
	case Holder(words[0]).known():
		p.fault("a holder is two words: %s PUBLICKEY; copy the line again as `chumrok keys generate` printed it", words[0])
	default:
		p.fault("the first word must be index, case, recovery or master; put # before a remark")
	}
}

func (p *parser) master(id, encoded string) {
	m := master{}
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != idSize {
		p.fault("master: the id must be %d hex digits; copy the line again from the safe copy", 2*idSize)
		return
	}
	copy(m.id[:], raw)
	for _, o := range p.masters {
		if o.id == m.id {
			p.fault("master: the id %x stands twice; remove the line that was added by mistake", m.id)
			return
		}
	}
	secret, ok := p.secret("master", encoded)
	if !ok {
		return
	}
	m.secret = secret
	p.masters = append(p.masters, m)
}

func (p *parser) secret(field, encoded string) ([]byte, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(encoded)
	if err != nil || len(raw) != keySize+checkSize {
		p.fault("%s: the secret is cut short or has a wrong letter; copy the line again from the safe copy", field)
		return nil, false
	}
	sum := sha256.Sum256(raw[:keySize])
	if subtle.ConstantTimeCompare(sum[:checkSize], raw[keySize:]) != 1 {
		p.fault("%s: the secret was changed (its checksum does not fit); copy the line again from the safe copy", field)
		return nil, false
	}
	return raw[:keySize:keySize], true
}

func (p *parser) holder(h Holder, encoded string) {
	key, err := parsePublic(encoded)
	switch _, twice := p.holders[h]; {
	case err != nil:
		p.fault("%s: %v", h, err)
	case twice:
		p.fault("a second %s; keep the one of the holder of today", h)
	default:
		if p.holders == nil {
			p.holders = map[Holder]public{}
		}
		p.holders[h] = key
	}
}

// whole says what is wrong with the file.
func (p *parser) whole() error {
	if len(p.faults) == 0 && !p.head {
		p.fault("the file is empty; restore it from the safe copy, or make one with `chumrok keys generate`")
	}
	if len(p.faults) == 0 && p.index == nil {
		p.fault("no index line; restore the file from the safe copy, or make one with `chumrok keys generate`")
	}
	return errors.Join(p.faults...)
}

func (p *parser) ring(epochs []master) (*ring, error) {
	r, err := newRing(p.index, p.masters, epochs)
	if err == nil && p.holders != nil {
		r.holders = p.holders
	}
	return r, err
}
