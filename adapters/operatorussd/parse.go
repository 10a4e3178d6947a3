package operatorussd

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// parser walks a shape's file and gathers every fault with its line. A nil node is "not there".
type parser struct {
	file   string
	faults []lineFault
}

type lineFault struct {
	line int
	err  error
}

// joined returns all faults in the order of the file; nil for none.
func (p *parser) joined() error {
	slices.SortStableFunc(p.faults, func(a, b lineFault) int {
		return cmp.Or(a.line-b.line, strings.Compare(a.err.Error(), b.err.Error()))
	})
	var errs []error
	for _, f := range p.faults {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

func (p *parser) fault(n *yaml.Node, what, mend string) {
	line := 1
	if n != nil && n.Line > 0 {
		line = n.Line
	}
	p.faults = append(p.faults, lineFault{line, fmt.Errorf("%s:%d: %s; %s", p.file, line, what, mend)})
}

var operatorName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}$`)

// Parse reads and checks one shape; the error names each fault with file, line and mend.
func Parse(file string, body []byte) (Shape, error) {
	p := &parser{file: file}
	var doc yaml.Node
	if err := yaml.Load(body, &doc); err != nil && strings.TrimSpace(string(body)) != "" {
		line := &yaml.Node{Line: 1}
		var bad *yaml.LoadError
		if errors.As(err, &bad) {
			line.Line = bad.Mark.Line
		}
		p.fault(line, "this is no YAML", "mend the indentation, the quotes or the brackets here or in the lines above")
		return Shape{}, p.joined()
	}
	var root *yaml.Node
	if len(doc.Content) > 0 {
		root = doc.Content[0]
	}
	keys := p.object(root, "the file", "name", "title", "request", "answer", "screen")
	s := Shape{Name: p.text(keys["name"], "name"), Title: p.text(keys["title"], "title")}
	if want := strings.TrimSuffix(path.Base(file), ".yaml"); s.Name != "" && (s.Name != want || !operatorName.MatchString(s.Name)) {
		p.fault(keys["name"], fmt.Sprintf("name: %q", s.Name), "write the file's name, "+want+", in small letters, digits and -")
	}
	p.request(keys["request"], &s.Request)
	p.answer(keys["answer"], &s.Answer, s.Request)
	if screen := p.object(keys["screen"], "screen", "septets", "units"); screen != nil {
		s.Screen = Screen{p.number(screen["septets"], "screen.septets", 70, 182), p.number(screen["units"], "screen.units", 30, 80)}
	}
	return s, p.joined()
}

func (p *parser) request(n *yaml.Node, to *Request) {
	keys := p.object(n, "request", "method", "type", "session", "phone", "input", "code?", "turn?", "cumulative?", "dialled?", "new?", "ended?")
	if keys == nil {
		return
	}
	to.Method = p.word(keys["method"], "request.method", http.MethodGet, http.MethodPost)
	to.Type = Type(p.word(keys["type"], "request.type", string(JSON), string(Form), string(Query), string(Text)))
	if (to.Method == http.MethodGet) != (to.Type == Query) && to.Method != "" && to.Type != "" {
		p.fault(keys["type"], "request.type: "+string(to.Type)+" by "+to.Method, "GET goes with query, POST with json, form or text")
	}
	for name, list := range map[string]*[]string{"session": &to.Session, "phone": &to.Phone, "input": &to.Input, "code": &to.Code, "turn": &to.Turn} {
		*list = p.fields(keys[name], "request."+name, to.Type)
	}
	to.Cumulative, to.Dialled = p.yes(keys["cumulative"], "request.cumulative"), p.yes(keys["dialled"], "request.dialled")
	to.New, to.Ended = p.matches(keys["new"], "request.new", to.Type), p.matches(keys["ended"], "request.ended", to.Type)
	for _, begun := range to.New {
		for _, ended := range to.Ended {
			if begun.Field == ended.Field && slices.ContainsFunc(begun.Values, func(v string) bool { return slices.Contains(ended.Values, v) }) {
				p.fault(keys["ended"], "request.ended: "+ended.Field+" has a value of request.new", "a session cannot begin and end with the same sign")
			}
		}
	}
}

func (p *parser) answer(n *yaml.Node, to *Answer, request Request) {
	keys := p.object(n, "answer", "type", "text?", "fixed?", "echo?", "headers?", "continue", "end")
	if keys == nil {
		return
	}
	to.Type = Type(p.word(keys["type"], "answer.type", string(JSON), string(Form), string(Text)))
	to.Text = p.optional(keys["text"], "answer.text")
	to.Fixed, to.Headers = p.values(keys["fixed"], "answer.fixed"), p.headers(keys["headers"], "answer.headers")
	to.Echo = map[string]string{}
	for field, from := range p.pairs(keys["echo"], "answer.echo") {
		to.Echo[field] = p.text(from, "answer.echo."+field)
		p.field(from, "answer.echo."+field, to.Echo[field], request.Type)
	}
	to.Continue, to.End = p.sign(keys["continue"], "answer.continue"), p.sign(keys["end"], "answer.end")
	if keys["continue"] != nil && keys["end"] != nil && same(to.Continue, to.End) {
		p.fault(keys["end"], "answer.end says the same as answer.continue", "give a prefix, fields or headers by which the operator tells them apart")
	}
	p.answerFields(n, keys, *to)
}

// answerFields checks the fields of an answer against each other.
func (p *parser) answerFields(n *yaml.Node, keys map[string]*yaml.Node, a Answer) {
	all := slices.Concat(slices.Collect(maps.Keys(a.Fixed)), slices.Collect(maps.Keys(a.Echo)))
	if a.Text != "" {
		all = append(all, a.Text)
	}
	switch {
	case a.Type == Text && len(all)+len(a.Continue.Fields)+len(a.End.Fields) > 0:
		p.fault(n, "answer: plain text has no fields", "take out text, fixed, echo and fields, or write type: json")
		return
	case a.Type != Text && a.Type != "" && a.Text == "":
		p.fault(n, "answer.text is missing", "name the field of the screen's text")
	}
	for i, sign := range []Sign{a.Continue, a.End} {
		written := slices.Concat(all, slices.Collect(maps.Keys(sign.Fields)))
		slices.Sort(written)
		for j := 1; j < len(written); j++ {
			if written[j] == written[j-1] || a.Type == JSON && strings.HasPrefix(written[j], written[j-1]+".") {
				at := keys[[]string{"continue", "end"}[i]]
				p.fault(at, "answer: "+written[j]+" is written twice", "keep one of them")
				return
			}
		}
	}
}

func same(a, b Sign) bool {
	return a.Prefix == b.Prefix && maps.Equal(a.Fields, b.Fields) && maps.Equal(a.Headers, b.Headers)
}

func (p *parser) sign(n *yaml.Node, what string) Sign {
	keys := p.object(n, what, "prefix?", "fields?", "headers?")
	s := Sign{Fields: p.values(keys["fields"], what+".fields"), Headers: p.headers(keys["headers"], what+".headers")}
	if prefix := keys["prefix"]; prefix != nil {
		s.Prefix = prefix.Value // with its blanks
	}
	return s
}

// fields reads one field or a list of them.
func (p *parser) fields(n *yaml.Node, what string, body Type) []string {
	if n == nil {
		return nil
	}
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	}
	var out []string
	for _, item := range items {
		name := p.text(item, what)
		p.field(item, what, name, body)
		out = append(out, name)
	}
	return out
}

// field checks that a field can stand in such a request.
func (p *parser) field(n *yaml.Node, what, name string, body Type) {
	switch kind, rest, found := strings.Cut(name, ":"); {
	case name == "":
	case found && (kind != "header" && kind != "query" || rest == ""):
		p.fault(n, what+": "+name, "write a field's name, header:NAME or query:NAME")
	case body == Text && !found && name != "body":
		p.fault(n, what+": plain text has no field "+name, "write body, header:NAME or query:NAME")
	}
}

func (p *parser) matches(n *yaml.Node, what string, body Type) []Match {
	var out []Match
	pairs := p.pairs(n, what)
	for _, field := range slices.Sorted(maps.Keys(pairs)) {
		p.field(n, what, field, body)
		m := Match{Field: field}
		value := pairs[field]
		items := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			items = value.Content
		}
		for _, item := range items {
			m.Values = append(m.Values, p.optional(item, what+"."+field))
		}
		out = append(out, m)
	}
	return out
}

var headerName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9-]*$`)

func (p *parser) headers(n *yaml.Node, what string) map[string]string {
	out := map[string]string{}
	for name, value := range p.pairs(n, what) {
		out[name] = p.text(value, what+"."+name)
		if !headerName.MatchString(name) || strings.ContainsAny(out[name], "\r\n") {
			p.fault(value, what+": "+strconv.Quote(name)+" is no header of one line", "mend its name or its value")
		}
	}
	return out
}

// values reads fields with values that keep their kind: true is not "true" in JSON.
func (p *parser) values(n *yaml.Node, what string) map[string]any {
	out := map[string]any{}
	for name, value := range p.pairs(n, what) {
		text := p.optional(value, what+"."+name)
		number, err := strconv.ParseInt(text, 10, 64)
		switch {
		case value.ShortTag() == "!!bool":
			out[name] = text == "true"
		case value.ShortTag() == "!!int" && err == nil:
			out[name] = number
		default:
			out[name] = text
		}
	}
	return out
}
