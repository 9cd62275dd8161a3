package remediate_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Whoever may publish to the events topic can read a true entry's log name, time
// and insertId, and write them into an event of their own.
func TestS21WhatIsMadeUpBeforehandKeepsNoTrueChangeFromBeingJudged(t *testing.T) {
	t.Parallel()
	someoneElse := cloud.Member("user:somebody@example.com")
	for name, forge := range map[string]func(cloud.Change) cloud.Change{
		"the same, before it was so": func(c cloud.Change) cloud.Change {
			c.UserAgent = "made up"
			return c
		},
		"another resource": func(c cloud.Change) cloud.Change {
			c.Resource.Name = "elsewhere"
			return c
		},
		"another member": func(c cloud.Change) cloud.Change { return granting(c, cloud.Add, someoneElse) },
		"a removal":      func(c cloud.Change) cloud.Change { return granting(c, cloud.Remove, "allUsers") },
		"nothing at all": func(c cloud.Change) cloud.Change {
			c.HasDelta, c.Deltas, c.Policy = true, nil, &cloud.AllowPolicy{}
			return c
		},
		"a deletion": func(c cloud.Change) cloud.Change {
			c.Verb = cloud.Delete
			return c
		},
		"a last half": func(c cloud.Change) cloud.Change {
			c.Half, c.Policy = cloud.LastHalf, nil
			return c
		},
	} {
		for _, enforce := range []policies.Enforcement{policies.Approve, policies.Revert} {
			t.Run(name+" "+string(enforce), func(t *testing.T) {
				g := newRig(t, set{public: enforce})
				made := forge(g.publicGrant(false))
				g.handle(made)
				c := g.publicGrant(true)
				c.ID, c.InsertID, c.Time, c.LogName = made.ID, made.InsertID, made.Time, made.LogName
				fs := g.handle(c).Findings
				if len(fs) == 0 {
					t.Fatal("no finding: the true change counts as handled")
				}
				want := map[policies.Enforcement]state.State{policies.Approve: state.Pending, policies.Revert: state.Reverted}[enforce]
				g.want(fs[len(fs)-1], want, "")
				if o := g.handle(c); o.Kind != remediate.Duplicate {
					t.Errorf("delivered again: %s, want duplicate", o.Kind)
				}
			})
		}
	}
}

// publicGrant is the entry of a grant to everybody, and the grant itself if live.
func (g *rig) publicGrant(live bool) cloud.Change {
	g.t.Helper()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	if !live {
		g.revoke(apiPath, "roles/run.invoker", "allUsers")
		g.events()
	}
	return c
}

// granting is the change with another delta and policy.
func granting(c cloud.Change, a cloud.Action, m cloud.Member) cloud.Change {
	grant := cloud.Grant{Role: "roles/run.invoker", Member: m}
	c.HasDelta, c.Deltas, c.Policy = true, []cloud.Delta{{Action: a, Grant: grant}}, nil
	return c
}

func TestAFindingOfBeforeContentWasKeptIsContinued(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	c := g.publicGrant(true)
	f := g.handle(c).Findings[0]
	f = g.stored(f.ID)
	f.Change.Content = ""
	_, err := g.Store.Update(t.Context(), f)
	g.must(err)
	c.UserAgent = "differs" // so that it is not a duplicate
	if fs := g.handle(c).Findings; len(fs) != 1 || fs[0].ID != f.ID {
		t.Errorf("findings %+v, want the one of before", fs)
	}
}

func TestAnEntryThatComesAgainIsADuplicateWhateverItsKeysOrder(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	c := g.publicGrant(true)
	c.Workload = &cloud.Workload{Labels: map[string]string{"a": "1", "b": "2", "c": "3"}}
	g.handle(c)
	for range 20 {
		c.Workload = &cloud.Workload{Labels: map[string]string{"c": "3", "a": "1", "b": "2"}}
		if o := g.handle(c); o.Kind != remediate.Duplicate {
			t.Fatalf("%s, want duplicate", o.Kind)
		}
	}
}
