package authority

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
)

func TestACardSaysWhoItTakes(t *testing.T) {
	list := func(names ...string) Authority {
		au := Authority{Approvers: map[string]bool{}}
		for _, n := range names {
			au.Approvers["user:"+n+"@example.com"] = true
		}
		return au
	}
	three := list("ada", "bob", "mallory")
	two := three
	two.Quorum = map[finding.Choice]int{finding.ChooseKeep: 2, finding.ChooseExempt: 2}
	group := Authority{Directory: people{}}
	wrong := three
	wrong.Misconfigured = "no such thing"
	high := three
	high.StepUp = map[policies.Severity]bool{"": true}
	acting := three
	acting.ActsFor = map[string]Acting{"ci@ops.iam.gserviceaccount.com": {Users: []string{"user:ada+ci@example.com", "user:eve@example.com"}, Group: "ci-admins@example.com"}}
	byCI := func(f *finding.Finding) {
		f.Actors = []cloud.Actor{{Principal: "serviceAccount:ci@ops.iam.gserviceaccount.com"}}
	}
	for _, tt := range []struct {
		name   string
		au     Authority
		change func(*finding.Finding)
		want   string
	}{
		{"one of several, the actor among them", three, nil, "1 of 3 approvers, not mallory@example.com to keep or exempt; 2 to exempt"},
		{"the actor is none of them", list("ada", "bob", "cat"), nil, "1 of 3 approvers; 2 to exempt"},
		{"two to keep", two, nil, "1 of 3 approvers, not mallory@example.com to keep or exempt; 2 to keep; 2 to exempt"},
		{"the only approver is the actor", list("mallory"), nil, "1 of 1 approvers, not mallory@example.com to keep or exempt; " +
			"nobody can keep it: that takes 1, and 0 may; nobody can exempt it: that takes 2, and 0 may"},
		{"nobody knows the actor", list("ada", "bob"), func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: cloud.UnknownActor}} },
			"1 of 2 approvers; 2 to keep; 2 to exempt; it takes two people because the log does not say who made it"},
		{"an account made it", list("ada", "bob"), byCI, "1 of 2 approvers; 2 to keep; 2 to exempt; " +
			"it takes two people because ci@ops.iam.gserviceaccount.com made it, and approvals.acts_for does not say who can act through that account"},
		{"an account made it, and there is one approver", list("ada"), byCI, "1 of 1 approvers; nobody can keep it: that takes 2, and 1 may; nobody can exempt it: that takes 2, and 1 may; " +
			"it takes two people because ci@ops.iam.gserviceaccount.com made it, and approvals.acts_for does not say who can act through that account"},
		{"it takes two to keep anyway", two, byCI, "1 of 3 approvers; 2 to keep; 2 to exempt"},
		{"an account made it through which an approver can act", acting, byCI, "1 of 3 approvers, not members of ci-admins@example.com, ada+ci@example.com to keep or exempt; 2 to exempt"},
		{"an account made it, and it is undone", list("ada", "bob"), func(f *finding.Finding) { byCI(f); f.UndoOf = "x" },
			"2 of 2 approvers; it takes two people because ci@ops.iam.gserviceaccount.com made it, and approvals.acts_for does not say who can act through that account"},
		{"nothing to revert", three, func(f *finding.Finding) { f.Plan = judge.Plan{} }, "1 of 3 approvers, not mallory@example.com; 2 to exempt"},
		{"members of a group", group, nil, "1 approver, not mallory@example.com to keep or exempt; 2 to exempt"},
		{"an undo", three, func(f *finding.Finding) { f.UndoOf = "x" }, "1 of 3 approvers, not mallory@example.com"},
		{"a broken configuration", wrong, nil, "nobody may answer: the configuration of the approvers is wrong"},
		{"a step up", high, nil, "1 of 3 approvers, not mallory@example.com to keep or exempt; 2 to exempt; on the finding's page alone"},
	} {
		f := pendingFinding()
		if tt.change != nil {
			tt.change(&f)
		}
		if got := tt.au.Needs(f); got != tt.want {
			t.Errorf("%s:\n%s\nwant:\n%s", tt.name, got, tt.want)
		}
	}
}
