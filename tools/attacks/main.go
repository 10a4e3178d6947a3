// Command attacks runs the attack tests and prints as Markdown what each tried and how it ended, and what 500 hanging connections cost everybody
// else. It writes no file, and changes nothing that it looks at.
//
// It is run from the folder tools: go -C tools run ./attacks.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
)

const (
	tests = "^TestAttack"
	bench = "^BenchmarkStalledConnections$"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, "..", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "attacks:", err)
		stop()
		os.Exit(1)
	}
}

// run prints the table of the module in a folder. The error says which attacks did not fail as they should.
func run(ctx context.Context, root string, out io.Writer) error {
	tried, err := triedIn(filepath.Join(root, "gateway"))
	if err != nil {
		return err
	}
	ended, err := outcomes(ctx, root)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "| attack | held | what is tried |\n| --- | --- | --- |")
	var faults []error
	for _, name := range slices.Sorted(maps.Keys(tried)) {
		held := map[string]string{"pass": "yes", "fail": "NO"}[ended[name]]
		if held == "" {
			held = "not run"
		}
		if held != "yes" {
			faults = append(faults, fmt.Errorf("%s: %s", name, held))
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", strings.TrimPrefix(name, "TestAttack"), held, strings.ReplaceAll(tried[name], "|", `\|`))
	}
	fmt.Fprintf(out, "\n%d attacks, %d held.\n", len(tried), len(tried)-len(faults))
	if err := figures(ctx, root, out); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// triedIn reads what each attack test says of itself: its comment, without its own name.
func triedIn(folder string) (map[string]string, error) {
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return fmt.Errorf("reading %s: %w", path, err)
		}
		for _, declared := range file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || !strings.HasPrefix(f.Name.Name, "TestAttack") {
				continue
			}
			said := strings.Join(strings.Fields(f.Doc.Text()), " ")
			all[f.Name.Name] = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(said, f.Name.Name), ":"))
		}
		return nil
	})
	return all, err
}

// outcomes runs the tests and returns how each ended; that some failed is no error here.
func outcomes(ctx context.Context, root string) (map[string]string, error) {
	command := exec.CommandContext(ctx, "go", "test", "-json", "-count=1", "-timeout=20m", "-run", tests, "./gateway")
	command.Dir = root
	printed, err := command.Output()
	var exited *exec.ExitError
	if err != nil && !errors.As(err, &exited) {
		return nil, fmt.Errorf("running the attack tests: %w", err)
	}
	ended := map[string]string{}
	for lines := json.NewDecoder(bytes.NewReader(printed)); ; {
		var event struct{ Action, Test string }
		if err := lines.Decode(&event); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("reading what go test prints: %w; run 'go vet ./gateway' first", err)
		}
		if event.Test != "" && !strings.Contains(event.Test, "/") && (event.Action == "pass" || event.Action == "fail") {
			ended[event.Test] = event.Action
		}
	}
	return ended, nil
}

// figures prints what a turn costs beside no and beside 500 hanging connections.
func figures(ctx context.Context, root string, out io.Writer) error {
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", bench, "./gateway")
	command.Dir = root
	printed, err := command.Output()
	if err != nil {
		return fmt.Errorf("running the benchmark of hanging connections: %w", err)
	}
	fmt.Fprintln(out, "\n| hanging connections | turns | 99 of 100 turns take at most |\n| --- | --- | --- |")
	for lines := bufio.NewScanner(bytes.NewReader(printed)); lines.Scan(); {
		// BenchmarkStalledConnections/500-2  560  2013720 ns/op  9.881 p99-ms
		words := strings.Fields(lines.Text())
		if len(words) != 6 || words[5] != "p99-ms" {
			continue
		}
		_, name, _ := strings.Cut(words[0], "/")
		name, _, _ = strings.Cut(name, "-")
		fmt.Fprintf(out, "| %s | %s | %s ms |\n", name, words[1], words[4])
	}
	return nil
}
