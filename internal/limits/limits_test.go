package limits

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/alicebob/miniredis/v2"

	"chumrok/internal/servertest"
)

func TestMain(m *testing.M) { servertest.Main(m) }

var day = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

// exam runs a test on the embedded Redis and on a real one.
func exam(t *testing.T, test func(t *testing.T, l *Limits)) {
	t.Helper()
	for name, address := range map[string]func() string{
		"embedded": func() string { return miniredis.RunT(t).Addr() },
		"real":     func() string { return servertest.Redis(t).Addr() },
	} {
		t.Run(name, func(t *testing.T) {
			client := redis.NewClient(&redis.Options{Addr: address()})
			t.Cleanup(func() { _ = client.Close() })
			l := New(client)
			l.deadline = time.Minute // what is tried here is counting, on a machine that may be busy
			test(t, l)
		})
	}
}

func (l *Limits) spend(t *testing.T, now time.Time, counters ...Counter) []int64 {
	t.Helper()
	before, err := l.Spend(t.Context(), "ask", now, counters...)
	if err != nil {
		t.Fatal(err)
	}
	return before
}

// TestWindow: a counter tells what came before in its window, and the next window begins at nothing.
func TestWindow(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, l *Limits) {
		phone, all := Counter{"a1", time.Hour, 1}, Counter{"all", time.Hour, 1}
		l.spend(t, day, phone, all)
		l.spend(t, day.Add(59*time.Minute), Counter{"b2", time.Hour, 1}, all)
		read := []Counter{{"a1", time.Hour, 0}, {"b2", time.Hour, 0}, {"all", time.Hour, 0}}
		for range 2 { // reading adds nothing
			if diff := cmp.Diff([]int64{1, 1, 2}, l.spend(t, day.Add(59*time.Minute), read...)); diff != "" {
				t.Error(diff)
			}
		}
		if diff := cmp.Diff([]int64{0, 0, 0}, l.spend(t, day.Add(time.Hour), read...)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestAtOnce: of many tries at the same moment each one sees another number before it.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, l *Limits) {
		const tries = 200
		var seen sync.Map
		var wait sync.WaitGroup
		for range tries {
			wait.Go(func() {
				before, err := l.Spend(t.Context(), "ask", day, Counter{"all", time.Hour, 1})
				if err != nil {
					t.Error(err)
					return
				}
				if _, twice := seen.LoadOrStore(before[0], true); twice || before[0] >= tries {
					t.Errorf("two tries saw %d before them", before[0])
				}
			})
		}
		wait.Wait()
	})
}

// TestNames: no name can hold a number, and every name goes away by itself.
func TestNames(t *testing.T) {
	t.Parallel()
	exam(t, func(t *testing.T, l *Limits) {
		for _, subject := range []string{"", "+85512000501", "012000501"} {
			if _, err := l.Spend(t.Context(), "ask", day, Counter{subject, time.Hour, 1}); err == nil {
				t.Errorf("the subject %q was taken", subject)
			}
		}
		l.spend(t, day, Counter{strings.Repeat("0a", 32), time.Hour, 1})
		keys, err := l.client.Keys(t.Context(), "*").Result()
		if err != nil || len(keys) != 1 {
			t.Fatalf("Redis holds %d names: %v", len(keys), err)
		}
		left, err := l.client.PTTL(t.Context(), keys[0]).Result()
		if err != nil || left <= time.Hour || left > 2*time.Hour {
			t.Errorf("the name is kept for %s: %v", left, err)
		}
	})
}

// TestRedisGone: nothing is known then, and the caller learns it within the deadline.
func TestRedisGone(t *testing.T) {
	t.Parallel()
	server := servertest.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	server.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 10*deadline)
	defer cancel()
	if before, err := New(client).Spend(ctx, "ask", day, Counter{"all", time.Hour, 1}); err == nil {
		t.Errorf("without Redis the counts are %v", before)
	}
	if ctx.Err() != nil {
		t.Error("a caller waits longer for Redis than the deadline says")
	}
}
