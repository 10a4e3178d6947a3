// Package backup keeps what a deployment was told in one file that only the holder of a key can open, so that a lost machine loses no child.
// It knows no database and no clock: rows come in and go out one at a time, of any engine, and a file that is cut short, changed, foreign
// or of a newer release is refused in words before anything is believed of it.
//
// Inside the encryption of age (age-encryption.org/v1) and gzip stands the plain stream:
//
//	"chumrok backup 1\n"
//	'H' length Header as JSON
//	for each table: 'T' length Table as JSON, then for each of its rows: 'R' length values
//	'E' length Trailer as JSON
//	SHA-256 of all that stands before it
//
// Lengths are uvarints. A value is a byte for its kind (0 null, 1 int, 2 text, 3 bytes, 4 false, 5 true), then for an int a varint, for text
// and bytes a uvarint length and the bytes themselves.
package backup

import (
	"errors"
	"time"
)

// magic begins the plain stream. Its digit is the version of the format: it changes only when an older reader would misread a newer file.
const magic = "chumrok backup 1\n"

// magicStem is what the magic of every version begins with.
const magicStem = "chumrok backup "

// bodyLimit is the longest header, table, row or trailer. The longest row there is holds the definition of a conversation, some 100 KiB.
const bodyLimit = 32 << 20

const (
	tagHeader  = 'H'
	tagTable   = 'T'
	tagRow     = 'R'
	tagTrailer = 'E'
)

const (
	valueNull = iota
	valueInt
	valueText
	valueBytes
	valueFalse
	valueTrue
)

// Kind is what a column holds, the same in every engine.
type Kind string

// The kinds of columns. Each of them may also be null.
const (
	Int   Kind = "int"   // 64 bits with a sign: a count, or a time in milliseconds
	Text  Kind = "text"  // an id, a word
	Bytes Kind = "bytes" // something sealed, or a hash
	Bool  Kind = "bool"
)

// Column is one column of a table.
type Column struct {
	Name string `json:"name"`
	Kind Kind   `json:"kind"`
}

// Table is one table: its rows follow it in the file, their values in the order of its columns.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"`
}

// Pack is the deployment pack that was in force, for whoever restores: it is not in the file.
type Pack struct {
	Name string `json:"name"`
	Hash string `json:"hash"` // SHA-256 over its files
}

// Header says what a file is a backup of.
type Header struct {
	Schema int64     `json:"schema"` // the number of the last migration of its tables
	Taken  time.Time `json:"taken"`
	Engine string    `json:"engine"` // where it was read; it can be restored into the other one, too
	Pack   Pack      `json:"pack"`
}

// Trailer says what all of a file was; a file without one is not whole.
type Trailer struct {
	Rows       map[string]int64 `json:"rows"` // by table
	RecordSeq  int64            `json:"record_seq"`
	RecordHash []byte           `json:"record_hash"` // the head of the record of acts
}

// Total is the number of rows of all tables.
func (t Trailer) Total() int64 {
	var n int64
	for _, rows := range t.Rows {
		n += rows
	}
	return n
}

// What every refusal of a file wraps one of.
var (
	ErrForeign  = errors.New("it is not a backup of this program")
	ErrDamaged  = errors.New("the backup is cut short or changed: take another copy of it")
	ErrNewer    = errors.New("the backup is of a newer release: restore it with that one")
	ErrIdentity = errors.New("none of the keys given opens the backup: it was made for others")
)
