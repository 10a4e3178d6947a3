package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"chumrok/internal/audit"
)

// ErrTaken is returned for what is to be new and is there already.
var ErrTaken = errors.New("it is taken")

// act writes one thing that a person did and puts it on record, in one transaction. do says what goes on the record; nothing means that
// nothing was to be done.
func (s *Store) act(ctx context.Context, doing string, do func(ctx context.Context, tx *sql.Tx) ([]audit.Entry, error)) error {
	err := s.retry(ctx, func(ctx context.Context) error {
		tx, err := s.write.BeginTx(ctx, nil)
		if err != nil {
			return err
		}
		defer func() { _ = tx.Rollback() }() // without effect once it is committed
		acts, err := do(ctx, tx)
		if err != nil {
			return err
		}
		if err := appendAudit(ctx, tx, acts); err != nil {
			return err
		}
		return tx.Commit()
	})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
