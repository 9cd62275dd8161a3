package slack_test

import (
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/judge"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

var options = notify.Options{BaseURL: "https://rescind.example.com"}

const findingID = "abcdefghijklmnopqrstuvwx27"

// publicService is a finding that asks about a service made public.
func publicService() remediate.Finding {
	service := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	return remediate.Finding{
		ID: findingID, Revision: 3,
		Policy: "no-public-invoker", Title: "Public invoker", Severity: policies.High,
		Verdict: policies.Violation, Message: "anyone on the internet can invoke api",
		Decision: judge.Ask,
		Reasons:  []string{"run.managed.requireInvokerIam is enforced for projects/pay-prod (org policy API)"},
		Resource: service,
		Change: cloud.Change{
			Time: noon, Method: "google.cloud.run.v1.Services.SetIamPolicy", Verb: cloud.SetPolicy, Resource: service,
			Actor: cloud.Actor{Principal: "user:jo@example.com"},
		},
		Actors: []cloud.Actor{{Principal: "user:jo@example.com"}},
		Plan: judge.NewPlan([]judge.Step{{
			Kind: policies.RemoveGrants, Resource: service,
			Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "allUsers"}}},
		}}, ""),
		State: remediate.Pending, ExpiresAt: noon.Add(time.Hour),
		Timeline: []remediate.Event{{At: noon, State: remediate.Pending, What: "asked"}},
	}
}

// decided is the finding one revision later, in a state that somebody brought about.
func decided(f remediate.Finding, s remediate.State) remediate.Finding {
	f.State, f.Revision = s, f.Revision+1
	f.Timeline = append(f.Timeline, remediate.Event{At: noon.Add(time.Minute), State: s, Who: "user:ada@example.com", What: "as decided"})
	return f
}

func allStates() []remediate.State {
	return []remediate.State{
		remediate.Reported, remediate.Waiting, remediate.Pending, remediate.Approved, remediate.Kept,
		remediate.Exempted, remediate.Expired, remediate.Superseded, remediate.Applying, remediate.Reverted,
		remediate.Blocked, remediate.Failed, remediate.Uncertain, remediate.Undone,
	}
}
