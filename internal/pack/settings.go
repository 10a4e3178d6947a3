package pack

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"chumrok/internal/alert"
	"chumrok/internal/directory"
	"chumrok/internal/gazetteer"
	"chumrok/internal/referral"
	"chumrok/internal/report"
	"chumrok/locales"
)

// providers are the adapters that can carry a message to a phone.
var providers = []string{"kannel", "africastalking", "twilio", "androidsms", "simulator"}

// settings reads pack.yaml.
func (p *Pack) settings(files fs.FS, notes *[]Note) error {
	text, err := fs.ReadFile(files, "pack.yaml")
	if errors.Is(err, fs.ErrNotExist) {
		return p.missing("pack.yaml", "write it; `pack init` gives one to begin with")
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", p.File("pack.yaml"), err)
	}
	s := settings{reader: reader{file: p.File("pack.yaml")}, notes: notes, files: files}
	if top := s.parse(text); top != nil {
		s.read(top, p)
	}
	return s.joined()
}

// settings is pack.yaml being read.
type settings struct {
	reader
	notes *[]Note
	files fs.FS // of the pack
}

func (s *settings) read(top *yaml.Node, p *Pack) {
	keys := s.object(top, "pack.yaml", "name", "languages", "time_zone", "holidays?", "working_hours?", "reminder?",
		"sample?", "help_numbers", "service_codes", "short_code?",
		"provinces_first?", "trial_phone?", "spoken?", "clocks", "sessions", "ladder", "triage", "outbound", "carriers?", "budgets?", "floods?", "drills?", "retention?", "checkpoint?")
	p.Name = s.text(keys["name"], "name")
	p.Languages = s.languages(keys["languages"])
	p.Zone = s.zone(keys["time_zone"])
	p.Holidays = s.holidays(keys["holidays"])
	p.Sample = s.yes(keys["sample"], "sample")
	p.HelpNumbers = s.helpNumbers(keys["help_numbers"], p.Zone)
	for _, n := range s.list(keys["service_codes"], "service_codes") {
		code := s.text(n, "service_codes")
		if len(code) < 3 || code[0] != '*' || code[len(code)-1] != '#' || strings.Trim(code[1:len(code)-1], "0123456789*") != "" {
			s.fault(n, `write it as it is dialled, such as "*1280#"`, "service_codes: %q can't be dialled", code)
		}
		p.ServiceCodes = append(p.ServiceCodes, code)
	}
	p.ShortCode = s.digits(keys["short_code"], "short_code", 3, 6)
	for _, n := range s.list(keys["provinces_first"], "provinces_first") {
		p.ProvincesFirst = append(p.ProvincesFirst, s.province(n, "provinces_first", p.Gazetteer))
	}
	p.Clocks = s.clocks(keys["clocks"])
	p.Clocks.Hours, p.Clocks.Holidays, p.Clocks.Zone = s.hours(keys["working_hours"]), p.Holidays, p.Zone
	if p.Clocks.Remind = usualReminder; keys["reminder"] != nil {
		p.Clocks.Remind = s.number(keys["reminder"], "reminder", 0, 90)
	}
	s.sessions(keys["sessions"], &p.Sessions)
	s.ladders(keys["ladder"], p)
	p.Triage = s.triage(keys["triage"])
	p.Carriers = s.carriers(keys["carriers"], p.Zone)
	var names []string
	for _, c := range p.Carriers {
		names = append(names, c.Name)
	}
	s.outbound(keys["outbound"], &p.Outbound, names)
	s.country(keys, p)
	p.Spoken = s.spoken(keys["spoken"])
	p.Budgets = s.budgets(keys["budgets"])
	p.Floods = s.floods(keys["floods"])
	p.Drills = s.drills(keys["drills"])
	p.Retention = s.retention(keys["retention"], p.Sessions.SMSResume)
	p.Checkpoint = s.checkpoint(keys["checkpoint"], p)
}

// digits reads a number that people key in, between least and most digits long.
func (s *settings) digits(n *yaml.Node, what string, least, most int) string {
	text := s.text(n, what)
	if n != nil && (len(text) < least || len(text) > most || strings.Trim(text, "0123456789") != "") {
		s.fault(n, fmt.Sprintf("write %d to %d digits between quotes", least, most), "%s is %q", what, text)
	}
	return text
}

