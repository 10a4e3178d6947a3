package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"strings"
)

// Reader reads the plain stream. Nothing that it returned may be believed before Next has returned io.EOF: only then the trailer and the
// digest were there and held.
type Reader struct {
	// Header is what the stream says of itself.
	Header Header
	// Trailer is what it says of itself at its end; it is empty until Next has returned io.EOF.
	Trailer Trailer

	in     *bufio.Reader
	digest hash.Hash
	table  Table
	rows   map[string]int64
	body   bytes.Buffer
	done   bool
}

// NewReader reads the beginning of a stream up to its header.
func NewReader(r io.Reader) (*Reader, error) {
	b := &Reader{in: bufio.NewReaderSize(r, 64<<10), digest: sha256.New(), rows: map[string]int64{}}
	begin := make([]byte, len(magic))
	if n, err := io.ReadFull(b.in, begin); err != nil && !ended(err) {
		return nil, damaged(err)
	} else if got := string(begin[:n]); got != magic {
		switch {
		case strings.HasPrefix(got, magicStem) && n == len(magic):
			return nil, fmt.Errorf("its format is %q and this release reads %q: %w", strings.TrimSpace(got), strings.TrimSpace(magic), ErrNewer)
		case strings.HasPrefix(magic, got):
			return nil, ErrDamaged
		}
		return nil, ErrForeign
	}
	b.digest.Write(begin)
	tag, body, err := b.record()
	if err != nil {
		return nil, err
	}
	if tag != tagHeader {
		return nil, fmt.Errorf("it has no header: %w", ErrDamaged)
	}
	if err := unmarshal(body, &b.Header); err != nil {
		return nil, err
	}
	return b, nil
}

// Next is what comes next: a table that begins, with no row, or a row of the table that began last, with no table. It returns io.EOF at
// the end of a whole stream, and an error that wraps ErrDamaged at the end of any other. The slice of values is the caller's.
func (r *Reader) Next() (*Table, []any, error) {
	if r.done {
		return nil, nil, io.EOF
	}
	tag, body, err := r.record()
	if err != nil {
		return nil, nil, err
	}
	switch tag {
	case tagTable:
		t, err := r.begins(body)
		return t, nil, err
	case tagRow:
		values, err := r.row(body)
		return nil, values, err
	case tagTrailer:
		if err := r.ends(body); err != nil {
			return nil, nil, err
		}
		return nil, nil, io.EOF
	}
	return nil, nil, fmt.Errorf("it holds what no backup holds: %w", ErrDamaged)
}

func (r *Reader) begins(body []byte) (*Table, error) {
	var t Table
	if err := unmarshal(body, &t); err != nil {
		return nil, err
	}
	if _, twice := r.rows[t.Name]; twice {
		return nil, fmt.Errorf("table %s comes twice: %w", t.Name, ErrDamaged)
	}
	r.table, r.rows[t.Name] = t, 0
	return &t, nil
}

func (r *Reader) row(body []byte) ([]any, error) {
	values := make([]any, len(r.table.Columns))
	for i, c := range r.table.Columns {
		var err error
		if values[i], body, err = readValue(c.Kind, body); err != nil {
			return nil, fmt.Errorf("column %s of table %s: %w", c.Name, r.table.Name, err)
		}
	}
	if len(body) > 0 || len(values) == 0 {
		return nil, fmt.Errorf("a row of table %s is not what its columns say: %w", r.table.Name, ErrDamaged)
	}
	r.rows[r.table.Name]++
	return values, nil
}

// ends checks that the stream is what was written, whole, and that nothing follows it.
func (r *Reader) ends(body []byte) error {
	var t Trailer
	if err := unmarshal(body, &t); err != nil {
		return err
	}
	want := r.digest.Sum(nil)
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r.in, got); err != nil {
		return damaged(err)
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("its digest is another: %w", ErrDamaged)
	}
	if !maps.Equal(t.Rows, r.rows) {
		return fmt.Errorf("its rows are not those that it counts: %w", ErrDamaged)
	}
	if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something follows its end: %w", damaged(err))
	}
	r.Trailer, r.done = t, true
	return nil
}

// record reads one record. Its body is valid until the next. Memory grows with what is there and not with what a length claims.
func (r *Reader) record() (byte, []byte, error) {
	tag, err := r.in.ReadByte()
	if err != nil {
		return 0, nil, damaged(err)
	}
	length, err := binary.ReadUvarint(r.in)
	if err != nil {
		return 0, nil, damaged(err)
	}
	if length > bodyLimit {
		return 0, nil, fmt.Errorf("a part of it claims %d bytes: %w", length, ErrDamaged)
	}
	r.body.Reset()
	if _, err := io.CopyN(&r.body, r.in, int64(length)); err != nil {
		return 0, nil, damaged(err)
	}
	r.digest.Write([]byte{tag})
	r.digest.Write(binary.AppendUvarint(nil, length))
	r.digest.Write(r.body.Bytes())
	return tag, r.body.Bytes(), nil
}

func readValue(kind Kind, b []byte) (any, []byte, error) {
	if len(b) == 0 {
		return nil, nil, wrong(kind)
	}
	tag, b := b[0], b[1:]
	switch {
	case tag == valueNull:
		return nil, b, nil
	case tag == valueInt && kind == Int:
		v, n := binary.Varint(b)
		if n <= 0 {
			return nil, nil, wrong(kind)
		}
		return v, b[n:], nil
	case tag == valueText && kind == Text, tag == valueBytes && kind == Bytes:
		length, n := binary.Uvarint(b)
		if n <= 0 || length > uint64(len(b)-n) {
			return nil, nil, wrong(kind)
		}
		v, rest := b[n:n+int(length)], b[n+int(length):]
		if kind == Text {
			return string(v), rest, nil
		}
		return append(make([]byte, 0, length), v...), rest, nil
	case (tag == valueFalse || tag == valueTrue) && kind == Bool:
		return tag == valueTrue, b, nil
	}
	return nil, nil, wrong(kind)
}

func wrong(kind Kind) error { return fmt.Errorf("not %s: %w", kind, ErrDamaged) }

func unmarshal(body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }

// damaged says what an error in the middle of a stream means: its end, or what the layers below found, is always damage, since who reads
// has asked for what must be there.
func damaged(err error) error {
	switch {
	case err == nil, ended(err), errors.Is(err, ErrDamaged):
		return ErrDamaged
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}
