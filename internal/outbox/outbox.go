// Package outbox decides by which provider a message to a phone goes, in which order others take over, and when a message
// that did not get through is tried again. It sends nothing, keeps nothing, and never decides to give an alert up.
package outbox

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"chumrok/internal/phone"
)

// Route says which providers carry numbers of a prefix, the first choice first.
type Route struct {
	Prefix string // such as "+855"; "" is every number
	Via    []string
}

// Routes are a deployment's rules for outbound messages. The zero Routes allows no number. It does not change once made.
type Routes struct {
	prefixes []string // that may be written to
	routes   []Route  // the longest prefix first
}

// New makes routes of the prefixes that may be written to and of the routes for them. All faults are reported at once.
func New(prefixes []string, routes []Route) (Routes, error) {
	var faults []error
	for _, p := range prefixes {
		if !isPrefix(p) {
			faults = append(faults, errors.New("an allowed prefix must be + and digits, such as +855"))
		}
	}
	seen := map[string]bool{}
	for _, r := range routes {
		switch {
		case r.Prefix != "" && !isPrefix(r.Prefix):
			faults = append(faults, errors.New("a route's prefix must be + and digits, such as +855"))
		case seen[r.Prefix]:
			faults = append(faults, fmt.Errorf("two routes for prefix %q; put their providers into one", r.Prefix))
		case len(r.Via) == 0:
			faults = append(faults, fmt.Errorf("the route for prefix %q names no provider", r.Prefix))
		}
		seen[r.Prefix] = true
	}
	if len(faults) > 0 {
		return Routes{}, fmt.Errorf("reading outbound routes: %w", errors.Join(faults...))
	}
	return Routes{slices.Clone(prefixes), sorted(routes)}, nil
}

func isPrefix(p string) bool {
	digits, ok := strings.CutPrefix(p, "+")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

func sorted(routes []Route) []Route {
	routes = slices.Clone(routes)
	slices.SortStableFunc(routes, func(a, b Route) int { return cmp.Compare(len(b.Prefix), len(a.Prefix)) })
	return routes
}

// Everything returns routes that carry every number by one provider: the simulated phones of trial mode.
func Everything(provider string) Routes {
	return Routes{[]string{"+"}, []Route{{Via: []string{provider}}}}
}

// Available returns the routes with only those providers that on has as true.
func (r Routes) Available(on map[string]bool) Routes {
	kept := slices.Clone(r.routes)
	for i := range kept {
		kept[i].Via = slices.DeleteFunc(slices.Clone(kept[i].Via), func(name string) bool { return !on[name] })
	}
	return Routes{r.prefixes, kept}
}

// Choice is which providers may carry a message, in the order in which they are to be tried, and why.
type Choice struct {
	Providers []string // none when the number may not be written to or nobody can carry it
	LeftOut   []string // of the route, since they seem not to work now; a message is not given up before they were asked, too
	Allowed   bool     // whether the number may be written to at all
	Why       string   // a sentence, without the number
}

// Choose picks the providers for a number: those of the route with the longest prefix that fits. available says whether a
// provider may be used now; nil means that each may. Where none of them may, all are returned, since trying a provider
// that seems down is better than keeping an alert back, and the sentence says so.
func (r Routes) Choose(to phone.Number, available func(provider string) bool) Choice {
	if !to.Dialable() {
		return Choice{Why: "This is no number that can be written to."}
	}
	if !slices.ContainsFunc(r.prefixes, to.HasPrefix) {
		return Choice{Why: "The pack does not allow messages to numbers of this prefix."}
	}
	at := slices.IndexFunc(r.routes, func(route Route) bool { return to.HasPrefix(route.Prefix) })
	if at < 0 {
		return Choice{Allowed: true, Why: "The pack has no route for numbers of this prefix."}
	}
	route := r.routes[at]
	prefix := "every number"
	if route.Prefix != "" {
		prefix = "prefix " + route.Prefix
	}
	if len(route.Via) == 0 {
		return Choice{Allowed: true, Why: "None of the providers that the pack names for " + prefix + " is configured."}
	}
	c := Choice{Allowed: true, Why: fmt.Sprintf("The route for %s names %s.", prefix, list(route.Via))}
	for _, name := range route.Via {
		if available == nil || available(name) {
			c.Providers = append(c.Providers, name)
		} else {
			c.LeftOut = append(c.LeftOut, name)
		}
	}
	switch {
	case len(c.Providers) == 0:
		c.Providers, c.LeftOut = c.LeftOut, nil
		c.Why += " None of them seems to work now, so each is tried all the same."
	case len(c.LeftOut) > 0:
		c.Why += fmt.Sprintf(" Left out for now: %s.", list(c.LeftOut))
	}
	return c
}

// list reads "a, then b, then c".
func list(names []string) string { return strings.Join(names, ", then ") }
