package flows

import (
	"testing"

	"chumrok/internal/gazetteer"
	"chumrok/locales"
)

// facts are what a deployment binds into the sentences.
var facts = map[string]string{"child_helpline": "1280", "police": "117", "desk": "012000000"}

func catalogue(tb testing.TB) *locales.Catalogue {
	tb.Helper()
	c, err := locales.Load(facts)
	if err != nil {
		tb.Fatalf("loading the catalogue: %v", err)
	}
	return c
}

// clubs are the sample's clubs.
var clubs = map[string]string{"0204": "020401"}

func library(tb testing.TB) *Library {
	tb.Helper()
	return NewLibrary(catalogue(tb), gazetteer.Default(), Options{OwnProvinces: []string{"02", "17", "12"}, Clubs: clubs})
}

// conversations is a library with all the conversations that come with the product.
func conversations(tb testing.TB) *Library {
	tb.Helper()
	return report(tb).l
}

func report(tb testing.TB) *Definition {
	tb.Helper()
	d, err := library(tb).AddDefault()
	if err != nil {
		tb.Fatalf("the report conversation is faulty:\n%v", err)
	}
	return d
}

func TestDefaultIsFaultless(t *testing.T) {
	t.Parallel()
	d := report(t)
	if d.Name != "report" || len(d.Nodes()) < 40 {
		t.Errorf("got %q with %d nodes", d.Name, len(d.Nodes()))
	}
}
