package seal

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

func keyring(tb testing.TB) *Keyring {
	tb.Helper()
	k, err := Generate()
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

func newKey(tb testing.TB, k *Keyring, row string) (DataKey, Wrapped) {
	tb.Helper()
	d, w, err := k.NewDataKey(row)
	if err != nil {
		tb.Fatal(err)
	}
	return d, w
}

func TestWhatIsSealedOpensOnlyInItsPlace(t *testing.T) {
	t.Parallel()
	k := keyring(t)
	d, w := newKey(t, k, "c-1")
	at := Place{"turns", "heard", "c-1"}
	for _, text := range []string{"", "a", "គេវាយខ្ញុំ", strings.Repeat("x", 1000)} {
		sealed := d.Seal(at, []byte(text))
		if len(text) > 1 && bytes.Contains(sealed, []byte(text)) {
			t.Fatalf("the text stands readable in the sealed bytes")
		}
		again, err := k.Unwrap("c-1", w)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := again.Open(at, sealed)
		if err != nil || string(plain) != text {
			t.Fatalf("Open = %q, %v; want %q", plain, err, text)
		}
		if bytes.Equal(sealed, d.Seal(at, []byte(text))) {
			t.Fatal("two sealings of the same text are alike")
		}
	}

	sealed := d.Seal(at, []byte("a story"))
	for _, other := range []Place{
		{}, {"turns", "heard", "c-2"}, {"turns", "answer", "c-1"}, {"reports", "heard", "c-1"},
		{"turnsheard", "", "c-1"}, {"turn", "sheard", "c-1"}, {"turns", "heardc", "-1"}, {"turns", "heard\x03", "c-1"},
	} {
		if _, err := d.Open(other, sealed); !errors.Is(err, ErrOpen) {
			t.Errorf("opened in %v: %v", other, err)
		}
	}
	stranger, _ := newKey(t, k, "c-1")
	if _, err := stranger.Open(at, sealed); !errors.Is(err, ErrOpen) {
		t.Errorf("opened with another key: %v", err)
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if _, err := d.Open(at, changed); !errors.Is(err, ErrOpen) {
			t.Errorf("opened with byte %d changed: %v", i, err)
		}
		if _, err := d.Open(at, sealed[:i]); !errors.Is(err, ErrOpen) {
			t.Errorf("opened cut to %d bytes: %v", i, err)
		}
	}
}

func TestNoTwoPlacesReadAlike(t *testing.T) {
	t.Parallel()
	seen := map[string]Place{}
	parts := []string{"", "a", "b", "ab", "\x01", "\x01a", "a\x01", strings.Repeat("a", 127), strings.Repeat("a", 128)}
	for _, table := range parts {
		for _, column := range parts {
			for _, row := range parts {
				p := Place{table, column, row}
				b := string(p.append(nil))
				if other, ok := seen[b]; ok {
					t.Fatalf("%q and %q read alike", p, other)
				}
				seen[b] = p
			}
		}
	}
}

func TestADataKeyBelongsToOneConversation(t *testing.T) {
	t.Parallel()
	k := keyring(t)
	_, w := newKey(t, k, "c-1")
	if got, want := len(w), 65; got != want {
		t.Errorf("a wrapped key has %d bytes, want %d", got, want)
	}
	if _, err := k.Unwrap("c-2", w); !errors.Is(err, ErrOpen) {
		t.Errorf("unwrapped for another conversation: %v", err)
	}
	if _, err := keyring(t).Unwrap("c-1", w); !errors.Is(err, ErrKeyMissing) || !strings.Contains(err.Error(), w.KeyID()) {
		t.Errorf("unwrapped by another keyring: %v", err)
	}
	for i := range w {
		changed := bytes.Clone(w)
		changed[i] ^= 1
		if _, err := k.Unwrap("c-1", changed); err == nil {
			t.Errorf("unwrapped with byte %d changed", i)
		}
		if _, err := k.Unwrap("c-1", w[:i]); err == nil {
			t.Errorf("unwrapped cut to %d bytes", i)
		}
	}
	if _, _, err := k.NewDataKey(""); err == nil {
		t.Error("a data key was bound to nothing")
	}
}

func TestNoKeyNoSealing(t *testing.T) {
	t.Parallel()
	var none DataKey
	if !none.IsZero() {
		t.Error("the zero DataKey says it is a key")
	}
	if _, err := none.Open(Place{}, bytes.Repeat([]byte{version}, 60)); !errors.Is(err, ErrOpen) {
		t.Errorf("the zero DataKey opened: %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("the zero DataKey sealed")
		}
	}()
	none.Seal(Place{}, []byte("a story"))
}

func TestRotation(t *testing.T) {
	t.Parallel()
	k := keyring(t)
	old, oldWrapped := newKey(t, k, "c-1")
	at := Place{"turns", "heard", "c-1"}
	sealed := old.Seal(at, []byte("a story"))
	blind, repeat := k.Blind("code", "1"), k.RepeatKey("twilio", "SM1")

	e, err := k.MakeEpoch("2026-11")
	if err != nil {
		t.Fatal(err)
	}
	if _, w := newKey(t, k, "c-2"); w.KeyID() != oldWrapped.KeyID() {
		t.Errorf("a new conversation is wrapped by %s before its key is in use", w.KeyID())
	}
	if !k.Use(e.ID) || k.Use("00000000") {
		t.Fatal("the key of the month could not be taken into use, or one that is not there could")
	}
	if _, w := newKey(t, k, "c-2"); w.KeyID() != e.ID {
		t.Errorf("a new conversation is wrapped by %s, want the key in use, %s", w.KeyID(), e.ID)
	}
	moved, changed, err := k.Rewrap("c-1", oldWrapped)
	if err != nil || !changed || moved.KeyID() != e.ID {
		t.Fatalf("Rewrap: changed %v, by %s, %v", changed, moved.KeyID(), err)
	}
	if _, changed, err = k.Rewrap("c-1", moved); err != nil || changed {
		t.Errorf("a second Rewrap: changed %v, %v", changed, err)
	}
	for _, w := range []Wrapped{oldWrapped, moved} {
		d, err := k.Unwrap("c-1", w)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := d.Open(at, sealed); err != nil || string(plain) != "a story" {
			t.Errorf("after rotation: %q, %v", plain, err)
		}
	}
	if k.Blind("code", "1") != blind || k.RepeatKey("twilio", "SM1") != repeat {
		t.Error("rotation changed an index")
	}
}

func TestIndexes(t *testing.T) {
	t.Parallel()
	k, other := keyring(t), keyring(t)
	seen := map[string]string{}
	for name, got := range map[string]string{
		"blind":                  k.Blind("ab", "c"),
		"blind, moved border":    k.Blind("a", "bc"),
		"blind, other value":     k.Blind("ab", "d"),
		"repeat, same words":     k.RepeatKey("ab", "c"),
		"repeat, moved border":   k.RepeatKey("a", "bc"),
		"blind, other keyring":   other.Blind("ab", "c"),
		"blind key":              hex.EncodeToString(k.BlindKey()),
		"other blind key":        hex.EncodeToString(other.BlindKey()),
		"blind key as an index?": hex.EncodeToString(k.ring().blind),
	} {
		if len(got) != 64 {
			t.Errorf("%s: %d digits", name, len(got))
		}
		if before, ok := seen[got]; ok {
			t.Errorf("%s equals %s", name, before)
		}
		seen[got] = name
	}
	if k.Blind("ab", "c") != k.Blind("ab", "c") {
		t.Error("the same value has two indexes")
	}
	clear(k.BlindKey())
	if bytes.Equal(k.BlindKey(), make([]byte, keySize)) {
		t.Error("BlindKey gave away its own bytes")
	}
}

func TestKeysPrintAsNothing(t *testing.T) {
	t.Parallel()
	k := keyring(t)
	d, _ := newKey(t, k, "c-1")
	type nested struct {
		d   DataKey
		k   *Keyring
		v   Keyring
		D   DataKey
		K   *Keyring
		M   map[string]DataKey
		L   []DataKey
		P   *DataKey
		Any any
	}
	holders := map[string]any{
		"data key": d, "pointer to data key": &d, "keyring": k, "keyring value": *k,
		"nested": nested{d: d, k: k, v: *k, D: d, K: k, M: map[string]DataKey{"a": d}, L: []DataKey{d}, P: &d, Any: d},
	}
	var log bytes.Buffer
	for name, v := range holders {
		var all strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%c", "%U", "%e", "%t", "%p", "%w"} {
			fmt.Fprintf(&all, verb+"\n", v)
		}
		fmt.Fprintln(&all, v)
		j, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all.Write(j)
		log.Reset()
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		all.Write(log.Bytes())

		secrets := [][]byte{(*d.k).raw[:], k.ring().index, k.ring().phone, k.ring().blind, k.ring().repeat, k.ring().masters[0].secret}
		for i, secret := range secrets {
			head := secret[:6]
			for _, form := range []string{
				string(head), hex.EncodeToString(head), strings.ToUpper(hex.EncodeToString(head)), encode(secret)[:8],
				strings.Trim(fmt.Sprint(head), "[]"), strings.Trim(fmt.Sprintf("%#v", head), "[]byte{}"),
			} {
				if strings.Contains(all.String(), form) {
					t.Errorf("%s prints secret %d", name, i)
				}
			}
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	k := keyring(b)
	d, w := newKey(b, k, "01890a5d-ac96-774b-bcce-b302099a8057")
	at := Place{"turns", "state", "01890a5d-ac96-774b-bcce-b302099a8057"}
	plain := bytes.Repeat([]byte("x"), 400)
	sealed := d.Seal(at, plain)
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d.Seal(at, plain)
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := d.Open(at, sealed); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new data key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := k.NewDataKey(at.Row); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("unwrap", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := k.Unwrap(at.Row, w); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("repeat key", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			k.RepeatKey("twilio", "SM00000000000000000000000000000000")
		}
	})
}
