package desk_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func TestAPauseTakesAnApproverAReasonAndAnEndWithinADay(t *testing.T) {
	for _, tt := range []struct {
		name        string
		who, reason string
		duration    time.Duration
		want        finding.RefusedClass
	}{
		{"by nobody in particular", eve, "a release", time.Hour, finding.ClassNotApprover},
		{"for no reason", ada, " \u200b", time.Hour, finding.ClassReason},
		{"for a reason without end", ada, strings.Repeat("a", authority.MaxReason+1), time.Hour, finding.ClassReason},
		{"for no time", ada, "a release", 0, finding.ClassDuration},
		{"for more than a day", ada, "a release", finding.MaxPause + 1, finding.ClassDuration},
		{"for a day", ada, "a release", finding.MaxPause, ""},
	} {
		o := newOffice(t)
		p, err := o.Pause(t.Context(), tt.who, "cli", tt.reason, tt.duration)
		if finding.ClassOf(err) != tt.want || p.Active(o.now) != (tt.want == "") {
			t.Errorf("%s: %v, %v", tt.name, p, err)
		}
		r := o.ledger()[0]
		if kind := map[bool]trail.Kind{true: trail.Paused, false: trail.Refused}[err == nil]; r.Kind != kind || r.Who != tt.who || r.Class != string(tt.want) {
			t.Errorf("%s: the ledger has %+v", tt.name, r)
		}
	}
}

func TestAPauseEndsByItselfAndAnotherTakesItsPlace(t *testing.T) {
	o := newOffice(t)
	first, err := o.Pause(t.Context(), ada, "cli", "a release", time.Hour)
	if err != nil || !first.Active(o.now.Add(time.Hour-1)) || first.Active(o.now.Add(time.Hour)) || !first.Owed {
		t.Errorf("paused: %+v, %v", first, err)
	}
	second, err := o.Pause(t.Context(), bob, "cli", "a longer one", 2*time.Hour)
	if err != nil || second.By != bob || !second.Until.Equal(o.now.Add(2*time.Hour)) || second.Revision != first.Revision+1 {
		t.Errorf("paused again: %+v, %v", second, err)
	}
}

func TestResumingMakesWhatWaitedForThePauseDueAndNothingElse(t *testing.T) {
	o := newOffice(t)
	_, err := o.Resume(t.Context(), ada, "cli", "")
	o.wantRefused(err, finding.ClassDecided, "rescind is not paused")
	approved := func(f *finding.Finding) {
		*f = f.Approved(finding.Answer{Choice: finding.ChooseRevert, Principal: ada, At: o.now})
	}
	o.asked("waits", approved, func(f *finding.Finding) { *f = f.Stopped("rescind is paused", o.now.Add(time.Hour), o.now) })
	works := o.asked("works", approved)
	if _, err := o.Pause(t.Context(), ada, "cli", "a release", time.Hour); err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(time.Second)
	p, err := o.Resume(t.Context(), bob, "cli", "")
	if err != nil || p.Active(o.now) || p.String() != "rescind works again: resumed by "+bob {
		t.Errorf("resumed: %s, %v", p, err)
	}
	if got := o.stored("waits"); !got.DueAt.Equal(o.now) {
		t.Errorf("what waited is due at %s, want now", got.DueAt)
	}
	if got := o.stored("works"); got.Revision != works.Revision {
		t.Error("what did not wait was changed")
	}
}

func TestOnCallIsPagedOnceInAQuarterOfAnHourAboutWhatIsOpen(t *testing.T) {
	o := newOffice(t)
	o.asked("f1")
	f, err := o.Page(t.Context(), "f1", eve, "slack")
	if err != nil || !f.Owes(finding.PageBy("pagerduty")) || f.Why != "on-call paged by "+eve+" (slack)" {
		t.Errorf("it owes %v (%s): %v", f.Outbox, f.Why, err)
	}
	o.now = o.now.Add(finding.PageEvery - 1)
	_, err = o.Page(t.Context(), "f1", ada, "slack")
	o.wantRefused(err, finding.ClassInvalid, "on-call was paged at")
	o.now = o.now.Add(1)
	if _, err = o.Page(t.Context(), "f1", ada, "slack"); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
	o.asked("ended", func(f *finding.Finding) { *f = f.Kept(finding.Answer{Principal: ada, At: o.now}) })
	_, err = o.Page(t.Context(), "ended", ada, "slack")
	o.wantRefused(err, finding.ClassInvalid, "the finding is kept")
	alone := newOffice(t, func(d *desk.Desk) { d.OnCall = nil })
	alone.asked("f1")
	_, err = alone.Page(t.Context(), "f1", ada, "slack")
	o.wantRefused(err, finding.ClassInvalid, "nobody is configured to be on call")
}

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
	o.now = o.now.Add(25 * time.Hour)
	_, err = o.Answer(t.Context(), "f1", says(finding.ChooseUndo, ada, f))
	o.wantRefused(err, finding.ClassExpired, "can be undone for 24h")
}

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
	o.asked("undo", func(f *finding.Finding) { f.UndoOf = "f1" })
	_, err = o.Preview(t.Context(), "undo")
	o.wantRefused(err, finding.ClassInvalid, "an undo cannot be exempted")
}
