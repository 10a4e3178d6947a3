// Package adaptertest is the exam that every adapter passes, so that a child's message is treated alike whichever network
// carried it. It reaches no network: what an adapter sends goes to a Network of the test's own, and anything that the
// test did not hand out fails.
package adaptertest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"chumrok/adapters"
)

// Sink is a gateway for tests: it remembers what arrives and answers as it is told.
type Sink struct {
	Answer adapters.Answer // to every message
	Err    error           // what every method returns

	mu         sync.Mutex
	messages   []adapters.Message
	deliveries []adapters.Delivery
	ended      []adapters.Ended
}

// Receive remembers m.
func (s *Sink) Receive(_ context.Context, m adapters.Message) (adapters.Answer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
	if s.Err != nil {
		return adapters.Answer{}, s.Err
	}
	return s.Answer, nil
}

// Delivered remembers d.
func (s *Sink) Delivered(_ context.Context, d adapters.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deliveries = append(s.deliveries, d)
	return s.Err
}

// Ended remembers e.
func (s *Sink) Ended(_ context.Context, e adapters.Ended) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, e)
	return s.Err
}

// Messages returns what Receive was given.
func (s *Sink) Messages() []adapters.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]adapters.Message(nil), s.messages...)
}

// Calls counts the calls of all three methods.
func (s *Sink) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.messages) + len(s.deliveries) + len(s.ended)
}

// ErrNetworkShut is what a request gets that no test handed an answer for.
var ErrNetworkShut = errors.New("the network is shut in tests")

// Exchange is one request that an adapter made, as it left.
type Exchange struct {
	Method, URL string
	Header      http.Header
	Body        string
}

// Network is the only way out for an adapter under test. The zero Network is shut.
type Network struct {
	Reply func(*http.Request) (*http.Response, error) // nil = shut

	mu   sync.Mutex
	sent []Exchange
}

// RoundTrip remembers the request and answers with Reply.
func (n *Network) RoundTrip(r *http.Request) (*http.Response, error) {
	e := Exchange{Method: r.Method, URL: r.URL.String(), Header: r.Header.Clone()}
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		_ = r.Body.Close()
		e.Body = string(b)
	}
	n.mu.Lock()
	n.sent = append(n.sent, e)
	n.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if n.Reply == nil {
		return nil, ErrNetworkShut
	}
	return n.Reply(r)
}

// Sent returns the requests so far.
func (n *Network) Sent() []Exchange {
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]Exchange(nil), n.sent...)
}

// Reply returns an answer with that status and body, and headers given in pairs.
func Reply(status int, body string, headers ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return &http.Response{StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Header: h, Request: r,
			Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}, nil
	}
}

// cutShort answers with a body whose connection ends before it does.
func cutShort(status int, begun string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		answer, err := Reply(status, begun)(r)
		if err == nil {
			answer.Body = io.NopCloser(io.MultiReader(strings.NewReader(begun), broken{}))
			answer.ContentLength = -1
		}
		return answer, err
	}
}

// Silent is a provider that takes the request and never answers: the request ends with its context.
func Silent(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// reveals fails the test when text holds any of what nobody may see.
func reveals(tb testing.TB, where, text string, secrets ...string) {
	tb.Helper()
	for _, s := range secrets {
		if s != "" && strings.Contains(text, s) {
			tb.Errorf("%s shows what it must not", where)
		}
	}
}
