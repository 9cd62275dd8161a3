package finding

import (
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestForHowLongAFindingSpeaksForWhatItIsAbout(t *testing.T) {
	const day = 24 * time.Hour
	undo := func(f Finding) Finding { f.UndoOf = "f0"; return f }
	lapsed := func(f Finding) Finding { f.ExecuteBy = noon; return f }
	exempt := func(f Finding) Finding { f.Exemption = &Exemption{Until: noon.Add(100 * day)}; return f }
	for _, tt := range []struct {
		name   string
		f      Finding
		as     judge.Decision
		before time.Duration // after this long it no longer does; 0: never did
	}{
		{"a question, as long as it is open", in(state.Pending), judge.Ask, 1000 * day},
		{"a plan that is being carried out", in(state.Applying), judge.Ask, 1000 * day},
		{"what was kept", in(state.Kept), judge.Ask, 30 * day},
		{"what was blocked", in(state.Blocked), judge.Ask, 30 * day},
		{"what nobody answered", in(state.Expired), judge.Ask, 30 * day},
		{"an approval that was not carried out in time", lapsed(in(state.Expired)), judge.Ask, 0},
		{"a report, of a report", in(state.Reported), judge.Report, 30 * day},
		{"a report, once the policy asks", in(state.Reported), judge.Ask, 0},
		{"an exemption, until it ends", exempt(in(state.Exempted)), judge.Ask, 100 * day},
		{"what a policy file exempts is asked of the file", in(state.Exempted), judge.Ask, 0},
		{"what was superseded", in(state.Superseded), judge.Ask, 0},
		{"what was reverted, and is there again", in(state.Reverted), judge.Ask, 0},
		{"an undo, of what it brought back", undo(in(state.Undone)), judge.Ask, 30 * day},
		{"an undo that nobody answered", undo(in(state.Expired)), judge.Ask, 0},
		{"an undo that waits", undo(in(state.Pending)), judge.Ask, 0},
	} {
		f := tt.f
		f.CreatedAt = noon
		if f.State == state.Exempted {
			f.CreatedAt = noon.Add(-300 * day)
		}
		as, most := judge.Judgement{Decision: tt.as}, 365*day
		if tt.before > 0 && !f.StandsFor(as, noon.Add(tt.before-time.Second), most) {
			t.Errorf("%s: it does not, before %s", tt.name, tt.before)
		}
		if tt.before < 1000*day && f.StandsFor(as, noon.Add(tt.before), most) {
			t.Errorf("%s: it does, after %s", tt.name, tt.before)
		}
	}
}

func TestAnUndoIsAboutWhatItTakesBack(t *testing.T) {
	f := in(state.Reverted)
	f.Done = editor.Steps
	undo := f.UndoBegun(UndoID(f, 1), noon, time.Hour)
	if undo.Plan.Digest == editor.Digest {
		t.Errorf("its plan is that of the revert, %.8s", undo.Plan.Digest)
	}
	for s, want := range map[state.State]string{state.Undone: editor.Digest, state.Expired: "", state.Blocked: "", state.Pending: ""} {
		u := undo
		if u.State = s; u.RejectedPlan().Digest != want {
			t.Errorf("one that is %s rejects %.8s, want %.8s", s, u.RejectedPlan().Digest, want)
		}
	}
	if s := undo.Subject(); len(s) != 1 || s[0].Before.Grants[0] != editor.Steps[0].Before.Grants[0] {
		t.Errorf("it is about %+v", s)
	}
	if undo.State != state.Pending || undo.UndoOf != f.ID || !undo.ExpiresAt.Equal(noon.Add(time.Hour)) || undo.ID == UndoID(f, 2) {
		t.Errorf("begun as %s of %q, expires at %s", undo.State, undo.UndoOf, undo.ExpiresAt)
	}
}

func TestWhatWasUndoneIsShownAnewAndEndsAsItEnded(t *testing.T) {
	f := in(state.Reverted)
	got := f.UndoneAs("u", noon)
	if got.UndoneBy != "u" || !got.Owes(Notify) || !got.DueAt.Equal(noon) || got.State != state.Reverted || len(got.Timeline) != len(f.Timeline) {
		t.Errorf("undone by %q, it is %s, owes %v at %s", got.UndoneBy, got.State, got.Outbox, got.DueAt)
	}
}

func TestWhatAnExemptionWouldExemptIsSaidInASentence(t *testing.T) {
	f := in(state.Pending)
	f.Policy, f.Message = "editors", "nobody may be an editor"
	if got, want := f.ExemptScope(), "policy editors on "+f.Resource.String()+": "+editor.Steps[0].About()+", and nothing else"; got != want {
		t.Errorf("it says %q, want %q", got, want)
	}
	f.Plan = judge.Plan{}
	if got := f.ExemptScope(); !strings.HasSuffix(got, `: "nobody may be an editor", and nothing else`) {
		t.Errorf("without a plan it says %q", got)
	}
}

func TestWhatCanBeUndoneAndUntilWhen(t *testing.T) {
	for _, s := range state.All() {
		f := in(s)
		if f.EndedAt = noon; !s.Ended() {
			f.EndedAt = time.Time{}
		}
		if err := f.Undoable(noon); ClassOf(err) != ClassNoPlan {
			t.Errorf("%s, and rescind wrote nothing: %v", s, err)
		}
		f.Done = editor.Steps
		want := s.Ended() || s == state.Uncertain
		if err := f.Undoable(noon.Add(undoWithin)); (err == nil) != want {
			t.Errorf("%s, a day after its end: %v", s, err)
		}
		if err := f.Undoable(noon.Add(undoWithin + 1)); s.Ended() && ClassOf(err) != ClassExpired {
			t.Errorf("%s, more than a day after its end: %v", s, err)
		}
	}
}

func TestAnExemptionExemptsWhatItIsAboutAndNothingElse(t *testing.T) {
	x := in(state.Exempted)
	x.Exemption = &Exemption{Grants: editor.Grants(), Until: noon}
	with := func(gs ...cloud.Grant) Finding {
		f := in(state.Pending)
		f.Verdict = policies.Violation
		f.Plan = judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: f.Resource, Before: judge.StepState{Grants: gs}}}, "")
		return f
	}
	eve, other := editor.Grants()[0], cloud.Grant{Role: "roles/owner", Member: "user:eve@example.com"}
	if !with(eve).ExemptedBy(x) || with(other).ExemptedBy(x) || with(eve, other).ExemptedBy(x) {
		t.Errorf("the grant alone %t, another %t, both %t", with(eve).ExemptedBy(x), with(other).ExemptedBy(x), with(eve, other).ExemptedBy(x))
	}
	already := with(eve)
	already.Verdict = policies.Exempt
	if already.ExemptedBy(x) {
		t.Error("what a policy file exempts would have been exempted by people")
	}
	if x.Exempts(noon) || !x.Exempts(noon.Add(-1)) {
		t.Error("an exemption ends at its end")
	}
}

