package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

// ageMagic is how every file of age begins, in the form that is not letters only.
const ageMagic = "age-encryption.org/"

// Recipients reads the public keys that a backup is made for: age1…, one or several in a word list or a list with commas.
func Recipients(words ...string) ([]age.Recipient, error) {
	var list []age.Recipient
	for _, word := range words {
		for _, key := range strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) }) {
			found, err := age.ParseRecipients(strings.NewReader(key))
			if err != nil {
				return nil, fmt.Errorf("%.20s… is not a public key of age: it begins with age1 and is what 'backup --new-identity FILE' or age-keygen prints", key)
			}
			list = append(list, found...)
		}
	}
	return list, nil
}

// Identities reads the secret keys of a file as age-keygen writes it.
func Identities(path string) ([]age.Identity, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the identity: %w", err)
	}
	if bytes.HasPrefix(text, []byte(ageMagic)) || bytes.HasPrefix(text, []byte("-----BEGIN AGE")) {
		return nil, fmt.Errorf("the identity %s is itself encrypted: open it with 'age -d' first", path)
	}
	list, err := age.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s holds no secret key of age: it must have a line that begins with AGE-SECRET-KEY-", path)
	}
	return list, nil
}

// NewIdentity writes a fresh secret key into a new file that only its owner may read, and returns the public key that backups are made for.
func NewIdentity(path string) (string, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return "", fmt.Errorf("drawing a key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", fmt.Errorf("keeping the identity: %w", err)
	}
	public := identity.Recipient().String()
	_, err = fmt.Fprintf(f, "# public key: %s\n%s\n", public, identity)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("keeping the identity: %w", err)
	}
	return public, nil
}

// sealed is the way into a file: gzip, then age.
type sealed struct {
	*gzip.Writer
	below io.WriteCloser
}

// Close ends both layers; without it the file cannot be opened again.
func (s sealed) Close() error { return errors.Join(s.Writer.Close(), s.below.Close()) }

// Seal returns what to write the plain stream into, so that w becomes a file that only the recipients can open.
func Seal(w io.Writer, recipients []age.Recipient) (io.WriteCloser, error) {
	if len(recipients) == 0 {
		return nil, errors.New("no public key to make the backup for")
	}
	below, err := age.Encrypt(w, recipients...)
	if err != nil {
		return nil, fmt.Errorf("beginning the encryption: %w", err)
	}
	above, err := gzip.NewWriterLevel(below, gzip.BestSpeed) // most of it is sealed already and gets no shorter
	if err != nil {
		return nil, fmt.Errorf("beginning the compression: %w", err)
	}
	return sealed{above, below}, nil
}

// opened is the way out of a file. It ends only where both layers end properly.
type opened struct {
	*gzip.Reader
	below *bufio.Reader
}

// Read reads the plain stream; at its end it looks whether the file ends there too.
func (o opened) Read(p []byte) (int, error) {
	n, err := o.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		if _, err := o.below.ReadByte(); !errors.Is(err, io.EOF) {
			return n, damaged(err)
		}
		return n, io.EOF
	}
	if err != nil {
		return n, damaged(err)
	}
	return n, nil
}

// Open returns the plain stream of a file that one of the identities opens.
func Open(r io.Reader, identities []age.Identity) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	switch begin, err := in.Peek(len(ageMagic)); {
	case err != nil && !ended(err):
		return nil, fmt.Errorf("reading the backup: %w", err)
	case string(begin) == ageMagic:
	case len(begin) < len(ageMagic) && strings.HasPrefix(ageMagic, string(begin)):
		return nil, ErrDamaged
	default:
		return nil, ErrForeign
	}
	plain, err := age.Decrypt(in, identities...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, ErrIdentity
	}
	if err != nil {
		return nil, damaged(err)
	}
	below := bufio.NewReaderSize(plain, 64<<10)
	above, err := gzip.NewReader(below)
	if errors.Is(err, gzip.ErrHeader) {
		return nil, ErrForeign // somebody's file of age for the same key
	}
	if err != nil {
		return nil, damaged(err)
	}
	above.Multistream(false)
	return opened{above, below}, nil
}

// Place gives a finished file its name, so that it is there whole or not at all, also after a power cut. It replaces nothing: where there
// is a file of that name already its error wraps fs.ErrExist.
func Place(finished, name string) error {
	if err := os.Link(finished, name); errors.Is(err, os.ErrExist) {
		return err
	} else if err == nil {
		err = os.Remove(finished)
		return errors.Join(err, SyncFolder(name))
	}
	// A file system without links: nobody else may take the name in between.
	if _, err := os.Lstat(name); err == nil {
		return fmt.Errorf("%s: %w", name, os.ErrExist)
	}
	if err := os.Rename(finished, name); err != nil {
		return err
	}
	return SyncFolder(name)
}

// SyncFolder makes durable what names the folder of a file holds.
func SyncFolder(file string) error {
	f, err := os.Open(filepath.Dir(file))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}
