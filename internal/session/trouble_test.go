package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"chumrok/internal/seal"
	"chumrok/internal/servertest"
)

func TestWhatIsNotOursIsNotThere(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		o, other := d.open(t, "c-1", 3), d.open(t, "c-2", 3)
		name, err := sessionKey(o.Key, 0)
		if err != nil {
			t.Fatal(err)
		}
		good, err := d.pack(name, o)
		if err != nil {
			t.Fatal(err)
		}
		otherName, err := sessionKey(other.Key, 0)
		if err != nil {
			t.Fatal(err)
		}
		moved, err := d.pack(otherName, other)
		if err != nil {
			t.Fatal(err)
		}
		stranger := newDesk(t, d.client)
		foreign, err := stranger.pack(name, stranger.open(t, "c-1", 3))
		if err != nil {
			t.Fatal(err)
		}
		values := map[string][]byte{"nothing": {}, "text": []byte("hello"), "another session's": moved, "another keyring's": foreign,
			"a length beyond the end": {packVersion, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}}
		for i := range good {
			changed := bytes.Clone(good)
			changed[i] ^= 1
			values[fmt.Sprint("byte ", i, " changed")] = changed
			values[fmt.Sprint("cut to ", i)] = good[:i]
		}
		for what, value := range values {
			if err := d.client.HSet(ctx, name, fieldSeq, 3, fieldValue, value).Err(); err != nil {
				t.Fatal(err)
			}
			_, found, err := d.Load(ctx, o.Key)
			if found || !errors.Is(err, ErrUnreadable) {
				t.Errorf("%s: found %v, %v; want not there, and reported", what, found, err)
			}
			if err != nil && (strings.Contains(err.Error(), o.Key) || strings.Contains(err.Error(), "c-1")) {
				t.Errorf("%s: the error names the session", what)
			}
		}
		// Whatever stands there, the next turn is kept.
		for what, spoil := range map[string]func() error{
			"unreadable":      func() error { return d.client.HSet(ctx, name, fieldSeq, 3, fieldValue, "x").Err() },
			"a turn of words": func() error { return d.client.HSet(ctx, name, fieldSeq, "many", fieldValue, "x").Err() },
			"no value":        func() error { return d.client.HSet(ctx, name, "other", "x").Err() },
			"a text":          func() error { return d.client.Set(ctx, name, "x", 0).Err() },
		} {
			if err := errors.Join(d.client.Del(ctx, name).Err(), spoil()); err != nil {
				t.Fatal(err)
			}
			if _, found, err := d.Load(ctx, o.Key); found || (err != nil && !errors.Is(err, ErrUnreadable)) {
				t.Errorf("%s: found %v, %v", what, found, err)
			}
			next := o
			next.Seq = 4
			if err := d.Save(ctx, next); err != nil {
				t.Errorf("saving over %s: %v", what, err)
			}
			got, found := d.load(t, o.Key)
			if !found {
				t.Fatalf("%s kept the next turn out", what)
			}
			same(t, got, next)
		}
	})
}

func TestAStoppedRedisCostsLittle(t *testing.T) {
	t.Parallel()
	server := servertest.Redis(t)
	client := Connect(&redis.UniversalOptions{Addrs: []string{server.Addr()}})
	t.Cleanup(func() { _ = client.Close() })
	d := newDesk(t, client)
	o := d.open(t, "c-1", 1)
	if err := d.Save(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	calls := map[string]func() error{
		"Load": func() error { _, _, err := d.Load(t.Context(), o.Key); return err },
		"Save": func() error { return d.Save(t.Context(), o) },
		"Drop": func() error { return d.Drop(t.Context(), o.Key) },
		"Ping": func() error { return d.Ping(t.Context()) },
	}
	server.Stop()
	for name, call := range calls {
		if err := call(); err == nil {
			t.Errorf("%s on a stopped Redis is no error", name)
		}
	}
	server.Start()
	if _, found := d.load(t, o.Key); found {
		t.Error("a Redis that came back empty still knows the session")
	}
	if err := d.Save(t.Context(), o); err != nil {
		t.Errorf("saving once Redis is back: %v", err)
	}
}

// TestASilentRedisCostsLittle takes a server that accepts and says nothing, as a frozen machine does.
func TestASilentRedisCostsLittle(t *testing.T) {
	t.Parallel()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	client := Connect(&redis.UniversalOptions{Addrs: []string{l.Addr().String()}})
	t.Cleanup(func() { _ = client.Close() })
	d := newDesk(t, client)
	// The test's own context has no deadline, so the one that is met is the package's.
	if _, found, err := d.Load(t.Context(), d.open(t, "c-1", 1).Key); found || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("found %v, %v; want an error at the deadline of %v", found, err, deadline)
	}
}

func BenchmarkSession(b *testing.B) {
	client := Connect(&redis.UniversalOptions{Addrs: []string{servertest.Redis(b).Addr()}})
	defer client.Close()
	d := newDesk(b, client)
	o := d.open(b, "c-1", 1)
	name, err := sessionKey(o.Key, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("pack and unpack", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v, err := d.pack(name, o)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := d.unpack(name, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("save", func(b *testing.B) {
		for b.Loop() {
			o.Seq++
			if err := d.Save(b.Context(), o); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, found, err := d.Load(b.Context(), o.Key); err != nil || !found {
				b.Fatal(found, err)
			}
		}
	})
}

func FuzzUnpack(f *testing.F) {
	keys, err := seal.Generate()
	if err != nil {
		f.Fatal(err)
	}
	d := &desk{Sessions: New(nil, keys), keys: keys}
	o := d.open(f, "c-1", 1)
	name, err := sessionKey(o.Key, 0)
	if err != nil {
		f.Fatal(err)
	}
	good, err := d.pack(name, o)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{packVersion, 0, 0})
	f.Add(good[:40])
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := d.unpack(name, b); !errors.Is(err, ErrUnreadable) {
			t.Errorf("bytes that no gateway sealed were read: %v", err)
		}
	})
}
