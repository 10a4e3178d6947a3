package flows

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"sync"

	"chumrok/internal/gazetteer"
	"chumrok/internal/phone"
	"chumrok/locales"
)

// Options are what a deployment decides about its conversations.
type Options struct {
	Budget       map[Channel]locales.Budget // what one USSD screen carries; locales.USSD unless given
	OwnProvinces []string                   // codes of the provinces that lists show first, in this order
	Clubs        map[string]string          // a club's number → its commune's code
	Phones       phone.Country              // where a number is at home that a caller writes without a plus sign; Cambodia unless given
	Numbers      map[string]int             // words of the deployment's languages for 0 to 9, beside those that package phone knows
	Retries      int                        // how often a caller may try again after an input that cannot be taken; 3 unless given
}

// mostSegments is how many SMS a text to a reporter may take: Khmer with a place's three names does not fit in one.
const mostSegments = 2

// Library holds the definitions of a deployment, current ones and those that conversations still end with. It is safe for concurrent use.
type Library struct {
	texts     *locales.Catalogue
	places    *gazetteer.Gazetteer
	options   Options
	clubs     func(number string) string // AskClubs
	languages []string
	tongues   []tongue
	lists     sync.Map // listKey → []string: the pages of a place list, computed once

	mu      sync.RWMutex
	byHash  map[string]*Definition
	current map[string]*Definition
}

// NewLibrary returns an empty library that speaks with the catalogue and knows the gazetteer's places.
func NewLibrary(c *locales.Catalogue, g *gazetteer.Gazetteer, opt Options) *Library {
	if opt.Retries <= 0 {
		opt.Retries = 3
	}
	l := &Library{
		texts: c, places: g, options: opt, languages: c.Languages(),
		byHash: map[string]*Definition{}, current: map[string]*Definition{},
	}
	for _, lang := range l.languages {
		l.tongues = append(l.tongues, l.tongue(lang))
	}
	return l
}

//go:embed definitions/*.yaml
var definitions embed.FS

// defaults are the conversations that come with the product.
var defaults = []string{"report", "menu", "learn", "ask", "duty"}

// ReportYAML is the report conversation that comes with the product.
func ReportYAML() []byte {
	return SourceOf("report")
}

// SourceOf is a conversation that comes with the product, as it is written; nil when there is none of that name.
func SourceOf(name string) []byte {
	body, err := definitions.ReadFile("definitions/" + name + ".yaml")
	if err != nil {
		return nil
	}
	return body
}

// AddDefault adds the conversations that come with the product, each unless the library has one of that name, and holds all of them
// together. It returns the report conversation.
func (l *Library) AddDefault() (*Definition, error) {
	var errs []error
	for _, name := range defaults {
		if l.Current(name) == nil {
			_, err := l.Add("flows/definitions/"+name+".yaml", SourceOf(name))
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return l.Default(), l.Connected()
}

// Add reads, checks and compiles a definition and makes it the one that new conversations of its name begin with. name is the file's name,
// for faults. The error joins all faults, each a Fault: "file:line:col: what; mend". A definition whose options have other numbers than the
// version before it is refused, since people learn numbers by heart and posters print them.
func (l *Library) Add(name string, body []byte) (*Definition, error) {
	return l.add(name, body, true)
}

// Restore adds a definition of an earlier release, as Definition.Source gave it, so that a conversation can end with the one it began with.
// It does not become the current one.
func (l *Library) Restore(name string, body []byte) (*Definition, error) {
	return l.add(name, body, false)
}

func (l *Library) add(name string, body []byte, current bool) (*Definition, error) {
	hash := HashOf(body)
	if d := l.ByHash(hash); d != nil {
		if current {
			l.mu.Lock()
			l.current[d.Name] = d
			l.mu.Unlock()
		}
		return d, nil
	}
	f := &faults{file: name}
	src := read(f, body)
	if src == nil {
		return nil, f.err()
	}
	c := &compiler{f: f, l: l, src: src}
	d := c.compile()
	d.Hash, d.body, d.file = hash, slices.Clone(body), name
	c.check()
	if current {
		c.numbers(l.Current(d.Name))
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byHash[hash] = d
	if current {
		l.current[d.Name] = d
	}
	return d, nil
}

// HashOf names a definition by its content.
func HashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:16])
}

