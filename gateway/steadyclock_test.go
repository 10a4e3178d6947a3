package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// readiness is what the gateway says to those who watch over it.
func (w *world) readiness() string {
	w.t.Helper()
	answer := httptest.NewRecorder()
	w.gateway.Private().ServeHTTP(answer, httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, "/readyz", nil))
	return answer.Body.String()
}

// TestClockSetBackAndRestarted: somebody sets the machine's clock an hour back and starts the gateway again. The clock of an alert that nobody
// accepts runs on, and the gateway says loudly what is wrong.
func TestClockSetBackAndRestarted(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		w.forward(2*time.Hour + 50*time.Minute) // of the three hours that a medium risk has
		w.clock.set(w.clock.Now().Add(-time.Hour))
		w.restart()
		if said := w.readiness(); !strings.Contains(said, "1h0m5s behind") {
			t.Errorf("/readyz says %q", said)
		}
		if !strings.Contains(w.logs.String(), "the machine's clock is wrong") {
			t.Error("nothing of it is on the log")
		}
		if exit, out := w.runs("clock"); exit != exitFault || !strings.Contains(out, "1h0m5s behind") {
			t.Errorf("chumrok clock ends with %d: %s", exit, out)
		}
		w.forward(11 * time.Minute) // a minute in an hour slower
		w.gets("banan1-chair", code)
		w.gets("banan-office", code)

		// The gateway is stopped and a person says that the machine's clock is right now.
		w.replies("banan-office", "1 "+code)
		w.nothingElseArrived()
		w.gateway.Close()
		w.done("clock", "reset", "--reason", "the clock was an hour fast")
		w.read = map[string]int{}
		w.open()
		if on := w.record(); on[len(on)-1] != operator+" clock reset clock" {
			t.Errorf("on record is %q", on[len(on)-1])
		}
		if said := w.readiness(); said != "ready\n" {
			t.Errorf("after the reset /readyz says %q", said)
		}
	})
}

// TestClockFarAheadAtTheStart: the gateway was off for days, or its machine's clock is wrong. What is due is done, and nothing is destroyed.
func TestClockFarAheadAtTheStart(t *testing.T) {
	stories(t, func(w *world) {
		_, code := w.tellsBySMS(childPhone)
		if !w.gateway.mayDestroy(w.gateway.now()) {
			t.Error("nothing is wrong, and nothing may be destroyed")
		}
		w.nothingElseArrived()
		w.gateway.Close()
		w.clock.set(w.clock.Now().Add(3 * 24 * time.Hour))
		w.read = map[string]int{}
		w.open()
		w.settle()
		w.gets("banan1-chair", code)
		w.gets("banan-office", code)
		if !strings.Contains(w.logs.String(), "nothing is destroyed") {
			t.Error("nothing of it is on the log")
		}
		if w.gateway.mayDestroy(w.gateway.now()) {
			t.Error("things are destroyed by their age although the clock may be wrong")
		}
		if exit, out := w.runs("clock"); exit != exitDone || !strings.Contains(out, "jumped") {
			t.Errorf("chumrok clock ends with %d: %s", exit, out)
		}
		w.replies("banan-office", "1 "+code)
		w.clock.set(w.clock.Now().Add(2 * time.Hour))
		w.restart() // which does not make it forget
		if w.gateway.mayDestroy(w.gateway.now()) {
			t.Error("a restart is enough to have things destroyed")
		}
		w.clock.set(w.clock.Now().Add(22 * time.Hour))
		if !w.gateway.mayDestroy(w.gateway.now()) {
			t.Error("a day later still nothing may be destroyed")
		}
	})
}
