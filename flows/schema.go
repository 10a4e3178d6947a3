package flows

import (
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"go.yaml.in/yaml/v4"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// Schema is the JSON Schema of a definition, for editors that check while one types.
//
//go:embed schema.json
var Schema string

var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(Schema))
	if err != nil {
		return nil, fmt.Errorf("reading schema.json: %w", err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, fmt.Errorf("reading schema.json: %w", err)
	}
	return c.Compile("schema.json")
})

// holdAgainstSchema reports whether the document has the shape of a definition, and each place where it has not.
func holdAgainstSchema(f *faults, root *yaml.Node) bool {
	s, err := schema()
	if err != nil {
		f.add(at{1, 1}, "this is a fault of the program", "%v", err)
		return false
	}
	before := len(f.list)
	doc := plainValue(f, root)
	if err := s.Validate(doc); err != nil {
		invalid, ok := err.(*jsonschema.ValidationError) //nolint:errorlint // Validate documents this one type
		if !ok {
			f.add(at{1, 1}, "this is a fault of the program", "%v", err)
			return false
		}
		leaves(f, root, invalid)
	}
	return len(f.list) == before
}

// plainValue turns a YAML node into what a JSON document would hold. Only plain decimal numbers are numbers.
func plainValue(f *faults, n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			k := n.Content[i]
			if _, twice := m[k.Value]; twice {
				f.add(at{k.Line, k.Column}, "keep one of the two", "%q stands here twice", k.Value)
			}
			m[k.Value] = plainValue(f, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, c := range n.Content {
			list = append(list, plainValue(f, c))
		}
		return list
	case yaml.AliasNode:
		f.add(at{n.Line, n.Column}, "write it out", "an alias hides what stands here")
		return n.Value
	}
	if i, err := strconv.Atoi(n.Value); err == nil && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 {
		return i
	}
	switch {
	case n.ShortTag() == "!!bool":
		return n.Value == "true"
	case n.ShortTag() == "!!null":
		return nil
	}
	return n.Value
}

var english = message.NewPrinter(language.English)

// leaves adds the innermost causes of a validation error, each at its line and column.
func leaves(f *faults, root *yaml.Node, e *jsonschema.ValidationError) {
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			leaves(f, root, c)
		}
		return
	}
	n := find(root, e.InstanceLocation)
	p := at{n.Line, n.Column}
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			f.add(keyAt(n, name), "take it out, or write it as flows/schema.json has it", "%q means nothing here", name)
		}
	case *kind.FalseSchema:
		name := e.InstanceLocation[len(e.InstanceLocation)-1]
		f.add(keyAt(find(root, e.InstanceLocation[:len(e.InstanceLocation)-1]), name), "take it out",
			"%q means nothing in a node of this kind", name)
	case *kind.Required:
		f.add(p, "add it", "%s is missing", strings.Join(k.Missing, " and "))
	case *kind.Enum:
		var want []string
		for _, v := range k.Want {
			want = append(want, fmt.Sprint(v))
		}
		f.add(p, "write one of "+strings.Join(want, ", "), "%q is not known here", fmt.Sprint(k.Got))
	default:
		mend := "write it as flows/schema.json describes"
		if slices.Contains(e.InstanceLocation, "number") {
			mend = "an option's number is 1 to 7, or 11 and up: 0 leaves, 8 goes back, 9 shows more"
		}
		f.add(p, mend, "%s", k.LocalizedString(english))
	}
}

func find(n *yaml.Node, path []string) *yaml.Node {
	for _, step := range path {
		switch n.Kind {
		case yaml.MappingNode:
			for i := 0; i+1 < len(n.Content); i += 2 {
				if n.Content[i].Value == step {
					n = n.Content[i+1]
					break
				}
			}
		case yaml.SequenceNode:
			if i, err := strconv.Atoi(step); err == nil && i < len(n.Content) {
				n = n.Content[i]
			}
		}
	}
	return n
}

func keyAt(n *yaml.Node, name string) at {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return at{n.Content[i].Line, n.Content[i].Column}
		}
	}
	return at{n.Line, n.Column}
}
