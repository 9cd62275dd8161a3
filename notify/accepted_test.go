package notify_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
)

const ada, bob = "user:ada@example.com", "user:bob@example.com"

// press has somebody who may give the answer on the finding, as it stands
// and as the card bound it, and returns what the desk says.
func press(t *testing.T, st *memory.Store, now time.Time, who, id, digest string, c finding.Choice) (finding.Finding, error) {
	t.Helper()
	desk := desk.Desk{Store: st, Now: func() time.Time { return now }, ExpiresIn: time.Hour, Authority: authority.Authority{
		Approvers: map[string]bool{ada: true, bob: true}, Quorum: map[finding.Choice]int{finding.ChooseUndo: 2},
		StepUp: map[policies.Severity]bool{policies.Critical: true},
	}}
	a := finding.Answer{Choice: c, Principal: who, Via: "slack:T01/U01", Reason: "agreed with the payments team", Digest: digest}
	if c == finding.ChooseExempt {
		a.Until = now.Add(time.Hour)
	}
	return desk.Answer(t.Context(), id, a)
}

func stored(t *testing.T, f finding.Finding) (*memory.Store, finding.Finding) {
	t.Helper()
	st := memory.New()
	f, err := st.Create(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return st, f
}

// planned is the finding with a plan of one step, all of it written.
func planned(f finding.Finding, kind policies.Remediation, before, after judge.StepState) finding.Finding {
	f.Plan = judge.NewPlan([]judge.Step{{Kind: kind, Resource: f.Resource, Before: before, After: after}}, "")
	f.Done = f.Plan.Steps
	return f
}

// variants are the finding with every sort of plan, and answered in every place.
func variants(f finding.Finding) map[string]finding.Finding {
	stepsUp, severe, nothing, unwritten := f, f, f, f
	for _, v := range []*finding.Finding{&stepsUp, &severe, &unwritten} {
		*v = planned(*v, policies.RemoveGrants, judge.StepState{Grants: []cloud.Grant{everyone()}}, judge.StepState{})
	}
	stepsUp.StepUp, severe.Severity, unwritten.Done = policies.StepUpIAP, policies.Critical, nil
	nothing.Plan = judge.NewPlan(nil, "nobody knows what violates")
	return map[string]finding.Finding{
		"that grants may be taken from":        planned(f, policies.RemoveGrants, judge.StepState{Grants: []cloud.Grant{everyone()}}, judge.StepState{}),
		"without a plan":                       nothing,
		"without an account to go back to":     planned(f, policies.RestoreIdentity, judge.StepState{ServiceAccount: "a@b.iam.gserviceaccount.com"}, judge.StepState{}),
		"that named no account":                planned(f, policies.RestoreIdentity, judge.StepState{}, judge.StepState{ServiceAccount: "a@b.iam.gserviceaccount.com"}),
		"without an ingress to go back to":     planned(f, policies.RestoreIngress, judge.StepState{Ingress: "all"}, judge.StepState{}),
		"of which nothing was written":         unwritten,
		"whose policy asks for the page":       stepsUp,
		"whose severity takes one to the page": severe,
	}
}

// unoffered are the answers that a desk takes and that no card offers: they are
// for whoever opens the finding's page or the command line.
func unoffered(f finding.Finding, c finding.Choice) bool {
	return f.State == state.Reported && c == finding.ChooseRevert || f.State != state.Reverted && c == finding.ChooseUndo
}

func TestI9ACardOffersExactlyTheAnswersThatTheDeskTakes(t *testing.T) {
	o := notify.Options{StepsUp: func(f finding.Finding) bool { return f.Severity == policies.Critical }}
	for _, s := range allStates() {
		for name, f := range variants(in(s)) {
			if s.Ended() {
				f.EndedAt = noon
			}
			for _, after := range []time.Duration{0, time.Hour - 1, time.Hour, 24*time.Hour - 1, 25 * time.Hour} {
				o.Now = noon.Add(after)
				offered := map[finding.Choice]notify.Button{}
				for _, b := range notify.Card(f, o).Buttons {
					offered[b.Choice] = b
				}
				for _, c := range []finding.Choice{finding.ChooseRevert, finding.ChooseKeep, finding.ChooseExempt, finding.ChooseUndo} {
					about := fmt.Sprintf("%s, %s, after %s: %s", s, name, after, c)
					b, there := offered[c]
					digest := b.Digest
					if !there {
						digest = f.DigestFor(c)
					}
					st, f := stored(t, f)
					_, err := press(t, st, o.Now, ada, f.ID, digest, c)
					switch {
					case there && err != nil:
						t.Errorf("%s is offered, and the desk says: %v", about, err)
					case !there && err == nil && !unoffered(f, c):
						t.Errorf("%s is not offered, and the desk takes it", about)
					}
				}
			}
		}
	}
}

func TestTheSecondOfTwoWhoUndoIsOfferedItAndTakenAtTheirWord(t *testing.T) {
	for name, f := range variants(in(state.Reverted)) {
		f.EndedAt = noon
		st, f := stored(t, f)
		o := notify.Options{Now: noon.Add(time.Minute), StepsUp: func(f finding.Finding) bool { return f.Severity == policies.Critical }}
		first := notify.Card(f, o).Buttons
		if len(first) == 0 {
			continue // nothing to undo, as the test above says
		}
		u, err := press(t, st, o.Now, ada, f.ID, first[0].Digest, finding.ChooseUndo)
		if err != nil || u.State != state.Pending || u.UndoOf != f.ID {
			t.Fatalf("%s: %v, the undo is %+v", name, err, u)
		}
		second := notify.Card(u, o)
		if len(second.Buttons) != 1 || second.Buttons[0].Choice != finding.ChooseUndo {
			t.Fatalf("%s: the undo's card offers %+v", name, second.Buttons)
		}
		if u, err = press(t, st, o.Now, bob, u.ID, second.Buttons[0].Digest, finding.ChooseUndo); err != nil || u.State != state.Approved {
			t.Errorf("%s: %v, the undo is %s", name, err, u.State)
		}
		if last := notify.Card(u, o); len(last.Buttons) != 0 {
			t.Errorf("%s: once it is approved the card offers %+v", name, last.Buttons)
		}
	}
}

func TestWhatIsAnsweredOnItsPageAloneSaysSoWhereItsButtonsWouldBe(t *testing.T) {
	const says = "It is answered on its page alone, where you log in again"
	reverted := planned(in(state.Reverted), policies.RemoveGrants, judge.StepState{Grants: []cloud.Grant{everyone()}}, judge.StepState{})
	reverted.EndedAt = noon
	now := notify.Options{BaseURL: options.BaseURL, Now: noon.Add(time.Minute), Page: true}
	for _, row := range []struct {
		name    string
		f       finding.Finding
		note    string
		buttons string
	}{
		{"a question", publicService(), says, "Page on-call, Open"},
		{"a question that cannot be reverted", identity(""), "rescind cannot revert this by itself: no account to go back to. " + says, "Page on-call, Open"},
		{"a revert that can be undone", reverted, "It can be undone until 23 Nov 2026 12:00 UTC. " + says, ""},
		{"a report", in(state.Reported), "", ""},
		{"an undo that takes one more person", undoIn(state.Pending), says, ""},
	} {
		row.f.StepUp = policies.StepUpIAP
		m := notify.Card(row.f, now)
		if m.Note != row.note || labels(row.f, now) != row.buttons {
			t.Errorf("%s: note %q, buttons %q; want %q and %q", row.name, m.Note, labels(row.f, now), row.note, row.buttons)
		}
	}
}
