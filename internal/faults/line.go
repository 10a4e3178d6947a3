//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// Line is the network between the gateway and a server: it can be cut, made slow, or swallow everything without a word.
type Line struct {
	listener net.Listener
	target   string
	all      sync.WaitGroup

	mu    sync.Mutex
	state lineState
	open  map[net.Conn]bool
	moved chan struct{} // closed when the state changes
}

// lineState is how a line does.
type lineState struct {
	cut   bool          // whoever calls is turned away
	mute  bool          // nothing gets through, and nobody is told
	delay time.Duration // of everything, each way
}

// newLine is a line to a server, given as host:port.
func newLine(ctx context.Context, target string) (*Line, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a line: %w", err)
	}
	l := &Line{listener: listener, target: target, open: map[net.Conn]bool{}, moved: make(chan struct{})}
	l.all.Go(func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			l.all.Go(func() { l.carry(in) })
		}
	})
	return l, nil
}

// Addr is host:port of the line's near end.
func (l *Line) Addr() string { return l.listener.Addr().String() }

// Set changes how the line does. Cutting it breaks what goes over it.
func (l *Line) Set(s lineState) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	close(l.moved)
	l.moved = make(chan struct{})
	if s.cut {
		l.breakAll()
	}
}

func (l *Line) breakAll() {
	for c := range l.open {
		_ = c.Close()
	}
}

func (l *Line) close() {
	_ = l.listener.Close()
	l.Set(lineState{cut: true})
	l.all.Wait()
}

func (l *Line) carry(in net.Conn) {
	defer in.Close()
	if !l.passes() {
		return
	}
	out, err := net.DialTimeout("tcp", l.target, 5*time.Second) //nolint:noctx // the line's own end closes it
	if err != nil {
		return
	}
	defer out.Close()
	l.mu.Lock()
	cut := l.state.cut
	l.open[in], l.open[out] = true, true
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.open, in)
		delete(l.open, out)
		l.mu.Unlock()
	}()
	if cut {
		return
	}
	var both sync.WaitGroup
	both.Go(func() { l.copy(out, in) })
	both.Go(func() { l.copy(in, out) })
	both.Wait()
}

// passes waits as long as the line is mute, and then for its delay; false when it was cut.
func (l *Line) passes() bool {
	for {
		l.mu.Lock()
		s, moved := l.state, l.moved
		l.mu.Unlock()
		switch {
		case s.cut:
			return false
		case !s.mute:
			wait(context.Background(), s.delay)
			return true
		}
		<-moved
	}
}

func (l *Line) copy(to, from net.Conn) {
	defer to.Close()
	defer from.Close()
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			if !l.passes() {
				return
			}
			if _, err := to.Write(piece[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
