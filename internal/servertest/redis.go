//go:build unix

package servertest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// portTries is how often a start is tried again on another port when ours was taken in the meantime.
const portTries = 5

// RedisServer is a redis-server of one test: on 127.0.0.1, without persistence, so that a stop forgets everything.
// Its methods belong to the goroutine of the test, as tb.Fatal does.
type RedisServer struct {
	tb     testing.TB
	addr   string
	keeper *keeper
}

// Redis starts a fresh redis-server for tb and stops it when tb ends. A machine without redis-server fails the test.
func Redis(tb testing.TB) *RedisServer {
	tb.Helper()

	binary, err := exec.LookPath("redis-server")
	if err != nil {
		tb.Fatalf("redis-server is not on the PATH: %s", missing)
	}

	for range portTries {
		var server *RedisServer
		if server, err = startRedis(tb, binary); err == nil {
			return server
		}
	}

	tb.Fatalf("starting redis-server: %v", err)

	return nil
}

func startRedis(tb testing.TB, binary string) (*RedisServer, error) {
	tb.Helper()

	port, err := freePort(tb.Context())
	if err != nil {
		return nil, err
	}

	dir, err := makeDir("", "chumrok-redis-")
	if err != nil {
		return nil, err
	}

	// KILL, since there is nothing to save: a stop is then as sudden as a real loss.
	keeper, err := newKeeper(dir, "KILL", nil, binary,
		"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--appendonly", "no")
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}

	server := &RedisServer{tb: tb, addr: net.JoinHostPort("127.0.0.1", port), keeper: keeper}
	if err := keeper.start(tb.Context(), server.ready); err != nil {
		keeper.close()
		return nil, err
	}

	tb.Cleanup(keeper.close)

	return server, nil
}

// URL returns the address as go-redis' ParseURL takes it.
func (s *RedisServer) URL() string { return "redis://" + s.addr + "/0" }

// Addr returns host:port.
func (s *RedisServer) Addr() string { return s.addr }

// Stop kills the server with all it holds, as a lost machine would. Connections break.
func (s *RedisServer) Stop() {
	s.tb.Helper()

	if err := s.keeper.stop(); err != nil {
		s.tb.Fatalf("stopping redis-server: %v", err)
	}
}

// Start brings the server back after Stop, empty, on the same port.
func (s *RedisServer) Start() {
	s.tb.Helper()

	if err := s.keeper.start(s.tb.Context(), s.ready); err != nil {
		s.tb.Fatalf("starting redis-server again: %v", err)
	}
}

// FlushAll empties the server without breaking a connection.
func (s *RedisServer) FlushAll() {
	s.tb.Helper()

	if reply, err := s.ask(s.tb.Context(), "FLUSHALL"); err != nil || !strings.HasPrefix(reply, "+OK") {
		s.tb.Fatalf("emptying redis-server: %q, %v", reply, err)
	}
}

// ready holds when the server that answers on our port is the one that lives in our folder.
func (s *RedisServer) ready(ctx context.Context) error {
	reply, err := s.ask(ctx, "CONFIG GET dir")
	if err != nil {
		return err
	}

	if !strings.Contains(reply, s.keeper.dir) {
		return fmt.Errorf("another redis-server answers on %s", s.addr)
	}

	return nil
}

// ask sends one inline command and returns the whole reply. It speaks to the socket itself because go-redis logs every
// refused connection, and a server that is starting refuses many.
func (s *RedisServer) ask(ctx context.Context, command string) (string, error) {
	return s.inline(ctx, command+"\r\nQUIT\r\n", stopLimit) // the server closes the connection after QUIT
}

// inline sends text and returns what comes until the connection is closed or the time is over, which is an error of its own.
func (s *RedisServer) inline(ctx context.Context, text string, limit time.Duration) (string, error) {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", s.addr)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(limit)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, text); err != nil {
		return "", err
	}
	reply, err := io.ReadAll(conn)
	return string(reply), err
}
