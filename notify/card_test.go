package notify_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var options = notify.Options{BaseURL: "https://rescind.example.com/"}

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
		"default identity":               identity("api@pay-prod.iam.gserviceaccount.com"),
		"editor for a runtime identity":  editor(),
		"unknown with nothing to revert": unknown(),
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

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("card (-want +got):\n%s", d)
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

// labels are what the card's buttons say.
func labels(f finding.Finding, o notify.Options) string {
	var out []string
	for _, b := range notify.Card(f, o).Buttons {
		out = append(out, b.Label)
	}
	return strings.Join(out, ", ")
}

func TestI9OnlyWhatStillCountsIsOffered(t *testing.T) {
	revertedBy := func(done time.Duration, steps []judge.Step) finding.Finding {
		f := in(state.Reverted)
		f.EndedAt, f.Done = noon.Add(-done), steps
		return f
	}
	steps := publicService().Plan.Steps
	now := notify.Options{Now: noon}
	for _, row := range []struct {
		name string
		f    finding.Finding
		o    notify.Options
		want string
	}{
		{"a question, with pages and somebody on call", publicService(), notify.Options{BaseURL: "https://rescind.example.com", Page: true}, "Revert change, Keep change…, Exempt for a time…, Page on-call, Open"},
		{"a question without either", publicService(), notify.Options{}, "Revert change, Keep change…, Exempt for a time…"},
		{"a plan that leaves open what to write", identity(""), notify.Options{}, "Keep change…, Exempt for a time…"},
		{"no plan", unknown(), notify.Options{}, "Keep change…, Exempt for a time…"},
		{"a revert of a minute ago", revertedBy(time.Minute, steps), now, "Undo…"},
		{"a revert of a day ago", revertedBy(24*time.Hour, steps), now, ""},
		{"a revert that found nothing to write", revertedBy(time.Minute, nil), now, ""},
		{"a revert, where it is not known how long ago", revertedBy(time.Minute, steps), notify.Options{}, ""},
		{"an undo that takes one more person", undoIn(state.Pending), now, "Undo…"},
	} {
		if got := labels(row.f, row.o); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
	for _, s := range allStates() {
		if got := labels(in(s), now); (got != "") != (s == state.Pending) {
			t.Errorf("%s: %q", s, got)
		}
	}
}

func TestARevertSaysUntilWhenItCanBeUndone(t *testing.T) {
	f := in(state.Reverted)
	f.EndedAt, f.Done = noon, f.Plan.Steps
	golden(t, "reverted_undoable", notify.Card(f, notify.Options{Now: noon}).String())
}

func TestAButtonIsBoundToThePlanItAuthorises(t *testing.T) {
	f := in(state.Reverted)
	f.EndedAt, f.Done = noon, f.Plan.Steps
	undo := notify.Card(f, notify.Options{Now: noon}).Buttons[0]
	if undo.Digest != f.UndoPlan().Digest[:8] || undo.Digest == f.Plan.Digest[:8] {
		t.Errorf("undo is bound to %s; its plan is %s, the revert's %s", undo.Digest, f.UndoPlan().Digest, f.Plan.Digest)
	}
	for _, b := range notify.Card(publicService(), options).Buttons {
		if b.Digest != f.Plan.Digest[:8] {
			t.Errorf("%s is bound to %s, want %s", b.Label, b.Digest, f.Plan.Digest)
		}
	}
}

func TestRevertIsNotOfferedWhereThePlanLeavesOpenWhatToWrite(t *testing.T) {
	for name, f := range map[string]finding.Finding{"no account": identity(""), "no plan": unknown()} {
		m := notify.Card(f, options)
		if m.Note == "" || m.Buttons[0].Choice != finding.ChooseKeep {
			t.Errorf("%s: the card does not say why, or offers %v", name, m.Buttons)
		}
	}
}

func TestCommandsAreOneShellWordPerValue(t *testing.T) {
	f := publicService()
	f.Plan = judge.NewPlan([]judge.Step{{
		Kind: policies.RemoveGrants, Resource: cloud.ProjectResource("pay-prod"),
		Before: judge.StepState{Grants: []cloud.Grant{{
			Role: "roles/editor", Member: "user:a'; rm -rf ~; echo '\nreboot",
			Condition: cloud.Condition{Title: "until friday", Expression: `request.time < timestamp("2026-11-27T00:00:00Z")`},
		}}},
	}}, "")
	want := `gcloud projects remove-iam-policy-binding pay-prod --member='user:a'\''; rm -rf ~; echo '\'' reboot' --role=roles/editor ` +
		`--condition='^~~^expression=request.time < timestamp("2026-11-27T00:00:00Z")~~title=until friday'`
	if got := notify.Card(f, options).Fix[0]; got != want {
		t.Errorf("command:\n%s\nwant:\n%s", got, want)
	}
}

func TestCleanLeavesNoControlInvisibleOrTurningCharacter(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 世界 🙂":     "plain é 世界 🙂",
		"a\nb\tc\r\u2028d": "a b c  d",
		"all\u200bUsers":   "all\uFFFDUsers",
		"\u202egro.live":   "\uFFFDgro.live",
		"\x1b[31mred":      "\uFFFD[31mred",
		"half \xff":        "half \uFFFD",
		"\u3164":           "\uFFFD",
		"tag \U000E0041":   "tag \uFFFD",
	} {
		if got := notify.Clean(in); got != want {
			t.Errorf("Clean(%q) = %q, want %q", in, got, want)
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

func TestTrailSaysWhenWhatAndByWhom(t *testing.T) {
	got := notify.Trail([]trail.Event{
		{At: noon, State: state.Pending, What: "asked"},
		{At: noon, State: state.Kept, Who: "user:ada@example.com", What: "fine\u202e"},
		{At: noon, State: state.Expired},
	})
	want := []string{"12:00:00 UTC pending: asked", "12:00:00 UTC kept: fine\uFFFD (ada@example.com)", "12:00:00 UTC expired"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("trail (-want +got):\n%s", d)
	}
}

func identity(goBackTo string) finding.Finding {
	f := publicService()
	job := cloud.RunResource(cloud.RunJob, "pay-prod", "europe-west1", "nightly")
	f.Policy, f.Title, f.Message = "no-default-service-account", "Default service account", "nightly runs as the default service account"
	f.Resource, f.Change.Resource, f.Change.Verb, f.Change.Method = job, job, cloud.Create, "google.cloud.run.v2.Jobs.CreateJob"
	missing := ""
	if goBackTo == "" {
		missing = "no account to go back to"
	}
	f.Plan = judge.NewPlan([]judge.Step{{
		Kind: policies.RestoreIdentity, Resource: job, After: judge.StepState{ServiceAccount: goBackTo},
	}}, missing)
	return f
}

func editor() finding.Finding {
	f := publicService()
	p := cloud.ProjectResource("pay-prod")
	g := cloud.Grant{Role: "roles/editor", Member: "serviceAccount:api@pay-prod.iam.gserviceaccount.com"}
	f.Policy, f.Title, f.Message = "no-editor-on-runtime-identity", "Editor for a runtime identity", "api can change everything in pay-prod"
	f.Resource, f.Change.Resource, f.Change.Method = p, p, "SetIamPolicy"
	f.Plan = judge.NewPlan([]judge.Step{{
		Kind: policies.RemoveGrants, Resource: p, Before: judge.StepState{Grants: []cloud.Grant{g}},
	}}, "")
	return f
}

func unknown() finding.Finding {
	f := publicService()
	f.Verdict, f.Message = policies.Unknown, ""
	f.Actors = []cloud.Actor{{Principal: cloud.UnknownActor}}
	f.Reasons = []string{"run.managed.requireInvokerIam could not be read: permission denied"}
	f.Plan = judge.NewPlan(nil, "what violates is not known")
	return f
}
