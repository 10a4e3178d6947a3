//go:build unix

package servertest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// sentinels is how many watch over one Redis: the fewest of which one may be wrong.
const sentinels = 3

// Sentinels makes replica a replica of master and starts three Sentinels that watch over them by that name and make the replica the master a
// second or so after the master is gone. It returns their addresses when each of them knows both servers, and stops them when tb ends.
func Sentinels(tb testing.TB, name string, master, replica *RedisServer) []string {
	tb.Helper()
	host, port, err := net.SplitHostPort(master.addr)
	if err != nil {
		tb.Fatalf("reading Redis' address: %v", err)
	}
	if reply, err := replica.ask(tb.Context(), "REPLICAOF "+host+" "+port); err != nil || !strings.HasPrefix(reply, "+OK") {
		tb.Fatalf("making a replica: %q, %v", reply, err)
	}
	watched := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s 2\nsentinel down-after-milliseconds %[1]s 1000\nsentinel failover-timeout %[1]s 6000\n", name, host, port)
	var list []*RedisServer
	for range sentinels {
		s, err := startSentinel(tb, watched)
		if err != nil {
			tb.Fatalf("starting a Sentinel: %v", err)
		}
		list = append(list, s)
	}
	addrs := make([]string, len(list))
	for i, s := range list {
		addrs[i] = s.addr
		ctx, cancel := context.WithTimeout(tb.Context(), startLimit)
		err := poll(ctx, func() (bool, error) {
			knows, err := s.knows(ctx, name)
			return err == nil && knows, nil
		})
		cancel()
		if err != nil {
			tb.Fatalf("a Sentinel does not find the others: %v", err)
		}
	}
	return addrs
}

func startSentinel(tb testing.TB, watched string) (*RedisServer, error) {
	tb.Helper()
	binary, err := exec.LookPath("redis-server") // Debian's redis-sentinel is the same program
	if err != nil {
		return nil, fmt.Errorf("redis-server is not on the PATH: %s", missing)
	}
	port, err := freePort(tb.Context())
	if err != nil {
		return nil, err
	}
	dir, err := makeDir("", "chumrok-sentinel-")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "sentinel.conf")
	text := "bind 127.0.0.1\nport " + port + "\ndir " + dir + "\nsentinel resolve-hostnames no\n" + watched
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return nil, err
	}
	keeper, err := newKeeper(dir, "KILL", nil, binary, file, "--sentinel")
	if err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	s := &RedisServer{tb: tb, addr: net.JoinHostPort("127.0.0.1", port), keeper: keeper}
	up := func(ctx context.Context) error {
		reply, err := s.askSentinel(ctx, "PING")
		if err == nil && !strings.HasPrefix(reply, "+PONG") {
			err = fmt.Errorf("it says %q", reply)
		}
		return err
	}
	if err := keeper.start(tb.Context(), up); err != nil {
		keeper.close()
		return nil, err
	}
	tb.Cleanup(keeper.close)
	return s, nil
}

// sentinelTime is how long a Sentinel may take for its whole reply. It knows no QUIT, so what came by then is the reply.
const sentinelTime = 300 * time.Millisecond

// askSentinel sends one inline command and returns what came in time.
func (s *RedisServer) askSentinel(ctx context.Context, command string) (string, error) {
	reply, err := s.inline(ctx, command+"\r\n", sentinelTime)
	if reply != "" {
		return reply, nil
	}
	return "", err
}

// knows says whether a Sentinel knows the replica and the other Sentinels: only then can it lead a failover.
func (s *RedisServer) knows(ctx context.Context, name string) (bool, error) {
	reply, err := s.askSentinel(ctx, "SENTINEL MASTER "+name)
	if err != nil {
		return false, err
	}
	fields := strings.Split(reply, "\r\n")
	value := func(of string) int {
		for i, f := range fields {
			if f == of && i+2 < len(fields) {
				n, _ := strconv.Atoi(fields[i+2]) // 0 for what is no number
				return n
			}
		}
		return 0
	}
	return value("num-slaves") == 1 && value("num-other-sentinels") == sentinels-1, nil
}
