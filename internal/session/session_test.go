package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"chumrok/flows"
	"chumrok/internal/phone"
	"chumrok/internal/seal"
	"chumrok/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

// desk is what one test of the exam has: sessions, the client below them, and a count of round trips.
type desk struct {
	*Sessions
	client redis.UniversalClient
	keys   *seal.Keyring
	trips  *trips
}

// trips counts what goes over the wire; a pipeline is one trip.
type trips struct{ n atomic.Int64 }

func (t *trips) DialHook(next redis.DialHook) redis.DialHook { return next }
func (t *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		t.n.Add(1)
		return next(ctx, cmd)
	}
}
func (t *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		t.n.Add(1)
		return next(ctx, cmds)
	}
}

func newDesk(tb testing.TB, client redis.UniversalClient) *desk {
	tb.Helper()
	keys, err := seal.Generate()
	if err != nil {
		tb.Fatal(err)
	}
	d := &desk{Sessions: New(client, keys), client: client, keys: keys, trips: &trips{}}
	client.AddHook(d.trips)
	return d
}

// open makes a conversation in which somebody said something.
func (d *desk) open(tb testing.TB, name string, seq int64) Open {
	tb.Helper()
	_, wrapped, err := d.keys.NewDataKey(name)
	if err != nil {
		tb.Fatal(err)
	}
	n, err := phone.Parse("+855 12 000 501")
	if err != nil {
		tb.Fatal(err)
	}
	state := flows.State{Seq: seq, Heard: "1*2", Code: "48213155"}.With("story", "គេវាយខ្ញុំ")
	return Open{Key: d.keys.Blind("thread", n.E164()+name), Conversation: name, Wrapped: wrapped, Seq: seq, State: state}
}

func (d *desk) load(tb testing.TB, key string) (Open, bool) {
	tb.Helper()
	o, found, err := d.Load(tb.Context(), key)
	if err != nil {
		tb.Fatal(err)
	}
	return o, found
}

func same(tb testing.TB, got, want Open) {
	tb.Helper()
	if got.Key != want.Key || got.Conversation != want.Conversation || !bytes.Equal(got.Wrapped, want.Wrapped) || got.Seq != want.Seq ||
		!bytes.Equal(got.State.AppendBinary(nil), want.State.AppendBinary(nil)) {
		tb.Errorf("conversation %s, turn %d, came back as %s, turn %d, or in another state", want.Conversation, want.Seq, got.Conversation, got.Seq)
	}
}

// both runs one exam on the embedded and on a real Redis.
func both(t *testing.T, exam func(t *testing.T, d *desk)) {
	t.Helper()
	t.Parallel()
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		client, stop, err := Embedded(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := stop(); err != nil {
				t.Error(err)
			}
		})
		exam(t, newDesk(t, client))
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		client := Connect(&redis.UniversalOptions{Addrs: []string{servertest.Redis(t).Addr()}})
		t.Cleanup(func() { _ = client.Close() })
		exam(t, newDesk(t, client))
	})
}

func TestWhatIsSavedIsLoaded(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		if err := d.Ping(ctx); err != nil {
			t.Fatal(err)
		}
		one, two := d.open(t, "c-1", 1), d.open(t, "c-2", 7)
		if _, found := d.load(t, one.Key); found {
			t.Error("found before it was saved")
		}
		for _, o := range []Open{one, two} {
			if err := d.Save(ctx, o); err != nil {
				t.Fatal(err)
			}
		}
		for _, o := range []Open{one, two} {
			got, found := d.load(t, o.Key)
			if !found {
				t.Fatalf("%s is not there", o.Conversation)
			}
			same(t, got, o)
			if !got.State.ExpiresAt().Before(time.Now()) || got.State.Answer("story") != "គេវាយខ្ញុំ" {
				t.Error("an expired state was kept back or changed")
			}
		}
		if err := d.Drop(ctx, one.Key); err != nil {
			t.Fatal(err)
		}
		if _, found := d.load(t, one.Key); found {
			t.Error("found after it was dropped")
		}
		if err := d.Drop(ctx, one.Key); err != nil {
			t.Errorf("dropping what is not there: %v", err)
		}
		if err := d.client.FlushAll(ctx).Err(); err != nil {
			t.Fatal(err)
		}
		if _, found := d.load(t, two.Key); found {
			t.Error("found after Redis was emptied")
		}
		if err := d.Save(ctx, two); err != nil {
			t.Errorf("saving after Redis was emptied: %v", err)
		}
	})
}

func TestALaterTurnStays(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		later := d.open(t, "c-1", 5)
		if err := d.Save(t.Context(), later); err != nil {
			t.Fatal(err)
		}
		for _, seq := range []int64{4, 5, 0, -1} {
			earlier := later
			earlier.Seq, earlier.State = seq, later.State.With("story", "another")
			if err := d.Save(t.Context(), earlier); err != nil {
				t.Fatal(err)
			}
			got, _ := d.load(t, later.Key)
			same(t, got, later)
		}
		next := later
		next.Seq, next.State = 10, later.State.With("story", "more") // 10 after 5: numbers, not letters
		if err := d.Save(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		got, _ := d.load(t, later.Key)
		same(t, got, next)
	})
}

