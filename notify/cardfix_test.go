package notify_test

import (
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
)

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

// shellWords are the words that a POSIX shell makes of a line.
func shellWords(t *testing.T, line string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "sh", "-c", "set -- "+line+"\nprintf '%s\\0' \"$@\"").Output()
	if err != nil {
		t.Fatalf("the shell does not take %s: %v", line, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

// People paste these commands. Whoever makes a change chooses its members and
// conditions, and must not choose what the shell of the one who mends it runs.
func TestWhateverStrangersNamedTheShellRunsOneCommandWithIt(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pieces := []string{"'", `"`, "`id`", "$(id)", "${HOME}", ";", "&", "|", "\n", "\\", " ", "~", "~~", "~1~", "*", "#", "!", "=", "^", ",", "-", "a", "é", "\x00"}
	name := func() string {
		var b strings.Builder
		for range 1 + r.IntN(12) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return "x" + b.String()
	}
	for range 100 {
		g := cloud.Grant{Role: name(), Member: cloud.Member(name()), Condition: cloud.Condition{Title: name(), Expression: name()}}
		if r.IntN(2) == 0 {
			g.Condition.Description = name()
		}
		f := publicService()
		f.Plan = judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: service, Before: judge.StepState{Grants: []cloud.Grant{g}}}}, "")
		words := shellWords(t, notify.Card(f, options).Fix[0])
		flag, condition := words[:len(words)-1], words[len(words)-1]
		want := []string{"gcloud", "run", "services", "remove-iam-policy-binding", "api", "--region=europe-west1", "--project=pay-prod",
			"--member=" + notify.Clean(string(g.Member)), "--role=" + notify.Clean(g.Role)}
		if d := cmp.Diff(want, flag); d != "" {
			t.Errorf("words (-want +got):\n%s", d)
		}
		parts := []string{"expression=" + notify.Clean(g.Condition.Expression), "title=" + notify.Clean(g.Condition.Title)}
		if g.Condition.Description != "" {
			parts = append(parts, "description="+notify.Clean(g.Condition.Description))
		}
		// As gcloud reads a list: ^SEPARATOR^ITEM SEPARATOR ITEM.
		separator, list, _ := strings.Cut(strings.TrimPrefix(condition, "--condition=^"), "^")
		if got := strings.Split(list, separator); !slices.Equal(got, parts) {
			t.Errorf("the condition %q reads as %q, want %q", condition, got, parts)
		}
	}
}

