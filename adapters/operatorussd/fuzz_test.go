package operatorussd

import (
	"io"
	"maps"
	"slices"
	"testing"

	"chumrok/adapters"
	"chumrok/adapters/adaptertest"
)

// FuzzHooks sends anything to the hooks of every shape, with the token and without it.
func FuzzHooks(f *testing.F) {
	all := operators(f)
	var channels []adapters.Channel
	for i, name := range slices.Sorted(maps.Keys(all)) {
		shape := all[name]
		channels = append(channels, operator(f, shape, token))
		for _, said := range []map[string]string{turn(shape, "s-1", "*1280#"), turn(shape, "s-1", "a\x00\xff"), turn(shape, "", "1")} {
			r := compose(f, shape, said)
			body, err := io.ReadAll(r.Body)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(byte(i), r.URL.RawQuery, r.Header.Get("Content-Type"), string(body))
		}
		for _, m := range shape.Request.Ended {
			r := compose(f, shape, over(shape, m))
			body, err := io.ReadAll(r.Body)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(byte(i), r.URL.RawQuery, r.Header.Get("Content-Type"), string(body))
		}
	}
	adaptertest.Fuzzed{Channels: channels, Token: token}.Fuzz(f)
}
