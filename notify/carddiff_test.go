package notify_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
)

func grants(members ...string) judge.StepState {
	var out judge.StepState
	for _, m := range members {
		out.Grants = append(out.Grants, cloud.Grant{Role: "roles/run.invoker", Member: cloud.Member(m)})
	}
	return out
}

func checkDisabled(b bool) judge.StepState { return judge.StepState{InvokerIAMDisabled: &b} }

func account(email string) judge.StepState { return judge.StepState{ServiceAccount: email} }

// steps are one of each kind, with what a card shows of it and what its button
// says that it does.
var steps = []struct {
	name          string
	kind          policies.Remediation
	before, after judge.StepState
	diff          []string
	effect        string
}{
	{"one grant", policies.RemoveGrants, grants("allUsers"), grants(),
		[]string{"- roles/run.invoker to allUsers"}, "Takes roles/run.invoker from allUsers on"},
	{"several grants", policies.RemoveGrants, grants("allUsers", "user:eve@example.org"), grants(),
		[]string{"- roles/run.invoker to allUsers", "- roles/run.invoker to user:eve@example.org"}, "Takes away 2 grants on"},
	{"a grant among others that stay", policies.RemoveGrants, grants("allUsers", "user:jo@example.com"), grants("user:jo@example.com"),
		[]string{"- roles/run.invoker to allUsers"}, "Takes roles/run.invoker from allUsers on"},
	{"the invoker check", policies.RequireInvoker, checkDisabled(true), checkDisabled(false),
		[]string{"- invoker IAM check disabled: true", "+ invoker IAM check disabled: false"}, "Switches the invoker IAM check on again on"},
	{"an account", policies.RestoreIdentity, account("wide@pay-prod.iam.gserviceaccount.com"), account("api@pay-prod.iam.gserviceaccount.com"),
		[]string{"- runs as wide@pay-prod.iam.gserviceaccount.com", "+ runs as api@pay-prod.iam.gserviceaccount.com"},
		"Makes new revisions and executions run as api@pay-prod.iam.gserviceaccount.com on"},
	{"an account, where none was named", policies.RestoreIdentity, account(""), account("api@pay-prod.iam.gserviceaccount.com"),
		[]string{"- runs as (not set: the default service account)", "+ runs as api@pay-prod.iam.gserviceaccount.com"},
		"Makes new revisions and executions run as api@pay-prod.iam.gserviceaccount.com on"},
	{"an account that a person has to name", policies.RestoreIdentity, account("wide@pay-prod.iam.gserviceaccount.com"), account(""),
		[]string{"- runs as wide@pay-prod.iam.gserviceaccount.com", "+ runs as (a person has to name it)"}, ""},
	{"the ingress", policies.RestoreIngress, judge.StepState{Ingress: "all"}, judge.StepState{Ingress: "internal"},
		[]string{"- ingress all", "+ ingress internal"}, "Sets the ingress to internal on"},
	{"an ingress that a person has to choose", policies.RestoreIngress, judge.StepState{Ingress: "all"}, judge.StepState{},
		[]string{"- ingress all", "+ ingress (a person has to choose it)"}, ""},
	{"an organization policy", policies.RestoreConstrain, judge.StepState{OrgPolicy: `{"rules":[{"enforce":false}]}`}, judge.StepState{},
		[]string{`- organization policy {"rules":[{"enforce":false}]}`, "+ organization policy (not set: what is inherited holds)"},
		"Deletes the organization policy, so that what is inherited holds, on"},
	{"a condition", policies.RestoreCondition, grants("user:eve@example.org"),
		judge.StepState{Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "user:eve@example.org", Condition: cloud.Condition{Expression: "a < b"}}}},
		[]string{"- roles/run.invoker to user:eve@example.org", "+ roles/run.invoker to user:eve@example.org if a < b"},
		"Puts the condition back on the grant of roles/run.invoker to user:eve@example.org on"},
}