func TestEveryKindOfResourceHasTheCommandsThatEndItsViolation(t *testing.T) {
	sa := cloud.Resource{Kind: cloud.ServiceAccount, Project: "pay-prod", Name: "api@pay-prod.iam.gserviceaccount.com"}
	job, pool := cloud.RunResource(cloud.RunJob, "pay-prod", "europe-west1", "nightly"), cloud.RunResource(cloud.RunWorkerPool, "pay-prod", "europe-west1", "queue")
	folder, org := cloud.Resource{Kind: cloud.Folder, Name: "123"}, cloud.Resource{Kind: cloud.Organization, Name: "456"}
	constraint := cloud.Resource{Kind: cloud.OrgPolicy, Name: "run.allowedIngress", Parent: "projects/pay-prod"}
	for _, row := range []struct {
		name          string
		r             cloud.Resource
		kind          policies.Remediation
		before, after judge.StepState
		want          []string
	}{
		{"a job's grant", job, policies.RemoveGrants, grants("allUsers"), grants(), []string{
			"gcloud run jobs remove-iam-policy-binding nightly --region=europe-west1 --project=pay-prod --member=allUsers --role=roles/run.invoker",
			"# Terraform: take the member out of google_cloud_run_v2_job_iam_member, google_cloud_run_v2_job_iam_binding or google_cloud_run_v2_job_iam_policy",
		}},
		{"a folder's grant", folder, policies.RemoveGrants, grants("allUsers"), grants(), []string{
			"gcloud resource-manager folders remove-iam-policy-binding 123 --member=allUsers --role=roles/run.invoker --condition=None",
			"# Terraform: take the member out of google_folder_iam_member, google_folder_iam_binding or google_folder_iam_policy",
		}},
		{"an organization's grant", org, policies.RemoveGrants, grants("allUsers"), grants(), []string{
			"gcloud organizations remove-iam-policy-binding 456 --member=allUsers --role=roles/run.invoker --condition=None",
			"# Terraform: take the member out of google_organization_iam_member, google_organization_iam_binding or google_organization_iam_policy",
		}},
		{"a service account's grant", sa, policies.RemoveGrants, grants("allUsers"), grants(), []string{
			"gcloud iam service-accounts remove-iam-policy-binding api@pay-prod.iam.gserviceaccount.com --member=allUsers --role=roles/run.invoker --condition=None",
			"# Terraform: take the member out of google_service_account_iam_member, google_service_account_iam_binding or google_service_account_iam_policy",
		}},
		{"a service's invoker check", service, policies.RequireInvoker, checkDisabled(true), checkDisabled(false), []string{
			"gcloud run services update api --region=europe-west1 --project=pay-prod --invoker-iam-check",
			"# Terraform: in google_cloud_run_v2_service set invoker_iam_disabled = false",
		}},
		{"a worker pool's account", pool, policies.RestoreIdentity, account("a@x"), account("b@x"), []string{
			"gcloud beta run worker-pools update queue --region=europe-west1 --project=pay-prod --service-account=b@x",
			"# Terraform: set the account in google_cloud_run_v2_worker_pool: template { service_account }",
		}},
		{"a job's account, which a person has to name", job, policies.RestoreIdentity, account("a@x"), account(""), []string{
			"gcloud run jobs update nightly --region=europe-west1 --project=pay-prod --service-account=SERVICE_ACCOUNT_EMAIL",
			"# Terraform: set the account in google_cloud_run_v2_job: template { template { service_account } }",
		}},
		{"a service's ingress", service, policies.RestoreIngress, judge.StepState{Ingress: "all"}, judge.StepState{Ingress: "internal"}, []string{
			"gcloud run services update api --region=europe-west1 --project=pay-prod --ingress=internal",
			"# Terraform: set ingress in google_cloud_run_v2_service",
		}},
		{"an ingress that a person has to choose", service, policies.RestoreIngress, judge.StepState{Ingress: "all"}, judge.StepState{}, []string{
			"# Terraform: set ingress in google_cloud_run_v2_service",
		}},
		{"a lost condition, where nobody may be locked out in between", cloud.ProjectResource("pay-prod"), policies.RestoreCondition, grants("user:eve@x"),
			judge.StepState{Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "user:eve@x", Condition: cloud.Condition{Title: "t", Expression: "true"}}}}, []string{
				"gcloud projects add-iam-policy-binding pay-prod --member=user:eve@x --role=roles/run.invoker --condition='^~~^expression=true~~title=t'",
				"gcloud projects remove-iam-policy-binding pay-prod --member=user:eve@x --role=roles/run.invoker --condition=None",
			}},
		{"a constraint", constraint, policies.RestoreConstrain, judge.StepState{OrgPolicy: "{}"}, judge.StepState{}, nil},
	} {
		f := publicService()
		f.Resource = row.r
		if got := notify.Card(planned(f, row.kind, row.before, row.after), options).Fix; !slices.Equal(got, row.want) {
			t.Errorf("%s:\n%s\nwant:\n%s", row.name, strings.Join(got, "\n"), strings.Join(row.want, "\n"))
		}
	}
}

func TestWherePeopleDecidedThatItStaysNobodyIsToldHowToEndIt(t *testing.T) {
	stays := map[state.State]bool{state.Kept: true, state.Exempted: true, state.Superseded: true, state.Undone: true}
	for _, s := range allStates() {
		if fix := notify.Card(in(s), options).Fix; (len(fix) == 0) != stays[s] {
			t.Errorf("%s: %q", s, fix)
		}
		if fix := notify.Card(undoIn(s), options).Fix; len(fix) != 0 {
			t.Errorf("an undo that is %s: %q", s, fix)
		}
	}
}
