package referral

import (
	"errors"
	"fmt"

	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/report"
)

// Target is where a person at the desk gives a report: a commune, or one officer. One of them is set.
type Target struct {
	Area    string
	Officer string // officer id
}

// ErrKeptOut says that the officer must not be told of the report.
var ErrKeptOut = errors.New("that officer is kept out of this report")

// ErrNobody says that nobody who may be told would be.
var ErrNobody = errors.New("nobody who may be told of this report is there")

// Given is the way of a report that a person at the desk gives to a commune or to an officer: that of Route, with the officer before all others,
// and with nobody in it whom the report or also keeps out. It returns the plan and the place that the report has from now on.
func Given(r report.Report, risk report.Risk, caller phone.Number, to Target, also Removal, ladders Ladders, d *directory.Directory, g *gazetteer.Gazetteer) (Plan, string, error) {
	var first *Step
	if to.Officer != "" {
		o, ok := d.Get(to.Officer)
		if !ok {
			return Plan{}, "", fmt.Errorf("the directory has no officer %s", to.Officer)
		}
		first = &Step{Body: o.Body, Area: o.AreaCode, Only: []string{o.ID}, Why: fmt.Sprintf("The desk gives it to officer %s.", o.ID)}
		if _, _, reason := place(r, g); reason != "" && len(o.AreaCode) == 6 {
			to.Area = o.AreaCode
		}
	}
	if to.Area != "" {
		r.AreaCode = to.Area
		if _, where, reason := place(r, g); reason != "" {
			return Plan{}, "", fmt.Errorf("a report is given to a commune: %s", where)
		}
	}
	plan, held := Route(r, risk, caller, ladders, d, g)
	if held != nil {
		plan.Removed = held.Removed
	}
	plan.Removed = plan.Removed.And(also)
	if first != nil {
		if o, _ := d.Get(to.Officer); plan.Removed.IsRemoved(o, d) {
			return Plan{}, "", ErrKeptOut
		}
		plan.Steps = append([]Step{*first}, plan.Steps...)
		plan.Why = append(plan.Why, first.Why)
		if held != nil {
			plan.Steps = append(plan.Steps, Step{Body: directory.Desk, Area: directory.National, Why: "Then the duty desk."})
		}
	} else {
		plan.Why = append(plan.Why, "The desk gives it to this commune.")
	}
	for i := range plan.Steps {
		if len(plan.Officers(i, d)) > 0 {
			return plan, r.AreaCode, nil
		}
	}
	return Plan{}, "", ErrNobody
}
