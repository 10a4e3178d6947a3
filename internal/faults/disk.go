//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// diskSize is how large the small disk is: a gateway's empty ledger takes about one MiB.
const diskSize = "24m"

// diskFull is a disk that is full: neither the ledger nor the spool can be written.
var diskFull = Scenario{
	Name:   "disk-full",
	Breaks: "the disk that holds ledger and spool is full for fifteen seconds, to the last byte",
	Heals:  "something else is deleted from it",
	Long:   true,
	Houses: []House{OnSQLite},
	Run: func(ctx context.Context, w *World) error {
		folder, err := w.smallDisk()
		if err != nil {
			return err
		}
		g := w.Gateways[0]
		g.Stop()
		g.Data = filepath.Join(folder, "data")
		w.env["CHUMROK_DATABASE_URL"] = "sqlite:" + filepath.Join(folder, "chumrok.db")
		g.env = slices.DeleteFunc(g.env, func(pair string) bool {
			return strings.HasPrefix(pair, "CHUMROK_DATABASE_URL=") || strings.HasPrefix(pair, "CHUMROK_DATA=")
		})
		g.env = append(g.env, "CHUMROK_DATABASE_URL="+w.env["CHUMROK_DATABASE_URL"], "CHUMROK_DATA="+g.Data)
		if err := g.Up(ctx); err != nil {
			return err
		}
		w.Forgets = true // not even the spool has room
		stop := w.Callers(ctx, 6)
		wait(ctx, 3*time.Second)
		before := w.counts()
		ballast := filepath.Join(folder, "ballast")
		if err := fill(ballast); err != nil {
			return err
		}
		w.Say("the disk is full")
		wait(ctx, 15*time.Second)
		full := w.counts()
		if err := os.Remove(ballast); err != nil {
			return must("making room again", err)
		}
		w.Healed()
		wait(ctx, 4*time.Second)
		stop()
		w.told(before, "disk full for 15s")
		w.mustAnswer(before)
		if full.apologies == before.apologies {
			w.Fault("nobody heard the help numbers: the disk was not full, so nothing is proved")
		}
		return ctx.Err()
	},
}

// fill writes a file until nothing more fits, not even a byte.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return must("filling the disk", err)
	}
	defer f.Close()
	for piece := 1 << 20; piece > 0; {
		if _, err = f.Write(make([]byte, piece)); errors.Is(err, syscall.ENOSPC) {
			piece /= 2
		} else if err != nil {
			return must("filling the disk", err)
		}
	}
	return nil
}

// insideWord is the variable by which the drill knows that it runs in a namespace of mounts of its own.
const insideWord = "CHUMROK_DRILL_INSIDE"

// runAgain runs the drill once more in a namespace of mounts of its own, where it may mount a small disk that the kernel removes whatever becomes of
// us. That needs root, or the right to make user namespaces; done is false where the kernel does not let us, and the drill goes on without.
func runAgain(ctx context.Context, args []string, out io.Writer) (code int, done bool) {
	if os.Getenv(insideWord) != "" {
		return 0, false
	}
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...) //nolint:gosec // this very program, with its own words
	cmd.Env = append(os.Environ(), insideWord+"=1")
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 { // the same user inside, who may mount there and nothing else
		const mayMount = 21 // CAP_SYS_ADMIN of linux/capability.h
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}},
			AmbientCaps: []uintptr{mayMount},
		}
	}
	if cmd.Start() != nil {
		return 0, false
	}
	var ended *exec.ExitError
	switch err := cmd.Wait(); {
	case err == nil:
		return 0, true
	case errors.As(err, &ended) && ended.ExitCode() > 0:
		return ended.ExitCode(), true
	}
	return 1, true
}

// smallDisk mounts a small file system on a folder of the scenario's own.
func (w *World) smallDisk() (folder string, err error) {
	folder = filepath.Join(w.folder, "disk")
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	if os.Getenv(insideWord) == "" {
		return "", errors.New("a small disk cannot be mounted here: this scenario needs root, or user namespaces (sysctl kernel.unprivileged_userns_clone=1)")
	}
	if err := syscall.Mount("chumrok", folder, "tmpfs", 0, "mode=700,size="+diskSize); err != nil {
		return "", must("mounting a small disk", err)
	}
	w.bench.Cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return folder, nil
}
