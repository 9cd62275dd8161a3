package notify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
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
