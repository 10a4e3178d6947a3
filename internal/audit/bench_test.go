package audit_test

import (
	"testing"

	"chumrok/internal/audit"
)

// BenchmarkAppendTree is what the tree adds to an entry beside its row: the hashes, without the database.
func BenchmarkAppendTree(b *testing.B) {
	var tree audit.Tree
	e := acts(1)[0].Give([]byte("sixteen of salt."))
	for b.Loop() {
		tree.Add(e.Leaf())
	}
	if tree.Head().Seq == 0 {
		b.Fatal("nothing was appended")
	}
}
