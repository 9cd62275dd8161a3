package notify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// shop is a group of findings about services of one module, in these states.
func shop(states ...state.State) (remediate.Group, []finding.Finding) {
	g := remediate.Group{
		ID: "grouptsrqponmlkjihgfedcb27", Revision: 4, Since: noon,
		Cause: remediate.Cause{Channel: "C01SEC", Actor: "serviceAccount:tf@ops.iam.gserviceaccount.com", Policy: "no-public-invoker", Project: "pay-prod"},
	}
	var fs []finding.Finding
	for i, s := range states {
		f := in(s)
		f.ID = fmt.Sprintf("member%dsrqponmlkjihgfedcb2", i)
		f.Resource = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", fmt.Sprintf("shop-%d", i+1))
		f.Message = "anyone on the internet can invoke " + f.Resource.Path()
		fs = append(fs, f)
		g.Items = append(g.Items, remediate.Item{Finding: f.ID, Digest: f.Plan.Digest, Resource: f.Resource, Severity: f.Severity, State: s})
	}
	return g, fs
}

func TestAGroupsCardReadsAsAgreed(t *testing.T) {
	o := options
	o.Needs = func(finding.Finding) string { return "1 of 3 approvers" }
	for name, states := range map[string][]state.State{
		"group_pending":        {state.Pending, state.Pending, state.Pending},
		"group_partly_decided": {state.Pending, state.Reverted, state.Kept},
		"group_decided":        {state.Reverted, state.Reverted, state.Kept},
	} {
		t.Run(name, func(t *testing.T) {
			g, fs := shop(states...)
			golden(t, name, notify.GroupCard(g, fs, o).String())
		})
	}
}

func TestAGroupSaysWhoItTakesWhereThatIsTheSameForAll(t *testing.T) {
	g, fs := shop(state.Pending, state.Pending)
	o := options
	o.Needs = func(f finding.Finding) string { return "1 of 3 approvers, for " + f.Resource.Name }
	if s := notify.GroupCard(g, fs, o).String(); strings.Contains(s, "Needs:") {
		t.Errorf("what holds for one stands for all:\n%s", s)
	}
}

// many is n of one state.
func many(n int, s state.State) []state.State {
	out := make([]state.State, n)
	for i := range out {
		out[i] = s
	}
	return out
}

func TestAGroupOfOneTwoManyAndOverManyReadsAsAgreed(t *testing.T) {
	for _, n := range []int{1, 2, 10, 11, 200} {
		g, fs := shop(many(n, state.Pending)...)
		golden(t, fmt.Sprintf("group_of_%d", n), notify.GroupCard(g, fs, options).String())
	}
}

// What waits for an answer must not be cut off by what does not.
func TestAGroupListsWhatWaitsFirstAndCountsWhatItLeavesOut(t *testing.T) {
	g, fs := shop(append(many(15, state.Reverted), many(3, state.Pending)...)...)
	m := notify.GroupCard(g, fs, options)
	if len(m.Diff) != 11 || m.Diff[10] != "and 8 more: rescind findings list" {
		t.Fatalf("list:\n%s", strings.Join(m.Diff, "\n"))
	}
	for i, line := range m.Diff[:10] {
		if waits := strings.HasPrefix(line, "pending "); waits != (i < 3) {
			t.Errorf("line %d: %s", i+1, line)
		}
	}
	if !strings.Contains(m.Status, "18 findings of one cause: 3 pending, 15 reverted.") || m.Plan != "The 18 findings" {
		t.Errorf("status %q, list's title %q", m.Status, m.Plan)
	}
}

func TestAGroupIsAsSevereAsItsWorstFinding(t *testing.T) {
	for _, row := range []struct {
		severities []policies.Severity
		first      string
	}{
		{[]policies.Severity{policies.Low, policies.Critical, policies.Medium}, "CRITICAL"},
		{[]policies.Severity{policies.Medium, policies.Low}, "MEDIUM"},
		{[]policies.Severity{"", policies.Low}, "LOW"},
		{[]policies.Severity{"", ""}, "PENDING"},
	} {
		g, fs := shop(many(len(row.severities), state.Pending)...)
		for i, s := range row.severities {
			g.Items[i].Severity = s
		}
		m := notify.GroupCard(g, fs, options)
		if first, _, _ := strings.Cut(m.Headline, " · "); first != row.first {
			t.Errorf("%q: the headline begins %s, want %s", row.severities, first, row.first)
		}
		if want := strings.ToLower(row.first); row.first != "PENDING" && !strings.Contains(strings.ToLower(m.Text), want+" severity at most") {
			t.Errorf("%q: aloud: %s", row.severities, m.Text)
		}
	}
}

func TestAGroupsHeadlineSaysHowItEndedOnlyOnceItDid(t *testing.T) {
	for want, states := range map[string][]state.State{
		"HIGH":     {state.Pending, state.Reverted},
		"APPLYING": {state.Applying, state.Applying, state.Reverted},
		"REVERTED": {state.Reverted, state.Reverted},
		"ENDED":    {state.Reverted, state.Kept, state.Failed},
	} {
		g, fs := shop(states...)
		if first, _, _ := strings.Cut(notify.GroupCard(g, fs, options).Headline, " · "); first != want {
			t.Errorf("%v: the headline begins %s, want %s", states, first, want)
		}
	}
}

// A service may be called account, and a policy speaks of a service account.
func TestAGroupsReasonsNameTheWorkloadAndNothingThatReadsLikeIt(t *testing.T) {
	g, fs := shop(state.Pending, state.Pending)
	for i, name := range []string{"account", "acc"} {
		fs[i].Resource.Name = name
		fs[i].Message = fs[i].Resource.String() + " runs as the default service account"
		fs[i].Reasons = []string{"no service account is named in " + fs[i].Resource.Path()}
	}
	got := strings.Join(notify.GroupCard(g, fs, options).Why, "|")
	if want := "the service runs as the default service account|no service account is named in the service"; got != want {
		t.Errorf("why: %s\nwant: %s", got, want)
	}
}

func TestAGroupThatALimitHeldBackSaysWhich(t *testing.T) {
	g, fs := shop(state.Pending, state.Pending)
	g.Cause = remediate.Cause{Channel: "C01SEC", Limit: "reverts of policy no-public-invoker: 20 an hour"}
	m := notify.GroupCard(g, fs, options)
	if m.Headline != "HIGH · 2 × held back by a limit" || fact(m, "Limit") != g.Cause.Limit || fact(m, "Who") != "" {
		t.Errorf("card:\n%s", m)
	}
	if !strings.Contains(m.Text, "High severity at most: "+g.Cause.Limit+", from 22 Nov 2026 12:00 UTC on.") || m.Buttons[0].Spoken != "Revert all 2 changes in several projects" {
		t.Errorf("aloud: %s; button %+v", m.Text, m.Buttons[0])
	}
}

// Of some nothing was looked up: they read as they were shown last.
func TestAGroupShowsAlsoWhatCouldNotBeLookedUp(t *testing.T) {
	g, fs := shop(state.Pending, state.Approved, state.Reverted)
	m := notify.GroupCard(g, fs[:1], options)
	if len(m.Diff) != 3 || !strings.HasPrefix(m.Diff[1], "approved   service shop-2 in europe-west1  [") || !strings.Contains(m.Status, "1 pending, 1 approved, 1 reverted") {
		t.Errorf("card:\n%s", m)
	}
}
