package operatorussd

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"chumrok/adapters"
)

// fields are the parts of one request, by the names that a shape calls them.
type fields struct {
	request *http.Request
	query   url.Values
	form    url.Values     // of a form
	object  map[string]any // of JSON
	body    string         // of plain text
	charset string
}

// read takes a request apart; ok is false when its body is not what the shape says. Of a form with a broken escape what
// can be read is kept: it is authentic, whatever it says.
func read(shape Request, r *http.Request, body []byte) (fields, bool) {
	f := fields{request: r, charset: adapters.Charset(r.Header.Get("Content-Type"))}
	f.query, _ = url.ParseQuery(r.URL.RawQuery)
	switch shape.Type {
	case JSON:
		decoder := json.NewDecoder(bytes.NewReader(adapters.Body(body)))
		decoder.UseNumber() // a phone's digits are no quantity
		if decoder.Decode(&f.object) != nil || decoder.More() {
			return f, false
		}
	case Form:
		f.form, _ = url.ParseQuery(string(adapters.Body(body)))
	case Text:
		f.body = strings.TrimPrefix(string(body), "\ufeff")
	case Query:
		f.form = f.query
	}
	return f, true
}

// get is the value of one field; "" where it is not there.
func (f fields) get(name string) string {
	if header, ok := strings.CutPrefix(name, "header:"); ok {
		return f.request.Header.Get(header)
	}
	if query, ok := strings.CutPrefix(name, "query:"); ok {
		return f.query.Get(query)
	}
	if f.object == nil {
		if f.form == nil && name == "body" {
			return f.body
		}
		return f.form.Get(name)
	}
	var value any = f.object
	for part := range strings.SplitSeq(name, ".") {
		inner, ok := value.(map[string]any)
		if !ok {
			return ""
		}
		value = inner[part]
	}
	switch v := value.(type) {
	case string:
		return v
	case json.Number, bool:
		return fmt.Sprint(v)
	}
	return ""
}

// first is the value of the first of these fields that holds something.
func (f fields) first(names []string) string {
	for _, name := range names {
		if value := f.get(name); value != "" {
			return value
		}
	}
	return ""
}

// any says whether one of the signs holds.
func (f fields) any(signs []Match) bool {
	return slices.ContainsFunc(signs, func(m Match) bool {
		value := f.get(m.Field)
		return slices.Contains(m.Values, value) || value != "" && slices.Contains(m.Values, "*")
	})
}

// answer writes a screen in the operator's form.
func (o *Operator) answer(w http.ResponseWriter, said fields, a adapters.Answer) {
	shape := o.config.Shape.Answer
	sign := shape.Continue
	if a.End {
		sign = shape.End
	}
	for _, headers := range []map[string]string{shape.Headers, sign.Headers} {
		for name, value := range headers {
			w.Header()[name] = []string{value} // as the file spells it: not every operator knows that case does not matter
		}
	}
	text := sign.Prefix + a.Text
	all := map[string]any{shape.Text: text}
	for field, from := range shape.Echo {
		all[field] = adapters.Text(said.get(from))
	}
	maps.Copy(all, shape.Fixed)
	maps.Copy(all, sign.Fields)
	switch shape.Type {
	case JSON:
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_, _ = w.Write(object(all))
	case Form:
		form := url.Values{}
		for field, value := range all {
			form.Set(field, fmt.Sprint(value))
		}
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
		_, _ = w.Write([]byte(form.Encode()))
	default:
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(text))
	}
}

// object writes fields as JSON, "data.text" as text inside of data, without the escapes for web pages that a simple
// parser may not know.
func object(all map[string]any) []byte {
	root := map[string]any{}
	for field, value := range all {
		at, parts := root, strings.Split(field, ".")
		for _, part := range parts[:len(parts)-1] {
			inner, ok := at[part].(map[string]any)
			if !ok {
				inner = map[string]any{}
				at[part] = inner
			}
			at = inner
		}
		at[parts[len(parts)-1]] = value
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(root) // strings, numbers and booleans always fit
	return bytes.TrimRight(out.Bytes(), "\n")
}
