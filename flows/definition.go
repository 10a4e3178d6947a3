package flows

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// word is a scalar of a definition with its place in the file, so that whatever turns out to be wrong with it can be shown.
type word struct {
	text string
	at   at
	in   int // how far the text begins behind at: 1 inside quotation marks
}

// UnmarshalYAML keeps the scalar as it is written: 6_11 and 010203 stay what they are.
func (w *word) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind != yaml.ScalarNode {
		return fmt.Errorf("line %d: a single word is needed here", n.Line)
	}
	*w = word{text: n.Value, at: at{n.Line, n.Column}}
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		w.in = 1
	}
	return nil
}

func (w word) given() bool { return w.text != "" }

// words are one word or several.
type words []word

// UnmarshalYAML reads "a" or [a, b].
func (w *words) UnmarshalYAML(n *yaml.Node) error {
	list := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		list = n.Content
	}
	for _, item := range list {
		var one word
		if err := one.UnmarshalYAML(item); err != nil {
			return err
		}
		*w = append(*w, one)
	}
	return nil
}

// wording is a key of the catalogue for each channel: one for both, or one each.
type wording struct {
	key [len(channels)]word
	at  at
}

// UnmarshalYAML reads "key" or {ussd: key, sms: key}.
func (w *wording) UnmarshalYAML(n *yaml.Node) error {
	w.at = at{n.Line, n.Column}
	if n.Kind == yaml.ScalarNode {
		for i := range w.key {
			if err := w.key[i].UnmarshalYAML(n); err != nil {
				return err
			}
		}
		return nil
	}
	each := map[Channel]word{}
	if err := n.Decode(&each); err != nil {
		return err
	}
	for c, k := range each {
		w.key[c.index()] = k
	}
	return nil
}

// pair is one entry of a mapping, in the order of the file.
type pair struct {
	name  word
	value *yaml.Node
}

type pairs []pair

// UnmarshalYAML keeps the order of the entries.
func (p *pairs) UnmarshalYAML(n *yaml.Node) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		var name word
		if err := name.UnmarshalYAML(n.Content[i]); err != nil {
			return err
		}
		*p = append(*p, pair{name, n.Content[i+1]})
	}
	return nil
}

// source is a definition as it is written. schema.json describes the same and is checked first, so nothing here is surprised.
type source struct {
	Name    word         `yaml:"name"`
	Version word         `yaml:"version"`
	Voices  []voiceEntry `yaml:"voices"`
	Fields  pairs        `yaml:"fields"`
	Entry   pairs        `yaml:"entry"`
	Keep    word         `yaml:"keep"` // the field that takes words written where a number was asked
	Mark    word         `yaml:"mark"` // the bin of a conversation that is left in it and told nothing
	For     word         `yaml:"for"`  // officer: nothing begins with it, and none of its screens is a caller's
	Vars    pairs        `yaml:"vars"` // variables of texts, each with the field that fills it
	Nodes   []nodeEntry  `yaml:"nodes"`
}

type voiceEntry struct {
	Name word `yaml:"name"`
	When word `yaml:"when"`
}

type nodeEntry struct {
	at      at
	ID      word          `yaml:"id"`
	Kind    word          `yaml:"kind"`
	Class   word          `yaml:"class"`
	Field   word          `yaml:"field"`
	Text    wording       `yaml:"text"`
	Leave   word          `yaml:"leave"`
	Options []optionEntry `yaml:"options"`
	To      word          `yaml:"to"`

	Wait  *bool        `yaml:"wait"`
	GoOn  *optionEntry `yaml:"go_on"`
	Type  word         `yaml:"type"`
	Bad   word         `yaml:"bad"`
	Min   *int         `yaml:"min"`
	Max   *int         `yaml:"max"`
	Words bool         `yaml:"needs_words"`
	Code  word         `yaml:"if_code"`
	Club  bool         `yaml:"club_number"`

	Typed word `yaml:"typed"`
	Area  word `yaml:"area"`
	From  word `yaml:"from"`

	Cases []caseEntry `yaml:"cases"`
	Else  word        `yaml:"else"`
	Do    word        `yaml:"do"`
	Mark  word        `yaml:"mark"`

	Flow      word  `yaml:"flow"`
	Want      word  `yaml:"want"`
	With      words `yaml:"with"`
	Supplies  words `yaml:"supplies"`
	Secret    bool  `yaml:"secret"`
	CodeField word  `yaml:"code_field"`
}

// UnmarshalYAML notes where the node begins.
func (n *nodeEntry) UnmarshalYAML(y *yaml.Node) error {
	type plain nodeEntry
	n.at = at{y.Line, y.Column}
	return y.Decode((*plain)(n))
}

type optionEntry struct {
	at     at
	Number word    `yaml:"number"`
	Value  word    `yaml:"value"`
	Text   wording `yaml:"text"`
	When   word    `yaml:"when"`
	Set    pairs   `yaml:"set"`
	Event  word    `yaml:"event"`
	To     word    `yaml:"to"`
	Back   bool    `yaml:"back"`
}

// UnmarshalYAML notes where the option begins.
func (o *optionEntry) UnmarshalYAML(y *yaml.Node) error {
	type plain optionEntry
	o.at = at{y.Line, y.Column}
	return y.Decode((*plain)(o))
}

type caseEntry struct {
	When word  `yaml:"when"`
	Set  pairs `yaml:"set"`
	To   word  `yaml:"to"`
}

// read parses a definition and holds it against the schema. What is wrong goes to f; then the source is nil.
func read(f *faults, body []byte) *source {
	var root yaml.Node
	if err := yaml.Unmarshal(body, &root); err != nil {
		line, text := lineOf(err)
		f.add(at{line, 1}, "mend the YAML there", "this is not YAML: %s", text)
		return nil
	}
	if len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		f.add(at{1, 1}, "begin with name:, version:, fields:, entry: and nodes:", "the file holds no definition")
		return nil
	}
	if !holdAgainstSchema(f, root.Content[0]) {
		return nil
	}
	var s source
	if err := root.Content[0].Decode(&s); err != nil {
		line, text := lineOf(err)
		f.add(at{line, 1}, "write it as flows/schema.json describes", "%s", text)
		return nil
	}
	return &s
}

// lineOf takes the line out of an error of the YAML library, whose text carries it.
func lineOf(err error) (int, string) {
	text := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " ")
	for _, mark := range []string{"line ", "<input>:", "L"} {
		if _, rest, ok := strings.Cut(text, mark); ok {
			end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
			if n, err := strconv.Atoi(rest[:max(end, 0)]); err == nil {
				return n, text
			}
		}
	}
	return 1, text
}
