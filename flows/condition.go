package flows

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// field is something that can be answered.
type field struct {
	name   string
	kind   string         // "choice", text, phone, number, age, digits, commune, area
	secret bool           // asked for in secret, so it never has an answer
	values map[string]any // of a choice: what may be answered, boxed once so that conditions need no allocation
}

// free reports whether the field takes more than a closed list of values.
func (f *field) free() bool { return f.kind != "choice" }

// allows reports whether the field can hold the value; the empty value is "not answered" and always possible.
func (f *field) allows(value string) bool {
	if value == "" || f.free() {
		return true
	}
	_, ok := f.values[value]
	return ok
}

func (f *field) list() string {
	return strings.Join(slices.Sorted(maps.Keys(f.values)), ", ")
}

// condition is a compiled question to the answers. It can be asked from many goroutines at once.
type condition struct {
	text    string
	program *vm.Program
	fields  []*field // those that it reads
}

var machines = sync.Pool{New: func() any { return new(vm.VM) }}

// holds asks the condition. One that fails to run does not hold; the check at Add leaves nothing that could fail.
func (c *condition) holds(s *State) bool {
	env := make(map[string]any, len(c.fields))
	for _, f := range c.fields {
		value := s.Answer(f.name)
		if boxed, ok := f.values[value]; ok {
			env[f.name] = boxed
		} else {
			env[f.name] = value
		}
	}
	m := machines.Get().(*vm.VM)
	result, err := m.Run(c.program, env)
	machines.Put(m)
	yes, ok := result.(bool)
	return err == nil && ok && yes
}

// condition compiles one condition against the declared fields; nil when it is faulty.
func (c *compiler) condition(w word) *condition {
	env := map[string]any{}
	for name := range c.fields {
		env[name] = ""
	}
	program, err := expr.Compile(w.text, expr.Env(env), expr.AsBool(), expr.DisableAllBuiltins(), expr.Optimize(false))
	if err != nil {
		p, message := w.at, err.Error()
		var fault *file.Error
		if errors.As(err, &fault) {
			p, message = w.inside(fault.Line, fault.Column), fault.Message
		}
		mend := "compare the fields declared under fields: with their values, as in who == \"child\""
		if strings.HasPrefix(message, "unknown name") {
			mend = "use one of the declared fields: " + strings.Join(slices.Sorted(maps.Keys(c.fields)), ", ")
		}
		c.f.add(p, mend, "the condition cannot be read: %s", message)
		return nil
	}
	reader := &reader{c: c, word: w, seen: map[string]bool{}}
	node := program.Node()
	ast.Walk(&node, reader)
	cond := &condition{text: w.text, program: program}
	for _, name := range slices.Sorted(maps.Keys(reader.seen)) {
		cond.fields = append(cond.fields, c.fields[name])
		if f := c.fields[name]; f != nil && f.secret {
			c.f.add(w.at, "let a fetch say whether it is right", "%q is a secret, and nothing of it is kept to compare", name)
		}
	}
	return cond
}

// inside is the place of a position inside the condition's own text, of which the first line counts from 1 and the first column from 0.
func (w word) inside(line, column int) at {
	if line > 1 {
		return at{w.at.line + line - 1, column + 1}
	}
	return at{w.at.line, w.at.col + w.in + column}
}

// reader walks a condition: it notes the fields that are read and finds comparisons that can never hold.
type reader struct {
	c    *compiler
	word word
	seen map[string]bool
}

// Visit looks at one node of the condition.
func (r *reader) Visit(n *ast.Node) {
	switch n := (*n).(type) {
	case *ast.IdentifierNode:
		r.seen[n.Value] = true
	case *ast.BinaryNode:
		switch n.Operator {
		case "==", "!=":
			r.compare(n.Left, n.Right)
			r.compare(n.Right, n.Left)
		case "in":
			switch list := n.Right.(type) {
			case *ast.ArrayNode:
				for _, e := range list.Nodes {
					r.compare(n.Left, e)
				}
			case *ast.ConstantNode:
				r.constants(n.Left, list)
			}
		}
	}
}

// compare checks a value that a field is compared with.
func (r *reader) compare(left, right ast.Node) {
	name, ok := left.(*ast.IdentifierNode)
	if !ok {
		return
	}
	value, ok := right.(*ast.StringNode)
	if !ok {
		return
	}
	if f := r.c.fields[name.Value]; f != nil && !f.allows(value.Value) {
		r.c.f.add(r.place(right), "use one of "+f.list(), "%s can never be %q", f.name, value.Value)
	}
}

// constants checks a list that the compiler has folded into one constant.
func (r *reader) constants(left ast.Node, list *ast.ConstantNode) {
	v := reflect.ValueOf(list.Value)
	switch v.Kind() { //nolint:exhaustive // other kinds hold no list
	case reflect.Map:
		for _, k := range v.MapKeys() {
			r.compare(left, &ast.StringNode{Value: fmt.Sprint(k.Interface())})
		}
	case reflect.Slice:
		for i := range v.Len() {
			r.compare(left, &ast.StringNode{Value: fmt.Sprint(v.Index(i).Interface())})
		}
	}
}

// place is where a node of the condition stands in the file. A condition over several lines is shown at its first.
func (r *reader) place(n ast.Node) at {
	from := n.Location().From
	before := r.word.text[:min(from, len(r.word.text))]
	if line := strings.Count(before, "\n"); line > 0 {
		return r.word.inside(line+1, len(before)-strings.LastIndex(before, "\n")-1)
	}
	return r.word.inside(1, from)
}
