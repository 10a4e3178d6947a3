//go:build unix

package servertest

import (
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
	"syscall"
	"time"
)

const (
	// startLimit is generous: several test binaries start their servers at once on two cores.
	startLimit = time.Minute
	stopLimit  = 20 * time.Second
	pollEvery  = 5 * time.Millisecond

	// Ports are taken below Linux' ephemeral range (from 32768), so that a server that is stopped and started again
	// finds its port free: the kernel will not have lent it to somebody's outgoing connection in between.
	lowestPort  = 20000
	highestPort = 32000
)

// keeperScript is the parent of a server. It reads "start" and "stop" from the test binary, and writes the server's
// process id and, when it has ended, its exit status into files. When its input ends, which the kernel sees to however
// the test binary dies, it stops the server and removes the folder. A death signal (PR_SET_PDEATHSIG) would not do: it
// follows the thread that started the server, which the Go runtime may end at any time, and it removes no folder.
//
// Arguments: the folder, the signal that stops the server, the server's command line.
const keeperScript = `
dir=$1 signal=$2 guard=
shift 2
halt() {
	[ -n "$guard" ] || return 0
	while [ ! -e "$dir/pid" ] && [ ! -e "$dir/exit" ]; do sleep 0.05; done
	[ -e "$dir/exit" ] || kill -s "$signal" "$(cat "$dir/pid")"
	wait "$guard"
	guard=
}
while read -r word; do
	case $word in
	start)
		(
			"$@" &
			echo $! >"$dir/pid.new" && mv "$dir/pid.new" "$dir/pid"
			wait $!
			echo $? >"$dir/exit"
		) &
		guard=$!
		;;
	stop) halt ;;
	esac
done
halt
cd / && rm -rf "$dir"
`

// keeper owns one server: its folder, and the process that starts it, stops it and cleans up after it.
type keeper struct {
	dir   string
	cmd   *exec.Cmd
	words io.WriteCloser
	asked bool // the last word was "start"
}

// newKeeper prepares a server that is not running yet. The signal is the one that makes this kind of server end;
// the credential, when there is one, is the user it runs as, who must own dir.
func newKeeper(dir, signal string, as *syscall.Credential, server ...string) (*keeper, error) {
	// No context: what ends the keeper is the end of its input, and that must reach it after the test's context is done.
	cmd := exec.Command("sh", append([]string{"-c", keeperScript, "chumrok-servertest", dir, signal}, server...)...) //nolint:noctx // see above
	cmd.Dir = dir                                                                                                    // the server's user may be unable to enter the folder of the test
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as}

	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()

	// Never the test's own output: go test waits until nobody holds it any more.
	cmd.Stdout, cmd.Stderr = log, log

	words, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}

	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the keeper of a test server: %w", err)
	}

	return &keeper{dir: dir, cmd: cmd, words: words}, nil
}

// start starts the server and returns when ready says so.
func (k *keeper) start(ctx context.Context, ready func(context.Context) error) error {
	if k.asked {
		return errors.New("the server is running already")
	}

	for _, name := range []string{"pid", "exit"} {
		if err := os.Remove(filepath.Join(k.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}

	if _, err := io.WriteString(k.words, "start\n"); err != nil {
		return fmt.Errorf("asking for the server: %w", err)
	}

	k.asked = true

	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()

	return poll(ctx, func() (bool, error) {
		// In this order: somebody else's server on the same port must not pass for ours after ours has ended.
		err := ready(ctx)
		if k.exited() {
			return false, fmt.Errorf("the server ended by itself; its log:\n%s", k.log())
		}

		return err == nil, nil
	})
}

// stop ends the server and returns when it is gone.
func (k *keeper) stop() error {
	if _, err := io.WriteString(k.words, "stop\n"); err != nil {
		return fmt.Errorf("asking the server to stop: %w", err)
	}

	k.asked = false

	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()

	return poll(ctx, func() (bool, error) { return k.exited(), nil })
}

// close ends the server and its keeper, and removes the folder.
func (k *keeper) close() {
	k.words.Close()

	late := time.AfterFunc(stopLimit, func() { _ = syscall.Kill(-k.cmd.Process.Pid, syscall.SIGKILL) })
	defer late.Stop()

	_ = k.cmd.Wait() // its exit status is that of rm; what matters is that the folder goes
	_ = os.RemoveAll(k.dir)
}

func (k *keeper) exited() bool {
	_, err := os.Stat(filepath.Join(k.dir, "exit"))
	return err == nil
}

func (k *keeper) log() string {
	text, err := os.ReadFile(filepath.Join(k.dir, "log"))
	if err != nil {
		return err.Error()
	}

	return string(text)
}

// makeDir makes a folder and returns its path without symbolic links, as the servers will name it.
func makeDir(base, prefix string) (string, error) {
	dir, err := os.MkdirTemp(base, prefix)
	if err != nil {
		return "", err
	}

	return filepath.EvalSymlinks(dir)
}

// poll asks until done, an error, or the end of ctx.
func poll(ctx context.Context, done func() (bool, error)) error {
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()

	for {
		if ok, err := done(); ok || err != nil {
			return err
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for a test server: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

// freePort returns a loopback port that nobody listens on now. Another process may take it before our server does;
// then the server ends, and the caller tries another.
func freePort(ctx context.Context) (string, error) {
	var config net.ListenConfig

	for range 100 {
		port := strconv.Itoa(lowestPort + rand.IntN(highestPort-lowestPort))

		listener, err := config.Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			continue
		}

		return port, listener.Close()
	}

	return "", fmt.Errorf("no free port on 127.0.0.1 from %d to %d", lowestPort, highestPort)
}
