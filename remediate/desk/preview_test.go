package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
)

func TestAPreviewCountsWhatAnExemptionWouldHaveExempted(t *testing.T) {
	o := newOffice(t)
	o.asked("old")
	o.now = o.now.Add(91 * 24 * time.Hour)
	for _, id := range []string{"a", "b", "c", "d", "e", "g"} {
		o.asked(id)
		o.now = o.now.Add(time.Minute)
	}
	o.asked("other grants", func(f *finding.Finding) {
		f.Plan = judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: f.Resource,
			Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/owner", Member: "user:eve@example.com"}}}}}, "")
	})
	o.asked("f1")
	p, err := o.Preview(t.Context(), "f1")
	if err != nil || p.Count != 6 || p.AtLeast || len(p.Examples) != 5 || p.Examples[0].ID != "g" {
		t.Errorf("%d findings, at least %t, %d shown: %v", p.Count, p.AtLeast, len(p.Examples), err)
	}
	if !strings.Contains(p.Scope, "policy editors on ") || !strings.Contains(p.Scope, "roles/editor") {
		t.Errorf("its scope is %q", p.Scope)
	}
	if p.Examples[4].ID != "b" {
		t.Errorf("the last that is shown is %s", p.Examples[4].ID)
	}
	_, err = o.Preview(t.Context(), "missing")
	o.wantRefused(err, finding.ClassNotFound, "there is no finding missing")
	o.asked("undo", func(f *finding.Finding) { f.UndoOf = "f1" })
	_, err = o.Preview(t.Context(), "undo")
	o.wantRefused(err, finding.ClassInvalid, "an undo cannot be exempted")
}
