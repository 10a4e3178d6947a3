package flows

import (
	"strings"
	"time"
)

// mostHops bounds the nodes that one step goes through without stopping for the caller; the check at Add and Connected leave far fewer.
const mostHops = 512

// flowAt is the conversation that begins on a channel where nobody says otherwise.
func flowAt(c Channel) string {
	if c == SMS {
		return "report"
	}
	return "menu"
}

// Begin starts a conversation with the current definition of b.Flow. Where there is none, the first step ends neutrally.
func (l *Library) Begin(b Beginning, now time.Time) State {
	if b.Flow == "" {
		b.Flow = flowAt(b.Channel)
	}
	d := l.Current(b.Flow)
	if d == nil {
		d = &Definition{l: l, entry: [len(channels)]int{-1, -1}}
	}
	return d.Begin(b, now)
}

// Step takes one input, as Definition.Step does, with the definition that the state is in now.
func (l *Library) Step(s State, in Input, now time.Time) (State, Screen, []Event) {
	return l.step(s, in, now, nil)
}

func (l *Library) step(s State, in Input, now time.Time, see func(string)) (State, Screen, []Event) {
	d := l.ByHash(s.hash)
	if d == nil {
		return l.astray(s)
	}
	return d.step(s, in, now, see)
}

// Show returns the screen that the phone should be showing, without a step.
func (l *Library) Show(s State) Screen {
	d := l.ByHash(s.hash)
	if d == nil {
		_, screen, _ := l.astray(s)
		return screen
	}
	return d.Show(s)
}

// Secret reports whether the phone shows a question whose answer must be kept nowhere: no copy of the next input may be written down, not
// even in State.Heard.
func (l *Library) Secret(s State) bool {
	d := l.ByHash(s.hash)
	if d == nil || s.over != notOver || s.fresh {
		return false
	}
	i, ok := d.index[s.node]
	return ok && d.nodes[i].secret
}

// astray ends a conversation whose definition the library does not have.
func (l *Library) astray(s State) (State, Screen, []Event) {
	r := run{d: &Definition{l: l}, s: s}
	if r.s.over == notOver {
		r.giveUp()
	}
	return r.s, r.screen(), r.events
}

// cross hands over to another definition and returns its first node, -1 where there is none. The way back leads over the crossing.
func (r *run) cross(flow string) int {
	next := r.d.l.Current(flow)
	if next == nil || next.entry[r.s.channel.index()] < 0 {
		return -1
	}
	r.s.trail = r.s.trail.crossing(r.d.Hash)
	r.enter(next)
	return next.entry[r.s.channel.index()]
}

// enter makes a definition the one that the conversation is in.
func (r *run) enter(d *Definition) {
	r.d = d
	r.s.hash, r.s.mark = d.Hash, d.mark
	r.s.supplied = supplied{}
}

// crossing marks the last question as one of another definition.
func (t trail) crossing(hash string) trail {
	rest, node, answers, ok := t.pop()
	if !ok || strings.Contains(node, "@") {
		return t
	}
	return rest.push(node+"@"+hash, answers)
}

// Definitions returns the current definitions by name: those that a conversation may begin with or go to.
func (l *Library) Definitions() []*Definition {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var list []*Definition
	for _, name := range sortedKeys(l.current) {
		list = append(list, l.current[name])
	}
	return list
}

// Connected holds the current definitions together: each node of kind go must lead to one that there is, with an entry for every channel
// on which the node is met, and no round of them may go on without a stop. The error joins all faults.
func (l *Library) Connected() error {
	f := &faults{}
	for _, d := range l.Definitions() {
		f.file = d.file
		for i := range d.nodes {
			n := &d.nodes[i]
			if n.kind != kindGo {
				continue
			}
			next := l.Current(n.flow)
			if next == nil {
				f.add(n.src.Flow.at, "add flows/"+n.flow+".yaml, or name one that there is", "there is no conversation %q", n.flow)
				continue
			}
			for ci, channel := range channels {
				if !n.on[ci] {
					continue
				}
				switch entry := next.entry[ci]; {
				case entry < 0:
					f.add(n.src.Flow.at, "give it an entry for "+string(channel), "the conversation %q does not begin by %s", n.flow, channel)
				case next.nodes[entry].passes():
					f.add(n.src.Flow.at, "let it begin with a question", "the conversation %q begins with a node that asks nothing", n.flow)
				}
			}
		}
	}
	return f.err()
}
