package operatorussd

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Shape is how one operator or aggregator speaks HTTP USSD: what its requests are called and how it wants to be answered.
// It is read from a data file, checked, and does not change afterwards.
type Shape struct {
	Name    string // in lower case; the file's name, and a part of the hook's path
	Title   string // for people
	Request Request
	Answer  Answer
	Screen  Screen
}

// Request is where the parts of a turn stand. A field is a name in the form, the query or the JSON object ("payload.text"
// is text inside of payload), "header:NAME", "query:NAME", or, where the body is plain text, "body".
type Request struct {
	Method     string   // GET or POST
	Type       Type     // of the body; Query where there is none
	Session    []string // the first of these that holds something is the session's id; likewise below
	Phone      []string
	Input      []string
	Code       []string // the service code; none = the deployment's own
	Turn       []string // another id for each turn, the same when it comes again; none = the gateway counts turns itself
	Cumulative bool     // the input repeats everything typed so far, joined by "*"
	Dialled    bool     // the input of the first turn is what was dialled
	New        []Match  // any of these begins a session; none = a session id not seen before does
	Ended      []Match  // any of these says that the session is over
}

// Type is what a body is written in.
type Type string

// The types of a body.
const (
	JSON  Type = "json"
	Form  Type = "form"
	Query Type = "query" // no body: all stands in the address
	Text  Type = "text"
)

// Match holds when the field has one of the values; the value "*" is anything but nothing.
type Match struct {
	Field  string
	Values []string
}

// Answer is how a screen is shown.
type Answer struct {
	Type     Type              // json, form or text
	Text     string            // the field of the screen's text; none for plain text
	Fixed    map[string]any    // fields that are always the same
	Echo     map[string]string // answer's field → the request's field that it repeats
	Headers  map[string]string
	Continue Sign
	End      Sign
}

// Sign tells the operator whether the session goes on.
type Sign struct {
	Prefix  string // in front of the text
	Fields  map[string]any
	Headers map[string]string
}

// Screen is what one screen of this operator carries: septets of plain Latin text, units of Khmer.
type Screen struct{ Septets, Units int }

//go:embed shapes/*.yaml
var shipped embed.FS

// Shipped returns the shapes that come with the gateway, one file each, at the top.
func Shipped() fs.FS {
	files, err := fs.Sub(shipped, "shapes")
	if err != nil {
		panic(err) // the name is embedded above
	}
	return files
}

// Load reads every shape of a folder. folder is its name in faults. All faults of all files come in one error.
func Load(files fs.FS, folder string) ([]Shape, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", folder, err)
	}
	var shapes []Shape
	var faults []error
	for _, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			faults = append(faults, fmt.Errorf("reading %s: %w", path.Join(folder, name), err))
			continue
		}
		shape, err := Parse(path.Join(folder, name), body)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		shapes = append(shapes, shape)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	slices.SortFunc(shapes, func(a, b Shape) int { return strings.Compare(a.Name, b.Name) })
	return shapes, nil
}

// Merge returns our shapes with a deployment's own in place of those of the same name.
func Merge(ours, own []Shape) []Shape {
	merged := slices.Clone(own)
	for _, s := range ours {
		if !slices.ContainsFunc(own, func(o Shape) bool { return o.Name == s.Name }) {
			merged = append(merged, s)
		}
	}
	slices.SortFunc(merged, func(a, b Shape) int { return strings.Compare(a.Name, b.Name) })
	return merged
}
