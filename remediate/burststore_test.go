package remediate_test

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// policyOfEach gives every resource the same policy, until its grant is taken.
type policyOfEach struct {
	mu    sync.Mutex
	taken map[cloud.Resource]int
}

func (p *policyOfEach) Policy(_ context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := cloud.AllowPolicy{Version: 3, Etag: "e"}
	if p.taken[r] == 0 {
		a.Bindings = []cloud.Binding{{Role: "roles/run.invoker", Members: []cloud.Member{"allUsers"}}}
	}
	return a, nil
}

func (p *policyOfEach) SetPolicy(_ context.Context, r cloud.Resource, _ cloud.AllowPolicy) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[r]++
	return nil
}

func (p *policyOfEach) writes() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.taken {
		n += k
	}
	return n
}

// indexed is a store that knows what is due without reading every finding, as
// those that are not for tests do.
type indexed struct {
	remediate.Store
	mu sync.Mutex
	of map[string]finding.Finding
}

func (s *indexed) keep(f finding.Finding, err error) (finding.Finding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.of[f.ID] = f
	}
	return f, err
}

func (s *indexed) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return s.keep(s.Store.Create(ctx, f))
}

func (s *indexed) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return s.keep(s.Store.Update(ctx, f))
}

func (s *indexed) Due(_ context.Context, at time.Time, limit int) (out []finding.Finding, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.of {
		if !f.DueAt.IsZero() && !f.DueAt.After(at) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b finding.Finding) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), strings.Compare(a.ID, b.ID))
	})
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

// Findings is that of a store which has an index: no test waits for ten thousand
// copies.
func (s *indexed) Findings(_ context.Context, q finding.Query) (out []finding.Finding, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.of {
		if q.Matches(f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b finding.Finding) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

func (s *indexed) owes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.of {
		if len(f.Outbox) > 0 {
			return true
		}
	}
	return false
}
