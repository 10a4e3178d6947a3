package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"chumrok/internal/seal"
	"chumrok/internal/store"
)

// notFound is what to say of something that was not there although it must be.
func notFound(err error) error {
	if err == nil {
		return errors.New("it is not in the ledger")
	}
	return err
}

// openRecords opens the ledger beside a gateway that may be running on it.
func openRecords(ctx context.Context, e environment) (*store.Store, Config, error) {
	config, err := readConfig(e)
	if err != nil {
		return nil, config, fmt.Errorf("reading the configuration:\n%w", err)
	}
	if path, isFile := strings.CutPrefix(config.DatabaseURL, "sqlite:"); isFile {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, config, fmt.Errorf("there is no ledger at %s yet: start the gateway first, or set CHUMROK_DATA to its folder", path)
		}
	}
	keys, err := seal.Load(config.Keys)
	if err != nil {
		return nil, config, fmt.Errorf("reading the key file of CHUMROK_KEYS: %w", err)
	}
	s, err := store.Open(ctx, config.DatabaseURL, keys)
	if err != nil {
		return nil, config, fmt.Errorf("opening the database of CHUMROK_DATABASE_URL: %w", err)
	}
	return s, config, nil
}

// writeJSON prints one value as indented JSON, Khmer as it is.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
