package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"chumrok/internal/servertest"
)

// BenchmarkLapse erases matters of ten turns each out of many that stay, while one caller presses keys: what a page takes, and what the caller
// waited for the slowest of the turns that came in between.
func BenchmarkLapse(b *testing.B) {
	const many, turns = 2000, 10
	for name, url := range servertest.Databases(b) {
		b.Run(name, func(b *testing.B) {
			s := opened(b, url, keyring(b))
			oldMatters(b, s, many, turns)
			last := mustFresh(b, s, beginning(b, s, "caller"))
			ctx, stop := context.WithCancel(b.Context())
			var waited []time.Duration
			var caller sync.WaitGroup
			caller.Go(func() {
				for ctx.Err() == nil {
					last = next(last)
					started := time.Now()
					if out, err := s.Record(context.WithoutCancel(ctx), last); err != nil || out.Kind != Fresh {
						b.Errorf("a turn: %v, %v", out.Kind, err)
						return
					}
					waited = append(waited, time.Since(started))
				}
			})
			pages := 0
			b.ResetTimer()
			for b.Loop() {
				erased, _, err := s.Lapse(b.Context(), noon.Add(100*day), Keeping{Told: 90 * day}, 1)
				if err != nil {
					b.Fatal(err)
				}
				pages += erased["told"] / lapsePage
			}
			b.StopTimer()
			stop()
			caller.Wait()
			slices.Sort(waited)
			b.ReportMetric(float64(pages), "pages")
			b.ReportMetric(float64(waited[len(waited)/2].Microseconds())/1000, "ms-turn-p50")
			b.ReportMetric(float64(waited[len(waited)*99/100].Microseconds())/1000, "ms-turn-p99")
		})
	}
}

// oldMatters writes closed matters straight into the tables, with bytes like sealed ones.
func oldMatters(b *testing.B, s *Store, many, turns int) {
	b.Helper()
	tx, err := s.write.BeginTx(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	sealed := make([]byte, 3000)
	_, _ = rand.Read(sealed)
	at := millis(noon)
	write := func(text string, args ...any) {
		if _, err := tx.ExecContext(b.Context(), text, args...); err != nil {
			b.Fatal(err)
		}
	}
	for i := range many {
		id := fmt.Sprintf("%08d", i)
		write(`INSERT INTO conversations (id, channel, provider, definition, number_index, number, wrapped_key, bin, mark, danger_at, last_seq, started_at, last_at, ended_at)
			VALUES ($1, 'ussd', 'simulator', 'd', $1, $2, $2, 'concluded', '', 0, $3, $4, $4, $4)`, id, sealed[:60], turns, at)
		write(`INSERT INTO reports (id, conversation_id, version, state, channel, who, risk, danger, harm, area_code, age, sex, details, at)
			VALUES ($1, $1, 1, 'referred', 'ussd', 'child', 'medium', 'no', 'physical', '020101', '6_11', 'female', $2, $3)`, id, sealed[:1000], at)
		write(`INSERT INTO referrals (id, report_id, conversation_id, code, version, state, risk, area_code, owner, started_at, closed_at, body, accepted_at, seen_at)
			VALUES ($1, $1, $1, $1, 1, 'closed', 'medium', '020101', 'o1', $2, $2, $3, $2, $2)`, id, at, sealed[:2000])
		for n := range turns {
			write(`INSERT INTO turns (id, conversation_id, seq, repeat_key, heard, answer, state, ended, at) VALUES ($1, $2, $3, $1, $4, $5, $6, $7, $8)`,
				fmt.Sprintf("%s-%d", id, n), id, n+1, sealed[:50], sealed[:300], sealed[:900], n == turns-1, at)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
}
