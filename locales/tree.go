package locales

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// fields are what go-i18n knows inside a sentence's table. It loads any other silently, so a typo such as "othre" would
// lose the sentence; and our sentences have no plural forms (Khmer has none but "other").
var fields = []string{"other", "description", "hash"}

var pluralFields = []string{"zero", "one", "two", "few", "many", "id", "leftdelim", "rightdelim", "translation"}

// checkTree walks the parsed file before go-i18n does, so that what is wrong gets its line.
func (l *loader) checkTree(file, prefix string, tree map[string]any, lines map[string]int) {
	known, near := "", ""
	for name := range tree {
		switch low := strings.ToLower(name); {
		case prefix == "":
		case slices.Contains(fields, low):
			known = name
		case slices.Contains(pluralFields, low):
			l.fault(file, lines[prefix+name], strings.TrimSuffix(prefix, "."), fmt.Sprintf("the field %q is not used here", name), `write only other = "words"`)
		case nearField(low):
			near = name
		}
	}
	if near != "" && (known != "" || len(tree) == 1) {
		l.fault(file, lines[prefix+near], strings.TrimSuffix(prefix, "."), fmt.Sprintf("unknown field %q", near), `write other = "words"`)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		key := prefix + name
		switch v := tree[name].(type) {
		case string:
			if known != "" && !slices.Contains(fields, strings.ToLower(name)) && !slices.Contains(pluralFields, strings.ToLower(name)) {
				l.fault(file, lines[key], key, fmt.Sprintf("the field %q and the key %q stand in one table", known, name), "write the keys flat, as "+`"`+key+`" = "words"`)
			}
		case map[string]any:
			l.checkTree(file, key+".", v, lines)
		default:
			l.fault(file, lines[key], key, fmt.Sprintf("the value is a %T, not words", v), "put it in quotes")
		}
	}
}

// nearField reports whether name is one slip of the finger away from "other" or "description".
func nearField(name string) bool {
	return slip(name, "other") || slip(name, "description") || slip(name, "translation")
}

// slip reports whether a becomes b by one letter added, lost, changed, or two neighbours swapped.
func slip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || a == b {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

var (
	tableLine = regexp.MustCompile(`^\s*\[\s*([^\[\]]+?)\s*\]\s*(#.*)?$`)
	keyLine   = regexp.MustCompile(`^\s*((?:"[^"]+"|'[^']+'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]+"|'[^']+'|[A-Za-z0-9_-]+))*)\s*=`)
	quotes    = strings.NewReplacer(`"`, "", `'`, "", " ", "")
)

// keyLines finds the line of each key. The TOML package tells lines only of what it cannot parse.
func keyLines(text string) map[string]int {
	lines := map[string]int{}
	prefix, inside := "", ""
	for i, line := range strings.Split(text, "\n") {
		if inside != "" {
			if strings.Contains(line, inside) {
				inside = ""
			}
			continue
		}
		if m := tableLine.FindStringSubmatch(line); m != nil {
			name := quotes.Replace(m[1])
			lines[name] = i + 1
			prefix = name + "."
			continue
		}
		m := keyLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		name := prefix + quotes.Replace(m[1])
		lines[name] = i + 1
		for _, q := range []string{`"""`, `'''`} {
			if strings.Count(line, q)%2 == 1 {
				inside = q
			}
		}
	}
	return lines
}
