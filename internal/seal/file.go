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
const fileWords = `# Whoever holds this file can read every report; without it no report can be read again, by anyone.
# Keep it readable by the gateway alone, and a copy in a safe place apart from the database's copies.
# master ID SECRET   the last one seals new conversations; older ones still open theirs. Never remove one in use.
# index SECRET       finds sealed things again. It never changes.
`

// checkSize is how many bytes of a checksum follow a secret in the file, so that a slip of the pen shows on
// loading and not as reports that cannot be read.
const checkSize = 4

// Save writes the keyring to path, readable by its owner only (mode 0600), in one step: a crash leaves the old
// file or the new one, whole. It refuses to take the place of a file that holds a key which k lacks, since what
// that key sealed could never be read again.
func (k *Keyring) Save(path string) error {
	if err := k.covers(path); err != nil {
		return fmt.Errorf("saving keys: %w", err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // made with mode 0600
	if err != nil {
		return fmt.Errorf("saving keys: %w", err)
	}
	_, err = tmp.Write(k.text())
	if err == nil {
		err = tmp.Sync()
	}
	err = errors.Join(err, tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("saving keys: %w", errors.Join(err, os.Remove(tmp.Name())))
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
		return fmt.Errorf("saving keys: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("saving keys: %w", err)
	}
	return nil
}

// covers says with nil that no file is at path, or that k holds each of its keys.
func (k *Keyring) covers(path string) error {
	old, err := Load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("a file is there already and cannot be read as keys; move it away first: %w", err)
	}
	if !bytes.Equal(old.ring().index, k.ring().index) {
		return fmt.Errorf("%s holds another keyring; move it away first, and keep it", path)
	}
	for _, o := range old.ring().masters {
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

func (k *Keyring) text() []byte {
	var b bytes.Buffer
	b.WriteString(fileHead + "\n" + fileWords)
	for _, m := range k.ring().masters {
		fmt.Fprintf(&b, "master %x %s\n", m.id, encode(m.secret))
	}
	fmt.Fprintf(&b, "index %s\n", encode(k.ring().index))
	return b.Bytes()
}

func encode(secret []byte) string {
	sum := sha256.Sum256(secret)
	return base64.RawURLEncoding.EncodeToString(append(bytes.Clone(secret), sum[:checkSize]...))
}

// Load reads the key file at path. All faults are reported at once, each with its line and how to mend it; no
// error holds any of the file's words. A missing file is fs.ErrNotExist. A file that other users can read is
// refused.
func Load(path string) (*Keyring, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("loading keys: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("loading keys: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return nil, fmt.Errorf("loading keys: %s is not a key file; make one with `gateway keys generate`", path)
	}
	// A group may read, since that is how container platforms hand a secret over; nobody else may, and none may write.
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o037 != 0 {
		return nil, fmt.Errorf("loading keys: %s is open to others (mode %04o); run chmod 600 %s", path, mode, path)
	}
	p := parser{path: path}
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		p.line(scan.Text())
	}
	if err := scan.Err(); err != nil {
		p.fault("cannot be read further (%v); is this the key file?", err)
	}
	return p.keyring()
}

type parser struct {
	path    string
	n       int
	head    bool
	masters []master
	index   []byte
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
	default:
		p.fault("the first word must be master or index; put # before a remark")
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

func (p *parser) keyring() (*Keyring, error) {
	if len(p.faults) == 0 && len(p.masters) == 0 {
		p.fault("no master key; restore the file from the safe copy, or make one with `gateway keys generate`")
	}
	if len(p.faults) == 0 && p.index == nil {
		p.fault("no index line; restore the file from the safe copy")
	}
	if len(p.faults) > 0 {
		return nil, fmt.Errorf("loading keys: %w", errors.Join(p.faults...))
	}
	r, err := newRing(p.index, p.masters...)
	if err != nil {
		return nil, fmt.Errorf("loading keys: %w", err)
	}
	return &Keyring{&r}, nil
}