func (s *settings) province(n *yaml.Node, what string, g *gazetteer.Gazetteer) string {
	code := s.text(n, what)
	if p, ok := g.Get(code); ok && p.Level == "province" {
		return code
	}
	mend := "write a province's two digits between quotes"
	if p, ok := g.Get("0" + code); ok && len(code) == 1 {
		mend = fmt.Sprintf("if %s is meant, write %q", p.Latin, p.Code)
	}
	s.fault(n, mend, "%s: %q is no province", what, code)
	return code
}

func (s *settings) zone(n *yaml.Node) *time.Location {
	name := s.text(n, "time_zone")
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		s.fault(n, "write a name such as Asia/Phnom_Penh", "time_zone: unknown %q", name)
	}
	if zone == nil {
		zone = time.UTC
	}
	return zone
}

func (s *settings) holidays(n *yaml.Node) directory.Holidays {
	days := make(directory.Holidays)
	for _, item := range s.list(n, "holidays") {
		day := s.text(item, "holidays")
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			s.fault(item, "write it as 2026-11-23", "holidays: %q is no day", day)
		}
		days[day] = true
	}
	return days
}

// usualReminder is after how many hundredths of a clock whoever must act is reminded where the pack does not say.
const usualReminder = 67

// hours reads when offices work; without them they always do.
func (s *settings) hours(n *yaml.Node) directory.Hours {
	text := s.text(n, "working_hours")
	if n == nil || text == "" {
		return directory.Hours{}
	}
	h, err := directory.ParseHours(text)
	if err != nil {
		s.fault(n, `write always, or such as "Mo-Fr 07:30-11:30 14:00-17:30"`, "working_hours: %v", err)
	}
	return h
}

func (s *settings) clocks(n *yaml.Node) alert.Clocks {
	clocks := alert.Clocks{ByRisk: make(map[report.Risk]alert.Clock)}
	var names []string
	for _, risk := range report.Risks() {
		names = append(names, risk.String())
	}
	slices.Reverse(names)
	rows := s.object(n, "clocks", names...)
	var above *alert.Clock
	for _, risk := range slices.Backward(report.Risks()) {
		row := rows[risk.String()]
		what := "clocks." + risk.String()
		keys := s.object(row, what, "accepted", "seen", "outcome", "review?")
		if keys["accepted"] == nil || keys["seen"] == nil || keys["outcome"] == nil {
			continue
		}
		c := alert.Clock{Accepted: s.duration(keys["accepted"], what+".accepted"), Seen: s.duration(keys["seen"], what+".seen"),
			Outcome: s.duration(keys["outcome"], what+".outcome")}
		if keys["review"] != nil {
			c.Review = s.duration(keys["review"], what+".review")
		}
		clocks.ByRisk[risk] = c
		if c.Accepted == 0 || c.Seen == 0 || c.Outcome == 0 {
			continue // named already
		}
		if c.Accepted > c.Seen || c.Seen > c.Outcome {
			s.fault(row, "let accepted be the shortest and outcome the longest", "%s: a later clock is shorter than an earlier one", what)
		}
		if above != nil && (c.Accepted < above.Accepted || c.Seen < above.Seen || c.Outcome < above.Outcome) {
			s.fault(row, "let no clock be shorter than the one of a higher risk", "%s runs faster than a higher risk", what)
		}
		above = &c
	}
	return clocks
}

func (s *settings) sessions(n *yaml.Node, to *Sessions) {
	keys := s.object(n, "sessions", "ussd_resume", "sms_resume", "unfinished_after", "sms_unfinished_after", "danger_idle", "retries")
	for key, d := range map[string]*time.Duration{"ussd_resume": &to.USSDResume, "sms_resume": &to.SMSResume, "unfinished_after": &to.UnfinishedAfter,
		"sms_unfinished_after": &to.SMSUnfinishedAfter, "danger_idle": &to.DangerIdle} {
		*d = s.duration(keys[key], "sessions."+key)
	}
	to.Retries = s.number(keys["retries"], "sessions.retries", 1, 20)
	if to.DangerIdle > 0 && to.UnfinishedAfter > 0 && to.DangerIdle > min(to.UnfinishedAfter, to.SMSUnfinishedAfter) {
		s.fault(keys["danger_idle"], "let it be the shortest: a child may be in danger", "sessions.danger_idle is longer than unfinished_after")
	}
}

