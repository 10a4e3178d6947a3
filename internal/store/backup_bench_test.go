package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"chumrok/internal/backup"
	"chumrok/internal/servertest"
)

// often is how many rows of a table one report brings with it, and how long what is sealed in each of them is. Of a table that is not
// named a report has no row.
var often = map[string]struct{ rows, sealed int }{
	"conversations": {1, 60}, "turns": {7, 220}, "reports": {1, 700}, "codes": {1, 0}, "referrals": {1, 1800}, "alerts": {2, 0},
	"messages": {3, 180}, "handings": {3, 0}, "due": {2, 0}, "audit": {2, 32},
}

// manyReports writes the plain stream of a ledger with n reports.
func manyReports(tb testing.TB, to io.Writer, n int) {
	tb.Helper()
	now, err := layoutAt(tb.Context(), 0)
	if err != nil {
		tb.Fatal(err)
	}
	w, err := backup.NewWriter(to, backup.Header{Schema: now.schema, Taken: noon})
	if err != nil {
		tb.Fatal(err)
	}
	for _, t := range now.tables {
		if err := w.Table(t); err != nil {
			tb.Fatal(err)
		}
		many := often[t.Name]
		for i := range n {
			for j := range many.rows {
				if err := w.Row(madeUp(t, i, j, many.rows, many.sealed)); err != nil {
					tb.Fatal(err)
				}
			}
		}
	}
	if _, err := w.Close(backup.Trailer{}); err != nil {
		tb.Fatal(err)
	}
}

// madeUp is a row that the tables accept; only what is sealed has the weight of the real thing.
func madeUp(t backup.Table, i, j, of, sealed int) []any {
	values := make([]any, len(t.Columns))
	own := fmt.Sprintf("01234567-89ab-7def-%04d-%012d", j, i)
	above := fmt.Sprintf("01234567-89ab-7def-0000-%012d", i)
	for k, c := range t.Columns {
		switch {
		case c.Name == "live_key":
		case c.Name == "mark":
			values[k] = "erased" // or the keys would be tried on what is made up
		case c.Name == "id" && c.Kind == backup.Text, c.Name == "code", c.Name == "reporter_code", c.Name == "subject", c.Name == "provider_id":
			values[k] = own
		case c.Name == "repeat_key":
			b := make([]byte, 16)
			_, _ = rand.Read(b)
			values[k] = fmt.Sprintf("%x%x", b, b)
		case c.Name == "conversation_id", c.Name == "report_id", c.Name == "message_id":
			values[k] = above
		case c.Name == "seq":
			values[k] = int64(i*of + j)
		case c.Kind == backup.Int:
			values[k] = noon.UnixMilli()
		case c.Kind == backup.Text:
			values[k] = "medium"
		case c.Kind == backup.Bool:
			values[k] = false
		default:
			b := make([]byte, sealed)
			_, _ = rand.Read(b)
			values[k] = b
		}
	}
	return values
}

// peak notes the most memory that was in use at any of its moments.
type peak struct{ bytes uint64 }

func (p *peak) look(string, int64) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	p.bytes = max(p.bytes, m.HeapInuse)
}

// BenchmarkBackup measures a backup with its encryption and its restore, per report: -benchtime 100000x is a ledger of 100,000 reports. The
// PostgreSQL of the tests runs without fsync.
func BenchmarkBackup(b *testing.B) {
	key := filepath.Join(b.TempDir(), "key")
	public, err := backup.NewIdentity(key)
	if err != nil {
		b.Fatal(err)
	}
	recipients, err := backup.Recipients(public)
	if err != nil {
		b.Fatal(err)
	}
	identities, err := backup.Identities(key)
	if err != nil {
		b.Fatal(err)
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		b.Run(engine+"/restore", func(b *testing.B) {
			file, err := os.Create(filepath.Join(b.TempDir(), "backup"))
			if err != nil {
				b.Fatal(err)
			}
			defer file.Close()
			sealed, err := backup.Seal(file, recipients)
			if err != nil {
				b.Fatal(err)
			}
			manyReports(b, sealed, b.N)
			if err := sealed.Close(); err != nil {
				b.Fatal(err)
			}
			size, err := file.Seek(0, io.SeekCurrent)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := file.Seek(0, io.SeekStart); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(size / int64(b.N))
			url := databaseOf(b, engine)
			var memory peak
			memory.look("", 0)
			before := memory.bytes
			b.ResetTimer()
			plain, err := backup.Open(file, identities)
			if err != nil {
				b.Fatal(err)
			}
			filled(b, url, plain, memory.look)
			b.ReportMetric(float64(memory.bytes-before)/(1<<20), "peak-MiB")
		})
		b.Run(engine+"/backup", func(b *testing.B) {
			url := databaseOf(b, engine)
			plain, write := io.Pipe()
			done := make(chan struct{})
			go func() {
				defer close(done)
				manyReports(b, write, b.N)
				write.Close()
			}()
			filled(b, url, plain, unseen)
			<-done
			s := opened(b, url, keyring(b))
			var memory peak
			memory.look("", 0)
			before := memory.bytes
			out := &counted{}
			b.ResetTimer()
			sealed, err := backup.Seal(out, recipients)
			if err != nil {
				b.Fatal(err)
			}
			_, err = s.Backup(b.Context(), backup.Header{Taken: noon}, sealed, memory.look)
			if err := sealed.Close(); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if out.bytes == 0 {
				b.Fatal(err)
			}
			b.SetBytes(out.bytes / int64(b.N))
			b.ReportMetric(float64(memory.bytes-before)/(1<<20), "peak-MiB")
		})
	}
}

type counted struct{ bytes int64 }

func (c *counted) Write(p []byte) (int, error) {
	c.bytes += int64(len(p))
	return len(p), nil
}

func databaseOf(b *testing.B, engine string) string {
	if engine == "postgres" {
		return servertest.Postgres(b)
	}
	return "sqlite:" + filepath.Join(b.TempDir(), "chumrok.db")
}

// filled restores a plain stream and puts it in its place.
func filled(b *testing.B, url string, plain io.Reader, seen func(string, int64)) {
	b.Helper()
	r, err := NewRestore(b.Context(), url)
	if err != nil {
		b.Fatal(err)
	}
	from, err := backup.NewReader(plain)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(r.Fill(b.Context(), from, seen), r.Place(b.Context()), r.Discard(b.Context())); err != nil {
		b.Fatal(err)
	}
}
