//go:build unix

package servertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// maxConnections lets the tests of a package open their pools side by side.
const maxConnections = 200

// serial numbers the databases of this test binary. Like shared it outlives one test.
var serial atomic.Int64

// cluster is a running PostgreSQL.
type cluster struct {
	addr   string
	data   string
	keeper *keeper
}

// Postgres returns the URL of a fresh, empty database, dropped when tb ends. All databases of a test binary live in one
// cluster, which the first call makes. A machine without PostgreSQL fails the test.
func Postgres(tb testing.TB) string {
	tb.Helper()

	c, err := sharedCluster(tb.Context())
	if err != nil {
		tb.Fatalf("starting PostgreSQL: %v", err)
	}

	name := "test_" + strconv.FormatInt(serial.Add(1), 10)
	if err := c.exec(tb.Context(), "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		tb.Fatalf("creating a database: %v", err)
	}

	tb.Cleanup(func() {
		// With force, since a test may end with connections open; its context is over by now.
		ctx := context.WithoutCancel(tb.Context())
		if err := c.exec(ctx, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("dropping a database: %v", err)
		}
	})

	return c.url(name)
}

func sharedCluster(ctx context.Context) (*cluster, error) {
	shared.Lock()
	defer shared.Unlock()

	if shared.cluster == nil {
		// QUIT, PostgreSQL's immediate stop: the folder is thrown away.
		c, err := newCluster(ctx, "QUIT")
		if err != nil {
			return nil, err
		}

		shared.cluster = c
	}

	return shared.cluster, nil
}

// PGServer is a PostgreSQL cluster of one test, for tests that stop it. Its methods belong to the goroutine of the test.
type PGServer struct {
	tb      testing.TB
	cluster *cluster
}

// PostgresServer starts a cluster for tb alone and stops it when tb ends. It takes seconds; a test that only needs a
// database calls Postgres.
func PostgresServer(tb testing.TB) *PGServer {
	tb.Helper()

	// INT, PostgreSQL's fast stop: open transactions are rolled back, what was committed is there after Start.
	c, err := newCluster(tb.Context(), "INT")
	if err != nil {
		tb.Fatalf("starting PostgreSQL: %v", err)
	}

	tb.Cleanup(c.keeper.close)

	return &PGServer{tb: tb, cluster: c}
}

// URL returns the address of the cluster's database, the same after a Stop and a Start.
func (s *PGServer) URL() string { return s.cluster.url("postgres") }

// Stop ends the server; connections break, and what was committed stays.
func (s *PGServer) Stop() {
	s.tb.Helper()

	if err := s.cluster.keeper.stop(); err != nil {
		s.tb.Fatalf("stopping PostgreSQL: %v", err)
	}
}

// Start brings the server back after Stop, on the same port, with its data.
func (s *PGServer) Start() {
	s.tb.Helper()

	if err := s.cluster.keeper.start(s.tb.Context(), s.cluster.ready); err != nil {
		s.tb.Fatalf("starting PostgreSQL again: %v", err)
	}
}

// newCluster makes a cluster and starts it. The signal is the one that will stop it.
func newCluster(ctx context.Context, signal string) (*cluster, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}

	as, base, err := serverUser()
	if err != nil {
		return nil, err
	}

	for range portTries {
		var c *cluster
		if c, err = startCluster(ctx, bin, base, signal, as); err == nil {
			return c, nil
		}
	}

	return nil, err
}

func startCluster(ctx context.Context, bin, base, signal string, as *syscall.Credential) (*cluster, error) {
	dir, err := makeDir(base, "chumrok-postgres-")
	if err != nil {
		return nil, err
	}

	c, err := startClusterIn(ctx, bin, dir, signal, as)
	if err != nil {
		_ = os.RemoveAll(dir)
	}

	return c, err
}

func startClusterIn(ctx context.Context, bin, dir, signal string, as *syscall.Credential) (*cluster, error) {
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, err
		}
	}

	data := filepath.Join(dir, "data")

	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"),
		"--no-sync", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--pgdata="+data)
	initdb.Dir = dir
	initdb.SysProcAttr = &syscall.SysProcAttr{Credential: as}

	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}

	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}

	server := []string{filepath.Join(bin, "postgres"), "-D", data}
	for _, setting := range []string{
		"listen_addresses=127.0.0.1", "port=" + port, "unix_socket_directories=" + data,
		"fsync=off", "full_page_writes=off", "max_connections=" + strconv.Itoa(maxConnections),
		// Containers often have next to no /dev/shm.
		"dynamic_shared_memory_type=mmap",
	} {
		server = append(server, "-c", setting)
	}

	keeper, err := newKeeper(dir, signal, as, server...)
	if err != nil {
		return nil, err
	}

	c := &cluster{addr: net.JoinHostPort("127.0.0.1", port), data: data, keeper: keeper}
	if err := keeper.start(ctx, c.ready); err != nil {
		keeper.close()
		return nil, err
	}

	return c, nil
}

func (c *cluster) url(database string) string {
	return "postgres://postgres@" + c.addr + "/" + database + "?sslmode=disable"
}

// ready holds when the server that answers on our port is the one that lives in our folder.
func (c *cluster) ready(ctx context.Context) error {
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)

	var data string
	if err := conn.QueryRow(ctx, "SHOW data_directory").Scan(&data); err != nil {
		return err
	}

	if data != c.data {
		return fmt.Errorf("another PostgreSQL answers on %s", c.addr)
	}

	return nil
}

func (c *cluster) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, c.url("postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)

	_, err = conn.Exec(ctx, statement)

	return err
}

// postgresBin returns the folder of initdb and postgres: Debian keeps them off the PATH, by version; the newest is taken.
func postgresBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}

	var newest string

	var newestVersion float64

	for _, path := range found {
		version, err := strconv.ParseFloat(strings.Split(path, "/")[4], 64)
		if err == nil && version > newestVersion {
			newest, newestVersion = filepath.Dir(path), version
		}
	}

	if newest != "" {
		return newest, nil
	}

	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL's server is neither in /usr/lib/postgresql nor on the PATH: " + missing)
	}

	return filepath.Dir(path), nil
}

// serverUser returns whom PostgreSQL runs as, and the folder to make its folder in ("" is the usual one). PostgreSQL
// refuses to run as root; then it runs as the user that its package made, who may be unable to enter root's TMPDIR.
func serverUser() (*syscall.Credential, string, error) {
	if os.Geteuid() != 0 {
		return nil, "", nil
	}

	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, "", fmt.Errorf("as root, PostgreSQL needs a user postgres to run as: %w: %s", err, missing)
	}

	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, "", err
	}

	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	if err != nil {
		return nil, "", err
	}

	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, "/tmp", nil
}
