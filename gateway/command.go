package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// Exit statuses of every subcommand.
const (
	exitDone  = 0 // it did what was asked
	exitFault = 1 // a check did not hold, or something went wrong while doing it
	exitUse   = 2 // it was called with words it does not know
)

// errNotHeld says that a check ran to its end and found faults, which it has printed already.
var errNotHeld = errors.New("the check did not hold")

// streams are the three files every program is given.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// commands is the command line, one field a subcommand; no words at all mean serve.
type commands struct {
	Serve     serveCommand     `cmd:"" default:"1" help:"Run the gateway (what no words at all do)."`
	Talk      talkCommand      `cmd:"" help:"Be a phone in the terminal, against a running gateway or one of its own."`
	Check     checkCommand     `cmd:"" help:"Check a deployment pack: flows, sentences, places, directory, routing of every commune."`
	Pack      packCommand      `cmd:"" help:"Work with deployment packs."`
	Ledger    ledgerCommand    `cmd:"" help:"Count what was received and where it stands; --check proves that nothing is lost."`
	Referrals referralsCommand `cmd:"" help:"List open referrals and holds with tier, clock and why they were routed so."`
}

// call is what a subcommand is given to work with.
type call struct {
	ctx    context.Context //nolint:containedctx // kong calls Run with one value, and this is it
	env    environment
	stream streams
}

// run is the program: main without the process around it, so that tests can start it.
func run(ctx context.Context, args []string, s streams, environ []string) int {
	var words commands
	exit := -1
	parser, err := kong.New(&words,
		kong.Name("chumrok"),
		kong.Description("Chumrok (ជម្រក, shelter): reports of harm to a child, by SMS and USSD, to the committee that is responsible for the commune."),
		kong.Writers(s.out, s.err),
		kong.UsageOnError(),
		kong.Exit(func(code int) { exit = code }),
		kong.Bind(&call{ctx: ctx, env: newEnvironment(environ), stream: s}),
	)
	if err != nil {
		fmt.Fprintln(s.err, "chumrok:", err)
		return exitUse
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit // --help was asked for and printed
	}
	if err != nil {
		fmt.Fprintf(s.err, "chumrok: %v; see 'chumrok --help'\n", err)
		return exitUse
	}
	switch err := parsed.Run(); {
	case err == nil:
		return exitDone
	case errors.Is(err, errNotHeld):
		return exitFault
	default:
		fmt.Fprintf(s.err, "chumrok: %v\n", err)
		return exitFault
	}
}
