package panics

import (
	"fmt"
	"strings"
	"testing"
)

type told struct{ story string }

func breaks(how func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Error(p)
		}
	}()
	how()
	return nil
}

func TestErrorNamesThePlaceAndNeverTheValue(t *testing.T) {
	t.Parallel()
	const secret = "+85512000123"
	var none map[string]int
	var nothing any
	for kind, how := range map[string]func(){
		"string":                 func() { panic(secret) },
		"*errors.errorString":    func() { panic(fmt.Errorf("%s", secret)) },
		"panics.told":            func() { panic(told{secret}) },
		"runtime.boundsError":    func() { _ = secret[len(secret)+len(none):][1] },
		"runtime.plainError":     func() { none[secret] = 1 },
		"*runtime.PanicNilError": func() { panic(nothing) },
	} {
		err := breaks(how)
		if err == nil {
			t.Errorf("%s: no error", kind)
			continue
		}
		text := fmt.Sprintf("%v %+v %#v", err, err, err)
		if strings.Contains(text, secret) || !strings.Contains(text, "panics.TestErrorNames") {
			t.Errorf("%s: %s", kind, text)
		}
		if kind != "*errors.errorString" && !strings.HasPrefix(err.Error(), kind) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
