package notify_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

func TestCardReadsAsAgreedInEveryState(t *testing.T) {
	for _, s := range allStates() {
		t.Run(string(s), func(t *testing.T) {
			golden(t, string(s), notify.Card(in(s), options).String())
		})
	}
}

func TestCardReadsAsAgreedForOtherFindings(t *testing.T) {
	for name, f := range map[string]finding.Finding{
		"default identity without an account to go back to": identity(""),
		"new content of a service":                          newContent(),
		"default identity":                                  identity("api@pay-prod.iam.gserviceaccount.com"),
		"editor for a runtime identity":                     editor(),
		"unknown with nothing to revert":                    unknown(),
	} {
		t.Run(name, func(t *testing.T) { golden(t, strings.ReplaceAll(name, " ", "_"), notify.Card(f, options).String()) })
	}
}

func TestAnUndoSaysWhatItTakesBackAndTakesASecondPersonsWord(t *testing.T) {
	golden(t, "undo_undone", notify.Card(undoIn(state.Undone), options).String())
	golden(t, "undo_pending", notify.Card(undoIn(state.Pending), options).String())
	for _, s := range allStates() {
		m := notify.Card(undoIn(s), options)
		if (len(m.Buttons) > 0) != (s == state.Pending) || len(m.Fix) > 0 || !strings.HasPrefix(m.Diff[0], "+ roles/run.invoker to allUsers") {
			t.Errorf("%s: buttons %v, fix %q, diff %q; want a button while pending, no fix, the grant coming back", s, m.Buttons, m.Fix, m.Diff)
		}
		if !strings.Contains(strings.ToLower(m.Status), string(s)) {
			t.Errorf("%s: the status does not name the state: %s", s, m.Status)
		}
	}
}

func TestWhatWaitsForAPauseSaysSo(t *testing.T) {
	f := in(state.Approved)
	f.Paused, f.Why = true, "waits, as rescind is paused until 2026-11-22T13:00:00Z by user:ada@example.com: a release"
	if s := notify.Card(f, options).Status; !strings.Contains(s, "Waits, as rescind is paused") {
		t.Errorf("status: %s", s)
	}
}

func TestTextNamesTheStateSeverityWhoWhereAndLink(t *testing.T) {
	for _, s := range allStates() {
		text := notify.Card(in(s), options).Text
		for _, want := range []string{string(s), "high severity", "jo@example.com", "service api in europe-west1, project pay-prod", "https://rescind.example.com/findings/abc"} {
			if !strings.Contains(strings.ToLower(text), want) {
				t.Errorf("%s: text lacks %q:\n%s", s, want, text)
			}
		}
	}
}

func TestTextOfAQuestionSaysUntilWhenAndWhatSilenceDoes(t *testing.T) {
	f := publicService()
	text := notify.Card(f, options).Text
	for _, want := range []string{"until 22 Nov 2026 13:00 UTC", "If nobody answers, the change stays", "Revert change:", "Keep change:"} {
		if !strings.Contains(text, want) {
			t.Errorf("text lacks %q:\n%s", want, text)
		}
	}
	reverting := notify.Options{OnExpiry: remediate.RevertOnExpiry}
	if text := notify.Card(f, reverting).Text; !strings.Contains(text, "If nobody answers, the change is reverted.") {
		t.Errorf("text hides that silence reverts:\n%s", text)
	}
	if text := notify.Card(identity(""), reverting).Text; !strings.Contains(text, "If nobody answers, the change stays") {
		t.Errorf("text says that silence reverts what cannot be reverted:\n%s", text)
	}
}

func TestAQuestionSaysWhoItTakes(t *testing.T) {
	o := options
	o.Needs = func(finding.Finding) string { return "1 of 3 approvers, not jo@example.com" }
	for _, s := range allStates() {
		said := strings.Contains(notify.Card(in(s), o).String(), "  Needs: 1 of 3 approvers, not jo@example.com\n")
		if said != (s == state.Pending) {
			t.Errorf("%s: says who it takes: %v", s, said)
		}
	}
}

func TestManyActorsAreCounted(t *testing.T) {
	f := publicService()
	f.Actors = nil
	for _, n := range "abcdefg" {
		f.Actors = append(f.Actors, cloud.Actor{Principal: "user:" + string(n) + "@example.com"})
	}
	f.Actors[0].Delegation = []string{"serviceAccount:ci@pay-prod.iam.gserviceaccount.com"}
	want := "a@example.com through serviceAccount:ci@pay-prod.iam.gserviceaccount.com, b@example.com, c@example.com, d@example.com, and 3 more"
	if got := notify.Card(f, options).Fields[0].Value; got != want {
		t.Errorf("who:\n%s\nwant:\n%s", got, want)
	}
}
