//go:build e2e && linux

package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"chumrok/adapters"
	"chumrok/internal/phone"
)

// TestThroughKannel carries reports through a real Kannel with the shipped configuration: from a handset by SMS, and by
// USSD over SMPP. `make e2e` runs it; it has a network of its own, so its ports are those of the shipped files.
func TestThroughKannel(t *testing.T) {
	if os.Getenv(inside) == "" {
		inNamespace(t)
		return
	}
	if out, err := exec.CommandContext(t.Context(), "ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		t.Fatalf("bringing the network up: %v: %s", err, out)
	}
	t.Run("SMS", bySMS)
	t.Run("USSD", byUSSD)
	t.Run("no English", noEnglish)
}

// web is the connection between Kannel and the gateway: it hands on, or loses the gateway's answer after the gateway gave it.
type web struct {
	mu     sync.Mutex
	loses  bool
	lost   chan string // the path of each answer that was lost
	client http.Client
}

const (
	kannelCalls  = "127.0.0.1:8080" // as in the shipped get-url
	gatewayIsAt  = "127.0.0.1:8090"
	gatewaysDesk = "127.0.0.1:8091"
)

func newWeb(t *testing.T) *web {
	l := &web{lost: make(chan string, 10)}
	listener, err := net.Listen("tcp", kannelCalls)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: l, ReadHeaderTimeout: patience}}
	server.Start()
	t.Cleanup(server.Close)
	return l
}

func (l *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	onward, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+gatewayIsAt+r.URL.RequestURI(), http.NoBody)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	response, err := l.client.Do(onward)
	if err != nil {
		panic(http.ErrAbortHandler) // the gateway is down: so is the line
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	l.mu.Lock()
	loses := l.loses
	l.loses = false
	l.mu.Unlock()
	if loses {
		w.Header().Set("Content-Length", "4000") // half an answer: begun, and broken off
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
		l.lost <- r.URL.Path
		panic(http.ErrAbortHandler)
	}
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	_, _ = w.Write(body)
}

// loseNext loses the next answer.
func (l *web) loseNext() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loses = true
}

// e2e is a gateway behind a Kannel, and one beside it that is only asked what it would say.
type e2e struct {
	t         *testing.T
	env       environment
	process   *process
	line      *web
	reference *Gateway
	said      int
}

func newE2E(t *testing.T, pack string) *e2e {
	e := &e2e{t: t, line: newWeb(t), env: environment{
		"CHUMROK_DATA": t.TempDir(), "CHUMROK_PACK": pack, "CHUMROK_LISTEN": gatewayIsAt, "CHUMROK_DESK_LISTEN": gatewaysDesk,
		"CHUMROK_PUBLIC_URL": "https://gateway.example", "CHUMROK_KANNEL_HOOKS_URL": "http://" + kannelCalls,
		"CHUMROK_KANNEL_SENDSMS_URL": "http://127.0.0.1:13013/cgi-bin/sendsms", "CHUMROK_KANNEL_USERNAME": "chumrok",
		"CHUMROK_KANNEL_PASSWORD": e2eSendsms, "CHUMROK_KANNEL_FROM": "1280", "CHUMROK_KANNEL_TOKEN": e2eToken,
	}}
	config, err := readConfig(environment{"CHUMROK_DATA": t.TempDir(), "CHUMROK_PACK": pack})
	if err != nil {
		t.Fatal(err)
	}
	if e.reference, err = Open(context.WithoutCancel(t.Context()), config, slog.New(slog.DiscardHandler), time.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.reference.Close)
	e.process = startProcess(t, e.env)
	return e
}

// crash kills the gateway as a power cut does; its embedded Redis forgets everything.
func (e *e2e) crash() { e.process.kill() }

func (e *e2e) restart() { e.process = startProcess(e.t, e.env) }

// wants is what the gateway says to a message, codes hidden, since they are drawn at random.
func (e *e2e) wants(channel, from, text string, fresh bool) adapters.Answer {
	e.t.Helper()
	number, err := phone.Parse(from)
	if err != nil {
		e.t.Fatal(err)
	}
	e.said++
	answer, err := e.reference.Receive(e.t.Context(), adapters.Message{Provider: "reference", Channel: channel, ID: "m" + string(rune('0'+e.said)),
		Session: "s" + from, New: fresh, From: number, To: "1280", Text: text})
	if err != nil {
		e.t.Fatal(err)
	}
	return adapters.Answer{Text: codeless(answer.Text), End: answer.End}
}

// anyCode is a code, or the two digits by which a caller is known again.
var anyCode = regexp.MustCompile(`\d{6,8}|លេខ \d{2}`)

func codeless(text string) string { return anyCode.ReplaceAllString(text, "######") }

