//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// ussdLimit is within what a turn by USSD must be answered, or the network ends the session: Africa's Talking hangs up after 15 s, operators
	// after as little as 10.
	ussdLimit = 10 * time.Second
	// again is how long whoever got no answer waits before the message is delivered again.
	again = 150 * time.Millisecond
	// thinks is how long a caller looks at a screen at most.
	thinks = 120 * time.Millisecond
)

// person is one phone in the drill: it tells one report after the other, by USSD or by SMS.
type person struct {
	w      *World
	random *rand.Rand
	number string
	serial int
	prefix string
}

// Callers puts n more phones to work, and gives back what ends their work: it returns when every one of them has finished its turn. Officers
// answer the alerts that reach them as long as callers are at work.
func (w *World) Callers(ctx context.Context, n int) (stop func()) {
	working, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	officers := make(chan Taken, 10000)
	w.Carrier.Hear(func(t Taken) {
		select {
		case officers <- t:
		default: // more than officers can read: they answer the rest by nothing
		}
	})
	w.mu.Lock()
	first := w.callers
	w.callers += n
	w.mu.Unlock()
	for i := range n {
		p := &person{w: w, number: fmt.Sprintf("+85512000%03d", 300+(first+i)%600),
			random: rand.New(rand.NewPCG(w.options.seed, uint64(first+i))), prefix: fmt.Sprintf("%d-%d", first, i)}
		all.Go(func() { p.work(working) })
	}
	all.Go(func() { w.officersAnswer(working, officers, first) })
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); all.Wait(); w.Carrier.Hear(nil) }) }
	w.stoppers = append(w.stoppers, stop)
	return stop
}

// work tells reports until it is over. The turn that is under way is given the time to be answered.
func (p *person) work(ctx context.Context) {
	for ctx.Err() == nil {
		p.serial++
		p.w.count(func(t *tally) { t.begun++ })
		if p.random.IntN(3) == 0 {
			p.texts(ctx)
		} else {
			p.dials(ctx)
		}
	}
}

// texts tells a report by SMS. Each message is delivered until it is answered, as Twilio can be told to.
func (p *person) texts(ctx context.Context) {
	script := smsScript(p.random)
	for i, words := range script {
		t := &Turn{Provider: "twilio", ID: fmt.Sprintf("SM%s-%d-%d", p.prefix, p.serial, i), From: p.number, Text: words}
		if !p.say(ctx, t, true) {
			return
		}
	}
	p.w.count(func(t *tally) { t.concluded++ })
}

// dials tells a report by USSD. What is not answered comes again from the network, or the caller dials anew.
func (p *person) dials(ctx context.Context) {
	session := fmt.Sprintf("AT%s-%d", p.prefix, p.serial)
	path := ""
	for i, key := range ussdScript(p.random) {
		switch {
		case i == 1:
			path = key
		case i > 1:
			path += "*" + key
		}
		t := &Turn{Provider: "africastalking", ID: session + "|" + path, Session: session, From: p.number, Text: path}
		if !p.say(ctx, t, p.random.IntN(2) == 0) {
			return
		}
		if t.Ended {
			break
		}
	}
	p.w.count(func(t *tally) { t.concluded++ })
}

// say delivers a turn until it is answered, or once where the caller is not patient. It says whether the conversation can go on.
func (p *person) say(ctx context.Context, t *Turn, patient bool) bool {
	wait(ctx, time.Duration(p.random.Int64N(int64(thinks))))
	if ctx.Err() != nil {
		return false
	}
	if p.random.IntN(20) == 0 {
		return p.saysTwice(ctx, t)
	}
	return p.w.say(ctx, t, patient, p.random)
}

// say delivers a turn to one of the gateways, and to another when it is not answered.
func (w *World) say(ctx context.Context, t *Turn, patient bool, random *rand.Rand) bool {
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*patience) // what is under way is answered or not, whoever stops
	defer cancel()
	for {
		t.Sent++
		began := time.Now()
		answer, ended, err := w.deliver(finish, w.anyGateway(random), t)
		took := time.Since(began)
		if t.Provider != "twilio" && took > ussdLimit {
			w.count(func(c *tally) { c.overLimit++ })
		}
		switch {
		case err == nil:
			t.Answer, t.Ended, t.Took, t.At = answer, ended, took, time.Now()
			w.keep(t)
			return true
		case errors.Is(err, errApology):
			w.keepLate(t)
			return false // the session is over; the caller dials again
		}
		w.count(func(c *tally) {
			c.refused++
			if t.Provider != "twilio" {
				c.mute++
			}
		})
		if !patient || ctx.Err() != nil {
			w.count(func(c *tally) { c.hungUp++ })
			return false
		}
		wait(ctx, again)
	}
}

// saysTwice delivers the same turn twice in the same moment: both must get the same answer.
func (p *person) saysTwice(ctx context.Context, t *Turn) bool {
	p.w.count(func(c *tally) { c.twice++ })
	other := *t
	theirs := rand.New(rand.NewPCG(p.random.Uint64(), 1))
	answered := make(chan bool)
	go func() { answered <- p.w.say(ctx, &other, true, theirs) }()
	mine := p.w.say(ctx, t, true, p.random)
	if their := <-answered; mine && their && t.Answer != other.Answer {
		p.w.Fault("one turn that was delivered twice at once got two answers")
	}
	return mine
}

// anyGateway is one of those that callers are sent to.
func (w *World) anyGateway(random *rand.Rand) *Gateway {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.Gateways[random.IntN(len(w.Gateways))]
}

// officersAnswer takes every other alert, as the committee's phones do.
func (w *World) officersAnswer(ctx context.Context, alerts <-chan Taken, first int) {
	random := rand.New(rand.NewPCG(w.options.seed, uint64(first)<<32))
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case t := <-alerts:
			code := codeIn(t.Text)
			if code == "" || w.Deaf || random.IntN(2) == 0 {
				continue
			}
			w.count(func(c *tally) { c.officers++ })
			w.say(ctx, &Turn{Provider: "twilio", ID: fmt.Sprintf("SMofficer%d-%d", first, n), From: t.To, Text: "1 " + code}, true, random)
		}
	}
}
