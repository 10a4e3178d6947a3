package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
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

	"chumrok/internal/servertest"
)

// silentAtMost is promise 2: after a crash no due alert is silent longer than this.
const silentAtMost = 60 * time.Second

// carrier is Twilio's API as the real binary meets it: it refuses, hangs, or takes messages.
type carrier struct {
	server *httptest.Server
	mu     sync.Mutex
	mood   string        // "refuse", "hang", "take"
	asked  chan string   // the number of every request
	taken  chan string   // the number of every message taken
	freed  chan struct{} // ends what hangs
	count  int
}

func newCarrier(t *testing.T) *carrier {
	c := &carrier{mood: "take", asked: make(chan string, 1000), taken: make(chan string, 1000), freed: make(chan struct{})}
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := r.PostFormValue("To")
		c.asked <- to
		c.mu.Lock()
		mood := c.mood
		c.count++
		n := c.count
		c.mu.Unlock()
		switch mood {
		case "refuse":
			http.Error(w, `{"code":20503,"message":"down","status":503}`, http.StatusServiceUnavailable)
		case "hang":
			select {
			case <-c.freed:
			case <-r.Context().Done():
			}
		default:
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, `{"sid":"SMout%027d","status":"queued"}`, n)
			c.taken <- to
		}
	}))
	t.Cleanup(func() {
		close(c.freed)
		c.server.Close()
	})
	return c
}

func (c *carrier) set(mood string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mood = mood
}

// process is the real binary, running.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	public string
}

const (
	crashToken   = "crash-token"
	crashAddress = "https://gateway.example"
)

var binary = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "chumrok-binary-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "chumrok")
	out, err := exec.Command("go", "build", "-buildvcs=false", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the gateway: %w: %s", err, out)
	}
	return path, nil
})

// startProcess starts the gateway on a folder and waits until it serves.
func startProcess(t *testing.T, env environment) *process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(path, "serve")}
	p.cmd.Env = append(os.Environ(), "GODEBUG=")
	for name, value := range env {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	var complaints strings.Builder
	p.cmd.Stderr = &complaints
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	address := regexp.MustCompile(`public\s+http://(\S+)`)
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		if found := address.FindStringSubmatch(scanner.Text()); found != nil {
			p.public = "http://" + found[1]
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p
		}
	}
	p.kill()
	t.Fatalf("the gateway did not start: %s", complaints.String())
	return nil
}

// kill ends the process as a power cut does.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// texts sends an SMS through the hook of the real process.
func (p *process) texts(sid, from, text string) {
	p.t.Helper()
	p.says(sid, from, text)
}

// TestKilled kills the real binary between report and alert, and while an alert is being sent. Started again on what it
// left, the alert goes out within a minute.
func TestKilled(t *testing.T) {
	t.Parallel()
	for house, databases := range map[string]func(t *testing.T) environment{
		"embedded": func(*testing.T) environment { return environment{} },
		"real": func(t *testing.T) environment {
			return environment{"CHUMROK_DATABASE_URL": servertest.Postgres(t), "CHUMROK_REDIS_URL": servertest.Redis(t).URL()}
		},
	} {
		for mood, when := range map[string]string{"refuse": "between report and alert", "hang": "while sending"} {
			t.Run(house+"/"+when, func(t *testing.T) {
				t.Parallel()
				network := newCarrier(t)
				network.set(mood)
				env := databases(t)
				for name, value := range map[string]string{
					"CHUMROK_DATA": t.TempDir(), "CHUMROK_PACK": storyPack(t), "CHUMROK_LISTEN": "127.0.0.1:0", "CHUMROK_DESK_LISTEN": "127.0.0.1:0",
					"CHUMROK_PUBLIC_URL": crashAddress, "CHUMROK_TWILIO_ACCOUNT_SID": trialAccount, "CHUMROK_TWILIO_AUTH_TOKEN": crashToken,
					"CHUMROK_TWILIO_FROM": "+85512000999", "CHUMROK_TWILIO_API_URL": network.server.URL,
				} {
					env[name] = value
				}
				p := startProcess(t, env)
				for i, text := range []string{"គេវាយខ្ញុំ", "កន្ទឺ ១ បាត់ដំបង", "1", "2"} {
					p.texts(fmt.Sprintf("SMcrash%d", i), childPhone, text)
				}
				p.kill() // in mid-conversation: the embedded Redis forgets everything
				p = startProcess(t, env)
				p.texts("SMcrash4", childPhone, "3")
				if mood == "hang" {
					within(t, "the alert is being sent", network.asked)
				}
				p.kill()
				network.set("take")
				p = startProcess(t, env)
				started := time.Now()
				if to := within(t, "the alert is sent after the restart", network.taken); to != "+85512000101" {
					t.Fatalf("the first alert went to …%s", to[len(to)-3:])
				}
				t.Logf("the alert went out %s after the restart", time.Since(started).Round(time.Millisecond))
				p.kill()
				ledgerAddsUp(t, env)
			})
		}
	}
}

// within waits for something as long as promise 2 allows.
func within(t *testing.T, what string, channel <-chan string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), silentAtMost)
	defer cancel()
	select {
	case got := <-channel:
		return got
	case <-ctx.Done():
		t.Fatalf("not within %s: %s", silentAtMost, what)
		return ""
	}
}

// ledgerAddsUp runs `ledger --check` on what a process left.
func ledgerAddsUp(t *testing.T, env environment) {
	t.Helper()
	var out, complaints strings.Builder
	var environ []string
	for name, value := range env {
		environ = append(environ, name+"="+value)
	}
	if code := run(t.Context(), []string{"ledger", "--check"}, streams{in: strings.NewReader(""), out: &out, err: &complaints}, environ); code != exitDone {
		t.Fatalf("ledger --check ends with %d:\n%s%s", code, out.String(), complaints.String())
	}
}
