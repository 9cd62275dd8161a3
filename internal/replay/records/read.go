package records

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/rescind-dev/rescind/internal/skim"
)

// Record is one JSON value of an input, or what should have been one.
type Record struct {
	Line int    // where it begins, from 1
	Raw  []byte // valid until the record was taken
	Err  error  // why Raw is not there, or not whole
	// Sample is true for a record that would have been passed over: nothing that matters
	// may be in it.
	Sample bool
}

// Options are how an input is read. The zero Options read every record.
type Options struct {
	// Literals are texts one of which is in every record that matters; nil where that is
	// not known of any.
	Literals *skim.Literals
	// Head is how many bytes of text at the beginning of an input are read in full
	// whatever the Literals are.
	Head int64
	// Progress is called now and then, by one goroutine at a time; nil for nobody.
	Progress func(Counts)
	// Workers is how many goroutines take blocks apart, as many as there are processors for 0.
	Workers int
}

// Counts is what was read of an input.
type Counts struct {
	Records int   // with those that were passed over
	Passed  int   // records that were passed over
	Sampled int   // of those that would have been, how many were handed on
	Bytes   int64 // of text
	Days    Days  // that the records are of
}

// errNotJSON is what a Worker returns of a record that is no single JSON value.
var errNotJSON = errors.New("not JSON")

// NotJSON is the error of work for a record that is not one JSON value: it may be
// several, or a part of one, and is then cut anew.
func NotJSON() error { return errNotJSON }

// Read hands each record of the text to work, by several goroutines at once, and what
// work made of it to take, one after the other and in order. It ends with the error that
// ended the text, of take, or of the context.
func Read[T any](ctx context.Context, text io.Reader, o Options, work func(Record) (T, error), take func(Record, T) error) (Counts, error) {
	r := &reading[T]{text: text, opts: o, work: work, take: take}
	r.turn.L = &r.taking
	r.splitter = newSplitter(r.one)
	n := o.Workers
	if n == 0 {
		n = runtime.GOMAXPROCS(0)
	}
	var all sync.WaitGroup
	for range n {
		all.Go(func() { r.worker(ctx) })
	}
	all.Wait()
	switch {
	case r.err != nil:
		return r.counts, r.err
	case r.readErr != nil: // and so what was begun is not what is broken
		return r.counts, fmt.Errorf("line %d: %w", r.splitter.line, r.readErr)
	}
	return r.counts, r.splitter.end()
}

// reading is one Read.
type reading[T any] struct {
	text io.Reader
	opts Options
	work func(Record) (T, error)
	take func(Record, T) error

	in       sync.Mutex // of what follows: one goroutine reads at a time
	next     int        // the number of the next block
	rest     []byte     // the begin of a line, which the last block did not end
	indented bool       // it is an array as gcloud writes it
	inLine   bool       // the last block ended within a line that is longer than a block
	done     bool
	readErr  error
	offset   int64

	taking   sync.Mutex // of what follows: blocks are taken in their order
	turn     sync.Cond
	taken    int // how many blocks were
	splitter splitter
	counts   Counts
	passed   int // since the last sample, by the splitter
	err      error
	inexact  bool // the last block was cut by the splitter, and so will the next be
}

func (r *reading[T]) worker(ctx context.Context) {
	b := &block[T]{buf: make([]byte, blockSize)}
	for r.read(ctx, b) {
		if !r.cutsAnyway() {
			r.scan(b)
		}
		if !r.inTurn(b) {
			return
		}
	}
}

// cutsAnyway reports whether the next block will be cut by the splitter, so that there is
// no use in looking at its lines.
func (r *reading[T]) cutsAnyway() bool {
	r.taking.Lock()
	defer r.taking.Unlock()
	return r.inexact
}

// read fills the block, up to the last line that ends in it.
func (r *reading[T]) read(ctx context.Context, b *block[T]) bool {
	r.in.Lock()
	defer r.in.Unlock()
	if r.done {
		return false
	}
	b.reset(r.next, r.inLine, r.offset)
	n := copy(b.buf, r.rest)
	for n < len(b.buf) && r.readErr == nil {
		if r.readErr = ctx.Err(); r.readErr != nil {
			break
		}
		var more int
		more, r.readErr = r.text.Read(b.buf[n:])
		n += more
	}
	b.text, r.rest, r.inLine = b.buf[:n], r.rest[:0], false
	if r.next == 0 {
		r.indented = bytes.HasPrefix(b.text, indentedBegin)
	}
	b.indented = r.indented
	end := bytes.LastIndexByte(b.text, '\n') + 1
	if r.indented {
		end = endOfElements(b.text)
		b.exact = b.exact || r.next == 0 || r.readErr != nil // there are the brackets
	}
	switch {
	case r.readErr != nil:
		r.done = true
	case end == 0 || n-end > blockSize/2:
		b.exact, r.inLine = true, true
	default:
		r.rest = append(r.rest, b.text[end:]...)
		b.text = b.text[:end]
	}
	if errors.Is(r.readErr, io.EOF) {
		r.readErr = nil
	}
	r.next++
	r.offset += int64(len(b.text))
	return true
}

// inTurn waits until the blocks before were taken, and takes this one. It reports whether
// there is a reason to go on.
func (r *reading[T]) inTurn(b *block[T]) bool {
	r.taking.Lock()
	defer r.taking.Unlock()
	for r.taken != b.number && r.err == nil {
		r.turn.Wait()
	}
	if r.err == nil {
		r.err = r.takeBlock(b)
	}
	if r.opts.Progress != nil && r.err == nil {
		r.opts.Progress(r.counts)
	}
	r.taken++
	r.turn.Broadcast()
	return r.err == nil
}

func (r *reading[T]) takeBlock(b *block[T]) error {
	r.counts.Bytes += int64(len(b.text))
	if r.inexact = r.inexact || b.exact || !b.scanned || !r.splitter.ready(b.indented); r.inexact {
		r.splitter.sift = r.sieve(b)
		err := r.splitter.feed(b.text)
		r.inexact = !r.splitter.ready(b.indented)
		return err
	}
	b.daily.flush()
	r.counts.Days.Add(b.daily.days)
	r.counts.Records += b.records
	r.counts.Passed += b.passed
	for i, rec := range b.kept {
		if rec.Sample {
			r.counts.Sampled++
		}
		rec.Line += r.splitter.line
		if err := r.take(rec, b.made[i]); err != nil {
			return err
		}
	}
	r.splitter.line += b.lines
	return nil
}

// one takes a record that the splitter cut.
func (r *reading[T]) one(rec Record) error {
	r.counts.Records++
	if rec.Err == nil {
		r.counts.Days.addText(timestamp(rec.Raw))
	}
	if rec.Err == nil && r.splitter.sift != nil && mayPass(rec.Raw) && !r.splitter.sift.In(rec.Raw) {
		if r.passed++; r.passed%sampleEvery != 0 {
			r.counts.Passed++
			return nil
		}
		rec.Sample = true
		r.counts.Sampled++
	}
	made, _ := r.work(rec) // it is cut already: what is no JSON now is none
	return r.take(rec, made)
}
