package remediate

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/before"
)

// judgedWithin is for how long a change waits for answers that a limit, an outage or
// a request that was cut off keeps from it. What is not known by then is unknown: a
// question to people that may be a day late is better than none.
const judgedWithin = 24 * time.Hour

// openQuestions notes what could not be answered for now while one change is judged. On
// that nothing is decided: it is no fact that is not known, it is one that is not known
// yet.
type openQuestions struct {
	mu    sync.Mutex
	first error
}

type openQuestionsKey struct{}

// noting returns a context for what is judged, and what it leaves open.
func noting(ctx context.Context) (context.Context, *openQuestions) {
	o := &openQuestions{}
	return context.WithValue(ctx, openQuestionsKey{}, o), o
}

// err says what is open; nil where all is answered, or will not be answered by asking
// again. It matches *fault.BusyError where a rate held the question back.
func (o *openQuestions) err() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.first
}

// still returns an error while anything is open.
func (o *openQuestions) still(r cloud.Resource) error {
	if err := o.err(); err != nil {
		return fmt.Errorf("judge %s: %w", r, err)
	}
	return nil
}

// of returns an error while the change made at that time waits for what is open.
func (o *openQuestions) of(r cloud.Resource, made, now time.Time) error {
	if now.Sub(made) >= judgedWithin {
		return nil
	}
	return o.still(r)
}

// attentive is a client of facts that notes which questions it leaves open for now, and
// which constraints it says are in force.
type attentive struct {
	FactsClient
	inForce *before.InForce
}

// Fact answers the question as the client does.
func (a attentive) Fact(ctx context.Context, q policies.Question) policies.Fact {
	f := a.FactsClient.Fact(ctx, q)
	a.inForce.Note(q, f)
	if o, ok := ctx.Value(openQuestionsKey{}).(*openQuestions); ok && !f.Known && f.Passing != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.first == nil {
			o.first = fmt.Errorf("look up %s: %w", q.Kind, f.Passing)
		}
	}
	return f
}
