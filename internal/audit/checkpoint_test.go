package audit_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"chumrok/internal/audit"
)

func pair(t testing.TB) (note.Signer, note.Verifier) {
	t.Helper()
	signing, verifying, err := audit.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := note.NewSigner(signing)
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(verifying)
	if err != nil {
		t.Fatal(err)
	}
	return s, v
}

func checkpoint(t testing.TB, origin string) audit.Checkpoint {
	t.Helper()
	var s stored
	return audit.Checkpoint{Origin: origin, Head: s.grow(t, acts(12345)...), At: time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)}
}

func TestACheckpointComesBackAsItWas(t *testing.T) {
	t.Parallel()
	signer, verifier := pair(t)
	c := checkpoint(t, signer.Name())
	text, err := c.Sign(signer)
	if err != nil {
		t.Fatal(err)
	}
	for name, form := range map[string]string{"as it is": text, "with other line ends": strings.ReplaceAll(text, "\n", "\r\n"), "pasted": "\n  " + text + "\n\n"} {
		back, signed, err := audit.ParseCheckpoint(form, verifier)
		if err != nil || !signed {
			t.Errorf("%s: signed %t, %v", name, signed, err)
		}
		if diff := cmp.Diff(c, back); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	c.At = time.Time{}
	short := c.Short()
	if len(short) > 160 || strings.ContainsAny(short, "[]{}\\^~|€`") || strings.Contains(short, "\n") {
		t.Errorf("%q does not fit one part of a plain SMS", short)
	}
	for name, form := range map[string]string{"as it is": short, "broken by a phone": short[:40] + "\n" + short[40:60] + " " + short[60:]} {
		back, signed, err := audit.ParseCheckpoint(form, verifier)
		if err != nil || signed {
			t.Errorf("short, %s: signed %t, %v", name, signed, err)
		}
		if diff := cmp.Diff(c, back); diff != "" {
			t.Errorf("short, %s: %s", name, diff)
		}
	}
}

func TestACheckpointOfAnotherKeyIsRefused(t *testing.T) {
	t.Parallel()
	signer, verifier := pair(t)
	other, _ := pair(t)
	c := checkpoint(t, signer.Name())
	good, _ := c.Sign(signer)
	c.Origin = other.Name()
	foreign, _ := c.Sign(other)
	c.Origin = "another"
	lying, _ := c.Sign(signer)
	noTime, _ := note.Sign(&note.Note{Text: signer.Name() + "\n1\n" + c.Hash.String() + "\n"}, signer)
	for name, one := range map[string]struct {
		text string
		want error
	}{
		"another's":             {foreign, audit.ErrNotSigned},
		"a changed number":      {strings.Replace(good, "12345", "12346", 1), audit.ErrNotSigned},
		"a changed signature":   {good[:len(good)-6] + "AAAA=\n", audit.ErrNotSigned},
		"no signature":          {good[:strings.Index(good, "\n\n")+2], audit.ErrNoCheckpoint},
		"an origin not its own": {lying, audit.ErrNoCheckpoint},
		"no time":               {string(noTime), audit.ErrNoCheckpoint},
		"empty":                 {"", audit.ErrNoCheckpoint},
		"a word":                {"checkpoint", audit.ErrNoCheckpoint},
		"a number with a plus":  {strings.Replace(c.Short(), " 12345", " +12345", 1), audit.ErrNoCheckpoint},
		"a number below zero":   {strings.Replace(c.Short(), " 12345", " -1", 1), audit.ErrNoCheckpoint},
		"a root cut short":      {c.Short()[:len(c.Short())-5], audit.ErrNoCheckpoint},
		"too long":              {strings.Repeat("x ", 4096), audit.ErrNoCheckpoint},
	} {
		if got, _, err := audit.ParseCheckpoint(one.text, verifier); !errors.Is(err, one.want) {
			t.Errorf("%s: %v, %v; want %v", name, got, err, one.want)
		}
	}
	if _, _, err := audit.ParseCheckpoint(good); !errors.Is(err, audit.ErrNotSigned) {
		t.Errorf("without a key: %v", err)
	}
}

// FuzzCheckpoint feeds what anybody may hand to an operator: whatever is read as a checkpoint is the same when it is written and read again.
func FuzzCheckpoint(f *testing.F) {
	signer, verifier := pair(f)
	c := checkpoint(f, signer.Name())
	good, err := c.Sign(signer)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, c.Short(), "", "a 0 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", good + good, "x\n\n— x AAAA\n", strings.ToLower(good)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, signed, err := audit.ParseCheckpoint(text, verifier)
		if err != nil {
			if !errors.Is(err, audit.ErrNoCheckpoint) && !errors.Is(err, audit.ErrNotSigned) {
				t.Fatalf("an error of no kind: %v", err)
			}
			return
		}
		if signed && (got.Origin != c.Origin || got.Head != c.Head) {
			t.Fatalf("%+v was never signed", got)
		}
		again, _, err := audit.ParseCheckpoint(got.Short(), verifier)
		if again.At = got.At; err != nil || again != got {
			t.Fatalf("%q became %+v and then %+v, %v", text, got, again, err)
		}
	})
}
