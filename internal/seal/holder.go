package seal

import (
	"crypto/hpke"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"strings"
)

// Holder is a person who holds a private key that no gateway has: what is sealed for him only he can open.
type Holder string

const (
	// CaseHolder opens archive copies: the office that answers for the cases.
	CaseHolder Holder = "case"
	// RecoveryHolder opens them too, and the escrow of the months' keys: whoever helps when all else is lost.
	RecoveryHolder Holder = "recovery"
)

// Holders lists all there are.
func Holders() []Holder { return []Holder{CaseHolder, RecoveryHolder} }

func (h Holder) known() bool { return h == CaseHolder || h == RecoveryHolder }

// The suite is a hybrid of ML-KEM-768 and X25519: what is told today must still be nobody's in thirty years, also where a copy of the
// database is kept until a machine exists that breaks one of the two.
func suite() (hpke.KEM, hpke.KDF, hpke.AEAD) {
	return hpke.MLKEM768X25519(), hpke.HKDFSHA256(), hpke.AES256GCM()
}

// public is a holder's public key.
type public struct {
	key  hpke.PublicKey
	text string // with its checksum
	id   string
}

// parsePublic reads a public key as HolderKey.Public writes it.
func parsePublic(text string) (public, error) {
	raw, err := decode(text)
	if err == nil {
		kem, _, _ := suite()
		var key hpke.PublicKey
		if key, err = kem.NewPublicKey(raw); err == nil {
			return public{key, text, fingerprint(raw)}, nil
		}
	}
	return public{}, errors.New("the public key is cut short or has a wrong letter; copy the line again as `chumrok keys generate` printed it")
}

// fingerprint is a short name of a public key, to be read out and compared.
func fingerprint(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}

// Fingerprint names the public key of a holder in sixteen hex digits; "" where the key file has none.
func (k *Keyring) Fingerprint(h Holder) string { return k.ring().holders[h].id }

// SetHolder puts a holder's public key into the key file, in place of the one from before.
func (k *Keyring) SetHolder(h Holder, text string) error {
	key, err := parsePublic(text)
	if err != nil {
		return fmt.Errorf("setting the %s holder: %w", h, err)
	}
	k.c.change.Lock()
	defer k.c.change.Unlock()
	r := *k.ring()
	r.holders = maps.Clone(r.holders)
	r.holders[h] = key
	k.c.ring.Store(&r)
	if k.c.path == "" {
		return nil
	}
	return k.Save(k.c.path)
}

// HasHolders says whether the key file has the public keys of all holders.
func (k *Keyring) HasHolders() bool {
	for _, h := range Holders() {
		if k.Fingerprint(h) == "" {
			return false
		}
	}
	return true
}

// SealFor seals plain for a holder and a place, so that the holder's private key alone opens it, and there alone: one byte of version,
// eight that name the key, the encapsulated key, the text, a tag.
func (k *Keyring) SealFor(h Holder, p Place, plain []byte) ([]byte, error) {
	to, ok := k.ring().holders[h]
	if !ok {
		return nil, fmt.Errorf("sealing for the %s holder: the key file has no line %q; make a pair with `chumrok keys generate --holder %s`", h, h, h)
	}
	_, kdf, aead := suite()
	sealed, err := hpke.Seal(to.key, kdf, aead, p.info(h), plain)
	if err != nil {
		return nil, fmt.Errorf("sealing for the %s holder: %w", h, err)
	}
	id, err := hex.DecodeString(to.id)
	if err != nil {
		return nil, fmt.Errorf("sealing for the %s holder: %w", h, err)
	}
	return append(append([]byte{version}, id...), sealed...), nil
}

// info is what a copy for a holder is bound to.
func (p Place) info(h Holder) []byte {
	return appendPart(p.append([]byte("chumrok holder 1 ")), string(h))
}

// HolderKey is the private key of a holder. It prints as nothing. It belongs on no machine that runs a gateway.
type HolderKey struct{ k **holderKey }

type holderKey struct {
	holder Holder
	key    hpke.PrivateKey
	raw    []byte
}

