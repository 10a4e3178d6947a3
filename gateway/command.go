package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

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
	Referrals referralsCommand `cmd:"" help:"List open referrals and holds with tier, clock and why they were routed so; hand one on."`
	Health    healthCommand    `cmd:"" help:"Say what nobody at the last tier has answered; exit 1 while there is any, for cron or systemd."`
	Holds     holdsCommand     `cmd:"" help:"List what waits at the desk for a person, and decide on it: take, assign, join, mark, release."`
	Drill     drillCommand     `cmd:"" help:"Try the officers' phones, and see who answered."`
	Erase     eraseCommand     `cmd:"" help:"Decide whether what a reporter asks to be erased is destroyed, and list what was asked."`
	Keys      keysCommand      `cmd:"" help:"Make and rotate keys, hand over what only their holders open, put lost keys back."`
	Coverage  coverageCommand  `cmd:"" help:"List the communes that too few phones serve, and the phones that are dead."`
	Emergency emergencyCommand `cmd:"" help:"Switch emergency mode on and off, for a province or the nation."`
	Clubs     clubsCommand     `cmd:"" help:"Give children's clubs their numbers, list and retire them, print their posters."`
	Poster    posterCommand    `cmd:"" help:"Make the poster without a club's number, as a page to print."`
	Clock     clockCommand     `cmd:"" help:"Show how the machine's clock stands to the time that the gateways have reached; reset that."`
	Flows     flowsCommand     `cmd:"" help:"Look at the conversations."`
	Figures   figuresCommand   `cmd:"" help:"Count reports by province, harm, age, sex, channel and month, with times; nothing under five is shown."`
	Directory directoryCommand `cmd:"" help:"Keep the directory: import an office's list, after a look at what would change."`
	Audit     auditCommand     `cmd:"" help:"Prove and list the record of who looked at what and who decided what."`
	Backup    backupCommand    `cmd:"" help:"Write everything in the database into one encrypted file, while the gateway runs."`
	Restore   restoreCommand   `cmd:"" help:"Make a database out of a backup, and prove that it adds up."`
	Officer   officerCommand   `cmd:"" help:"Draw and unlock officers' PINs, note who is away, list where they stand."`
}

// call is what a subcommand is given to work with.
type call struct {
	ctx    context.Context //nolint:containedctx // kong calls Run with one value, and this is it
	env    environment
	stream streams
	now    func() time.Time
}

// run is the program: main without the process around it, so that tests can start it.
func run(ctx context.Context, args []string, s streams, environ []string) int {
	return runAt(ctx, args, s, environ, time.Now)
}

// runAt is run at a time that a test may move.
func runAt(ctx context.Context, args []string, s streams, environ []string, now func() time.Time) int {
	var words commands
	exit := -1
	parser, err := kong.New(&words,
		kong.Name("chumrok"),
		kong.Description("Chumrok (ជម្រក, shelter): reports of harm to a child, by SMS and USSD, to the committee that is responsible for the commune."),
		kong.Writers(s.out, s.err),
		kong.UsageOnError(),
		kong.Exit(func(code int) { exit = code }),
		kong.Bind(&call{ctx: ctx, env: newEnvironment(environ), stream: s, now: now}),
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
