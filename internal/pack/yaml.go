package pack

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"chumrok/internal/directory"
)

// A reader walks the nodes of a YAML file and gathers the faults with line and column. Values are read as the text that stands in the
// file, so a code keeps its leading 0 with or without quotes. Every method takes a nil node as "not there" and answers the zero value,
// so that one missing key is one fault.
type reader struct {
	file   string
	faults []Fault
}

func (r *reader) fault(n *yaml.Node, mend, what string, args ...any) {
	r.faults = append(r.faults, Fault{File: r.file, Line: n.Line, Column: n.Column, What: fmt.Sprintf(what, args...), Mend: mend})
}

// joined returns all faults in the order of the file; nil for none.
func (r *reader) joined() error {
	slices.SortStableFunc(r.faults, func(a, b Fault) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column, strings.Compare(a.What, b.What))
	})
	errs := make([]error, len(r.faults))
	for i, f := range r.faults {
		errs[i] = f
	}
	return errors.Join(errs...)
}

// parse reads a whole file; nil when it is no YAML, which is then a fault.
func (r *reader) parse(text []byte) *yaml.Node {
	var doc yaml.Node
	err := yaml.Load(text, &doc)
	var bad *yaml.LoadError
	if errors.As(err, &bad) {
		at := &yaml.Node{Line: bad.Mark.Line, Column: bad.Mark.Column}
		r.fault(at, "mend the indentation, the quotes or the brackets here or in the lines above", "this is no YAML: %s", bad.Message)
		return nil
	}
	if err != nil && len(strings.TrimSpace(string(text))) > 0 {
		r.fault(&yaml.Node{Line: 1}, "compare it with the default pack", "this is no YAML: %v", err)
		return nil
	}
	if len(doc.Content) == 0 {
		r.fault(&yaml.Node{Line: 1}, "begin with the default pack, which `pack init` writes", "the file is empty")
		return nil
	}
	return follow(doc.Content[0])
}

// follow gives what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

func empty(n *yaml.Node) bool { return n == nil || n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// object reads a mapping whose keys are known. What is required and not there is a fault; known keys that are optional end in "?".
func (r *reader) object(n *yaml.Node, what string, keys ...string) map[string]*yaml.Node {
	if n == nil {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.fault(n, "write it as keys with values: "+strings.ReplaceAll(strings.Join(keys, ", "), "?", ""), "%s is no mapping", what)
		return nil
	}
	found := r.pairs(n, what)
	names := make([]string, len(keys))
	for i, key := range keys {
		var optional bool
		if names[i], optional = strings.CutSuffix(key, "?"); !optional && empty(found[names[i]]) {
			if _, written := found[names[i]]; written {
				r.fault(found[names[i]], "write its value", "%s: %s is empty", what, names[i])
			} else {
				r.fault(n, "add it; the default pack shows how", "%s: %s is missing", what, names[i])
			}
		}
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if slices.Contains(names, key.Value) {
			continue
		}
		mend := "delete it; the keys here are " + strings.Join(names, ", ")
		if near := directory.Nearest(key.Value, names); near != "" {
			mend = "write " + near
		}
		r.fault(key, mend, "%s: unknown key %q", what, key.Value)
	}
	for key, value := range found {
		if empty(value) {
			delete(found, key)
		}
	}
	return found
}

// pairs reads a mapping with any keys.
func (r *reader) pairs(n *yaml.Node, what string) map[string]*yaml.Node {
	if empty(n) {
		return nil
	}
	if n.Kind != yaml.MappingNode {
		r.fault(n, "write it as keys with values", "%s is no mapping", what)
		return nil
	}
	found := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, twice := found[key.Value]; twice {
			r.fault(key, "keep one of them", "%s: %s stands twice", what, key.Value)
			continue
		}
		found[key.Value] = follow(n.Content[i+1])
	}
	return found
}

// list reads a sequence.
func (r *reader) list(n *yaml.Node, what string) []*yaml.Node {
	if empty(n) {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		r.fault(n, "write it as [a, b] or as lines that begin with -", "%s is no list", what)
		return nil
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		items[i] = follow(item)
	}
	return items
}

// text reads one value as it is written.
func (r *reader) text(n *yaml.Node, what string) string {
	if n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode || empty(n) {
		r.fault(n, "write one value", "%s is not one value", what)
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// texts reads a list of values.
func (r *reader) texts(n *yaml.Node, what string) []string {
	var out []string
	for _, item := range r.list(n, what) {
		out = append(out, r.text(item, what))
	}
	return out
}

// words reads a list of words out of those that are known.
func words[T ~string](r *reader, n *yaml.Node, what string, known []T) []T {
	var out []T
	for _, item := range r.list(n, what) {
		w := word(r, item, what, known)
		if w != "" && slices.Contains(out, w) {
			r.fault(item, "keep one of them", "%s has %s twice", what, w)
			continue
		}
		out = append(out, w)
	}
	return out
}

// word reads one word out of those that are known.
func word[T ~string](r *reader, n *yaml.Node, what string, known []T) T {
	w := T(r.text(n, what))
	if n == nil || w == "" || slices.Contains(known, w) {
		return w
	}
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	mend := "write one of " + strings.Join(names, ", ")
	if near := directory.Nearest(string(w), names); near != "" {
		mend = "write " + near
	}
	r.fault(n, mend, "%s: unknown %q", what, string(w))
	return ""
}

// yes reads true or false; what is not there is false.
func (r *reader) yes(n *yaml.Node, what string) bool {
	switch v := r.text(n, what); v {
	case "true", "yes":
		return true
	case "false", "no", "":
	default:
		r.fault(n, "write true or false", "%s is %q", what, v)
	}
	return false
}

// number reads a whole number from least to most.
func (r *reader) number(n *yaml.Node, what string, least, most int) int {
	if n == nil {
		return 0
	}
	text := r.text(n, what)
	v, err := strconv.Atoi(text)
	if err != nil || v < least || v > most {
		r.fault(n, fmt.Sprintf("write a number from %d to %d", least, most), "%s is %q", what, text)
		return 0
	}
	return v
}

// duration reads 30s, 20m, 1h, 14d or several of them in a row, such as 1h30m. It is never zero.
func (r *reader) duration(n *yaml.Node, what string) time.Duration {
	if n == nil {
		return 0
	}
	text := r.text(n, what)
	d, ok := parseDuration(text)
	if !ok {
		r.fault(n, "write a duration such as 30s, 20m, 1h or 14d", "%s is %q", what, text)
	}
	return d
}

func parseDuration(text string) (sum time.Duration, ok bool) {
	units := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	for rest := text; rest != ""; {
		i := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if i < 1 || i > 6 {
			return 0, false
		}
		count, err := strconv.Atoi(rest[:i])
		unit, known := units[rest[i]]
		if err != nil || !known {
			return 0, false
		}
		sum += time.Duration(count) * unit
		rest = rest[i+1:]
	}
	return sum, sum > 0 && sum <= 10*366*24*time.Hour
}
