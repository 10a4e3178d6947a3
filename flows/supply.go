package flows

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"chumrok/locales"
)

// Supplied is what the gateway answers to a Wanted event.
type Supplied struct {
	Answer  string            // stored in the fetch node's field, by which a branch chooses
	Vars    map[string]string // for the texts that follow, until the next fetch
	Options []Option          // what a list shows
	Text    string            // what a read shows, page by page
}

// Option is one line of a list. Its number is 1 to 7, or 11 and up; one that has none, or one that is not free, is given the next.
type Option struct {
	Number int
	Value  string // what choosing it answers; writing the value itself chooses it too
	Text   string
}

// mostNumber is the highest number of an option.
const mostNumber = 99

// Supply goes on from a fetch with what the gateway found. A conversation that waits for nothing is left as it is. The screen is empty
// only where another Wanted is among the events.
func (l *Library) Supply(s State, v Supplied, now time.Time) (State, Screen, []Event) {
	return l.supply(s, v, now, nil)
}

func (l *Library) supply(s State, v Supplied, now time.Time, see func(string)) (State, Screen, []Event) {
	d := l.ByHash(s.hash)
	if d == nil {
		return l.astray(s)
	}
	r := run{d: d, s: s, see: see}
	n := r.node()
	if r.s.over != notOver || n == nil || n.kind != kindFetch {
		return r.s, r.screen(), nil
	}
	r.s.expiresAt = now.Add(r.s.expires)
	r.supplied(n, v)
	return r.s, r.screen(), r.events
}

func (r *run) supplied(n *node, v Supplied) {
	p := &r.s.supplied
	p.vars, p.options, p.text = nil, numbered(v.Options), cut(v.Text, mostTotal)
	for name, value := range v.Vars {
		if len(p.vars) < mostVars {
			p.vars = append(p.vars, answer{name, cut(value, mostBytes)})
		}
	}
	slices.SortFunc(p.vars, func(a, b answer) int { return strings.Compare(a.field, b.field) })
	if n.field != "" {
		value := v.Answer
		if f := r.d.fields[n.field]; f == nil || !f.allows(value) {
			value = "" // what was not foreseen goes the way of else:
		}
		r.set(n.field, value)
	}
	r.carried = r.s.before
	r.arrive(n.to)
}

// numbered gives every option a number of its own.
func numbered(options []Option) []Option {
	options = slices.Clone(options[:min(len(options), mostOptions)])
	taken := map[int]bool{0: true, 8: true, 9: true, 10: true}
	for i := range options {
		o := &options[i]
		o.Value, o.Text = cut(o.Value, mostBytes), cut(o.Text, mostBytes)
		if o.Number < 0 || o.Number > mostNumber || taken[o.Number] {
			o.Number = 0
			continue
		}
		taken[o.Number] = true
	}
	next := 1
	for i := range options {
		if options[i].Number > 0 {
			continue
		}
		for taken[next] {
			next++
		}
		options[i].Number, taken[next] = next, true
	}
	return options
}

// want asks the gateway for what a fetch needs, and waits. What was asked for in secret goes along and is kept nowhere.
func (r *run) want(n *node) {
	var b strings.Builder
	for i, name := range n.with {
		if i > 0 {
			b.WriteByte(' ')
		}
		if name == r.secretField {
			b.WriteString(r.secret)
		} else {
			b.WriteString(r.s.Answer(name))
		}
	}
	r.event(Wanted, n.want, b.String())
}

// wantAgain is an input to a conversation that waits: the gateway was cut off in between. A secret is gone by then and is asked for anew.
func (r *run) wantAgain(n *node) {
	for _, name := range n.with {
		if f := r.d.fields[name]; f != nil && f.secret {
			r.back()
			return
		}
	}
	r.want(n)
}

// fetched puts a question that shows what was supplied on the way back: as its fetch, so that it is supplied afresh.
func (r *run) fetched(n *node) (id string, answers int) {
	if p := &r.s.supplied; n.shows() && p.by != "" {
		return p.by, p.base
	}
	return n.id, r.s.base
}

// shows reports whether a node shows what was supplied.
func (n *node) shows() bool {
	return n.kind == kindList || n.kind == kindRead && n.src.Text.at == (at{})
}

// picked takes a choice from a list: by number, or by the value or the words themselves.
func (r *run) picked(n *node, k key) {
	words, digits := letters(k.text), allDigits(k.text)
	for _, o := range r.s.supplied.options {
		switch {
		case k.digits != "" && k.digits == strconv.Itoa(o.Number):
		case digits != "" && digits == o.Value:
		case words != "" && words == letters(o.Text):
		default:
			continue
		}
		if r.see != nil {
			r.see(r.d.Name + "/" + n.id + " 1")
		}
		id, answers := r.fetched(n)
		r.s.trail = r.s.trail.push(id, answers)
		r.set(n.field, o.Value)
		r.arrive(n.to)
		return
	}
	r.unknown(n, k)
}

// suppliedPages are the pages of a list or of a text that was supplied.
func (r *run) suppliedPages(n *node) []string {
	f := r.face(n)
	if f == nil {
		return nil
	}
	m := locales.Menu{Leave: f.leave, Leaveable: true, Options: f.options}
	if n.kind == kindRead {
		m.Heading = r.inFront(r.s.supplied.text)
		return r.d.l.face(r.s.channel, *r.tongue(), m)
	}
	m.Heading = r.inFront(r.heading(f))
	m.Options = make([]locales.Option, 0, len(r.s.supplied.options))
	for _, o := range r.s.supplied.options {
		m.Options = append(m.Options, locales.Option{Key: strconv.Itoa(o.Number), Text: o.Text})
	}
	return r.d.l.face(r.s.channel, *r.tongue(), m)
}

// heading is a face's heading with its variables filled in.
func (r *run) heading(f *face) string {
	if !f.vars {
		return f.heading
	}
	vars := make(map[string]string, 4)
	vars["code"], vars["proof"] = r.s.Code, r.s.Proof
	for name, field := range r.d.vars {
		vars[name] = r.s.Answer(field)
	}
	for _, v := range r.s.supplied.vars {
		vars[v.field] = v.value
	}
	return r.d.l.texts.Format(r.tongue().lang, f.key, vars)
}
