package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

// scriptHelp is how a transcript is written.
const scriptHelp = `A transcript (--script) is read line by line; the first difference ends it, with file, line, expected and got:

  # words                  a comment
  @ +85512000101 [sms]     go on as this phone, dialling, or writing SMS ("ussd": dialling again)
  > 1                      what the phone types; ">" alone, or "> *1280*0204#", dials
  -                        the line breaks off
  any other line           what the screen, the answer or the command shows, to the next empty line
  < text                   this message must arrive on this phone; "<" alone: none may wait there
  $ officer pin ID         an operator's command of this program, on the same gateway
  + 3h                     the clock moves on, with all that falls due; "+ until 13:05": to the next time it is that

{word} stands for digits, the same wherever the word comes again, also in what is typed, {tomorrow} for that date, … for
anything. The clock moves only on talk's own gateway, which it starts where none answers.`

// play follows a transcript; see scriptHelp. The first difference ends the play.
func (l *line) play(ctx context.Context, t talkCommand, name, text string, out io.Writer) error {
	return l.script(text, out).play(ctx, t, name)
}

// script is a transcript before it is played.
func (l *line) script(text string, out io.Writer) *played {
	p := &played{line: l, phones: map[string]*handset{}, codes: map[string]string{}, out: out}
	p.lines = strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	p.codes["{tomorrow}"] = l.now().AddDate(0, 0, 1).Format(time.DateOnly)
	return p
}

func (p *played) play(ctx context.Context, t talkCommand, name string) error {
	if err := p.picksUp(ctx, t); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for p.at < len(p.lines) {
		began := p.at + 1
		if err := p.next(ctx); err != nil {
			return fmt.Errorf("%s:%d: %w", name, began, err)
		}
	}
	fmt.Fprintf(p.out, "%s: played to its end\n", name)
	return nil
}

// now is the time of the gateway.
func (l *line) now() time.Time {
	if l.own != nil {
		return l.own.now()
	}
	return time.Now()
}

// played is a transcript being played.
type played struct {
	line   *line
	lines  []string
	at     int // the next line
	phones map[string]*handset
	hand   *handset // the phone in hand
	shown  string
	codes  map[string]string
	out    io.Writer
	anew   func(want, got string) string // what to write instead of what differs; nil: a difference ends the play
}

// fits compares what is shown with the lines since from, which it writes anew where the play is for that.
func (p *played) fits(from int, mark, want, got string) bool {
	if !matches(want, got, p.codes) && p.anew != nil {
		want = p.anew(want, got)
		lines := strings.Split(mark+want, "\n")
		p.lines = slices.Concat(p.lines[:from], lines, p.lines[p.at:])
		p.at = from + len(lines)
	}
	return matches(want, got, p.codes)
}

// picksUp takes the first phone, and counts what lies in the inboxes of all that the transcript names as read: it is of
// another talk, while what comes from now on is not, also on a phone that is only looked at later.
func (p *played) picksUp(ctx context.Context, t talkCommand) error {
	p.hand = p.line.handset(t, t.From)
	p.phones[t.From] = p.hand
	for _, line := range p.lines {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "@" && p.phones[words[1]] == nil {
			p.phones[words[1]] = p.line.handset(talkCommand{}, words[1])
		}
	}
	for _, h := range p.phones {
		if err := h.skipOld(ctx); err != nil {
			return err
		}
	}
	return nil
}

// next plays one line, or the lines of one screen.
func (p *played) next(ctx context.Context) error {
	text := p.lines[p.at]
	p.at++
	if strings.TrimSpace(text) == "" {
		return nil
	}
	rest := strings.TrimPrefix(text[1:], " ")
	switch text[0] {
	case '#':
		return nil
	case '@':
		return p.takes(strings.Fields(rest))
	case '>':
		return p.types(ctx, fill(rest, p.codes))
	case '-':
		p.hand.session = ""
		return nil
	case '<':
		return p.receives(ctx, strings.TrimSpace(rest))
	case '$':
		return p.commands(ctx, fill(rest, p.codes))
	case '+':
		return p.forward(ctx, strings.TrimSpace(rest))
	}
	return p.compares(text)
}

// takes goes on with another phone.
func (p *played) takes(words []string) error {
	if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "sms" && words[1] != "ussd" {
		return errors.New("'@' names no phone: write '@ +85512000101' or '@ +85512000101 sms'")
	}
	p.hand = p.phones[words[0]]
	if len(words) == 2 {
		p.hand.sms = words[1] == "sms"
	}
	return nil
}

func (p *played) types(ctx context.Context, typed string) error {
	answer, err := p.hand.types(ctx, typed)
	if err != nil {
		return err
	}
	p.shown = answer
	fmt.Fprintf(p.out, "%s > %s\n%s\n", p.hand.number, typed, indent(answer))
	return nil
}