func TestAPlanIsShownLineByLineAndItsButtonSaysWhatItDoes(t *testing.T) {
	for _, row := range steps {
		m := notify.Card(planned(publicService(), row.kind, row.before, row.after), options)
		if d := cmp.Diff(row.diff, m.Diff); d != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, d)
		}
		revert := slices.IndexFunc(m.Buttons, func(b notify.Button) bool { return b.Choice == finding.ChooseRevert })
		switch {
		case row.effect == "" && revert >= 0:
			t.Errorf("%s: a revert is offered that leaves open what to write", row.name)
		case row.effect != "" && (revert < 0 || !strings.HasPrefix(m.Buttons[revert].Ask.Text, row.effect+" service api in europe-west1")):
			t.Errorf("%s: buttons %+v, want one that says %q", row.name, m.Buttons, row.effect)
		}
	}
}

// What an undo shows as coming back is exactly what the revert took away.
func TestAnUndoShowsTheRevertTheOtherWayRound(t *testing.T) {
	turn := strings.NewReplacer("- ", "+ ", "+ ", "- ")
	for _, row := range steps {
		if row.effect == "" {
			continue // never written, so never undone
		}
		f := planned(publicService(), row.kind, row.before, row.after)
		undo := f
		undo.UndoOf, undo.Plan = f.ID, f.UndoPlan()
		var want []string
		for _, l := range notify.Card(f, options).Diff {
			if row.before.ServiceAccount == "" {
				l = strings.Replace(l, "(not set: the default service account)", "(a person has to name it)", 1)
			}
			want = append(want, turn.Replace(l[:2])+l[2:])
		}
		got := notify.Card(undo, options).Diff
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, d)
		}
	}
}

func TestAPlanThatReachesFurtherThanItsFindingSaysWhere(t *testing.T) {
	f := publicService()
	project := cloud.ProjectResource("pay-prod")
	f.Plan = judge.NewPlan([]judge.Step{
		{Kind: policies.RemoveGrants, Resource: project, Before: grants("allUsers")},
		{Kind: policies.RequireInvoker, Resource: service, Before: checkDisabled(true), After: checkDisabled(false)},
	}, "")
	m := notify.Card(f, options)
	if want := "Revert will change project pay-prod (plan " + f.Plan.Digest[:8] + ")"; m.Plan != want {
		t.Errorf("title %q, want %q", m.Plan, want)
	}
	want := []string{
		"- roles/run.invoker to allUsers",
		"on //run.googleapis.com/projects/pay-prod/locations/europe-west1/services/api",
		"- invoker IAM check disabled: true", "+ invoker IAM check disabled: false",
	}
	if d := cmp.Diff(want, m.Diff); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	ask := "Takes roles/run.invoker from allUsers on project pay-prod. Switches the invoker IAM check on again on service api in europe-west1, project pay-prod. Recorded as your decision."
	if got := m.Buttons[0].Ask.Text; got != ask {
		t.Errorf("the button says %q, want %q", got, ask)
	}
}

func TestTheTitleOfAPlanSaysWhetherItIsToComeOrDone(t *testing.T) {
	var got []string
	for _, s := range allStates() {
		title, _, _ := strings.Cut(notify.Card(in(s), options).Plan, " (plan")
		undo, _, _ := strings.Cut(notify.Card(undoIn(s), options).Plan, " (plan")
		if !undoStates[s] {
			undo = "-"
		}
		got = append(got, string(s)+": "+title+" / "+undo)
	}
	want := []string{
		"reported: A revert would change / -",
		"waiting: Revert will change / -",
		"pending: Revert will change / Undo will change",
		"approved: Revert will change / Undo will change",
		"kept: A revert would change / -",
		"exempted: A revert would change / -",
		"expired: A revert would change / The undo would have changed",
		"superseded: A revert would have changed / The undo would have changed",
		"applying: Revert will change / Undo will change",
		"reverted: The revert changed / -",
		"blocked: A revert would change / The undo would have changed",
		"failed: A revert would change / The undo would have changed",
		"uncertain: The revert changed / The undo changed",
		"undone: A revert would change / The undo changed",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
