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
	"regexp"
	"strconv"
	"strings"
	"time"
)

type talkCommand struct {
	To     string `help:"The number or code to dial or to write to." placeholder:"NUMBER"`
	From   string `help:"The number of this phone; the sample's numbers reach nobody." default:"+85512000001" placeholder:"NUMBER"`
	SMS    bool   `name:"sms" help:"Write SMS instead of dialling."`
	Script string `help:"Play a transcript and stop at the first difference." placeholder:"FILE"`
}

// Run is a phone in the terminal. It uses the gateway that runs on this machine in trial mode, or starts one of its own
// that forgets everything when it ends.
func (t talkCommand) Run(c *call) error {
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	line, err := findGateway(c.ctx, config)
	if err != nil {
		return err
	}
	defer line.close()
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
	close func()
}

// findGateway looks for a running gateway with simulated phones, and starts one where there is none.
func findGateway(ctx context.Context, config Config) (*line, error) {
	base := "http://" + config.DeskListen
	probe, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if r, err := http.NewRequestWithContext(probe, http.MethodGet, base+"/phones", nil); err == nil {
		if answer, err := http.DefaultClient.Do(r); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return &line{base: base, where: "on the gateway at " + config.DeskListen, close: func() {}}, nil
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
	own, err := readConfig(environment{"CHUMROK_DATA": folder, "CHUMROK_PACK": config.Pack})
	if err != nil {
		return nil, err
	}
	g, err := Open(ctx, own, slog.New(slog.DiscardHandler), time.Now)
	if err != nil {
		return nil, err
	}
	watching, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() { defer close(watched); _ = g.Watch(watching) }()
	server := httptest.NewServer(g.Private())
	return &line{base: server.URL, where: "on a gateway of its own, which forgets everything when you leave", close: func() {
		server.Close()
		stop()
		<-watched
		g.Close()
		_ = os.RemoveAll(folder)
	}}, nil
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
	session string // of the network; "" = no call is open
	path    int    // sessions dialled so far
	seen    int
	pending []received // arrived and not yet looked at
}

func (l *line) handset(t talkCommand, number string) *handset {
	h := &handset{line: l, number: number, to: t.To, sms: t.SMS}
	if h.to == "" {
		h.to = "*1280#"
		if h.sms {
			h.to = "1280"
		}
	}
	return h
}

// types sends what is typed and returns what the phone then shows: a screen, or the answer to an SMS.
func (h *handset) types(ctx context.Context, text string) (string, error) {
	if h.sms {
		var answer screen
		if err := h.line.send(ctx, h.number, "/sms", map[string]string{"to": h.to, "text": text}, &answer); err != nil {
			return "", err
		}
		return answer.Text, nil
	}
	if h.session == "" {
		h.path++
		h.session = fmt.Sprintf("talk-%d-%d-%d", os.Getpid(), time.Now().UnixNano(), h.path)
		if strings.HasPrefix(text, "*") && strings.HasSuffix(text, "#") {
			h.to, text = text, ""
		}
	}
	var s screen
	err := h.line.send(ctx, h.number, "/ussd", map[string]string{"session": h.session, "code": h.to, "input": text}, &s)
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

// live talks with a person at the terminal.
func (l *line) live(ctx context.Context, t talkCommand, s streams) error {
	h := l.handset(t, t.From)
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

// play follows a transcript:
//
//	# a comment
//	@ +85512000101        go on as this phone; "@ +85512000101 sms" as one that writes SMS
//	> 1                   what the phone types; ">" alone dials
//	any other lines       the screen or the answer, as it must come, {code} standing for digits and … for anything
//	< text                a message that must arrive on this phone
//
// An empty line ends a screen. The first difference ends the play.
func (l *line) play(ctx context.Context, t talkCommand, name, script string, out io.Writer) error {
	phones := map[string]*handset{}
	h := l.handset(t, t.From)
	phones[t.From] = h
	shown, codes := "", map[string]string{}
	lines := strings.Split(strings.ReplaceAll(script, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		at := func(format string, args ...any) error {
			return fmt.Errorf("%s:%d: %s", name, i+1, fmt.Sprintf(format, args...))
		}
		text := lines[i]
		switch {
		case strings.TrimSpace(text) == "" || strings.HasPrefix(text, "#"):
		case strings.HasPrefix(text, "@"):
			words := strings.Fields(text[1:])
			if len(words) == 0 {
				return at("'@' names no phone: write '@ +85512000101' or '@ +85512000101 sms'")
			}
			if h = phones[words[0]]; h == nil {
				h = l.handset(talkCommand{SMS: len(words) > 1 && words[1] == "sms"}, words[0])
				phones[words[0]] = h
			}
		case strings.HasPrefix(text, ">"):
			typed := fill(strings.TrimPrefix(strings.TrimPrefix(text, ">"), " "), codes)
			answer, err := h.types(ctx, typed)
			if err != nil {
				return at("%v", err)
			}
			shown = answer
			fmt.Fprintf(out, "%s > %s\n%s\n", h.number, typed, indent(answer))
		case strings.HasPrefix(text, "<"):
			want := strings.TrimSpace(text[1:])
			got, err := h.await(ctx, want, codes)
			if err != nil {
				return at("%v", err)
			}
			fmt.Fprintf(out, "%s < %s\n", h.number, got)
		default:
			var want []string
			for ; i < len(lines) && strings.TrimSpace(lines[i]) != "" && !strings.ContainsAny(lines[i][:1], "@><#"); i++ {
				want = append(want, lines[i])
			}
			i--
			if !matches(strings.Join(want, "\n"), shown, codes) {
				return at("the screen differs\n  expected:\n%s\n  shown:\n%s", indent(strings.Join(want, "\n")), indent(shown))
			}
		}
	}
	fmt.Fprintf(out, "%s: played to its end\n", name)
	return nil
}

// messageTime is how long a play waits for a message: an alert is sent within a second, a restart takes up to a minute.
const messageTime = 60 * time.Second

// await waits for a message that fits; messages that do not fit are a difference.
func (h *handset) await(ctx context.Context, want string, codes map[string]string) (string, error) {
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
			if !matches(want, got, codes) {
				return "", fmt.Errorf("the message differs\n  expected: %s\n  arrived:  %s", want, got)
			}
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
