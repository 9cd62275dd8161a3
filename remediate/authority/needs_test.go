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
		{"nobody knows the actor", list("ada", "bob"), func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: cloud.UnknownActor}} }, "1 of 2 approvers; 2 to keep; 2 to exempt"},
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
