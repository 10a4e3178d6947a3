package pack

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"chumrok/internal/report"
)

// triage reads the table of rules. What a rule may ask is package report's to say; each of its complaints is put to the rule's line.
func (s *settings) triage(n *yaml.Node) report.Triage {
	var t report.Triage
	keys := s.object(n, "triage", "default?", "rules")
	t.Default = s.risk(keys["default"], "triage.default")
	for _, item := range s.list(keys["rules"], "triage.rules") {
		before := len(s.faults)
		fields := s.object(item, "rule", "when?", "words?", "risk?", "because", "suggests?")
		rule := report.Rule{
			When:     s.lists(fields["when"], "when"),
			Words:    s.lists(fields["words"], "words"),
			Risk:     s.risk(fields["risk"], "risk"),
			Because:  s.text(fields["because"], "because"),
			Suggests: s.lists(fields["suggests"], "suggests"),
		}
		if len(s.faults) == before {
			s.complaints(item, report.Triage{Rules: []report.Rule{rule}}.Validate())
		}
		t.Rules = append(t.Rules, rule)
	}
	return t
}

func (s *settings) risk(n *yaml.Node, what string) report.Risk {
	var names []string
	for _, r := range report.Risks() {
		names = append(names, r.String())
	}
	name := word(&s.reader, n, what, names)
	for _, r := range report.Risks() {
		if r.String() == name {
			return r
		}
	}
	return 0
}

// lists reads keys with a list of values each; a single value may stand without brackets.
func (s *settings) lists(n *yaml.Node, what string) map[string][]string {
	if n == nil {
		return nil
	}
	lists := make(map[string][]string)
	found := s.pairs(n, what)
	for _, key := range slices.Sorted(maps.Keys(found)) {
		value := found[key]
		if value.Kind == yaml.ScalarNode && !empty(value) {
			lists[key] = []string{s.text(value, what)}
		} else {
			lists[key] = s.texts(value, what+"."+key)
		}
	}
	return lists
}

// complaints turns what package report says of a rule into faults of its line.
func (s *settings) complaints(n *yaml.Node, err error) {
	if err == nil {
		return
	}
	var many interface{ Unwrap() []error }
	if errors.As(err, &many) {
		for _, e := range many.Unwrap() {
			s.complaints(n, e)
		}
		return
	}
	what, mend, ok := strings.Cut(strings.TrimPrefix(err.Error(), "triage rule 1: "), "; ")
	if !ok {
		mend = "compare it with the default pack"
	}
	s.fault(n, mend, "rule: %s", what)
}
