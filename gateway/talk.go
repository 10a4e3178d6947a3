package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type talkCommand struct {
	To     string `help:"The number or code to dial or to write to." placeholder:"NUMBER"`
	From   string `help:"The number of this phone; without it the one that the pack is tried with, which reaches nobody." placeholder:"NUMBER"`
	SMS    bool   `name:"sms" help:"Write SMS instead of dialling."`
	Script string `help:"Play a transcript and stop at the first difference." placeholder:"FILE"`
}

// Help is what --help says besides the flags: how a transcript is written.
func (talkCommand) Help() string { return scriptHelp }

// Run is a phone in the terminal. It uses the gateway that runs on this machine in trial mode, or starts one of its own
// that forgets everything when it ends.
func (t talkCommand) Run(c *call) error {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	line, err := findGateway(c.ctx, config, c.env)
	if err != nil {
		return err
	}
	defer line.close()
	if err := line.meet(c.ctx, &t); err != nil {
		return err
	}
	if t.Script != "" {
		text, err := os.ReadFile(t.Script)
		if err != nil {
			return fmt.Errorf("reading the transcript: %w", err)
		}
		return line.play(c.ctx, t, t.Script, string(text), c.stream.out)
	}
	fmt.Fprintf(c.stream.out, "A phone, %s, %s. Type what the phone types; an empty line looks for new messages; Ctrl-D hangs up.\n\n", t.From, line.where)
	return line.live(c.ctx, t, c.stream)
}

// line is a connection from the terminal to a gateway's simulated phones.
type line struct {
	base  string
	where string
	first example
	close func()
	env   environment // of the gateway, for an operator's commands
	own   *ownGateway // nil for one that runs anyway
}

// ownGateway is a gateway that talk started for itself, with a clock that a script may move.
type ownGateway struct {
	gateway *Gateway
	ahead   *atomic.Int64 // how far its clock is ahead of the machine's, in nanoseconds
	sweeps  sync.Mutex    // due work is done by one at a time: who moves the clock must know that all is done
}

// findGateway looks for a running gateway with simulated phones, and starts one where there is none.
func findGateway(ctx context.Context, config Config, env environment) (*line, error) {
	base := "http://" + config.DeskListen
	probe, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if r, err := http.NewRequestWithContext(probe, http.MethodGet, base+"/phones", nil); err == nil {
		if answer, err := http.DefaultClient.Do(r); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return &line{base: base, where: "on the gateway at " + config.DeskListen, close: func() {}, env: env}, nil
			}
			return nil, fmt.Errorf("the gateway at %s has no simulated phones: they exist in trial mode only", config.DeskListen)
		}
	}
	if config.Mode != Trial {
		return nil, errors.New("no gateway answers, and one of talk's own runs in trial mode only: unset CHUMROK_MODE")
	}
	folder, err := os.MkdirTemp("", "chumrok-talk-")
	if err != nil {
		return nil, fmt.Errorf("making a folder for the gateway: %w", err)
	}
	l, err := startOwn(ctx, environment{"CHUMROK_DATA": folder, "CHUMROK_PACK": config.Pack})
	if err != nil {
		_ = os.RemoveAll(folder)
		return nil, err
	}
	end := l.close
	l.close = func() {
		end()
		_ = os.RemoveAll(folder)
	}
	return l, nil
}

// startOwn starts a gateway in this process.
func startOwn(ctx context.Context, env environment) (*line, error) {
	config, err := readConfig(env)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration:\n%w", err)
	}
	own := &ownGateway{ahead: &atomic.Int64{}}
	if own.gateway, err = Open(ctx, config, slog.New(slog.DiscardHandler), own.now); err != nil {
		return nil, err
	}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { defer close(watched); own.watch(watching) }()
	server := httptest.NewServer(own.gateway.Private())
	return &line{base: server.URL, where: "on a gateway of its own, which forgets everything when you leave", env: env, own: own, close: func() {
		server.Close()
		stop()
		<-watched
		own.gateway.Close()
	}}, nil
}

func (o *ownGateway) now() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }

// largestStep is how far a clock is moved at once: nothing that a conversation or a committee has time for is over sooner.
const largestStep = time.Minute

// forward moves the clock as a clock moves, doing what falls due on the way.
func (o *ownGateway) forward(ctx context.Context, d time.Duration) error {
	for d > 0 {
		step := min(largestStep, d)
		d -= step
		o.ahead.Add(int64(step))
		if err := o.settle(ctx); err != nil {
			return err
		}
	}
	return nil
}

// watch does what falls due, as Gateway.Watch does.
func (o *ownGateway) watch(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		_ = o.settle(ctx) // what could not be done is tried again
		select {
		case <-ctx.Done():
			return
		case <-o.gateway.store.Woken():
		case <-tick.C:
		}
	}
}