// GenerateHolder makes the pair of a holder.
func GenerateHolder(h Holder) (HolderKey, error) {
	kem, _, _ := suite()
	key, err := kem.GenerateKey()
	if err != nil {
		return HolderKey{}, fmt.Errorf("making the pair of the %s holder: %w", h, err)
	}
	raw, err := key.Bytes()
	if err != nil {
		return HolderKey{}, fmt.Errorf("making the pair of the %s holder: %w", h, err)
	}
	made := &holderKey{h, key, raw}
	return HolderKey{&made}, nil
}

// Holder says whose it is.
func (k HolderKey) Holder() Holder { return (*k.k).holder }

// Public is the public half, as it stands in the key file behind the holder's name.
func (k HolderKey) Public() string { return encode((*k.k).key.PublicKey().Bytes()) }

// Fingerprint names the pair in sixteen hex digits.
func (k HolderKey) Fingerprint() string { return fingerprint((*k.k).key.PublicKey().Bytes()) }

// Open opens what SealFor sealed for this key and place. The error is or wraps ErrOpen and holds none of the bytes.
func (k HolderKey) Open(p Place, sealed []byte) ([]byte, error) {
	id, err := hex.DecodeString(k.Fingerprint())
	if err != nil || len(sealed) <= 1+len(id) || sealed[0] != version {
		return nil, fmt.Errorf("opening a copy of %s: %w", p.Table, ErrOpen)
	}
	_, kdf, aead := suite()
	plain, err := hpke.Open((*k.k).key, kdf, aead, p.info(k.Holder()), sealed[1+len(id):])
	if err != nil {
		return nil, fmt.Errorf("opening a copy of %s: %w", p.Table, ErrOpen)
	}
	return plain, nil
}

// HolderHead is the first line of a holder's private file: production looks for it where it must not be.
const HolderHead = "chumrok-holder-private 1"

// holderWords explain the file; tryingWords stand in one that a trial gateway made for itself.
const (
	holderWords = `# The private key of the %s holder. Carry it away from the machine that runs the gateway, keep two copies in two safe places, and
# leave none here: whoever has it reads every archive copy%s.
`
	tryingWords = "# FOR TRYING ONLY: made by a gateway in trial mode, which must never have it. Production refuses it.\n"
)

// Save writes the private file, readable by its owner only; a file that is there is never replaced. With trying it says that it is no good
// for anything else.
func (k HolderKey) Save(path string, trying bool) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("saving a holder's key: %s is there already; move it away first, and keep it", path)
	}
	also, trial := "", ""
	if k.Holder() == RecoveryHolder {
		also = ", and with the escrow files and a copy of the database every report"
	}
	if trying {
		trial = tryingWords
	}
	text := fmt.Sprintf("%s\n%s"+holderWords+"private %s %s\n", HolderHead, trial, k.Holder(), also, k.Holder(), encode((*k.k).raw))
	if err := writeFile(path, []byte(text)); err != nil {
		return fmt.Errorf("saving a holder's key: %w", err)
	}
	return nil
}

// LoadHolder reads a holder's private file. It is not asked who else may read it: a memory stick knows no owners. No error holds a word of it.
func LoadHolder(path string) (HolderKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return HolderKey{}, fmt.Errorf("loading a holder's key: %w", err)
	}
	k, err := parseHolder(string(text))
	if err != nil {
		return HolderKey{}, fmt.Errorf("loading a holder's key: %s: %w; take the other copy", path, err)
	}
	return k, nil
}

func parseHolder(text string) (HolderKey, error) {
	if head, _, _ := strings.Cut(text, "\n"); strings.TrimSpace(head) != HolderHead {
		return HolderKey{}, errors.New("it is not the private key of a holder")
	}
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) != 3 || words[0] != "private" {
			continue
		}
		raw, err := decode(words[2])
		if err != nil {
			return HolderKey{}, err
		}
		kem, _, _ := suite()
		key, err := kem.NewPrivateKey(raw)
		if err != nil || !Holder(words[1]).known() {
			return HolderKey{}, errors.New("the key in it is damaged")
		}
		made := &holderKey{Holder(words[1]), key, raw}
		return HolderKey{&made}, nil
	}
	return HolderKey{}, errors.New("it is cut short")
}

// Format prints no key, whatever the verb.
func (k HolderKey) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, hidden) }

// LogValue logs no key.
func (k HolderKey) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText writes no key, in JSON or any other text.
func (k HolderKey) MarshalText() ([]byte, error) { return []byte(hidden), nil }