func (s *settings) ladders(n *yaml.Node, p *Pack) {
	keys := s.object(n, "ladder", "default", "emergency?", "by_province?", "danger_help?", "bullying?", "self_harm?")
	p.Ladders.Default = s.ladder(keys["default"], "ladder.default")
	p.Ladders.Emergency = s.ladder(keys["emergency"], "ladder.emergency")
	p.Ladders.DangerHelp = words(&s.reader, keys["danger_help"], "ladder.danger_help", directory.Bodies())
	for _, harm := range referral.HarmsWithLadder() {
		if order := s.ladder(keys[string(harm)], "ladder."+string(harm)); len(order) > 0 {
			if p.Ladders.ByHarm == nil {
				p.Ladders.ByHarm = make(map[report.Harm][]directory.Body)
			}
			p.Ladders.ByHarm[harm] = order
		}
	}
	provinces := keys["by_province"]
	if provinces == nil || s.pairs(provinces, "ladder.by_province") == nil {
		return
	}
	p.Ladders.ByProvince = make(map[string][]directory.Body)
	for i := 0; i+1 < len(provinces.Content); i += 2 {
		code := s.province(provinces.Content[i], "ladder.by_province", p.Gazetteer)
		p.Ladders.ByProvince[code] = s.ladder(follow(provinces.Content[i+1]), "ladder.by_province."+code)
	}
}

// ladder reads one order of bodies, and notes when it does not end where somebody is always on duty.
func (s *settings) ladder(n *yaml.Node, what string) []directory.Body {
	if n == nil {
		return nil
	}
	before := len(s.faults)
	steps := words(&s.reader, n, what, directory.Bodies())
	if len(steps) == 0 && len(s.faults) == before {
		s.fault(n, "name at least one body, and desk last", "%s is empty", what)
	} else if len(s.faults) == before && steps[len(steps)-1] != directory.Desk {
		*s.notes = append(*s.notes, Note{File: s.file, Line: n.Line, Text: what + " does not end with desk; when its last body is silent, that body alone is told again"})
	}
	return steps
}

func (s *settings) outbound(n *yaml.Node, to *Outbound, carriers []string) {
	keys := s.object(n, "outbound", "prefixes", "routes", "rates?", "budget?")
	to.Rates, to.Budget = s.rates(keys["rates"]), s.budget(keys["budget"])
	for _, item := range s.list(keys["prefixes"], "outbound.prefixes") {
		to.Prefixes = append(to.Prefixes, s.prefix(item, "outbound.prefixes"))
	}
	for _, item := range s.list(keys["routes"], "outbound.routes") {
		route := s.object(item, "route", "prefix?", "carrier?", "via")
		if (route["prefix"] == nil) == (route["carrier"] == nil) {
			if route != nil {
				s.fault(item, `write prefix: "+855" or carrier: smart, one of them`, "a route is for a prefix or for a carrier")
			}
			continue
		}
		r := Route{Via: words(&s.reader, route["via"], "route.via", providers)}
		if route["prefix"] != nil {
			r.Prefix = s.prefix(route["prefix"], "route.prefix")
		} else {
			r.Carrier = word(&s.reader, route["carrier"], "route.carrier", carriers)
		}
		if slices.ContainsFunc(to.Routes, func(o Route) bool { return o.Prefix == r.Prefix && o.Carrier == r.Carrier }) {
			s.fault(item, "put its providers into one route", "outbound.routes: %s stands twice", r.Prefix+r.Carrier)
		}
		to.Routes = append(to.Routes, r)
	}
	for _, prefix := range to.Prefixes {
		if len(to.Routes) > 0 && !slices.ContainsFunc(to.Routes, func(r Route) bool { return r.Carrier == "" && strings.HasPrefix(prefix, r.Prefix) }) {
			s.fault(keys["prefixes"], "add a route for it", "outbound.prefixes: no route carries %s", prefix)
		}
	}
}

