// Package main is the gateway itself: it carries what a child, a parent or a committee member says from the phone
// network to a decision and back, and writes it down before it answers. It decides nothing on its own: flows, report,
// referral and alert decide; the gateway loads, asks, saves and sends.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}, os.Environ())
	stop()
	os.Exit(code)
}
