package main

import (
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"chumrok/internal/servertest"
)

// TestKilledWhileRestoring kills the real binary when nearly all of a backup is in: the place that it restores into is as it was, and the
// next try clears away what is left and succeeds.
func TestKilledWhileRestoring(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "embedded")
	w.caller(childPhone).texts("គេវាយខ្ញុំ").texts("កន្ទឺ ១ បាត់ដំបង").texts("1").texts("2").texts("3")
	for range 30 { // more than the encryption keeps together: of a single piece nothing is seen before its end
		w.caller("+85512000503").texts(strings.Repeat("they hit me ", 500))
	}
	identity, public := keyPair(t)
	good := filepath.Join(t.TempDir(), "good.backup")
	w.done("backup", "--to", public, "--out", good)
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	if len(whole) < 3<<16 {
		t.Fatalf("the backup has %d bytes only", len(whole))
	}
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	for name, url := range servertest.Databases(t) {
		t.Run(name, func(t *testing.T) {
			// A pipe that never ends holds the restore in its middle.
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(pipe, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(path, "restore", pipe, "--identity", identity, "--into", url)
			cmd.Env = append(os.Environ(), "GODEBUG=", "CHUMROK_DATA="+w.env["CHUMROK_DATA"], "CHUMROK_PACK="+w.env["CHUMROK_PACK"])
			var complaints strings.Builder
			cmd.Stderr = &complaints
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_ = cmd.Wait() // it is killed
			}()
			in, err := os.OpenFile(pipe, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			written := make(chan error, 1)
			go func() {
				_, err := in.Write(whole[:len(whole)-1])
				written <- err
			}()
			select {
			case err = <-written:
			case <-ended:
			}
			for tick := time.NewTicker(10 * time.Millisecond); err == nil && leftOfRestore(t, url) < 2; {
				select {
				case <-ended:
					t.Fatal("it ended by itself: ", complaints.String())
				case <-tick.C:
				}
			}
			if err := errors.Join(err, cmd.Process.Kill()); err != nil {
				t.Fatal(err)
			}
			<-ended
			if file, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
				if _, err := os.Lstat(file); err == nil {
					t.Error("half a ledger is in its place")
				}
			}
			if out := w.done("restore", good, "--identity", identity, "--into", url); !strings.Contains(out, "it adds up") {
				t.Errorf("restored after all, and it says\n%s", out)
			}
			if left := leftOfRestore(t, url); left > 0 {
				t.Errorf("%d things are left of the one that was killed", left)
			}
		})
	}
}

// leftOfRestore counts what an unfinished restore has built.
func leftOfRestore(t *testing.T, url string) int {
	t.Helper()
	if file, isFile := strings.CutPrefix(url, "sqlite:"); isFile {
		left, err := filepath.Glob(file + ".restoring*")
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var tables int
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM pg_tables WHERE schemaname = 'chumrok_restoring'`).Scan(&tables); err != nil {
		t.Fatal(err)
	}
	return tables
}
