package records

import (
	"bytes"

	"github.com/rescind-dev/rescind/internal/skim"
)

const (
	// blockSize is how much is read at once: it has to stay in a processor's own cache.
	blockSize = 512 << 10
	// sampleEvery is how many records there are for one that is handed on although it
	// would be passed over.
	sampleEvery = 64
)

// block is a part of the text that ends with a line, or within one that is longer. Most
// blocks hold nothing but lines that are records, and are taken apart without looking at
// any other.
type block[T any] struct {
	buf    []byte
	number int
	offset int64
	text   []byte
	exact  bool // it begins or ends within a line: only the splitter can cut it
	// indented is true where it is of an array as gcloud writes it, and ends with an element.
	indented bool

	scanned bool // it holds lines that are records alone, and this is what they came to:

	lines, records, passed int
	daily                  daily
	kept                   []Record // with lines that count from 0
	made                   []T
	hits                   []int
}

func (b *block[T]) reset(number int, exact bool, offset int64) {
	clear(b.made)
	*b = block[T]{buf: b.buf, number: number, exact: exact, offset: offset, kept: b.kept[:0], made: b.made[:0], hits: b.hits[:0]}
}

// sieve is what tells the records of a block that matter from others, nil for none.
func (r *reading[T]) sieve(b *block[T]) *skim.Literals {
	if b.offset < r.opts.Head {
		return nil
	}
	return r.opts.Literals
}

// scan takes the block's lines for records, as long as that is what they look like.
func (r *reading[T]) scan(b *block[T]) {
	if b.exact {
		return
	}
	if b.indented {
		r.scanIndented(b)
		return
	}
	sieve := r.sieve(b)
	if sieve != nil {
		b.hits = sieve.Find(b.text, b.hits)
	}
	hit := 0
	for at := 0; at < len(b.text); {
		end := at + bytes.IndexByte(b.text[at:], '\n') + 1
		if end == at {
			end = len(b.text)
		}
		line := trim(b.text[at:end])
		for hit < len(b.hits) && b.hits[hit] < at {
			hit++
		}
		matters := sieve == nil || hit < len(b.hits) && b.hits[hit] < end
		if !r.line(b, line, matters) {
			return
		}
		b.lines++
		at = end
	}
	b.scanned = true
}

// line is one line of a block; false where it is not a record.
func (r *reading[T]) line(b *block[T], line []byte, matters bool) bool {
	if len(line) == 0 {
		return true
	}
	if line[0] != '{' || line[len(line)-1] != '}' {
		return false
	}
	b.records++
	b.daily.add(line)
	rec := Record{Line: b.lines, Raw: line}
	if !matters && mayPass(line) {
		// Of each 64 of a block one, and by the block not always the same.
		if (b.records+b.number*7)%sampleEvery != 0 {
			b.passed++
			return true
		}
		rec.Sample = true
	}
	made, err := r.work(rec)
	if err != nil {
		return false
	}
	b.kept, b.made = append(b.kept, rec), append(b.made, made)
	return true
}

// serviceKey is within each audit-log entry that shows what it is: one that is wrapped so
// that no literal can be seen, in base64 for instance, shows no key either.
var serviceKey = []byte(`serviceName"`)

// mayPass reports whether a record without literals may be passed over.
func mayPass(record []byte) bool {
	for at := 0; ; at++ {
		n := bytes.IndexByte(record[at:], 'N')
		if n < 0 {
			return false
		}
		at += n
		if begin := at - len("service"); begin >= 0 && bytes.HasPrefix(record[begin:], serviceKey) {
			return true
		}
	}
}

func trim(line []byte) []byte {
	for len(line) > 0 && isSpace(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	for len(line) > 0 && isSpace(line[0]) {
		line = line[1:]
	}
	return line
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
