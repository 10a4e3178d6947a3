package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"

	"chumrok/internal/pack"
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
	keepErased(s, config)
	return s, config, nil
}

// writeJSON prints one value as indented JSON, Khmer as it is.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// withRecords runs what works on the ledger and the deployment pack, beside a gateway that may be running on them.
func withRecords(c *call, do func(*store.Store, *pack.Pack) error) error {
	return withRecordsAndKeys(c, func(s *store.Store, p *pack.Pack, _ *seal.Keyring) error { return do(s, p) })
}

// withRecordsAndKeys is withRecords for what needs the key file too.
func withRecordsAndKeys(c *call, do func(*store.Store, *pack.Pack, *seal.Keyring) error) error {
	s, config, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := c.goesOn(s); err != nil {
		return err
	}
	p, err := loadPack(config)
	if err != nil {
		return err
	}
	if p.Directory, err = withChangedPhones(c.ctx, s, p.Directory); err != nil {
		return err
	}
	return do(s, p, s.Keys())
}

// withOperator gives a command a gateway without phones and providers: what it decides is written down, and a running one sends it.
func withOperator(c *call, do func(*Gateway) error) error {
	s, config, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := c.goesOn(s); err != nil {
		return err
	}
	g := &Gateway{config: config, log: slog.New(slog.NewJSONHandler(c.stream.err, &slog.HandlerOptions{Level: slog.LevelError})), now: c.now,
		random: rand.Reader, meter: newMeter(), store: s}
	if err := g.openPack(c.ctx); err != nil {
		return err
	}
	if err := g.readPhones(c.ctx); err != nil {
		return err
	}
	return do(g)
}

// packOf is the deployment pack of a command that needs no ledger.
func packOf(c *call) (*pack.Pack, error) {
	config, err := readConfig(c.env)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration:\n%w", err)
	}
	return loadPack(config)
}

// loadPack is the deployment pack that is configured.
func loadPack(config Config) (*pack.Pack, error) {
	files, name := packFiles(config.Pack)
	p, _, err := pack.Load(files, name)
	if err != nil {
		return nil, fmt.Errorf("loading the deployment pack:\n%w", err)
	}
	return p, nil
}
