//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
)

// attacks is the command that prints what each attack tried and how it ended, as Markdown.
const attacks = "go -C tools run ./attacks"

// attacksPage is the part of the page that the attack tests are, and whether all of them held.
func attacksPage(ctx context.Context) (text string, held bool, err error) {
	cmd := exec.CommandContext(ctx, "go", "-C", "tools", "run", "./attacks")
	var said bytes.Buffer
	cmd.Stderr = &said
	printed, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return "", false, fmt.Errorf("running the attacks: %w", err)
	}
	if len(printed) == 0 {
		return "", false, fmt.Errorf("running the attacks: it printed nothing: %s", said.String())
	}
	return fmt.Sprintf("\n## Attacks\n\nEach is one test, in the words of whoever tries it; THREATS.md says who that is. `make attacks`\n\n%s", printed), err == nil, nil
}
