package main

import (
	"context"
	"time"

	"chumrok/internal/store"
)

// afterRestore erases again what was erased since the backup was taken, while nobody sees the restored ledger yet.
func afterRestore(ctx context.Context, s *store.Store, c Config, now time.Time) (int, error) {
	keepErased(s, c)
	return s.ReErase(ctx, now)
}
