package remediate_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// beside is a store in which a later release has a finding of some resource, once it came.
type beside struct {
	remediate.Store
	came bool
}

func (s *beside) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	if s.came {
		return nil, fmt.Errorf("list findings: finding theirs: %w", fault.ErrLater)
	}
	return s.Store.Findings(ctx, q)
}

// A question, or a change in its grace period, is not over because another finding of its
// resource cannot be read: once the later release is there, or its finding is gone, it
// goes on.
func TestWhatALaterReleaseWroteEndsNoFindingOfThisOne(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		enforce policies.Enforcement
		change  func(*setup)
		begins  state.State
		ends    state.State
	}{
		"a grace period":            {policies.Revert, func(c *setup) { c.Limits.Grace = time.Minute }, state.Waiting, state.Pending}, // asked, as it is a day old
		"silence that means revert": {policies.Approve, func(c *setup) { c.OnExpiry = remediate.RevertOnExpiry }, state.Pending, state.Reverted},
	} {
		t.Run(name, func(t *testing.T) {
			st := &beside{}
			g := newRig(t, set{public: tt.enforce}, tt.change, func(c *setup) { st.Store = c.Store; c.Store = st })
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			f := g.one()
			g.want(f, tt.begins, "")
			st.came = true
			for range 24 {
				g.pass(time.Hour)
				_, _ = g.Sweep(t.Context()) // it says that it could not look
			}
			if now := g.stored(f.ID); now.State != tt.begins {
				t.Errorf("after a day it is %s: %s", now.State, now.Why)
			}
			st.came = false
			g.pass(time.Hour)
			_, err := g.Sweep(t.Context())
			g.must(err)
			g.want(g.stored(f.ID), tt.ends, "")
		})
	}
}
