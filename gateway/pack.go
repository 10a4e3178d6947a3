package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"chumrok/deploy"
	"chumrok/flows"
)

type packCommand struct {
	Init packInitCommand `cmd:"" help:"Write the default pack to a folder, to be made your own."`
}

type packInitCommand struct {
	Dir string `arg:"" help:"A folder that is empty or not there yet."`
}

// Run writes the default pack and the conversation that it may replace, and overwrites nothing.
func (p packInitCommand) Run(c *call) error {
	entries, err := os.ReadDir(p.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking into %s: %w", p.Dir, err)
	}
	if len(entries) > 0 {
		return fmt.Errorf("%s is not empty: name a new folder, so that nothing of yours is overwritten", p.Dir)
	}
	if err := os.CopyFS(p.Dir, deploy.Cambodia()); err != nil {
		return fmt.Errorf("writing the pack: %w", err)
	}
	example := filepath.Join(p.Dir, "flows")
	if err := os.MkdirAll(example, 0o755); err != nil {
		return fmt.Errorf("writing the conversation: %w", err)
	}
	if err := os.WriteFile(filepath.Join(example, "report.yaml"), flows.ReportYAML(), 0o644); err != nil {
		return fmt.Errorf("writing the conversation: %w", err)
	}
	fmt.Fprintf(c.stream.out, `The pack is in %[1]s. To make it yours:
  1. directory.csv   who is told, commune by commune; the sample's numbers reach nobody
  2. pack.yaml       help numbers with the day you checked them, clocks, ladders; then take out "sample: true"
  3. flows/          the conversation; delete the folder to follow the product's own
  4. go run ./gateway check %[1]s
  5. CHUMROK_PACK=%[1]s go run ./gateway
`, p.Dir)
	return nil
}