func TestAFindingExplainsWhatItWroteFromItsClaimToItsEnd(t *testing.T) {
	f := in(state.Approved).withEvent(noon.Add(-3*time.Hour), "", "as it was").Claimed(noon, editor.Steps)
	removed := cloud.Change{
		Resource: cloud.ProjectResource("pay-prod"), Verb: cloud.SetPolicy, HasDelta: true, Deltas: cloud.Deltas(cloud.Remove, editor.Grants()),
	}
	at := func(d time.Duration) cloud.Change { c := removed; c.Time = noon.Add(d); return c }
	if !f.Explains(at(0), noon) {
		t.Error("it does not explain what it writes")
	}
	if f.Explains(at(-ownSlack-1), noon) || f.Explains(at(ownSlack+1), noon) {
		t.Error("it explains what was written before it was claimed, or is not yet written")
	}
	if ended := f.Reverted(noon.Add(time.Minute), ""); !ended.Explains(at(ownSlack+time.Minute), noon.Add(time.Hour)) || ended.Explains(at(ownSlack+time.Minute+1), noon.Add(time.Hour)) {
		t.Error("it explains what was written after its end, or less")
	}
	if kept := in(state.Kept); kept.Explains(at(0), noon) {
		t.Error("one that wrote nothing explains a write")
	}
	unclaimed := in(state.Approved)
	unclaimed.Done = editor.Steps
	if unclaimed.Explains(at(0), noon) {
		t.Error("one that was never claimed explains a write")
	}
}

func TestAFindingMayBeForgottenItsTimeAfterItEnded(t *testing.T) {
	for name, tt := range map[string]struct {
		f    Finding
		want time.Time
	}{
		"one that ended":                   {Finding{State: state.Kept, EndedAt: noon}, noon.Add(KeepEnded)},
		"one that is open":                 {Finding{State: state.Pending, EndedAt: noon}, time.Time{}},
		"one that ended nobody knows when": {Finding{State: state.Kept}, time.Time{}},
	} {
		if got := tt.f.ForgetAt(); !got.Equal(tt.want) {
			t.Errorf("%s: from %s, want %s", name, got, tt.want)
		}
	}
}
