package before

import (
	"sync"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// maxInForce bounds what is remembered of constraints.
const maxInForce = 10_000

// InForce remembers which constraints were seen in force where, for this process: once a
// project was moved nobody can be asked any more. The zero InForce is ready for use, also
// by several goroutines.
type InForce struct {
	mu   sync.Mutex
	seen map[policies.Question]bool
}

// Note remembers an answer that says whether a constraint is in force.
func (s *InForce) Note(q policies.Question, f policies.Fact) {
	if !f.Known || q.Kind != policies.ConstraintEnforced && q.Kind != policies.ConstraintHeld {
		return
	}
	if q.Kind == policies.ConstraintEnforced {
		q = policies.Question{Kind: policies.ConstraintHeld, Name: q.Name, Value: cloud.ProjectResource(q.Project).Path()}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen == nil || len(s.seen) >= maxInForce {
		s.seen = map[policies.Question]bool{}
	}
	s.seen[q] = f.Value
}

// Of returns whether the constraint of the change was seen in force where the change was
// made; known is false where it was not looked at.
func (s *InForce) Of(c cloud.Change) (before, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, known = s.seen[policies.Question{Kind: policies.ConstraintHeld, Name: c.Constraint.Name, Value: c.Resource.Parent}]
	return before, known
}
