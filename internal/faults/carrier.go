//go:build unix

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Mood is how a provider of the drill does.
type Mood string

const (
	// Taking takes every message.
	Taking Mood = "taking"
	// Down answers 503.
	Down Mood = "down"
	// Throttling answers 429 and asks to wait a second.
	Throttling Mood = "throttling"
	// Garbage answers 200 with what nobody can read.
	Garbage Mood = "garbage"
	// Slow takes every message after SlowFor.
	Slow Mood = "slow"
	// Hanging answers nothing until the gateway gives up.
	Hanging Mood = "hanging"
)

// SlowFor is how long a slow provider takes: less than a gateway waits for it.
const SlowFor = 4 * time.Second

// usually is how long a provider takes that does well: some of its answers are under way when a gateway is killed.
const usually = 300 * time.Millisecond

// Taken is one message that a provider took.
type Taken struct {
	Provider, To, Text, ID string
	At                     time.Time
	// Cut says that the gateway did not hear it: the connection was gone before the answer.
	Cut bool
}

// Carrier is what Twilio and Africa's Talking are to the gateway: their APIs for sending, on one loopback address.
type Carrier struct {
	URL string

	server *http.Server
	mu     sync.Mutex
	mood   map[string]Mood
	taken  []Taken
	asked  int
	hear   func(Taken) // told of each message taken; nil = nobody
}

func newCarrier(ctx context.Context) (*Carrier, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening the provider's address: %w", err)
	}
	c := &Carrier{URL: "http://" + listener.Addr().String(), mood: map[string]Mood{}}
	routes := http.NewServeMux()
	routes.HandleFunc("POST /2010-04-01/Accounts/{account}/Messages.json", func(w http.ResponseWriter, r *http.Request) {
		c.take(w, r, "twilio", r.PostFormValue("To"), r.PostFormValue("Body"), func(id string) (int, any) {
			return http.StatusCreated, map[string]string{"sid": id, "status": "queued"}
		})
	})
	routes.HandleFunc("POST /version1/messaging", func(w http.ResponseWriter, r *http.Request) {
		to := r.PostFormValue("to")
		c.take(w, r, "africastalking", to, r.PostFormValue("message"), func(id string) (int, any) {
			recipient := map[string]any{"statusCode": 101, "number": to, "status": "Success", "messageId": id}
			return http.StatusCreated, map[string]any{"SMSMessageData": map[string]any{"Message": "Sent to 1/1", "Recipients": []any{recipient}}}
		})
	})
	c.server = &http.Server{Handler: routes, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = c.server.Serve(listener) }()
	return c, nil
}

// Set changes how a provider does, "twilio" or "africastalking", from its next message on.
func (c *Carrier) Set(provider string, m Mood) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mood[provider] = m
}

// Taken is every message that was taken so far.
func (c *Carrier) Taken() []Taken {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Taken(nil), c.taken...)
}

// Hear has f told of each message that is taken from now on.
func (c *Carrier) Hear(f func(Taken)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hear = f
}

func (c *Carrier) take(w http.ResponseWriter, r *http.Request, provider, to, text string, answer func(id string) (int, any)) {
	c.mu.Lock()
	mood := c.mood[provider]
	c.asked++
	id := fmt.Sprintf("SM%032d", c.asked)
	if provider != "twilio" {
		id = fmt.Sprintf("ATXid_%032d", c.asked)
	}
	c.mu.Unlock()
	switch mood {
	case Down:
		http.Error(w, `{"code":20503,"message":"down","status":503}`, http.StatusServiceUnavailable)
		return
	case Throttling:
		w.Header().Set("Retry-After", "1")
		http.Error(w, `{"code":20429,"message":"too many","status":429}`, http.StatusTooManyRequests)
		return
	case Garbage:
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte("<html>welcome to nginx"))
		return
	case Hanging:
		<-r.Context().Done()
		return
	case Slow:
		wait(r.Context(), SlowFor)
	case Taking:
		wait(r.Context(), usually)
	}
	status, body := answer(id)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
	// The message counts as taken whether or not the gateway hears of it: that is how a real one does.
	t := Taken{Provider: provider, To: to, Text: text, ID: id, At: time.Now(), Cut: r.Context().Err() != nil}
	c.mu.Lock()
	c.taken = append(c.taken, t)
	hear := c.hear
	c.mu.Unlock()
	if hear != nil {
		hear(t)
	}
}

func (c *Carrier) close() { _ = c.server.Close() }

// wait is over after d, or when ctx is.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// codeIn is the referral's code in a text to an officer, "" where there is none.
func codeIn(text string) string {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(word) == 6 {
			return word
		}
	}
	return ""
}
