package replay

import (
	"context"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Past is a history that has been read, for asking about single changes of it.
// It judges as Run does, on the facts file and on what the history shows.
type Past struct {
	// Changes are in the order they were made, the halves of an operation
	// joined and duplicates left out.
	Changes []cloud.Change
	// Refused are inputs that could not be read, or not to their end.
	Refused []Problem
	// Located are the first of the records that could not be read, and where.
	Located []Problem
	// ReadNothing is true where there was no record at all that could be read.
	ReadNothing bool

	file    *FactsFile
	learned *learned
}

// Record is one record of an input, and what came of decoding it.
type Record struct {
	Input  string
	Line   int
	Change cloud.Change // whole, or half of an operation; as far as it was read beside an error
	// Err matches one of auditlog's errors when the record is no change, and
	// none of them when it could not be read at all.
	Err error
}

// Read reads the inputs to their ends; visit, which may be nil, is shown each
// record. A nil file holds no facts. The error is the context's.
func Read(ctx context.Context, file *FactsFile, in Inputs, visit func(Record)) (*Past, error) {
	by := reading{h: newHistory(), s: newSummary(in), visit: visit}
	if err := by.all(ctx, in); err != nil {
		return nil, err
	}
	changes := by.h.changes(file)
	return &Past{changes, by.s.Refused, by.s.Located, by.s.ReadNothing(), file, learn(changes, by.h.numbers.with(file))}, nil
}

// PassedOver says why a replay says nothing of one of p.Changes; empty for a
// change that it judges.
func (p *Past) PassedOver(i int) string {
	if saysNothingOfGrants(p.Changes[i]) {
		return "the entry shows the policy, and not what was changed in it: nothing can be told from the log alone"
	}
	return ""
}

// Judge judges one of p.Changes. What complies is left out. What was there before the
// change and has its finding comes to nothing.
func (p *Past) Judge(ctx context.Context, by judge.Policies, i int) []judge.Judgement {
	if p.PassedOver(i) != "" {
		return nil
	}
	found := told{}
	if p.Changes[i].Resource.Kind.Workload() {
		for n, c := range p.Changes[:i] {
			if c.Resource == p.Changes[i].Resource {
				p.judge(ctx, by, n, found)
			}
		}
	}
	var out []judge.Judgement
	for _, k := range p.judge(ctx, by, i, found) {
		out = append(out, k.Judgement)
	}
	return out
}

func (p *Past) judge(ctx context.Context, by judge.Policies, i int, found told) []judgedAt {
	at := p.Moment(i)
	return p.learned.judgedOnce(ctx, judge.Judge{Policies: by, Facts: factsAt{p.file, p.learned, at}}, p.Changes, i, at, found)
}

// Moment is when one of p.Changes was made, as facts and exemptions see it.
func (p *Past) Moment(i int) time.Time { return moment(p.Changes, i) }

// Fact answers a question as of a moment of the history.
func (p *Past) Fact(ctx context.Context, q policies.Question, at time.Time) policies.Fact {
	return factsAt{p.file, p.learned, at}.Fact(ctx, q)
}

// ProjectID is the id of the project that has the number, or what it was given
// where no such number is known.
func (p *Past) ProjectID(number string) string { return p.learned.numbers.id(number) }
