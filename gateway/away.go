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
	of        *directory.Directory
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

// present is the directory for deciding who is asked: those who are away are passed over, and can still answer, and it knows who is on duty.
func (g *Gateway) present(ctx context.Context, now time.Time) (*directory.Directory, error) {
	away, err := g.awayNow(ctx, now)
	if err != nil {
		return nil, err
	}
	d := g.roster()
	if len(away) > 0 {
		ids := strings.Join(slices.Sorted(maps.Keys(away)), "\n")
		if last := g.presence.last.Load(); last != nil && last.away == ids && last.of == d {
			d = last.directory
		} else {
			present := d.Without(away)
			g.presence.last.Store(&presentNow{ids, d, present})
			d = present
		}
	}
	return d.On(now.In(g.pack.Zone), g.pack.Holidays), nil
}
