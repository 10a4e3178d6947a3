package referral

import (
	"fmt"
	"slices"
	"strings"

	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/internal/report"
)

// usual is the order of bodies where the pack names none.
var usual = []directory.Body{directory.Committee, directory.DistrictOffice, directory.ProvinceOffice, directory.Desk}

// Route decides who is responsible for a report, in which order, and why; caller is the number that it came from. Where no commune is known,
// or nobody may be told, it returns a Hold for the desk instead, and the Plan is empty but for its reasons and its Removal. The caller
// gives the hold ID, Code and, from package alert, its clock.
func Route(r report.Report, risk report.Risk, caller phone.Number, ladders Ladders, d *directory.Directory, g *gazetteer.Gazetteer) (Plan, *Hold) {
	commune, where, reason := place(r, g)
	x := removals(r, caller, commune, d)
	rt := route{removing: x, risk: risk, commune: commune, d: d, g: g, by: byHarm(r), chosen: r.Harm == report.HarmBullying}
	rt.why = append([]string{where}, rt.why...)
	if reason == "" {
		rt.walk(ladders.order(r, commune, rt.by), ladders.DangerHelp, danger(r, risk))
		if len(rt.steps) > 0 {
			return Plan{Steps: rt.steps, Why: rt.why, Removed: rt.Removal}, nil
		}
		reason = NobodyReachable
		rt.why = append(rt.why, "Nobody in the directory may be told of it: a person has to decide.")
	}
	h := &Hold{
		ReportID: r.ID, ConversationID: r.ConversationID, Reason: reason, Why: rt.why, State: HoldWaiting, Risk: risk,
		Danger: danger(r, risk) || r.DangerSaid(), AreaCode: r.AreaCode, Removed: rt.Removal, DangerAt: r.DangerAt,
	}
	if commune != "" {
		h.AreaCode = commune
	}
	return Plan{Why: rt.why, Removed: rt.Removal}, h
}

// Unfinished returns the hold for a report whose caller stopped half-way: the same people are kept from it as from a referral.
func Unfinished(r report.Report, risk report.Risk, caller phone.Number, d *directory.Directory, g *gazetteer.Gazetteer) Hold {
	commune, where, reason := place(r, g)
	x := removals(r, caller, commune, d)
	if reason == NoPlace {
		where = "No place was told before the caller stopped."
	}
	h := Hold{
		ReportID: r.ID, ConversationID: r.ConversationID, Reason: UnfinishedReport, State: HoldWaiting, Risk: risk,
		Why:    append([]string{"The caller stopped half-way.", where}, x.why...),
		Danger: danger(r, risk) || r.DangerSaid(), AreaCode: r.AreaCode, Removed: x.Removal, DangerAt: r.DangerAt,
	}
	if commune != "" {
		h.AreaCode = commune
	}
	return h
}

// danger reports whether a child is in danger now, so that more than one body is told at once.
func danger(r report.Report, risk report.Risk) bool {
	return risk == report.Immediate || r.Danger == report.DangerYes || r.Says("harm", string(report.HarmSelf))
}

// place finds the commune in force of a report and says in words what was found; reason is empty when there is one.
func place(r report.Report, g *gazetteer.Gazetteer) (commune, where string, reason HoldReason) {
	switch p, followed, ok := g.Current(r.AreaCode); {
	case r.AreaCode == "" && r.PlaceTyped == "":
		return "", "No place was told.", NoPlace
	case r.AreaCode == "":
		return "", "The place that the caller wrote is not clear; it is not guessed.", UnclearPlace
	case !ok:
		return "", fmt.Sprintf("The code %s is no place in force.", r.AreaCode), UnclearPlace
	case len(p.Code) < 6:
		return "", fmt.Sprintf("Only the %s is known: %s (%s). The commune is not guessed.", level(p.Code), p.Latin, p.Code), UnclearPlace
	case followed:
		return p.Code, fmt.Sprintf("The commune code %s is retired; %s (%s) took its place.", r.AreaCode, p.Latin, p.Code), ""
	default:
		return p.Code, fmt.Sprintf("The report is from commune %s (%s), in %s.", p.Latin, p.Code, above(p.Code, g)), ""
	}
}

// route is a Plan in the making.
type route struct {
	removing
	risk    report.Risk
	commune string
	by      report.Harm // what has a way of its own; empty for all other harm
	chosen  bool        // the caller chose bullying, and was asked who does it
	d       *directory.Directory
	g       *gazetteer.Gazetteer
	steps   []Step
	done    []directory.Body // taken or skipped already
}

