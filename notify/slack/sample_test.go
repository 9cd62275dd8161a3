package slack_test

import (
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

var options = notify.Options{BaseURL: "https://rescind.example.com"}

const findingID = "abcdefghijklmnopqrstuvwx27"

// publicService is a finding that asks about a service made public.
func publicService() finding.Finding {
	service := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	return finding.Finding{
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
		State: state.Pending, ExpiresAt: noon.Add(time.Hour),
		Timeline: []trail.Event{{At: noon, State: state.Pending, What: "asked"}},
	}
}

// decided is the finding one revision later, in a state that somebody brought about.
func decided(f finding.Finding, s state.State) finding.Finding {
	f.State, f.Revision = s, f.Revision+1
	f.Timeline = append(f.Timeline, trail.Event{At: noon.Add(time.Minute), State: s, Who: "user:ada@example.com", What: "as decided"})
	return f
}

func allStates() []state.State {
	return []state.State{
		state.Reported, state.Waiting, state.Pending, state.Approved, state.Kept,
		state.Exempted, state.Expired, state.Superseded, state.Applying, state.Reverted,
		state.Blocked, state.Failed, state.Uncertain, state.Undone,
	}
}
