// Package kannelconf reads a Kannel's configuration and names each setting by which a child's message could be lost, cut or
// answered by Kannel's own English sentences, or by which a stranger could reach Kannel. It starts nothing, connects to
// nothing, and does not check what Kannel itself refuses to start with.
package kannelconf

import (
	"errors"
	"fmt"
	"strings"
)

// Setting is one line of a configuration.
type Setting struct {
	Name, Value string
	File        string
	Line        int
}

// Group is one group of settings; where a name stands twice the last counts, as for Kannel.
type Group struct {
	Kind     string // what follows "group ="
	File     string
	Line     int
	Settings []Setting
}

// Get returns the setting of that name, and whether it is there.
func (g Group) Get(name string) (Setting, bool) {
	for i := len(g.Settings) - 1; i >= 0; i-- {
		if g.Settings[i].Name == name {
			return g.Settings[i], true
		}
	}
	return Setting{}, false
}

func (g Group) value(name string) string {
	s, _ := g.Get(name)
	return s.Value
}

// Config is a configuration with all that it includes.
type Config struct {
	File   string
	Groups []Group
}

func (c Config) all(kind string) []Group {
	var found []Group
	for _, g := range c.Groups {
		if g.Kind == kind {
			found = append(found, g)
		}
	}
	return found
}

// first is the first group of that kind, or an empty one that stands at the beginning of the file.
func (c Config) first(kind string) (Group, bool) {
	if found := c.all(kind); len(found) > 0 {
		return found[0], true
	}
	return Group{Kind: kind, File: c.File, Line: 1}, false
}

// mostFiles bounds how many files a configuration may include.
const mostFiles = 50

// Parse reads a configuration; read gives the files, also the included ones. The error names every line that is none.
func Parse(name string, read func(name string) ([]byte, error)) (Config, error) {
	p := parser{read: read, config: Config{File: name}}
	p.file(name, name+":1")
	return p.config, errors.Join(p.faults...)
}

type parser struct {
	read   func(string) ([]byte, error)
	config Config
	open   bool // a group is open
	files  int
	faults []error
}

func (p *parser) fault(file string, line int, format string, args ...any) {
	p.faults = append(p.faults, at(file, line, format, args...))
}

func at(file string, line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", file, line, fmt.Sprintf(format, args...))
}

// file reads a file; from is where it is named.
func (p *parser) file(name, from string) {
	if p.files++; p.files > mostFiles {
		p.faults = append(p.faults, fmt.Errorf("%s: more than %d files include each other; include each once", from, mostFiles))
		return
	}
	body, err := p.read(name)
	if err != nil {
		p.faults = append(p.faults, fmt.Errorf("%s: reading the Kannel configuration: %w; name a file that this process may read", from, err))
		return
	}
	number := 0
	for line := range strings.Lines(string(body)) {
		number++
		p.line(name, number, strings.TrimSpace(line))
	}
	p.open = false
}

// line reads one line. A blank line ends a group, a line that begins with # is a comment.
func (p *parser) line(file string, number int, line string) {
	if line == "" {
		p.open = false
		return
	}
	if line[0] == '#' {
		return
	}
	name, value, ok := strings.Cut(line, "=")
	name = strings.TrimSpace(name)
	if !ok || name == "" {
		p.fault(file, number, "this is no setting; write it as name = value")
		return
	}
	value = unquote(strings.TrimSpace(value))
	switch {
	case name == "include":
		p.open = false
		p.file(value, fmt.Sprintf("%s:%d", file, number))
	case name == "group":
		p.config.Groups = append(p.config.Groups, Group{Kind: value, File: file, Line: number})
		p.open = true
	case !p.open:
		p.fault(file, number, "%s stands in no group: an empty line ends a group; take it out, or begin with group = …", name)
	default:
		g := &p.config.Groups[len(p.config.Groups)-1]
		g.Settings = append(g.Settings, Setting{Name: name, Value: value, File: file, Line: number})
	}
}

// unquote takes the quotes off a value; \ keeps the sign after it.
func unquote(s string) string {
	inside, quoted := strings.CutPrefix(s, `"`)
	if !quoted {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(inside); i++ {
		switch {
		case inside[i] == '\\' && i+1 < len(inside):
			i++
			b.WriteByte(inside[i])
		case inside[i] == '"':
			return b.String()
		default:
			b.WriteByte(inside[i])
		}
	}
	return b.String()
}
