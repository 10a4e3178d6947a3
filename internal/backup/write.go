package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
)

// Writer writes the plain stream: one header, then tables with their rows, then Close.
type Writer struct {
	out     *bufio.Writer
	digest  hash.Hash
	table   Table
	rows    map[string]int64
	body    []byte
	written int64
}

// NewWriter begins a stream with its header.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	digest := sha256.New()
	b := &Writer{out: bufio.NewWriterSize(io.MultiWriter(w, digest), 64<<10), digest: digest, rows: map[string]int64{}}
	if _, err := b.out.WriteString(magic); err != nil {
		return nil, fmt.Errorf("writing the backup: %w", err)
	}
	if err := b.words(tagHeader, h); err != nil {
		return nil, err
	}
	return b, nil
}

// Table begins the next table. Each may come once.
func (w *Writer) Table(t Table) error {
	if _, twice := w.rows[t.Name]; twice {
		return fmt.Errorf("table %s comes twice", t.Name)
	}
	w.table, w.rows[t.Name] = t, 0
	return w.words(tagTable, t)
}

// Row writes one row of the table that was begun last. A value is nil or an int64, a string, a []byte or a bool, as its column says; an
// int64 stands for a bool too, and a string and a []byte for each other, since engines differ in what they return.
func (w *Writer) Row(values []any) error {
	if len(values) != len(w.table.Columns) {
		return fmt.Errorf("a row of table %s has %d values for %d columns", w.table.Name, len(values), len(w.table.Columns))
	}
	w.body = w.body[:0]
	for i, v := range values {
		var ok bool
		if w.body, ok = appendValue(w.body, w.table.Columns[i].Kind, v); !ok {
			return fmt.Errorf("column %s of table %s holds a %T where %s was expected", w.table.Columns[i].Name, w.table.Name, v, w.table.Columns[i].Kind)
		}
	}
	w.rows[w.table.Name]++
	w.written++
	return w.record(tagRow, w.body)
}

// Rows is how many rows were written so far, and Name the table of the last.
func (w *Writer) Rows() (name string, rows int64) { return w.table.Name, w.written }

// Close writes the trailer, whose counts are the writer's own, and the digest of all; it returns the trailer. The file below stays open.
func (w *Writer) Close(t Trailer) (Trailer, error) {
	t.Rows = w.rows
	if err := w.words(tagTrailer, t); err != nil {
		return t, err
	}
	if err := w.out.Flush(); err != nil {
		return t, fmt.Errorf("writing the backup: %w", err)
	}
	if _, err := w.out.Write(w.digest.Sum(nil)); err != nil {
		return t, fmt.Errorf("writing the backup: %w", err)
	}
	if err := w.out.Flush(); err != nil {
		return t, fmt.Errorf("writing the backup: %w", err)
	}
	return t, nil
}

func (w *Writer) words(tag byte, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	return w.record(tag, body)
}

func (w *Writer) record(tag byte, body []byte) error {
	if len(body) > bodyLimit {
		return fmt.Errorf("a row of table %s is longer than %d bytes", w.table.Name, bodyLimit)
	}
	var head [1 + binary.MaxVarintLen64]byte
	head[0] = tag
	n := 1 + binary.PutUvarint(head[1:], uint64(len(body)))
	_, first := w.out.Write(head[:n])
	_, second := w.out.Write(body)
	if err := errors.Join(first, second); err != nil {
		return fmt.Errorf("writing the backup: %w", err)
	}
	return nil
}

// appendValue writes one value as its column's kind, and says whether it is of it.
func appendValue(b []byte, kind Kind, v any) ([]byte, bool) {
	switch v := v.(type) {
	case nil:
		return append(b, valueNull), true
	case int64:
		if kind == Bool && (v == 0 || v == 1) {
			return append(b, valueFalse+byte(v)), true
		}
		return binary.AppendVarint(append(b, valueInt), v), kind == Int
	case bool:
		if v {
			return append(b, valueTrue), kind == Bool
		}
		return append(b, valueFalse), kind == Bool
	case string:
		return appendLong(b, kind, v)
	case []byte:
		return appendLong(b, kind, v)
	}
	return b, false
}

func appendLong[T string | []byte](b []byte, kind Kind, v T) ([]byte, bool) {
	tag := byte(valueText)
	if kind == Bytes {
		tag = valueBytes
	}
	b = binary.AppendUvarint(append(b, tag), uint64(len(v)))
	return append(b, v...), kind == Text || kind == Bytes
}
