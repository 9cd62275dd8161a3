package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay/records"
	"github.com/rescind-dev/rescind/internal/skim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// fullHead is the Head of a Config that names none.
const fullHead = 8 << 20

// literals are texts one of which is in every record that matters to the policies, nil
// where every record has to be read: why says for what reason.
func literals(cfg Config) (l *skim.Literals, why string) {
	if cfg.Full {
		return nil, "--full was asked for"
	}
	var kinds []cloud.Kind
	for _, by := range []judge.Policies{cfg.Policies, cfg.Compare} {
		if by == nil {
			continue
		}
		set, ok := by.(interface{ Policies() []policies.Policy })
		if !ok {
			return nil, "it is not known which kinds of resources the policies are on"
		}
		for _, p := range set.Policies() {
			if _, known := auditlog.Sources(p.On); !known {
				return nil, "any entry may matter to the policy " + p.Name
			}
			kinds = append(kinds, p.On...)
		}
	}
	services, _ := auditlog.Sources(kinds)
	l, err := skim.NewLiterals(services...)
	if err != nil {
		return nil, err.Error()
	}
	return l, ""
}

// reading is what becomes of records.
type reading struct {
	h     *history
	s     *Summary
	opts  records.Options
	days  records.Days
	visit func(Record) // nil for nobody

	progress func(Progress)
	far      Progress
	stored   atomic.Int64 // bytes that were read of the inputs
}

// tell says how far it is, with what was read of the input that is being read.
func (r *reading) tell(of records.Counts) {
	if r.progress != nil {
		far := r.far
		far.Read, far.Changes, far.Records = r.stored.Load(), r.s.Changes, r.s.Records+of.Records
		r.progress(far)
	}
}

// counted counts what is read.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// all reads the inputs, one after the other.
func (r *reading) all(ctx context.Context, in Inputs) error {
	defer func() { r.s.span(r.days) }()
	r.opts.Progress = r.tell
	for _, i := range in.Files {
		if r.far.Size += i.size; i.size == 0 && i.Name == stdin {
			r.far.Size = 0
			break
		}
	}
	for _, i := range in.Files {
		if err := r.one(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) one(ctx context.Context, in Input) error {
	r.far.Input = in.Name
	r.tell(records.Counts{})
	counts, err := r.records(ctx, in)
	if err != nil && ctx.Err() == nil {
		r.s.Refused = append(r.s.Refused, Problem{Input: in.Name, Reason: reason(err)})
	}
	r.s.Inputs++
	r.s.Records += counts.Records
	r.s.Irrelevant += counts.Passed
	r.s.Passed += counts.Passed
	r.s.Sampled += counts.Sampled
	r.days.Add(counts.Days)
	if ctx.Err() != nil {
		return fmt.Errorf("read %s, up to record %d: %w", in.Name, counts.Records, ctx.Err())
	}
	return nil
}

func (r *reading) records(ctx context.Context, in Input) (records.Counts, error) {
	f, err := in.open()
	if err != nil {
		return records.Counts{}, err
	}
	defer f.Close()
	var from io.Reader = f
	if in.Name == stdin {
		from = newUntilDone(ctx, f)
	}
	text, done, err := records.Unpack(counted{from, &r.stored})
	defer done()
	if err != nil {
		return records.Counts{}, err
	}
	more := 0
	counts, err := records.Read(ctx, text, r.opts, examine, func(rec records.Record, all []examined) error {
		for _, x := range all {
			r.take(in.Name, rec, x)
		}
		more += len(all) - 1
		return nil
	})
	counts.Records += more // several entries in one record count each
	return counts, err
}

// take puts one record where it belongs; none is left uncounted.
func (r *reading) take(input string, rec records.Record, x examined) {
	s, matters := r.s, true
	if x.form != "" {
		s.Forms[x.form]++
		if at := x.change.Time; !at.IsZero() {
			r.days.Note(at)
		}
	}
	switch {
	case x.err == nil:
		s.Changes++
		if x.change.Time.IsZero() {
			s.untimed(input, rec.Line)
		}
		r.h.numbers.learn(x.number)
		if !r.h.add(x.change) {
			s.Duplicates++
		}
	case errors.Is(x.err, auditlog.ErrFailedCall):
		s.Failed++
		r.h.failed(x.change, x.err)
	case errors.Is(x.err, auditlog.ErrRehearsal):
		s.Rehearsals++
		r.h.void(x.change)
	case errors.Is(x.err, auditlog.ErrUnknownMethod):
		s.UnknownMethods[x.change.Method]++
	case errors.Is(x.err, auditlog.ErrNotChange):
		s.Irrelevant++
		matters = false
	default:
		s.unreadable(input, rec.Line, x.err)
		matters = false
	}
	if rec.Sample && matters {
		s.missed(input, rec.Line)
	}
	if r.visit != nil {
		r.visit(Record{input, rec.Line, x.change, x.err})
	}
}
