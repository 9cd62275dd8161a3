package notify_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

var service = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")

func everyone() cloud.Grant { return cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"} }

// publicService is a finding that asks about a service made public.
func publicService() finding.Finding {
	return finding.Finding{
		ID: "abcdefghijklmnopqrstuvwx27", Revision: 3,
		Policy: "no-public-invoker", Title: "Public invoker", Severity: policies.High,
		Verdict: policies.Violation, Message: "anyone on the internet can invoke api",
		Enforcement: policies.Approve, Decision: judge.Ask,
		Reasons:  []string{"run.managed.requireInvokerIam is enforced for projects/pay-prod (org policy API)"},
		Resource: service,
		Change: cloud.Change{
			Time: noon, Service: "run.googleapis.com", Method: "google.cloud.run.v1.Services.SetIamPolicy",
			Verb: cloud.SetPolicy, Resource: service, Actor: cloud.Actor{Principal: "user:jo@example.com"},
		},
		Actors: []cloud.Actor{{Principal: "user:jo@example.com"}},
		Plan: judge.NewPlan([]judge.Step{{
			Kind: policies.RemoveGrants, Resource: service,
			Before: judge.StepState{Grants: []cloud.Grant{everyone()}},
		}}, ""),
		State: state.Pending, Why: "asked",
		CreatedAt: noon.Add(3 * time.Second), ExpiresAt: noon.Add(time.Hour),
	}
}

// in is the finding once it stands in the state, with what would be recorded.
func in(s state.State) finding.Finding {
	f := publicService()
	f.State, f.Why = s, ""
	ada := finding.Answer{Principal: "user:ada@example.com", Choice: finding.ChooseRevert, At: noon.Add(7 * time.Minute)}
	switch s {
	case state.Reported:
		f.Decision = judge.Report
	case state.Waiting:
		f.Why = "live state does not show the change yet; read again later"
	case state.Approved, state.Applying:
		f.Answers = []finding.Answer{ada}
	case state.Kept:
		ada.Choice = finding.ChooseKeep
		f.Answers = []finding.Answer{ada}
	case state.Exempted:
		ada.Choice, ada.Reason, ada.Until = finding.ChooseExempt, "signed webhook receiver", noon.AddDate(0, 0, 7)
		bob := ada
		bob.Principal = "user:bob@example.com"
		f.Answers = []finding.Answer{ada, bob}
		f.Exemption = &finding.Exemption{Until: ada.Until, Grants: []cloud.Grant{everyone()}}
		f.Why = "exempt until 2026-11-29T12:00:00Z by user:ada@example.com (signed webhook receiver) and user:bob@example.com (agreed)"
	case state.Superseded:
		f.Why = "the resource no longer exists"
	case state.Reverted:
		f.Answers = []finding.Answer{ada}
		f.Why = "removed roles/run.invoker to allUsers; verified by reading it back"
	case state.Blocked:
		f.Why = "permission run.services.setIamPolicy missing on " + service.String()
	case state.Failed, state.Uncertain:
		f.Why = "read policy of " + service.String() + ": unavailable"
	}
	return f
}

func allStates() []state.State {
	return []state.State{
		state.Reported, state.Waiting, state.Pending, state.Approved, state.Kept,
		state.Exempted, state.Expired, state.Superseded, state.Applying, state.Reverted,
		state.Blocked, state.Failed, state.Uncertain, state.Undone,
	}
}

// undoIn is an undo of the finding, in the state.
func undoIn(s state.State) finding.Finding {
	f := in(s)
	f.Done = f.Plan.Steps
	f.UndoOf, f.ID, f.Plan, f.Done = f.ID, "zyxwvutsrqponmlkjihgfedc27", f.UndoPlan(), nil
	f.Answers = []finding.Answer{{Principal: "user:ada@example.com", Choice: finding.ChooseUndo, Reason: "meant to be public", At: noon}}
	return f
}

var update = flag.Bool("update", false, "rewrite the golden files")

var options = notify.Options{BaseURL: "https://rescind.example.com/"}

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

// newContent is a service whose new content loses its traffic.
func newContent() finding.Finding {
	f := publicService()
	f.Policy, f.Title, f.Message = "no-default-service-account", "Default service account", "api runs as the default service account"
	f.Change.Verb, f.Change.Method = cloud.Replace, "google.cloud.run.v1.Services.ReplaceService"
	f.Reasons = []string{
		"it runs as 1-compute@developer.gserviceaccount.com",
		"new content: as api@pay-prod.iam.gserviceaccount.com it would have rights that it did not have, so the traffic is given back instead; image example.com/app@sha256:e5e5, before example.com/app@sha256:a1a1; " +
			"command [\"sh\"], before (none); changed variables: LD_PRELOAD; asked, as the policy does not list restore-revision itself",
	}
	const account = "api@pay-prod.iam.gserviceaccount.com"
	f.Plan = judge.NewPlan([]judge.Step{{
		Kind: policies.RestoreRevision, Resource: service,
		Before: judge.StepState{
			ServiceAccount: "1-compute@developer.gserviceaccount.com", Template: "api-00003-xyz",
			Traffic: []cloud.TrafficTarget{{Percent: 100}, {Tag: "next"}, {Revision: "api-00001-abc", Tag: "stable"}},
		},
		After: judge.StepState{Template: "api-00003-xyz", Traffic: []cloud.TrafficTarget{
			{Revision: "api-00001-abc", Percent: 90, Account: account}, {Revision: "api-00002-def", Percent: 10, Account: account},
			{Revision: "api-00001-abc", Tag: "stable", Account: account},
		}},
	}}, "")
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
