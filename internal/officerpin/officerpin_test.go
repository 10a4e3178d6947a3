package officerpin

import (
	"bytes"
	"crypto/rand"
	"errors"
	"strings"
	"testing"
)

func hashed(tb testing.TB, secret string) string {
	tb.Helper()
	h, err := Hash(rand.Reader, secret)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func TestAPINOpensItsOwnHash(t *testing.T) {
	t.Parallel()
	h := hashed(t, "482913")
	if strings.Contains(h, "482913") || !strings.HasPrefix(h, "$argon2id$v=19$m=32768,t=2,p=1$") {
		t.Fatalf("the hash is %s", h)
	}
	for secret, want := range map[string]bool{"482913": true, "482914": false, "": false, "482913 ": false} {
		if got, err := Verify(h, secret); got != want || err != nil {
			t.Errorf("%q: %t, %v", secret, got, err)
		}
	}
	if other := hashed(t, "482913"); other == h {
		t.Error("two officers with one PIN have one hash")
	}
}

// TestAHashOfAnotherCostOpens: what an earlier or a later release made is read at its own cost. The value is that of the reference
// implementation's own test for this salt and password.
func TestAHashOfAnotherCostOpens(t *testing.T) {
	t.Parallel()
	h := "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := Verify(h, "password"); !ok || err != nil {
		t.Errorf("%t, %v", ok, err)
	}
}

func TestWhatIsNoHashOpensNothing(t *testing.T) {
	t.Parallel()
	h := hashed(t, "482913")
	for _, bad := range []string{"", "482913", "$", strings.Replace(h, "argon2id", "argon2i", 1), strings.Replace(h, "m=32768", "m=999999999", 1),
		strings.Replace(h, "t=2", "t=0", 1), strings.Replace(h, "p=1", "p=300", 1), strings.Replace(h, "v=19", "v=16", 1), h + "A", h[:len(h)-4], h[1:]} {
		if ok, err := Verify(bad, "482913"); ok || !errors.Is(err, ErrUnreadable) {
			t.Errorf("%q: %t, %v", bad, ok, err)
		}
	}
	if _, err := Hash(bytes.NewReader([]byte("short")), "482913"); err == nil {
		t.Error("a hash without a whole salt: no error")
	}
}

func BenchmarkVerify(b *testing.B) {
	h := hashed(b, "482913")
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := Verify(h, "482913"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