// rates reads how many messages a second, or a minute, each provider takes: 20/s, 20/m.
func (s *settings) rates(n *yaml.Node) map[string]float64 {
	rates := make(map[string]float64)
	for name, value := range s.object(n, "outbound.rates", optional(providers)...) {
		text := s.text(value, "outbound.rates."+name)
		count, unit, _ := strings.Cut(text, "/")
		messages, err := strconv.Atoi(count)
		per := map[string]float64{"s": 1, "m": 60}[unit]
		if err != nil || messages < 1 || messages > 10000 || per == 0 {
			s.fault(value, "write messages a second or a minute, such as 20/s or 20/m", "outbound.rates.%s is %q", name, text)
			continue
		}
		rates[name] = float64(messages) / per
	}
	return rates
}

// optional marks each key as one that may be missing.
func optional(keys []string) []string {
	marked := make([]string, len(keys))
	for i, key := range keys {
		marked[i] = key + "?"
	}
	return marked
}

func (s *settings) budget(n *yaml.Node) Budget {
	const most = 10_000_000
	keys := s.object(n, "outbound.budget", "per_day", "reserve", "per_number")
	b := Budget{PerDay: s.number(keys["per_day"], "outbound.budget.per_day", 1, most),
		Reserve: s.number(keys["reserve"], "outbound.budget.reserve", 0, most), PerNumber: s.number(keys["per_number"], "outbound.budget.per_number", 1, most)}
	if n != nil && b.Reserve >= b.PerDay && b.PerDay > 0 {
		s.fault(keys["reserve"], "let it be a part of per_day", "outbound.budget: nothing is left for reporters")
	}
	return b
}

// drills reads when the phones are tried each month.
func (s *settings) drills(n *yaml.Node) Drills {
	if n == nil {
		return Drills{}
	}
	keys := s.object(n, "drills", "day", "hour")
	at, err := time.Parse("15:04", s.text(keys["hour"], "drills.hour"))
	if err != nil || at.Hour() < 8 || at.Hour() >= 17 {
		s.fault(keys["hour"], `write an hour of the day between quotes, such as "09:30": from 08:00 to 16:59, so that nobody is woken`, "drills.hour is no fair hour")
	}
	return Drills{Day: s.number(keys["day"], "drills.day", 1, 28), Minute: at.Hour()*60 + at.Minute()}
}

// floods reads what is done when very much comes at once.
func (s *settings) floods(n *yaml.Node) Floods {
	f := usualFloods
	keys := s.object(n, "floods", "alone?", "within?", "every?", "commune?", "per_number?")
	for key, to := range map[string]*int{"alone": &f.Alone, "commune": &f.Commune, "per_number": &f.PerNumber} {
		if keys[key] != nil {
			*to = s.number(keys[key], "floods."+key, 1, 10_000)
		}
	}
	for key, to := range map[string]*time.Duration{"within": &f.Within, "every": &f.Every} {
		if keys[key] == nil {
			continue
		}
		if *to = s.duration(keys[key], "floods."+key); *to > 24*time.Hour || *to > 0 && *to < time.Minute {
			s.fault(keys[key], "write a time from 1m to 24h", "floods.%s is %s", key, s.text(keys[key], key))
		}
	}
	return f
}

func (s *settings) prefix(n *yaml.Node, what string) string {
	prefix := s.text(n, what)
	if len(prefix) < 2 || len(prefix) > 9 || prefix[0] != '+' || strings.Trim(prefix[1:], "0123456789") != "" {
		s.fault(n, `write it in international form between quotes, such as "+855"`, "%s: %q is no prefix", what, prefix)
	}
	return prefix
}

// budgets reads what one screen or message may carry; a channel that is not named has the usual budget of locales.
func (s *settings) budgets(n *yaml.Node) map[string]locales.Budget {
	budgets := make(map[string]locales.Budget)
	channels := s.object(n, "budgets", "ussd?", "sms?")
	for _, channel := range slices.Sorted(maps.Keys(channels)) {
		what := "budgets." + channel
		keys := s.object(channels[channel], what, "septets", "units")
		budgets[channel] = locales.Budget{Septets: s.number(keys["septets"], what+".septets", 70, 918), Units: s.number(keys["units"], what+".units", 30, 402)}
	}
	return budgets
}