// ends checks the ledger that the gateway left: it adds up, and has so many turns.
func (e *e2e) ends(turns int) {
	e.t.Helper()
	e.crash()
	ledgerAddsUp(e.t, e.env)
	if written := e.ledger().Turns; written != turns {
		e.t.Errorf("%d turns are written, and %d messages were sent", written, turns)
	}
}

// counted is what the ledger counts.
type counted struct {
	Turns  int
	Alerts map[string]int
}

func (e *e2e) ledger() (counts counted) {
	e.t.Helper()
	_, out, complaints := command(e.t, e.env, "", "ledger", "--json")
	if err := json.Unmarshal([]byte(out), &counts); err != nil {
		e.t.Fatalf("%v: %s%s", err, out, complaints)
	}
	return counts
}

const (
	e2eChild = "+85512000041"
	e2eChair = "+85512000101"
)

// bySMS: a child reports and a committee accepts, while the gateway is killed three times: before it hears a message, after
// it wrote one and before it was heard, and between the alert and the answer to it.
func bySMS(t *testing.T) {
	e := newE2E(t, storyPack(t))
	files := kannels(t)
	if err := os.WriteFile(files["sms-operator.conf"], []byte(fakeOperator), 0o600); err != nil {
		t.Fatal(err)
	}
	boxes(t, files["sms.conf"], "13001", listens("127.0.0.1:13013"))
	network := newHandsets(t)
	until(t, "the handsets are connected", func() bool { return strings.Contains(status(t, "13000"), "FAKE:23010 (online") })

	story := []string{"គេវាយខ្ញុំ", "កន្ទឺ ១ បាត់ដំបង", "១", "២", "៣"}
	for i, text := range story {
		switch i {
		case 1:
			e.crash()
			network.texts(e2eChild, text)
			until(t, "Kannel has the message", func() bool { return strings.Contains(status(t, "13000"), "SMS: received 2") })
			e.restart()
		case 3:
			e.line.loseNext()
			network.texts(e2eChild, text)
			within(t, "an answer is lost on the line", e.line.lost)
			e.crash()
			e.restart()
		default:
			network.texts(e2eChild, text)
		}
		want := e.wants(adapters.SMS, e2eChild, text, false).Text
		if got := codeless(network.gets(e2eChild, i+1)); got != want {
			t.Fatalf("%q is answered on the handset:\n%s\nwant:\n%s", text, got, want)
		}
	}
	code := digitsIn(t, network.gets(e2eChair, 1), 6)
	until(t, "the alert is known to be on the phone", func() bool { return e.ledger().Alerts["delivered"] == 1 })
	e.crash()
	e.restart()
	network.texts(e2eChair, "១")
	if thanks := network.gets(e2eChair, 2); !strings.Contains(thanks, code) {
		t.Errorf("the committee's answer is answered: %s", thanks)
	}
	// Nothing is under way any more, so what has not come twice will not.
	until(t, "Kannel has nothing left", func() bool {
		s := status(t, "13000")
		return strings.Contains(s, "SMS: received 6 (0 queued)") && strings.Contains(s, "store size 0") && strings.Contains(s, "DLR: 0 queued")
	})
	e.ends(len(story) + 1)
	network.mu.Lock()
	defer network.mu.Unlock()
	if len(network.inbox) != 2 || len(network.inbox[e2eChild]) != len(story) || len(network.inbox[e2eChair]) != 2 || len(network.parts) != 0 {
		t.Errorf("%d handsets have messages; the child's %d, want %d; the committee's %d, want 2; %d lack a part",
			len(network.inbox), len(network.inbox[e2eChild]), len(story), len(network.inbox[e2eChair]), len(network.parts))
	}
	referralAccepted(t, e.env, code)
}

// referralAccepted looks into what the gateway left.
func referralAccepted(t *testing.T, env environment, code string) {
	t.Helper()
	_, out, complaints := command(t, env, "", "referrals", "--json", code)
	var referrals []struct{ Code, State string }
	if err := json.Unmarshal([]byte(out), &referrals); err != nil || len(referrals) != 1 || referrals[0].State != "accepted" {
		t.Errorf("the referral is not accepted (%v): %s%s", err, out, complaints)
	}
}

