package store

import (
	"context"
	"fmt"
	"time"
)

// Definition is a flow definition as it was when a conversation began with it.
type Definition struct {
	Hash    string
	Name    string
	Version int
	Body    string
}

// SaveDefinition keeps a definition under its hash, so that a conversation can end with the one that it began with; once kept it stays.
func (s *Store) SaveDefinition(ctx context.Context, at time.Time, d Definition) error {
	return s.retry(ctx, func(ctx context.Context) error {
		_, err := s.write.ExecContext(ctx, `INSERT INTO definitions (hash, name, version, body, at) VALUES ($1,$2,$3,$4,$5) ON CONFLICT DO NOTHING`,
			d.Hash, d.Name, d.Version, d.Body, millis(at))
		if err != nil {
			return fmt.Errorf("keeping definition %s: %w", d.Name, err)
		}
		return nil
	})
}

// Definitions is every definition kept, the oldest first.
func (s *Store) Definitions(ctx context.Context) ([]Definition, error) {
	return query(ctx, s.read, "reading definitions", func(scan scanner) (d Definition, err error) {
		err = scan(&d.Hash, &d.Name, &d.Version, &d.Body)
		return d, err
	}, `SELECT hash, name, version, body FROM definitions ORDER BY at, hash`)
}
