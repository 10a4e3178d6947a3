package officerpin

import (
	"errors"
	"regexp"
	"testing"
)

var costly = regexp.MustCompile(`m=0*[1-9]\d{3}|t=0*[2-9]|t=0*1\d|p=0*[5-9]|p=0*1\d`)

// FuzzVerify gives any text as what was kept of a PIN: only a hash opens, with its own secret, and anything else is ErrUnreadable. Hashes that would
// take the machine's time are left to the tests.
func FuzzVerify(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "480213")
	f.Add("$argon2id$v=19$m=8,t=1,p=0$c2FsdHNhbHQ$AAAA", "")
	f.Add("$argon2i$v=19$m=8,t=1,p=1$$", "x")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, hash, secret string) {
		if costly.MatchString(hash) {
			return
		}
		same, err := Verify(hash, secret)
		if err != nil && (same || !errors.Is(err, ErrUnreadable)) {
			t.Fatalf("%t and %v", same, err)
		}
		if same {
			if other, _ := Verify(hash, secret+"0"); other {
				t.Fatal("another secret opens it as well")
			}
		}
	})
}