// widePack is the stories' pack for an operator that carries 80 Khmer letters, with a page of just so many.
func widePack(t *testing.T) string {
	t.Helper()
	folder := storyPack(t)
	path := filepath.Join(folder, "pack.yaml")
	settings, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	wider := strings.Replace(string(settings), "ussd: {septets: 160, units: 70}", "ussd: {septets: 160, units: 80}", 1)
	if wider == string(settings) {
		t.Fatal("the pack's budget for USSD is not where it was")
	}
	if err := os.Mkdir(filepath.Join(folder, "locales"), 0o700); err != nil {
		t.Fatal(err)
	}
	const sentence = "# back: We tell only your helpers and nobody else. The phone company sees this number dial us.\n" +
		"\"report.who_sees\" = \"យើងប្រាប់តែអ្នកជួយប្អូនតែប៉ុណ្ណោះ។ ក្រុមហ៊ុនទូរស័ព្ទឃើញលេខនេះចុចមក។\"\n"
	for name, text := range map[string]string{path: wider, filepath.Join(folder, "locales", "km.toml"): sentence} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// transcript is what the caller of a transcript types, the service code first.
func transcript(t *testing.T, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "flows", "testdata", "transcripts", name))
	if err != nil {
		t.Fatal(err)
	}
	typed := []string{"*1280#"}
	for line := range strings.Lines(string(text)) {
		if key, ok := strings.CutPrefix(strings.TrimSpace(line), "> "); ok {
			typed = append(typed, key)
		}
	}
	return typed
}

// byUSSD: a child's whole report, screen by screen over SMPP. The operator throttles one screen, an answer is lost on the
// line, and the gateway is killed in mid-session.
func byUSSD(t *testing.T) {
	e := newE2E(t, widePack(t))
	files := kannels(t)
	if code, out, complaints := command(t, environment{}, "", "check", "--kannel", files["ussd.conf"]); code != exitDone {
		t.Errorf("the configuration is not called good:\n%s%s", out, complaints)
	}
	network := newOperator(t)
	boxes(t, files["ussd.conf"], "14001", func() bool { return strings.Contains(status(t, "14000"), "smsbox:") })
	network.waits("bound")

	const session = "0026" // octets that mean something else in a web address
	story := transcript(t, "ussd-child.km.txt")
	widest, ended, sent := 0, false, 0
	for i, text := range story {
		op := 18
		if i == 0 {
			op = 1
		}
		if i == 3 {
			network.orders(map[string]any{"throttle": 1})
			network.waits("throttling")
		}
		if i == 6 {
			e.crash()
		}
		if i == 9 {
			e.line.loseNext()
		}
		network.orders(map[string]any{"from": strings.TrimPrefix(e2eChild, "+"), "text": text, "op": op, "session": session})
		sent++
		switch i {
		case 3:
			network.waits("throttled")
		case 6:
			until(t, "Kannel has the key", func() bool { return strings.Contains(status(t, "14000"), "SMS: received 7") })
			e.restart()
		case 9:
			within(t, "an answer is lost on the line", e.line.lost)
		}
		screen, want := network.waits("screen"), e.wants(adapters.USSD, e2eChild, text, i == 0)
		units := len(utf16.Encode([]rune(screen.Text)))
		widest = max(widest, units)
		wantOp := 2
		if want.End {
			wantOp, ended = 17, true
		}
		t.Logf("screen %d: %d units, operation %d", i+1, units, screen.Op)
		if got := codeless(screen.Text); got != want.Text {
			t.Fatalf("%q is answered on the screen:\n%s\nwant:\n%s", text, got, want.Text)
		}
		if screen.Op != wantOp || screen.Session != session || screen.Service != "USSD" || screen.ESM != 0 || screen.UDH ||
			strings.TrimPrefix(screen.To, "+") != strings.TrimPrefix(e2eChild, "+") {
			t.Fatalf("screen %d goes out as %+v; want operation %d", i+1, screen, wantOp)
		}
		if ended {
			break
		}
	}
	if !ended || widest != 80 {
		t.Errorf("the session ended: %v; the widest screen has %d units, want 80", ended, widest)
	}
	e.redials(network, session)
	until(t, "Kannel has nothing left", func() bool {
		s := status(t, "14000")
		return strings.Contains(s, "(0 queued)") && strings.Contains(s, "store size 0")
	})
	if len(network.events) != 0 {
		for len(network.events) > 0 {
			if event := <-network.events; event.Event != "taken" {
				t.Errorf("the operator says %+v, after the end", event)
			}
		}
	}
	e.ends(sent + 1)
}

// redials calls again with the same name of a session, sees the first screen alone, and hangs up.
func (e *e2e) redials(network *smppOperator, session string) {
	e.t.Helper()
	from := strings.TrimPrefix(e2eChild, "+")
	network.orders(map[string]any{"from": from, "text": "*1280#", "op": 1, "session": session})
	if got, want := network.waits("screen").Text, e.wants(adapters.USSD, e2eChild, "*1280#", true).Text; got != want {
		e.t.Errorf("the next call shows:\n%s\nwant:\n%s", got, want)
	}
	network.orders(map[string]any{"from": from, "text": "", "op": 129, "session": session})
}
