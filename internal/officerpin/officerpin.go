// Package officerpin turns an officer's PIN into what may be kept, so that who reads the database can't open what children told.
// It draws, stores and counts nothing: what a PIN opens, and how often it may be tried, is decided by who asks.
package officerpin

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/crypto/argon2"
)

// What a hash costs. OWASP's Password Storage Cheat Sheet asks for 19 MiB and two passes in one lane at least; RFC 9106, section 4,
// would have 64 MiB, three passes and four lanes where there is room. An officer waits at a menu that a network ends within seconds,
// and the gateway may run on one small machine: 32 MiB, two passes and one lane took 57 ms there (two cores of a server, 2026; OWASP's
// least 33 ms, the RFC's 96 ms on both cores). No cost makes six digits hard to guess for who holds the database alone, at 57 ms they are
// gone through in 16 hours, so a PIN is hashed together with a key that isn't in the database (see Hash), and tries are counted.
const (
	passes   = 2
	memory   = 32 * 1024 // KiB
	lanes    = 1
	saltSize = 16
	hashSize = 32
)

// ErrUnreadable says that what is kept is no hash of this package, or costs more than it may.
var ErrUnreadable = errors.New("this is no hash of a PIN")

// Hash is what may be kept of a secret: argon2id in the PHC string format, with its salt (read from random) and its cost. The secret is
// best a PIN that went through a keyed function, so that guessing needs the key as well.
func Hash(random io.Reader, secret string) (string, error) {
	salt := make([]byte, saltSize)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fmt.Errorf("drawing a salt: %w", err)
	}
	sum := argon2.IDKey([]byte(secret), salt, passes, memory, lanes, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, lanes, encode(salt), encode(sum)), nil
}

// Verify reports whether hash was made of secret, in a time that does not depend on how much of it is right. The cost is the one that the
// hash names, so that hashes of an earlier release still open. The error is ErrUnreadable.
func Verify(hash, secret string) (bool, error) {
	var version, m, t, p uint32
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false, ErrUnreadable
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &m, &t, &p); err != nil {
		return false, ErrUnreadable
	}
	salt, noSalt := decode(parts[4])
	sum, noSum := decode(parts[5])
	// The bounds keep an edited row from taking the machine's memory or time.
	if noSalt != nil || noSum != nil || version != argon2.Version || m < 8*p || m > 256*1024 || t < 1 || t > 16 || p < 1 || p > 16 ||
		len(salt) < 8 || len(sum) != hashSize {
		return false, ErrUnreadable
	}
	got := argon2.IDKey([]byte(secret), salt, t, m, uint8(p), hashSize)
	return subtle.ConstantTimeCompare(got, sum) == 1, nil
}

func encode(b []byte) string { return base64.RawStdEncoding.EncodeToString(b) }

func decode(s string) ([]byte, error) { return base64.RawStdEncoding.Strict().DecodeString(s) }
