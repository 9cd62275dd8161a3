package remediate_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// rules is a store that holds every finding which is written against what must
// hold of it whatever happens.
type rules struct {
	remediate.Store
	t    *testing.T
	seen map[string]finding.Finding
	left map[string]int
}

func (w *rules) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	f, err := w.Store.Create(ctx, f)
	if err == nil {
		w.holds(f)
		w.seen[f.ID] = f
	}
	return f, err
}

func (w *rules) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	f, err := w.Store.Update(ctx, f)
	if err == nil {
		w.holds(f)
		w.follows(w.seen[f.ID], f)
		w.seen[f.ID] = f
	}
	return f, err
}

// holds is about one record.
func (w *rules) holds(f finding.Finding) {
	w.t.Helper()
	if err := f.VerifyTrail(); err != nil {
		w.t.Error(err)
	}
	for _, rule := range []struct {
		says   string
		broken bool
	}{
		{"owes something and is never due", len(f.Outbox) > 0 && f.DueAt.IsZero()},
		{"is open and never due", !f.State.Ended() && f.DueAt.IsZero()},
		{"has an end if and only if it ended", f.State.Ended() == f.EndedAt.IsZero()},
		{"is approved for a time", f.State == state.Approved && f.ExecuteBy.IsZero()},
		{"expires however it fails to be shown", f.State == state.Pending && !f.Owes(finding.Carry) && f.UpdatedAt.Before(f.ExpiresAt) && f.DueAt.After(f.ExpiresAt)},
		{"owes its plan once it ended", f.State.Ended() && f.Owes(finding.Apply)},
		{"is approved or carried out and owes no plan", slices.Contains([]state.State{state.Approved, state.Applying, state.Uncertain}, f.State) && !f.Owes(finding.Apply)},
		{"was guarded, and is reverted unasked", f.Automatic && f.Guarded && f.Decision == judge.Ask},
	} {
		if rule.broken {
			w.t.Errorf("finding %s, %s: broken: it %s; owes %v, due %s", f.ID, f.State, rule.says, f.Outbox, f.DueAt)
		}
	}
}

// follows is about one step.
func (w *rules) follows(was, is finding.Finding) {
	w.t.Helper()
	if was.State == state.Pending && is.State != state.Pending {
		w.left[is.ID]++
	}
	held := was.State == state.Approved && was.Automatic // and is a question after all
	for _, rule := range []struct {
		says   string
		broken bool
	}{
		{"leaves pending once", w.left[is.ID] > 1},
		{"stays as it ended", was.State.Ended() && is.State != was.State && !(was.State == state.Reported && is.State == state.Approved)},
		{"ended when it ended", was.State.Ended() && is.State == was.State && !is.EndedAt.Equal(was.EndedAt)},
		{"becomes a question once", is.State == state.Pending && was.State != state.Pending && was.State != state.Waiting && !held},
		{"stays guarded", was.Guarded && !is.Guarded && was.State != state.Waiting},
		{"stays in its group", was.Group != "" && is.Group != was.Group},
		{"remembers that it was paged", !was.PagedAt.IsZero() && is.PagedAt.IsZero()},
		{"keeps its answers", len(is.Answers) < len(was.Answers)},
		{"has done what it did", len(is.Done) == 0 && is.State.Ended() && was.State == state.Uncertain},
		{"publishes on", is.Published < was.Published},
	} {
		if rule.broken {
			w.t.Errorf("finding %s, %s to %s: broken: it %s", is.ID, was.State, is.State, rule.says)
		}
	}
}

// countedPolicies counts the writes that went through.
type countedPolicies struct {
	remediate.PolicyClient
	writes map[cloud.Resource]int
}

func (p *countedPolicies) SetPolicy(ctx context.Context, r cloud.Resource, a cloud.AllowPolicy) error {
	err := p.PolicyClient.SetPolicy(ctx, r, a)
	if err == nil {
		p.writes[r]++
	}
	return err
}

// check holds what is stored against what was done.
func (m *mixed) check(when string) {
	m.t.Helper()
	fs, err := m.Store.Findings(m.t.Context(), finding.Query{})
	m.must(err)
	counted := m.counted(m.Store)
	made := map[cloud.Resource]int{}
	for _, f := range fs {
		for _, s := range f.Done {
			made[s.Resource]++
		}
		i := slices.IndexFunc(f.Timeline, func(e trail.Event) bool { return e.State == state.Approved })
		if i < 0 || m.Clock().Sub(f.Timeline[i].At) > time.Hour-time.Minute {
			continue
		}
		is := counted[f.ID]
		none := len(f.Done) == 0 && (f.State == state.Superseded || f.State == state.Blocked || f.State == state.Expired)
		// Who dies may have counted what is no revert: that counts until its hour is over.
		if want := f.Automatic && !none; is != want && !(is && m.died > 0) {
			m.t.Errorf("%s: finding %s is %s, automatic %t, and counts as a revert: %t", when, f.ID, f.State, f.Automatic, is)
		}
	}
	for res, n := range m.iam.writes {
		if n > made[res]+m.died { // who dies after a write cannot tell that somebody undid it since
			m.t.Errorf("%s: %d writes of %s, and findings say %d", when, n, res, made[res])
		}
	}
}

// open reports whether a finding of the group is.
func (m *mixed) open(group string) bool {
	for _, f := range m.watch.seen {
		if f.Group == group && !f.State.Ended() {
			return true
		}
	}
	return false
}

// shown holds what the messages of groups say against what is stored.
func (m *mixed) shown() {
	m.t.Helper()
	for _, f := range m.watch.seen {
		if f.Group == "" {
			continue
		}
		g := m.group(f)
		i := slices.IndexFunc(g.Items, func(i group.Item) bool { return i.Finding == f.ID })
		if i < 0 || g.Items[i].State != f.State || g.Drawn != g.Changes || g.Agreed != nil {
			m.t.Errorf("finding %s is %s, and its group, drawn at %d of %d, says %+v", f.ID, f.State, g.Drawn, g.Changes, g)
		}
	}
}

func (m *mixed) group(f finding.Finding) (g group.Group) {
	m.t.Helper()
	c, err := m.watch.Store.Cell(m.t.Context(), "group/"+f.Group)
	m.must(err)
	m.must(json.Unmarshal(c.Value, &g))
	return g
}
