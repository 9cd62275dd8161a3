package desk_test

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAnUndoIsARecordOfItsOwnThatEverybodyComesTo(t *testing.T) {
	o := newOffice(t, func(d *desk.Desk) { d.Authority.Quorum = map[finding.Choice]int{finding.ChooseUndo: 2} })
	f := o.asked("f1", func(f *finding.Finding) {
		*f = f.Approved(finding.Answer{Choice: finding.ChooseRevert, Principal: ada, At: o.now}).Claimed(o.now, f.Plan.Steps).Reverted(o.now, "")
	})
	first, err := o.Answer(t.Context(), "f1", says(finding.ChooseUndo, ada, f))
	if err != nil || first.UndoOf != "f1" || first.State != state.Pending || o.stored("f1").State != state.Reverted {
		t.Fatalf("the first begins %s of %q: %v", first.State, first.UndoOf, err)
	}
	second, err := o.Answer(t.Context(), "f1", says(finding.ChooseUndo, bob, f))
	if err != nil || second.ID != first.ID || second.State != state.Approved {
		t.Errorf("the second comes to %s, which is %s: %v", second.ID, second.State, err)
	}
	third, err := o.Answer(t.Context(), first.ID, says(finding.ChooseUndo, bob, second))
	o.wantRefused(err, finding.ClassDecided, "the finding is approved")
	if third.ID != first.ID {
		t.Errorf("by its own ID one comes to %s", third.ID)
	}
	o.now = o.now.Add(25 * time.Hour)
	_, err = o.Answer(t.Context(), "f1", says(finding.ChooseUndo, ada, f))
	o.wantRefused(err, finding.ClassExpired, "can be undone for 24h")
}

func TestAnUndoThatCameToNothingIsFollowedByAnotherTenTimesAtMost(t *testing.T) {
	o := newOffice(t)
	f := o.asked("f1", func(f *finding.Finding) {
		*f = f.Approved(finding.Answer{Choice: finding.ChooseRevert, Principal: ada, At: o.now}).Claimed(o.now, f.Plan.Steps).Reverted(o.now, "")
	})
	seen := map[string]bool{}
	for range 10 {
		u, err := o.Answer(t.Context(), "f1", says(finding.ChooseUndo, ada, f))
		if err != nil || seen[u.ID] {
			t.Fatalf("undo %s was begun before (%t): %v", u.ID, seen[u.ID], err)
		}
		seen[u.ID] = true
		if _, err := o.store.Update(t.Context(), u.Claimed(o.now, nil).NotApplied(state.Superseded, o.now, "fixed")); err != nil {
			t.Fatal(err)
		}
	}
	_, err := o.Answer(t.Context(), "f1", says(finding.ChooseUndo, ada, f))
	o.wantRefused(err, finding.ClassNoPlan, "10 undos of this finding came to nothing")
}
