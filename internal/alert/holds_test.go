package alert

import (
	_ "embed"
	"fmt"
	"regexp"
	"testing"
	"time"

	"chumrok/internal/referral"
	"chumrok/internal/report"

	"github.com/google/go-cmp/cmp"
)

//go:embed holds.md
var holdDrawing string

// The drawing of holds says what the code does, for every state and everything that can happen.
func TestHoldDrawing(t *testing.T) {
	t.Parallel()
	d := load(t)
	late := t0.Add(365 * 24 * time.Hour)
	in := func(s referral.HoldState, reason referral.HoldReason) referral.Hold {
		h := StartHold(referral.Hold{Code: "333335", Risk: report.High, Reason: reason}, d, clocks, t0).Hold
		if s != referral.HoldWaiting {
			h = TakeHold(h, "desk-1", d, clocks, t0).Hold
		}
		if h.State = s; s == referral.HoldReleased {
			h.Due = time.Time{}
		}
		return h
	}
	events := []struct {
		name string
		do   func(referral.HoldState) HoldDecision
	}{
		{"take", func(s referral.HoldState) HoldDecision {
			return TakeHold(in(s, referral.NoPlace), "desk-2", d, clocks, t0)
		}},
		{"cannot", func(s referral.HoldState) HoldDecision {
			return AnswerHold(in(s, referral.NoPlace), "desk-2", Match{Verb: CannotDo}, d, clocks, t0)
		}},
		{"owner cannot", func(s referral.HoldState) HoldDecision {
			h := in(s, referral.NoPlace)
			if h.Owner == "" {
				return HoldDecision{Hold: h}
			}
			return AnswerHold(h, h.Owner, Match{Verb: CannotDo}, d, clocks, t0)
		}},
		{"clock out", func(s referral.HoldState) HoldDecision { return HoldTimeOut(in(s, referral.NoPlace), d, clocks, late) }},
		{"second clock out", func(s referral.HoldState) HoldDecision {
			h := in(s, referral.NoPlace)
			if s != referral.HoldTaken {
				return HoldDecision{Hold: h} // as any clock
			}
			return HoldTimeOut(HoldTimeOut(h, d, clocks, h.Due).Hold, d, clocks, late)
		}},
		{"assign", func(s referral.HoldState) HoldDecision {
			return AssignHold(in(s, referral.NoPlace), "desk-2", d, clocks, t0)
		}},
		{"erasing clock out", func(s referral.HoldState) HoldDecision {
			if s == referral.HoldWaiting {
				return HoldDecision{Hold: in(s, referral.AskedToErase)} // as any clock
			}
			return HoldTimeOut(in(s, referral.AskedToErase), d, clocks, late)
		}},
		{"seen", func(s referral.HoldState) HoldDecision {
			return AnswerHold(in(s, referral.NoPlace), "desk-1", Match{Verb: HaveSeen}, d, clocks, t0)
		}},
		{"a stranger takes", func(s referral.HoldState) HoldDecision {
			return TakeHold(in(s, referral.NoPlace), "c-1", d, clocks, t0)
		}},
	}
	var want, drawn []string
	for _, s := range []referral.HoldState{referral.HoldWaiting, referral.HoldTaken, referral.HoldReleased} {
		for _, e := range events {
			if dec := e.do(s); dec.Changed {
				want = append(want, fmt.Sprintf("%s --> %s: %s", s, dec.Hold.State, e.name))
				if dec.Clock.IsZero() {
					t.Errorf("%s in %s: stands without a clock", e.name, s)
				}
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^ +(\w+ --> \w+: .+)$`).FindAllStringSubmatch(holdDrawing, -1) {
		drawn = append(drawn, m[1])
	}
	if diff := cmp.Diff(want, drawn); diff != "" {
		t.Errorf("holds.md draws something else than the code does (-code +drawing):\n%s", diff)
	}
}
