package operatorussd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// object reads a mapping whose keys are known; those that may be missing end in "?".
func (p *parser) object(n *yaml.Node, what string, known ...string) map[string]*yaml.Node {
	if n == nil {
		if what == "the file" {
			p.fault(n, "the file is empty", "begin with a shape that comes with the gateway")
		}
		return nil
	}
	pairs := p.pairs(n, what)
	if pairs == nil && n.Kind != yaml.MappingNode {
		return nil
	}
	names := make([]string, len(known))
	for i, key := range known {
		var optional bool
		if names[i], optional = strings.CutSuffix(key, "?"); !optional && pairs[names[i]] == nil {
			p.fault(n, what+": "+names[i]+" is missing", "add it")
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if key := n.Content[i]; !slices.Contains(names, key.Value) {
			p.fault(key, what+": unknown key "+strconv.Quote(key.Value), "the keys here are "+strings.Join(names, ", "))
		}
	}
	return pairs
}

// pairs reads a mapping with any keys.
func (p *parser) pairs(n *yaml.Node, what string) map[string]*yaml.Node {
	if n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		p.fault(n, what+" has no keys", "write it as keys with values")
		return nil
	}
	out := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		for value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		if out[key.Value] != nil {
			p.fault(key, what+": "+key.Value+" stands twice", "keep one of them")
		}
		out[key.Value] = value
	}
	return out
}

// optional reads one value, which may be empty.
func (p *parser) optional(n *yaml.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || len(n.Value) > 200 {
		p.fault(n, what+" is not one short value", "write one value")
		return ""
	}
	return n.Value
}

// text reads one value that may not be empty.
func (p *parser) text(n *yaml.Node, what string) string {
	value := p.optional(n, what)
	if n != nil && n.Kind == yaml.ScalarNode && strings.TrimSpace(value) == "" {
		p.fault(n, what+" is empty", "write its value")
	}
	return value
}

func (p *parser) word(n *yaml.Node, what string, known ...string) string {
	value := p.text(n, what)
	if n != nil && value != "" && !slices.Contains(known, value) {
		p.fault(n, what+": unknown "+strconv.Quote(value), "write one of "+strings.Join(known, ", "))
		return ""
	}
	return value
}

func (p *parser) yes(n *yaml.Node, what string) bool {
	return p.word(n, what, "true", "false") == "true"
}

func (p *parser) number(n *yaml.Node, what string, least, most int) int {
	value := p.text(n, what)
	number, err := strconv.Atoi(value)
	if n != nil && value != "" && (err != nil || number < least || number > most) {
		p.fault(n, what+": "+strconv.Quote(value), fmt.Sprintf("write a number from %d to %d", least, most))
	}
	return number
}
