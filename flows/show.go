package flows

import (
	"strings"
	"time"
)

// Show returns the screen that the phone should be showing, without a step.
func (d *Definition) Show(s State) Screen {
	r := run{d: d, s: s}
	return r.screen()
}

// TakeUp goes on with a conversation that was cut off, with the screen that it was left at. It is false for one that is over or concluded,
// and for one that the library cannot show any more.
func (l *Library) TakeUp(s State, now time.Time) (State, Screen, bool) {
	d := l.ByHash(s.hash)
	if d == nil || s.fresh || s.concluded || s.over != notOver {
		return s, Screen{}, false
	}
	r := run{d: d, s: s}
	if n := r.node(); n == nil || !n.waitsForCaller() {
		return s, Screen{}, false
	}
	if r.s.mode == modeError || r.s.mode == modeBad {
		r.s.mode = modeAsk // the question itself: what was wrong about the last key is long ago
	}
	r.s.expiresAt = now.Add(r.s.expires)
	return r.s, r.screen(), true
}

func (r *run) tongue() *tongue { return &r.d.l.tongues[r.d.l.language(r.s.language)] }

// face is the node in the conversation's channel, language and voice; nil for a node without words.
func (r *run) face(n *node) *face {
	faces := n.faces[r.s.channel.index()]
	voice := 0
	for voice < len(r.d.voices)-1 && !r.d.voices[voice].when.holds(&r.s) {
		voice++
	}
	i := r.d.l.language(r.s.language)*len(r.d.voices) + voice
	if i >= len(faces) {
		return nil
	}
	return &faces[i]
}

// pages are the pages of what the caller sees.
func (r *run) pages(n *node) []string {
	switch r.s.mode {
	case modeError:
		return r.tongue().unknown
	case modeLong:
		return r.tongue().tooLong
	case modeBad:
		voice := 0
		for voice < len(r.d.voices)-1 && !r.d.voices[voice].when.holds(&r.s) {
			voice++
		}
		if i := r.d.l.language(r.s.language)*len(r.d.voices) + voice; i < len(n.badPages) {
			return n.badPages[i]
		}
		return r.tongue().unknown
	case modeAsk, modeMore:
	}
	switch {
	case n.kind == kindPlace:
		return r.placePages(n)
	case n.shows():
		return r.suppliedPages(n)
	}
	f := r.face(n)
	if f == nil {
		return nil
	}
	mask := 0
	for i, w := range n.when {
		if w.holds(&r.s) {
			mask |= 1 << i
		}
	}
	if !f.vars && r.s.before == "" {
		return f.pages[mask]
	}
	return r.d.l.face(r.s.channel, *r.tongue(), n.menu(*f, r.inFront(r.heading(f)), mask))
}

// inFront puts the texts that do not wait for a key in front of a heading.
func (r *run) inFront(heading string) string {
	if r.s.before == "" {
		return heading
	}
	space := "\n"
	if r.s.channel == SMS {
		space = " "
	}
	var b strings.Builder
	for key := range strings.SplitSeq(r.s.before, " ") {
		if text := r.d.l.texts.Text(r.tongue().lang, key); text != "" {
			b.WriteString(text)
			b.WriteString(space)
		}
	}
	return b.String() + heading
}

// screen is what the phone shows.
func (r *run) screen() Screen {
	t := r.tongue()
	switch {
	case r.said != "" && r.s.over == notOver:
		return Screen{Text: r.said}
	case r.s.over == overLeft, r.s.over == overTries && r.s.channel == SMS:
		return Screen{Text: t.left, End: true}
	case r.s.over == overTries:
		return Screen{Text: t.tryAgain, End: true}
	}
	n := r.node()
	switch {
	case n == nil:
		return Screen{Text: t.tryAgain, End: true}
	case n.kind == kindFetch && r.s.over == notOver: // nothing is shown before it is supplied
		return Screen{}
	}
	pages := r.pages(n)
	if len(pages) == 0 {
		return Screen{Text: t.tryAgain, End: true}
	}
	return Screen{Text: pages[r.s.page%len(pages)], End: r.s.over == overEnd}
}
