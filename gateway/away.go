package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"chumrok/internal/directory"
)

// presence is the directory without those who are away, as it was made last. The zero value has made none.
type presence struct{ last atomic.Pointer[presentNow] }

type presentNow struct {
	away      string // the ids of those away, so that the same ones need no new directory
	directory *directory.Directory
}

// awayNow are the officers who are away, by id.
func (g *Gateway) awayNow(ctx context.Context, now time.Time) (map[string]bool, error) {
	list, err := g.store.Aways(ctx, now)
	if err != nil {
		return nil, fmt.Errorf("reading who is away: %w", err)
	}
	away := make(map[string]bool, len(list))
	for _, a := range list {
		away[a.OfficerID] = true
	}
	return away, nil
}

// present is the directory for deciding who is asked: those who are away are passed over, and can still answer.
func (g *Gateway) present(ctx context.Context, now time.Time) (*directory.Directory, error) {
	away, err := g.awayNow(ctx, now)
	if err != nil || len(away) == 0 {
		return g.directory, err
	}
	ids := strings.Join(slices.Sorted(maps.Keys(away)), "\n")
	if last := g.presence.last.Load(); last != nil && last.away == ids {
		return last.directory, nil
	}
	d := g.directory.Without(away)
	g.presence.last.Store(&presentNow{ids, d})
	return d, nil
}
