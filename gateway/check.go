package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"chumrok/flows"
	"chumrok/internal/directory"
	"chumrok/internal/kannelconf"
	"chumrok/internal/pack"
	"chumrok/internal/phone"
	"chumrok/internal/referral"
	"chumrok/internal/report"
)

type checkCommand struct {
	Pack   string   `arg:"" optional:"" help:"The pack's folder; without it the one of CHUMROK_PACK, or the default pack."`
	Kannel []string `placeholder:"FILE" help:"Check this configuration of Kannel, with what it includes, in place of a pack; may be given again."`
}

// Run checks a deployment pack from end to end: everything in it loads, every sentence is there and fits, every
// conversation ends, and every commune's reports reach somebody.
func (k checkCommand) Run(c *call) error {
	if len(k.Kannel) > 0 {
		return k.kannels(c)
	}
	folder := k.Pack
	if folder == "" {
		folder = c.env["CHUMROK_PACK"]
	}
	files, name := packFiles(folder)
	p, notes, err := pack.Load(files, name)
	for _, note := range notes {
		fmt.Fprintln(c.stream.out, "note:", note)
	}
	if err != nil {
		return faultsFound(c.stream.out, err)
	}
	texts, err := loadTexts(p)
	if err != nil {
		return faultsFound(c.stream.out, errors.Unwrap(err))
	}
	var faults []error
	for _, fault := range texts.Check() {
		faults = append(faults, fault)
	}
	library, err := loadFlows(p, texts)
	if err != nil {
		faults = append(faults, errors.Unwrap(err))
	} else {
		faults = append(faults, library.HoldNumbers(releasedNumbers(p)), unoffered(p, library))
	}
	faults = append(faults, p.Check(time.Now()))
	if shapes, err := loadShapes(p); err != nil {
		faults = append(faults, errors.Unwrap(err))
	} else if p.USSD != nil {
		for _, s := range shapes {
			if _, err := fs.Stat(p.USSD, s.Name+".yaml"); err == nil { // the pack's own; of ours those that are on are checked at the start
				faults = append(faults, screenFault(p, s))
			}
		}
	}
	communes, routed := 0, 0
	for _, commune := range p.Gazetteer.Communes() {
		communes++
		n, err := routes(p, commune.Code)
		routed += n
		faults = append(faults, err)
	}
	if err := errors.Join(faults...); err != nil {
		return faultsFound(c.stream.out, err)
	}
	coverage := pack.CoverageCounts(pack.Coverage(p))
	fmt.Fprintf(c.stream.out, `%s: nothing wrong
  sentences   %d in each of %s
  routing     %d kinds of report for each of %d communes
  coverage    %d communes with two bodies near, %d with one, %d with a fallback only
  officers    %d
`, name, len(texts.Keys()), strings.Join(texts.Languages(), ", "), routed/communes, communes,
		coverage[pack.CoveredByTwo], coverage[pack.CoveredByOne], coverage[pack.CoveredByFallback], len(p.Directory.All()))
	return nil
}

// kannels checks configurations of Kannel for this gateway, whose token they must hold.
func (k checkCommand) kannels(c *call) error {
	if k.Pack != "" {
		return errors.New("check takes a pack or --kannel FILE, not both: call it once for each")
	}
	config, err := readConfig(c.env)
	if err != nil {
		return fmt.Errorf("reading the configuration:\n%w", err)
	}
	var faults []error
	for _, file := range k.Kannel {
		faults = append(faults, kannelconf.Check(file, config.Kannel.Token, os.ReadFile))
	}
	if err := errors.Join(faults...); err != nil {
		return faultsFound(c.stream.out, err)
	}
	held := "the token is that of CHUMROK_KANNEL_TOKEN"
	if config.Kannel.Token == "" {
		held = "the token was not compared, since CHUMROK_KANNEL_TOKEN is not set"
	}
	fmt.Fprintf(c.stream.out, "%s: nothing wrong; %s\n", strings.Join(k.Kannel, ", "), held)
	return nil
}

// unoffered names the languages of the pack that no screen offers: nobody who dials could choose them.
func unoffered(p *pack.Pack, library *flows.Library) error {
	var faults []error
	offered := library.LanguagesOffered()
	for _, lang := range p.Languages {
		if !slices.Contains(offered, lang) && len(p.Languages) > 1 {
			faults = append(faults, fmt.Errorf("%s: the menu offers no option for the language %s; put flows/menu.yaml into the pack and add it to the field language", p.File("pack.yaml"), lang))
		}
	}
	return errors.Join(faults...)
}

// areaShown is an area code as people read it.
func areaShown(code string) string {
	if code == directory.National {
		return nation
	}
	return code
}

// faultsFound prints every fault on a line of its own and counts them.
func faultsFound(w io.Writer, err error) error {
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	for _, line := range lines {
		fmt.Fprintln(w, line)
	}
	if len(lines) == 1 {
		fmt.Fprintln(w, "1 fault")
	} else {
		fmt.Fprintf(w, "%d faults\n", len(lines))
	}
	return errNotHeld
}

// kinds are the kinds of report that are routed each in their own way.
var kinds = []struct {
	name   string
	report report.Report
}{
	{"beaten", report.Report{Harm: report.HarmPhysical, Danger: report.DangerNo}},
	{"danger now", report.Report{Harm: report.HarmPhysical, Danger: report.DangerYes}},
	{"sexual harm", report.Report{Harm: report.HarmSexual}},
	{"self-harm", report.Report{Harm: report.HarmSelf}},
	{"bullying", report.Report{Harm: report.HarmBullying}},
	{"bullying by a teacher", report.Report{Harm: report.HarmBullying, ByWhom: "teacher"}},
	{"not the committee", report.Report{Harm: report.HarmPhysical, NotThem: true, Told: "committee"}},
	{"by the commune chief", report.Report{Harm: report.HarmPhysical, ByWhom: "official", Official: "commune_chief"}},
	{"by the police", report.Report{Harm: report.HarmPhysical, ByWhom: "official", Official: "police"}},
	{"by another official", report.Report{Harm: report.HarmPhysical, ByWhom: "official", Official: "other"}},
	{"by a teacher", report.Report{Harm: report.HarmPhysical, ByWhom: "teacher"}},
}

// routes routes one report of each kind in a commune: each must reach somebody, and nobody whom its caller named.
func routes(p *pack.Pack, commune string) (int, error) {
	var faults []error
	for _, kind := range kinds {
		r := kind.report
		r.AreaCode = commune
		risk, _ := p.Triage.Assess(r)
		plan, hold := referral.Route(r, risk, phone.Number{}, p.Ladders, p.Directory, p.Gazetteer)
		if hold != nil || len(plan.Steps) == 0 {
			faults = append(faults, fmt.Errorf("directory.csv: a report of commune %s (%s) reaches nobody; add officers of its district, its province or the desk", commune, kind.name))
			continue
		}
		for i := range plan.Steps {
			for _, officer := range plan.Officers(i, p.Directory) {
				if plan.Removed.IsRemoved(officer, p.Directory) {
					faults = append(faults, fmt.Errorf("directory.csv:%d: a report of commune %s (%s) would reach an officer who must not be told; mend his body or his area", officer.Line, commune, kind.name))
				}
			}
		}
	}
	return len(kinds), errors.Join(faults...)
}