// receives waits for a message, or, with no words, says that none has come.
func (p *played) receives(ctx context.Context, want string) error {
	if own := p.line.own; own != nil {
		if err := own.settle(ctx); err != nil {
			return err
		}
	}
	if want == "" {
		if err := p.hand.look(ctx); err != nil {
			return err
		}
		if len(p.hand.pending) > 0 {
			return fmt.Errorf("a message came\n  expected: none\n  got:      %s", p.hand.pending[0].Text)
		}
		return nil
	}
	got, err := p.hand.await(ctx)
	if err != nil {
		return err
	}
	if !p.fits(p.at-1, "< ", want, got) {
		return fmt.Errorf("the message differs\n  expected: %s\n  got:      %s", fill(want, p.codes), got)
	}
	fmt.Fprintf(p.out, "%s < %s\n", p.hand.number, got)
	return nil
}

// quoted are the words of a command, with spaces where they stand in quotes.
var quoted = regexp.MustCompile(`"[^"]*"|\S+`)

// commands runs an operator's command on the same gateway; what it prints is compared like a screen.
func (p *played) commands(ctx context.Context, text string) error {
	words := quoted.FindAllString(text, -1)
	for i := range words {
		words[i] = strings.Trim(words[i], `"`)
	}
	if len(words) == 0 || words[0] == "serve" || words[0] == "talk" {
		return errors.New("'$' names no operator's command: write '$ officer pin ID'")
	}
	var environ []string
	for name, value := range p.line.env {
		environ = append(environ, name+"="+value)
	}
	var out, complaints bytes.Buffer
	if exit := runAt(ctx, words, streams{in: strings.NewReader(""), out: &out, err: &complaints}, environ, p.line.now); exit != exitDone {
		return fmt.Errorf("'%s' ended with %d: %s", text, exit, strings.TrimSpace(complaints.String()))
	}
	p.shown = strings.TrimSpace(out.String())
	fmt.Fprintf(p.out, "$ %s\n%s\n", text, indent(p.shown))
	return nil
}

// forward moves the clock of talk's own gateway.
func (p *played) forward(ctx context.Context, text string) error {
	own := p.line.own
	if own == nil {
		return errors.New("the clock of a gateway that runs anyway is not moved: stop it, and talk starts one of its own")
	}
	hour, until := strings.CutPrefix(text, "until ")
	if !until {
		d, err := time.ParseDuration(text)
		if err != nil || d <= 0 {
			return fmt.Errorf("'%s' is no time to move the clock by: write '+ 90m' or '+ until 13:05'", text)
		}
		return own.forward(ctx, d)
	}
	clock, err := time.Parse("15:04", strings.TrimSpace(hour))
	if err != nil {
		return fmt.Errorf("'%s' is no time of the day: write '+ until 13:05'", hour)
	}
	now := own.now().In(own.gateway.pack.Zone)
	next := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, now.Location())
	if !next.After(now) {
		next = next.AddDate(0, 0, 1)
	}
	return own.forward(ctx, next.Sub(now))
}

// compares holds a screen's lines against what is shown.
func (p *played) compares(first string) error {
	from, want := p.at-1, []string{first}
	for ; p.at < len(p.lines) && strings.TrimSpace(p.lines[p.at]) != "" && !strings.ContainsAny(p.lines[p.at][:1], "@><#$+-"); p.at++ {
		want = append(want, p.lines[p.at])
	}
	if text := strings.Join(want, "\n"); !p.fits(from, "", text, p.shown) {
		return fmt.Errorf("the screen differs\n  expected:\n%s\n  got:\n%s", indent(fill(text, p.codes)), indent(p.shown))
	}
	return nil
}

// messageTime is how long a play waits for a message: an alert is sent within a second, a restart takes up to a minute.
const messageTime = 60 * time.Second

// await waits for a message.
func (h *handset) await(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, messageTime)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if err := h.look(ctx); err != nil && ctx.Err() == nil {
			return "", err
		}
		if len(h.pending) > 0 {
			got := h.pending[0].Text
			h.pending = h.pending[1:]
			return got, nil
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("no message came to %s within %s", h.number, messageTime)
		case <-tick.C:
		}
	}
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}|…`)

// matches compares a shown text with the expected one, in which {code} stands for digits that are remembered under that
// name (and must be the same from then on) and … for anything.
func matches(want, shown string, codes map[string]string) bool {
	var pattern strings.Builder
	pattern.WriteString(`(?s)^`)
	names, rest := []string{}, want
	for {
		at := placeholder.FindStringIndex(rest)
		if at == nil {
			break
		}
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]))
		switch name := rest[at[0]:at[1]]; {
		case name == "…":
			pattern.WriteString(`.*?`)
		case codes[name] != "":
			pattern.WriteString(regexp.QuoteMeta(codes[name]))
		default:
			names = append(names, name)
			pattern.WriteString(`(\d+)`)
		}
		rest = rest[at[1]:]
	}
	pattern.WriteString(regexp.QuoteMeta(rest) + `$`)
	found := regexp.MustCompile(pattern.String()).FindStringSubmatch(shown)
	if found == nil {
		return false
	}
	for i, name := range names {
		codes[name] = found[i+1]
	}
	return true
}

// fill puts remembered codes into what is typed.
func fill(text string, codes map[string]string) string {
	for name, value := range codes {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(text, "\n", "\n    ")
}