// settle does what is due now.
func (o *ownGateway) settle(ctx context.Context) error {
	o.sweeps.Lock()
	defer o.sweeps.Unlock()
	for {
		n, err := o.gateway.Sweep(ctx)
		if err != nil {
			return fmt.Errorf("doing what is due: %w", err)
		}
		if n == 0 {
			return nil
		}
	}
}

// screen is what a USSD phone shows.
type screen struct {
	Text string `json:"text"`
	End  bool   `json:"end"`
}

// received is a message in a phone's inbox.
type received struct {
	Number int    `json:"n"` // counts up from 1
	From   string `json:"from"`
	Text   string `json:"text"`
}

func (l *line) send(ctx context.Context, number, path string, body, answer any) error {
	var text bytes.Buffer
	if err := json.NewEncoder(&text).Encode(body); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.base+"/phones/"+url.PathEscape(number)+path, &text)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	return l.do(r, answer)
}

func (l *line) do(r *http.Request, answer any) error {
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("reaching the gateway: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		why, _ := io.ReadAll(io.LimitReader(response.Body, 200))
		return fmt.Errorf("the gateway answered %s: %s", response.Status, bytes.TrimSpace(why))
	}
	return json.NewDecoder(response.Body).Decode(answer)
}

// messages are the messages in the phone's inbox after number n.
func (l *line) messages(ctx context.Context, number string, n int) ([]received, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, l.base+"/phones/"+url.PathEscape(number)+"/messages?after="+strconv.Itoa(n), nil)
	if err != nil {
		return nil, err
	}
	var list []received
	err = l.do(r, &list)
	return list, err
}

// handset is one phone in a talk: its open USSD session and how much of its inbox it has shown.
type handset struct {
	line    *line
	number  string
	to      string
	sms     bool
	code    string // that the open call was dialled with
	session string // of the network; "" = no call is open
	path    int    // sessions dialled so far
	seen    int
	pending []received // arrived and not yet looked at
}

func (l *line) handset(t talkCommand, number string) *handset {
	return &handset{line: l, number: number, to: t.To, sms: t.SMS}
}

// dialled is where the phone dials or writes to.
func (h *handset) dialled() string {
	switch {
	case h.to != "":
		return h.to
	case h.sms:
		return h.line.first.To
	}
	return h.line.first.Code
}

// types sends what is typed and returns what the phone then shows: a screen, or the answer to an SMS.
func (h *handset) types(ctx context.Context, text string) (string, error) {
	if h.sms {
		var answer screen
		if err := h.line.send(ctx, h.number, "/sms", map[string]string{"to": h.dialled(), "text": text}, &answer); err != nil {
			return "", err
		}
		return answer.Text, nil
	}
	if h.session == "" {
		h.path++
		h.session = fmt.Sprintf("talk-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), h.path)
		h.code = h.dialled()
		if strings.HasPrefix(text, "*") && strings.HasSuffix(text, "#") {
			h.code, text = text, ""
		}
	}
	var s screen
	err := h.line.send(ctx, h.number, "/ussd", map[string]string{"session": h.session, "code": h.code, "input": text}, &s)
	if s.End || err != nil {
		h.session = ""
	}
	return s.Text, err
}

// look fetches new messages.
func (h *handset) look(ctx context.Context) error {
	list, err := h.line.messages(ctx, h.number, h.seen)
	if err != nil {
		return err
	}
	for _, m := range list {
		h.seen = m.Number
		h.pending = append(h.pending, m)
	}
	return nil
}

// skipOld takes what lies in the inbox already as read: it is of another talk.
func (h *handset) skipOld(ctx context.Context) error {
	err := h.look(ctx)
	h.pending = nil
	return err
}

// live talks with a person at the terminal.
func (l *line) live(ctx context.Context, t talkCommand, s streams) error {
	h := l.handset(t, t.From)
	if err := h.skipOld(ctx); err != nil {
		return err
	}
	if !h.sms {
		text, err := h.types(ctx, "")
		if err != nil {
			return err
		}
		fmt.Fprintf(s.out, "%s\n\n", text)
	}
	input := bufio.NewScanner(s.in)
	for fmt.Fprint(s.out, "> "); input.Scan(); fmt.Fprint(s.out, "> ") {
		if typed := input.Text(); typed != "" {
			text, err := h.types(ctx, typed)
			if err != nil {
				return err
			}
			if text != "" {
				fmt.Fprintf(s.out, "\n%s\n", text)
			}
		}
		if err := h.look(ctx); err != nil {
			return err
		}
		for _, m := range h.pending {
			fmt.Fprintf(s.out, "\n[SMS] %s\n", m.Text)
		}
		h.pending = nil
		fmt.Fprintln(s.out)
	}
	fmt.Fprintln(s.out)
	return input.Err()
}
