//go:build unix

// Package servertest gives each test the real Redis and PostgreSQL that a deployment runs on, private to the test
// binary and on loopback ports of their own. It never skips a test because a server is missing, never talks to a
// server that it did not start, and leaves no process and no folder behind, however the test binary ends.
package servertest

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// missing says what to do on a machine without the servers; every refusal of this package ends with it.
const missing = "run make test, which installs them, or apt-get install redis-server postgresql"

// shared holds the one cluster that all tests of a binary create their databases in. It is a variable, against the
// habit of the house, because a test binary has no other place that outlives one test: initdb takes longer than most tests.
var shared struct {
	sync.Mutex

	cluster *cluster
}

// Main runs a package's tests, stops what they shared, and fails when one of them left a goroutine running, for use in TestMain:
//
//	func TestMain(m *testing.M) { servertest.Main(m) }
//
// Without it the servers stop too, some milliseconds after the test binary has gone.
func Main(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(exitCode int) {
		shared.Lock()
		defer shared.Unlock()

		if shared.cluster != nil {
			shared.cluster.keeper.close()
			shared.cluster = nil
		}

		os.Exit(exitCode)
	}))
}

// Databases returns the URL of an empty database for each engine that the store must work on, by the engine's name:
// "sqlite" in a file of the test's own folder, "postgres" in the shared cluster.
func Databases(tb testing.TB) map[string]string {
	tb.Helper()

	return map[string]string{
		"sqlite":   "sqlite:" + filepath.Join(tb.TempDir(), "chumrok.db"),
		"postgres": Postgres(tb),
	}
}