func TestSaversRace(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		o := d.open(t, "c-1", 0)
		var wait sync.WaitGroup
		for seq := range int64(64) {
			wait.Go(func() {
				mine := o
				mine.Seq = seq + 1
				mine.State = mine.State.With("story", fmt.Sprint("turn ", seq+1))
				// Under a race detector on two cores a call may miss its deadline; the cache may then be behind, never wrong.
				for err := context.DeadlineExceeded; err != nil; {
					if err = d.Save(t.Context(), mine); err != nil && !isTimeout(err) {
						t.Error(err)
						return
					}
				}
			})
		}
		wait.Wait()
		got, found := d.load(t, o.Key)
		if !found || got.Seq != 64 || got.State.Answer("story") != "turn 64" {
			t.Errorf("found %v, turn %d, want 64", found, got.Seq)
		}
	})
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, redis.ErrPoolTimeout) || errors.As(err, &n) && n.Timeout()
}

func TestOneRoundTrip(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		o := d.open(t, "c-1", 1)
		if err := d.Save(t.Context(), o); err != nil { // the first one also loads the script
			t.Fatal(err)
		}
		before := d.trips.n.Load()
		o.Seq = 2
		if err := d.Save(t.Context(), o); err != nil {
			t.Fatal(err)
		}
		if got := d.trips.n.Load() - before; got != 1 {
			t.Errorf("Save took %d round trips", got)
		}
		before = d.trips.n.Load()
		if got, _ := d.load(t, o.Key); got.Seq != 2 {
			t.Errorf("turn %d", got.Seq)
		}
		if got := d.trips.n.Load() - before; got != 1 {
			t.Errorf("Load took %d round trips", got)
		}
		// A Redis that was restarted has forgotten the script.
		if err := d.client.ScriptFlush(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		o.Seq = 3
		if err := d.Save(t.Context(), o); err != nil {
			t.Errorf("after the script was forgotten: %v", err)
		}
	})
}

func TestRedisShowsNothing(t *testing.T) {
	both(t, func(t *testing.T, d *desk) {
		ctx := t.Context()
		o := d.open(t, "c-1", 1)
		if err := d.Save(ctx, o); err != nil {
			t.Fatal(err)
		}
		names, err := d.client.Keys(ctx, "*").Result()
		if err != nil || len(names) != 1 {
			t.Fatalf("names %v, %v", names, err)
		}
		all, err := d.client.HGetAll(ctx, names[0]).Result()
		if err != nil {
			t.Fatal(err)
		}
		shown := names[0] + all[fieldValue] + all[fieldSeq]
		for _, secret := range []string{"12000501", "855", "គេវាយ", "48213155", "1*2"} {
			if strings.Contains(shown, secret) {
				t.Errorf("Redis shows %q", secret)
			}
		}
		if want := "chumrok:session:{" + o.Key + "}"; names[0] != want {
			t.Errorf("the name is %s, want %s", names[0], want)
		}
		ttl, err := d.client.PTTL(ctx, names[0]).Result()
		if err != nil || ttl <= 0 || ttl > leastKept {
			t.Errorf("kept for %v, %v; want at most %v for a state that has expired", ttl, err, leastKept)
		}
		for _, key := range []string{"", "+85512000501", "85512000501", strings.Repeat("g", 64), strings.Repeat("A", 64), o.Key + "0", o.Key[:63] + "}"} {
			bad := o
			bad.Key = key
			if err := d.Save(ctx, bad); !errors.Is(err, errKey) {
				t.Errorf("a key that is no index was saved: %v", err)
			}
			if _, _, err := d.Load(ctx, key); !errors.Is(err, errKey) {
				t.Errorf("a key that is no index was loaded: %v", err)
			}
			if err := d.Drop(ctx, key); !errors.Is(err, errKey) {
				t.Errorf("a key that is no index was dropped: %v", err)
			}
		}
		mixed := o
		mixed.Conversation = "c-2"
		if err := d.Save(ctx, mixed); err == nil {
			t.Error("a state was sealed under another conversation's key")
		}
	})
}

func TestTheEmbeddedRedisSweeps(t *testing.T) {
	t.Parallel()
	client, stop, err := Embedded(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := client.Ping(t.Context()).Err(); err == nil {
			t.Error("it answers after it was stopped")
		}
	}()
	if err := client.Set(t.Context(), "a", "b", 10*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for client.Exists(ctx, "a").Val() != 0 {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("what has expired is still there")
		}
	}
}

func TestHowLongAStateIsKept(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		expires time.Time
		want    time.Duration
	}{
		{now.Add(10 * time.Minute), 10 * time.Minute},
		{now.Add(-time.Hour), leastKept},
		{time.Time{}, leastKept},
		{now.Add(1000 * time.Hour), mostKept},
	} {
		if got := keepFor(c.expires, now); got != c.want {
			t.Errorf("expires at %v: kept for %v, want %v", c.expires, got, c.want)
		}
	}
}
