package pack

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"chumrok/internal/phone"
)

// A Carrier is an operator whose numbers are known by how they begin. Where a country lets people keep their number when
// they change operator, it says who gave the number out and not who carries it.
type Carrier struct {
	Name     string   // in lower case, such as smart
	Prefixes []string // in international form, such as +85510
	Source   string   // where they are from
	Checked  time.Time
	Line     int // in pack.yaml
}

// Carrier returns the name of the operator that a number belongs to by its beginning; "" where none is written down.
func (p *Pack) Carrier(n phone.Number) string {
	name, longest := "", 0
	for _, c := range p.Carriers {
		for _, prefix := range c.Prefixes {
			if len(prefix) > longest && n.HasPrefix(prefix) {
				name, longest = c.Name, len(prefix)
			}
		}
	}
	return name
}

// Routes returns the outbound routes with each carrier's written out as its prefixes; a route for the very same prefix
// stands in front of the carrier's.
func (p *Pack) Routes() []Route {
	var routes []Route
	for _, r := range p.Outbound.Routes {
		if r.Carrier == "" {
			routes = append(routes, r)
		}
	}
	for _, r := range p.Outbound.Routes {
		for _, c := range p.Carriers {
			if r.Carrier == "" || c.Name != r.Carrier {
				continue
			}
			for _, prefix := range c.Prefixes {
				if !slices.ContainsFunc(routes, func(o Route) bool { return o.Prefix == prefix }) {
					routes = append(routes, Route{Prefix: prefix, Carrier: c.Name, Via: r.Via})
				}
			}
		}
	}
	return routes
}

// carriers reads whose numbers begin how.
func (s *settings) carriers(n *yaml.Node, zone *time.Location) []Carrier {
	var carriers []Carrier
	owner := map[string]string{}
	for _, item := range s.list(n, "carriers") {
		keys := s.object(item, "carrier", "name", "prefixes", "source", "checked")
		if len(keys) < 4 {
			continue // named already
		}
		c := Carrier{Name: s.text(keys["name"], "carrier.name"), Source: s.text(keys["source"], "carrier.source"), Line: item.Line}
		if c.Name != strings.ToLower(c.Name) || strings.ContainsAny(c.Name, " \t") {
			s.fault(keys["name"], "write one word in small letters, such as smart", "carrier.name is %q", c.Name)
		}
		if slices.ContainsFunc(carriers, func(o Carrier) bool { return o.Name == c.Name }) {
			s.fault(item, "put its prefixes into one list", "carrier %s stands twice", c.Name)
		}
		for _, p := range s.list(keys["prefixes"], "carrier.prefixes") {
			prefix := s.prefix(p, "carrier.prefixes")
			if other, twice := owner[prefix]; twice {
				s.fault(p, "keep it with the one that it belongs to", "carrier %s: %s stands with %s already", c.Name, prefix, other)
			}
			owner[prefix] = c.Name
			c.Prefixes = append(c.Prefixes, prefix)
		}
		var err error
		if c.Checked, err = time.ParseInLocation(time.DateOnly, s.text(keys["checked"], "carrier.checked"), zone); err != nil {
			s.fault(keys["checked"], "write the day on which somebody compared them, as 2026-11-22", "carrier %s: checked is no day", c.Name)
		}
		carriers = append(carriers, c)
	}
	return carriers
}
