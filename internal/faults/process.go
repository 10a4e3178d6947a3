//go:build unix

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

// startLimit is how long a gateway may take until it serves; on a quiet machine it takes a fifth of a second.
const startLimit = 30 * time.Second

// build makes the binary as `make build` does, from the repository's root.
func build(ctx context.Context, root, folder string) (string, error) {
	path := filepath.Join(folder, "chumrok")
	cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-o", path, "./gateway") //nolint:gosec // the path is ours
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the gateway (run this from the repository's root): %w: %s", err, out)
	}
	return path, nil
}

// Gateway is one process of the real binary, with a data folder and two addresses that it keeps over restarts.
type Gateway struct {
	Name            string
	Public, Private string // addresses with http://
	Data            string

	world *World
	env   []string

	mu      sync.Mutex
	cmd     *exec.Cmd
	ended   chan struct{} // closed when the process is gone
	said    *tail
	serving chan struct{} // closed when it serves
}

// Start starts the process and returns without waiting until it serves.
func (g *Gateway) Start() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.cmd != nil {
		return errors.New("the gateway runs already")
	}
	// No context: the scenario kills it, or the end of the world does.
	cmd := exec.Command(g.world.binary, "serve") //nolint:noctx,gosec // see above; the binary is what was built here
	cmd.Env = g.env
	said := &tail{}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting a gateway: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting a gateway: %w", err)
	}
	serving, ended := make(chan struct{}), make(chan struct{})
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "public ") {
				close(serving)
				break
			}
		}
		_, _ = io.Copy(io.Discard, out) // until it ends, which Wait then sees
		_ = cmd.Wait()
		close(ended)
	}()
	g.cmd, g.said, g.serving, g.ended = cmd, said, serving, ended
	return nil
}

// Serves waits until the process serves.
func (g *Gateway) Serves(ctx context.Context) error {
	g.mu.Lock()
	serving, ended, said := g.serving, g.ended, g.said
	g.mu.Unlock()
	late := time.NewTimer(startLimit)
	defer late.Stop()
	select {
	case <-serving:
		return nil
	case <-ended:
		return fmt.Errorf("gateway %s ended by itself: %s", g.Name, said)
	case <-late.C:
		return fmt.Errorf("gateway %s does not serve after %s: %s", g.Name, startLimit, said)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Up starts the process and waits until it serves.
func (g *Gateway) Up(ctx context.Context) error {
	if err := g.Start(); err != nil {
		return err
	}
	return g.Serves(ctx)
}

// Kill ends the process as a power cut does: kill -9. One that does not run is left alone.
func (g *Gateway) Kill() { g.end(os.Kill) }

// Stop tells the process to end and waits until it has.
func (g *Gateway) Stop() { g.end(os.Interrupt) }

func (g *Gateway) end(signal os.Signal) {
	g.mu.Lock()
	cmd, ended := g.cmd, g.ended
	g.cmd = nil
	g.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(signal)
	late := time.NewTimer(startLimit)
	defer late.Stop()
	select {
	case <-ended:
	case <-late.C:
		_ = cmd.Process.Kill()
		<-ended
	}
}

// Said is the end of what the process logged.
func (g *Gateway) Said() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.said == nil {
		return ""
	}
	return g.said.String()
}

// command runs the binary with other words beside the process, in its environment.
func (g *Gateway) command(ctx context.Context, words ...string) (string, error) {
	cmd := exec.CommandContext(ctx, g.world.binary, words...) //nolint:gosec // what was built here
	cmd.Env = g.env
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("chumrok %s: %w: %s", strings.Join(words, " "), err, said.String())
	}
	return out.String(), nil
}

// tail keeps the last of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps the last 64 KiB.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 128<<10 {
		t.text = append([]byte(nil), t.text[len(t.text)-64<<10:]...)
	}
	return len(p), nil
}

// String is what was kept, its last 4,000 bytes.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text[max(0, len(t.text)-4000):])
}

// freeAddress is a loopback address that nobody listens on now, below the ports that the kernel lends out: a gateway that starts again finds it free.
func freeAddress(ctx context.Context) (string, error) {
	var config net.ListenConfig
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(12000+rand.IntN(8000)))
		listener, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			continue
		}
		return address, listener.Close()
	}
	return "", errors.New("no free port on 127.0.0.1 from 12000 to 20000")
}