// ByHash returns the definition with this content, nil when the library has none.
func (l *Library) ByHash(hash string) *Definition {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.byHash[hash]
}

// Current returns the definition that new conversations of a name begin with, nil when there is none.
func (l *Library) Current(name string) *Definition {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.current[name]
}

// Default returns the report conversation, nil before one was added.
func (l *Library) Default() *Definition { return l.Current("report") }

func (l *Library) budget() locales.Budget {
	b := l.options.Budget[USSD]
	if b.Septets <= 0 {
		b.Septets = locales.USSD.Septets
	}
	if b.Units <= 0 {
		b.Units = locales.USSD.Units
	}
	return b
}

// language is the index of a language; what is not known is the first, which a deployment speaks most.
func (l *Library) language(lang string) int {
	return max(slices.Index(l.languages, lang), 0)
}

// tongue is what the engine itself says in one language: the words of the keys, errors and leaving.
type tongue struct {
	lang             string
	leave, more      string    // "0 ចេញ", "9 ទៀត"
	words            [3]string // of leave, back and more, as they are compared with what was written
	reply            string
	left, tryAgain   string
	notUnderstood    string
	unknown, tooLong []string
}

// engineKeys are the texts that every definition needs, whatever its nodes say.
var engineKeys = []string{
	"nav.leave", "nav.more", "nav.back", "sms.reply", "leave", "error.try_again", "error.not_understood",
	"error.unknown_key", "error.unknown_key.again", "error.too_long", "error.too_long.more", "error.too_long.go_on",
}

func (l *Library) tongue(lang string) tongue {
	text := func(key string) string { return l.texts.Text(lang, key) }
	t := tongue{
		lang: lang, leave: "0 " + text("nav.leave"), more: "9 " + text("nav.more"), reply: text("sms.reply"),
		words: [3]string{letters(text("nav.leave")), letters(text("nav.back")), letters(text("nav.more"))},
		left:  locales.Strip(text("leave")), tryAgain: locales.Strip(text("error.try_again")),
		notUnderstood: locales.Strip(text("error.not_understood")),
	}
	t.unknown = l.pages(t, locales.Menu{Heading: text("error.unknown_key"), Leaveable: true,
		Options: []locales.Option{{Key: "1", Text: text("error.unknown_key.again")}}})
	t.tooLong = l.pages(t, locales.Menu{Heading: text("error.too_long"), Leaveable: true,
		Options: []locales.Option{{Key: "1", Text: text("error.too_long.more")}, {Key: "2", Text: text("error.too_long.go_on")}}})
	return t
}

// pages are a menu as USSD screens.
func (l *Library) pages(t tongue, m locales.Menu) []string {
	if m.Leave == "" {
		m.Leave = t.leave
	}
	m.More = t.more
	return locales.Pages(m, l.budget())
}

// lines are a menu as SMS: one line each, over as many messages as it takes.
func (l *Library) lines(t tongue, m locales.Menu) []string {
	var pages []string
	line := m.Heading
	if len(m.Options) > 0 {
		line = joined(line, t.reply)
	}
	onPage := 0
	for i, o := range m.Options {
		longer := joined(line, o.Key+" "+o.Text)
		rest := longer
		if i+1 < len(m.Options) {
			rest = joined(longer, t.more)
		}
		if onPage > 0 && locales.SMSSegments(locales.Strip(rest)) > mostSegments {
			pages = append(pages, locales.Strip(joined(line, t.more)))
			line, onPage = joined(t.reply, o.Key+" "+o.Text), 1
			continue
		}
		line, onPage = longer, onPage+1
	}
	line = locales.Strip(line)
	if out := locales.Strip(joined(line, t.leave)); m.Leaveable && len(m.Options) > 0 && locales.SMSSegments(out) == locales.SMSSegments(line) {
		line = out
	}
	return append(pages, line)
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

func joined(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + " " + b
}

// face is a menu on a channel.
func (l *Library) face(c Channel, t tongue, m locales.Menu) []string {
	if c == SMS {
		return l.lines(t, m)
	}
	return l.pages(t, m)
}