// walk takes the bodies in order: first those who are told together, then one after the other.
func (rt *route) walk(order, dangerHelp []directory.Body, danger bool) {
	if why := rt.explained(); why != "" {
		rt.why = append(rt.why, why)
	}
	if rt.by == report.HarmSexual {
		rt.take(directory.Committee, false)
		rt.take(directory.DistrictOffice, len(rt.steps) > 0)
	}
	for _, body := range order {
		if len(rt.steps) == 0 {
			rt.take(body, false)
		}
	}
	if danger {
		rt.why = append(rt.why, "A child is in danger now: the district and those who can help at once are told at the same time.")
		if rt.by == report.HarmSelf && slices.Contains(order, directory.Committee) {
			rt.take(directory.Committee, len(rt.steps) > 0) // whoever is near enough to sit with the child does not wait for a clock
		}
		rt.take(directory.DistrictOffice, len(rt.steps) > 0)
		for _, body := range dangerHelp {
			rt.take(body, len(rt.steps) > 0)
		}
	}
	for _, body := range order {
		rt.take(body, false)
	}
	if len(rt.steps) > 0 && !slices.ContainsFunc(rt.steps, func(s Step) bool { return s.Body == directory.Desk }) {
		rt.why = append(rt.why, "Nobody stands behind the last step: the desk has no officer who may be told.")
	}
}

// take makes a body the next step, or says why it is skipped. A body is taken once.
func (rt *route) take(body directory.Body, parallel bool) {
	if slices.Contains(rt.done, body) {
		return
	}
	rt.done = append(rt.done, body)
	if reason, ok := rt.reasons[body]; ok {
		rt.skip(body, reason)
		return
	}
	onePerson := rt.onePerson() && manyEyed(body)
	present := false
	for _, area := range directory.Upward(rt.commune) {
		rows := rt.d.At(body, area)
		present = present || len(rows) > 0
		officers := allowed(rows, nil, rt.Removal, rt.d)
		step := Step{Body: body, Area: area, Parallel: parallel}
		if onePerson {
			officers = rt.one(officers)
			step.Only, step.Single = ids(officers), true
			step.First = step.Only
		}
		if len(officers) == 0 {
			continue
		}
		if rt.by == report.HarmBullying && body == directory.Committee {
			step.First = rt.knowsChildren(officers)
		}
		step.Why = rt.sentence(step, len(officers))
		rt.steps = append(rt.steps, step)
		rt.why = append(rt.why, step.Why)
		return
	}
	switch {
	case !present:
		rt.skip(body, "it has no officers for this commune")
	case onePerson && rt.by == report.HarmSexual:
		rt.skip(body, "it has no focal person who may be told, and sexual harm is never told to a whole committee")
	default:
		rt.skip(body, "none of its officers may be told of this report")
	}
}

func (rt *route) skip(body directory.Body, reason string) {
	name := called(body)
	rt.why = append(rt.why, fmt.Sprintf("%s is skipped: %s.", strings.ToUpper(name[:1])+name[1:], reason))
}

// sentence says who is told by a step and for which area.
func (rt *route) sentence(s Step, n int) string {
	people := "1 officer"
	switch {
	case s.Single && rt.by == report.HarmSelf:
		people = "one person"
	case s.Single:
		people = "one focal person"
	case len(s.First) > 0:
		people = fmt.Sprintf("%d officers, %s before the others", n, rt.befores(s))
	case n != 1:
		people = fmt.Sprintf("%d officers", n)
	}
	when := "Then"
	switch {
	case s.Parallel:
		when = "At the same time"
	case len(rt.steps) == 0 && s.Body == directory.Committee && s.Area == rt.commune:
		return fmt.Sprintf("Commune %s (%s) is served by its committee: %s.", rt.g.Name(s.Area, "en"), s.Area, people)
	case len(rt.steps) == 0:
		when = "First"
	}
	if s.Area == directory.National {
		return fmt.Sprintf("%s %s, which serves the whole country: %s.", when, called(s.Body), people)
	}
	return fmt.Sprintf("%s %s of %s %s (%s): %s.", when, called(s.Body), level(s.Area), rt.g.Name(s.Area, "en"), s.Area, people)
}

// called is what a body is called in a sentence.
func called(b directory.Body) string {
	switch b {
	case directory.Committee:
		return "the committee"
	case directory.DistrictOffice:
		return "the social affairs office"
	case directory.DistrictCommittee, directory.ProvinceCommittee:
		return "the consultative committee"
	case directory.ProvinceOffice:
		return "the social affairs department"
	case directory.Police:
		return "the police contact"
	case directory.Helpline:
		return "the helpline"
	case directory.Partner:
		return "the partner organisation"
	case directory.Emergency:
		return "the emergency team"
	case directory.Desk:
		return "the duty desk"
	}
	return "the body " + string(b)
}

func level(code string) string {
	switch len(code) {
	case 2:
		return "province"
	case 4:
		return "district"
	}
	return "commune"
}

// above names the places that a commune lies in.
func above(commune string, g *gazetteer.Gazetteer) string {
	return fmt.Sprintf("district %s (%s), province %s (%s)", g.Name(commune[:4], "en"), commune[:4], g.Name(commune[:2], "en"), commune[:2])
}
