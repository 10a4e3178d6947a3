package store

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"chumrok/internal/servertest"
)

// BenchmarkRecord measures one plain turn of a running conversation, sealed and durable, alone and with 64 callers at once. The
// PostgreSQL of the tests runs without fsync, so its figures say what the gateway costs and not what a disk does.
func BenchmarkRecord(b *testing.B) {
	for name, url := range servertest.Databases(b) {
		keys := keyring(b)
		for _, callers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/callers=%d", name, callers), func(b *testing.B) {
				s := opened(b, url, keys)
				last := make([]Entry, callers)
				for i := range last {
					last[i] = mustFresh(b, s, beginning(b, s, fmt.Sprint(NewID(), i)))
				}
				b.ReportAllocs()
				b.ResetTimer()
				var done atomic.Int64
				var all sync.WaitGroup
				ctx := b.Context()
				for i := range last {
					all.Go(func() {
						for done.Add(1) <= int64(b.N) {
							last[i] = next(last[i])
							if out, err := s.Record(ctx, last[i]); err != nil || out.Kind != Fresh {
								b.Errorf("recording: %v, %v", out.Kind, err)
								return
							}
						}
					})
				}
				all.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "turns/s")
			})
		}
	}
}
