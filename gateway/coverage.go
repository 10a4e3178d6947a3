package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"chumrok/internal/pack"
	"chumrok/internal/store"
)

// deadAfter is how long nothing must have come through to a phone before it counts as dead. Shorter would call a weekend
// without a signal, or an empty battery, a lost officer.
const deadAfter = 7 * 24 * time.Hour

type coverageCommand struct {
	All  bool `help:"List also the communes that two bodies serve."`
	JSON bool `name:"json" help:"Print a JSON object."`
}

// coverageReport is how well the communes are served by phones that can be reached. It names officers by their id.
type coverageReport struct {
	Communes map[pack.CoverageKind]int `json:"communes"`
	Dead     []unreached               `json:"dead"`
	Failing  []unreached               `json:"failing"`
	Silent   []string                  `json:"silent"` // officers who did not answer the last two drills
	Weak     []servedCommune           `json:"communes_listed"`
}

// unreached is an officer's phone to which nothing comes through.
type unreached struct {
	Officer string    `json:"officer"`
	Since   time.Time `json:"since"`
}

// servedCommune is a commune and who can be told there.
type servedCommune struct {
	AreaCode string            `json:"area_code"`
	Place    string            `json:"place"`
	Kind     pack.CoverageKind `json:"kind"`
	Why      string            `json:"why"`
}

// Run prints which communes are served by two bodies, by one, or by a fallback only, and which phones are dead: dead
// phones serve nobody.
func (k coverageCommand) Run(c *call) error {
	s, config, err := openRecords(c.ctx, c.env)
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := loadPack(config)
	if err != nil {
		return err
	}
	report, err := k.report(c.ctx, s, p, c.now())
	if err != nil {
		return err
	}
	if k.JSON {
		return writeJSON(c.stream.out, report)
	}
	report.print(c.stream.out, p.Zone)
	return nil
}

func (k coverageCommand) report(ctx context.Context, s *store.Store, p *pack.Pack, now time.Time) (coverageReport, error) {
	report := coverageReport{Dead: []unreached{}, Failing: []unreached{}, Silent: []string{}, Weak: []servedCommune{}}
	failing, err := s.Failing(ctx)
	if err != nil {
		return report, err
	}
	silent, err := s.SilentPhones(ctx, now)
	if err != nil {
		return report, err
	}
	dead := map[string]bool{}
	for _, officer := range p.Directory.All() {
		if silent[s.PhoneIndex(officer.Phone)] {
			report.Silent = append(report.Silent, officer.ID)
		}
		since, fails := failing[s.PhoneIndex(officer.Phone)]
		switch one := (unreached{officer.ID, since}); {
		case fails && now.Sub(since) >= deadAfter:
			dead[officer.ID] = true
			report.Dead = append(report.Dead, one)
		case fails:
			report.Failing = append(report.Failing, one)
		}
	}
	reached := *p
	reached.Directory = p.Directory.Without(dead)
	communes := pack.Coverage(&reached)
	report.Communes = pack.CoverageCounts(communes)
	for _, c := range communes {
		if c.Kind != pack.CoveredByTwo || k.All {
			report.Weak = append(report.Weak, servedCommune{c.Code, p.Gazetteer.Name(c.Code, "en"), c.Kind, c.Why})
		}
	}
	return report, nil
}

func (r coverageReport) print(w io.Writer, zone *time.Location) {
	for _, c := range r.Weak {
		fmt.Fprintf(w, "%s  %-8s  %s: %s\n", c.AreaCode, c.Kind, c.Place, c.Why)
	}
	for _, one := range r.Dead {
		fmt.Fprintf(w, "dead     %s: nothing has come through since %s; find a new number and mend directory.csv\n", one.Officer, one.Since.In(zone).Format(time.DateOnly))
	}
	for _, one := range r.Failing {
		fmt.Fprintf(w, "failing  %s: nothing has come through since %s\n", one.Officer, one.Since.In(zone).Format("2006-01-02 15:04"))
	}
	for _, officer := range r.Silent {
		fmt.Fprintf(w, "silent   %s: did not answer the last two drills; call, and ask whether the phone is still his\n", officer)
	}
	var counts []string
	for _, kind := range slices.Sorted(maps.Keys(r.Communes)) {
		counts = append(counts, fmt.Sprintf("%d %s", r.Communes[kind], kind))
	}
	fmt.Fprintf(w, "communes by who can be told: %s; %d dead phones, %d failing\n", strings.Join(counts, ", "), len(r.Dead), len(r.Failing))
}
