//go:build unix

package servertest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
)

func TestMain(m *testing.M) {
	if what := os.Getenv("SERVERTEST_DIE"); what != "" {
		dieWithServers()
	}

	Main(m)
}

func TestRedisForgetsWhenStopped(t *testing.T) {
	t.Parallel()

	server := Redis(t)

	options, err := redis.ParseURL(server.URL())
	if err != nil {
		t.Fatal(err)
	}

	if options.Addr != server.Addr() {
		t.Errorf("URL leads to %s, Addr is %s", options.Addr, server.Addr())
	}

	client := redis.NewClient(options)
	defer client.Close()

	set := func() {
		t.Helper()

		if err := client.Set(t.Context(), "key", "value", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	empty := func(when string) {
		t.Helper()

		if _, err := client.Get(t.Context(), "key").Result(); !errors.Is(err, redis.Nil) {
			t.Errorf("%s: got %v, want an empty server", when, err)
		}
	}

	set()
	server.FlushAll()
	empty("after FlushAll")

	set()
	server.Stop()
	server.Stop() // twice does no harm

	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Error("the server answers after Stop")
	}

	server.Start()
	empty("after Stop and Start")
}

func TestRedisServersAreApart(t *testing.T) {
	t.Parallel()

	if one, other := Redis(t), Redis(t); one.Addr() == other.Addr() {
		t.Errorf("two servers share %s", one.Addr())
	}
}

func TestPostgresDatabasesAreEmptyAndApart(t *testing.T) {
	t.Parallel()

	for _, url := range []string{Postgres(t), Postgres(t)} {
		conn := connect(t, url)

		// Fails on the second database if it were the first.
		if _, err := conn.Exec(t.Context(), "CREATE TABLE turns (id TEXT PRIMARY KEY)"); err != nil {
			t.Errorf("%s: %v", url, err)
		}

		var encoding, fsync string
		if err := conn.QueryRow(t.Context(), "SELECT current_setting('server_encoding'), current_setting('fsync')").Scan(&encoding, &fsync); err != nil {
			t.Fatal(err)
		}

		if encoding != "UTF8" || fsync != "off" {
			t.Errorf("encoding %s, fsync %s; want UTF8, off", encoding, fsync)
		}
	}
}

func TestPostgresDatabaseGoesWithItsTest(t *testing.T) {
	t.Parallel()

	var url string

	t.Run("owner", func(t *testing.T) { url = Postgres(t) })

	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		conn.Close(t.Context())
		t.Errorf("%s is still there after its test", url)
	}
}

func TestPostgresServerKeepsItsDataOverAStop(t *testing.T) {
	t.Parallel()

	server := PostgresServer(t)

	if _, err := connect(t, server.URL()).Exec(t.Context(), "CREATE TABLE turns AS SELECT 7 AS seq"); err != nil {
		t.Fatal(err)
	}

	server.Stop()

	if conn, err := pgx.Connect(t.Context(), server.URL()); err == nil {
		conn.Close(t.Context())
		t.Error("the server answers after Stop")
	}

	server.Start()

	var seq int
	if err := connect(t, server.URL()).QueryRow(t.Context(), "SELECT seq FROM turns").Scan(&seq); err != nil || seq != 7 {
		t.Errorf("after Stop and Start: %d, %v; want 7", seq, err)
	}
}

func TestDatabasesNamesBothEngines(t *testing.T) {
	t.Parallel()

	got := Databases(t)
	if len(got) != 2 || !strings.HasPrefix(got["sqlite"], "sqlite:/") || !strings.HasPrefix(got["postgres"], "postgres://") {
		t.Errorf("got %v", got)
	}
}

// A test binary that is killed, times out or panics runs no cleanup; its servers and their folders must go all the same.
func TestNothingIsLeftOfAKilledTestBinary(t *testing.T) {
	t.Parallel()

	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}

	child := exec.CommandContext(t.Context(), binary)
	child.Env = append(os.Environ(), "SERVERTEST_DIE=yes")

	out, err := child.Output()
	if err == nil || child.ProcessState.Exited() {
		t.Fatalf("the child should have been killed: %v", err)
	}

	dirs := strings.Fields(string(out))
	if len(dirs) != 2 {
		t.Fatalf("the child named the folders %q, want two", dirs)
	}

	ctx, cancel := context.WithTimeout(t.Context(), stopLimit)
	defer cancel()

	for _, dir := range dirs {
		if err := poll(ctx, func() (bool, error) {
			_, err := os.Stat(dir)
			return errors.Is(err, os.ErrNotExist), nil
		}); err != nil {
			t.Errorf("%s is still there: %v", dir, err)
		}

		// The keeper itself ends a moment after it has removed the folder.
		if err := poll(ctx, func() (bool, error) { return len(commandLinesNaming(t, dir)) == 0, nil }); err != nil {
			t.Errorf("processes left behind: %q", commandLinesNaming(t, dir))
		}
	}
}

// dieWithServers starts one server of each kind, names their folders and kills this very process.
func dieWithServers() {
	ctx := context.Background()

	k, err := newKeeperForDeath()
	if err != nil {
		panic(err)
	}

	c, err := newCluster(ctx, "QUIT")
	if err != nil {
		panic(err)
	}

	os.Stdout.WriteString(k.dir + "\n" + c.keeper.dir + "\n")

	self, err := os.FindProcess(os.Getpid())
	if err != nil {
		panic(err)
	}

	if err := self.Kill(); err != nil {
		panic(err)
	}
}

func newKeeperForDeath() (*keeper, error) {
	dir, err := makeDir("", "chumrok-redis-")
	if err != nil {
		return nil, err
	}

	port, err := freePort(context.Background())
	if err != nil {
		return nil, err
	}

	k, err := newKeeper(dir, "KILL", nil, "redis-server", "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "")
	if err != nil {
		return nil, err
	}

	err = k.start(context.Background(), func(context.Context) error { return nil })

	return k, err
}

// commandLinesNaming lists the processes whose command line holds text.
func commandLinesNaming(t *testing.T, text string) []string {
	t.Helper()

	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}

	var found []string

	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(line), text) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}

	return found
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()

	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })

	return conn
}
