package demo

import (
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate/state"
)

// scene is one step of the fixed script: what somebody does, who answers the
// card if one asks, and how it must have ended.
type scene struct {
	act     string
	of      string // in place of an act: the earlier one whose findings are answered
	answers []sandbox.Click
	command string                 // then somebody asks rescind this
	ends    map[string]state.State // by policy, "undo of" it for what took it back; empty for no finding
	check   []check
}

// check is one statement about the simulated cloud that must be true.
type check struct {
	says  string
	holds func(sim.State) bool
}

func script() []scene {
	ada := func(action, reason string) []sandbox.Click {
		return []sandbox.Click{{User: "U0ADA", Name: "ada@example.com", Action: action, Reason: reason}}
	}
	const public, identity, editor = "no-public-invoker", "no-default-service-account", "no-editor-on-runtime-identity"
	return []scene{
		{act: "public", ends: map[string]state.State{public: state.Reverted}, check: []check{
			{"allUsers may no longer invoke api", not(granted(sandbox.API, "roles/run.invoker", "allUsers"))},
			{"the other grants are there, the conditional one with its condition", func(s sim.State) bool {
				return granted(sandbox.API, "roles/run.invoker", "group:frontend@example.com")(s) && conditional(s, sandbox.API, "user:partner@example.org")
			}},
		}},
		{act: "default", answers: ada("rescind.revert", ""), ends: map[string]state.State{identity: state.Reverted}, check: []check{
			{"checkout runs as its own account again", runsAs(sandbox.Checkout, "checkout@pay-prod.iam.gserviceaccount.com")},
		}},
		{act: "image", answers: ada("rescind.revert", ""), ends: map[string]state.State{identity: state.Reverted}, check: []check{
			{"requests reach what ran before, and their image was given no account", reachesOthers(sandbox.Reports)},
		}},
		{act: "deploy"},
		{act: "editor", ends: map[string]state.State{editor: state.Reported}, check: []check{
			{"the grant is left as it is: the policy only reports", granted("projects/"+sandbox.Project, "roles/editor", "serviceAccount:"+sandbox.APIAccount)},
		}},
		{act: "duplicate"},
		{act: "job", answers: ada("rescind.revert", ""), ends: map[string]state.State{identity: state.Reverted}, check: []check{
			{"nightly runs as the project's fallback identity", runsAs(sandbox.Nightly, "run-default@pay-prod.iam.gserviceaccount.com")},
		}},
		{act: "pool", answers: ada("rescind.keep", "the queue moves to its own account next week"), ends: map[string]state.State{identity: state.Kept}, check: []check{
			{"queue is left as it is: ada kept the change", runsAs(sandbox.QueuePool, sandbox.DefaultAccount)},
		}},
		{act: "webhook", answers: []sandbox.Click{
			{User: "U0ADA", Name: "ada@example.com", Action: "rescind.exempt", Reason: "its own account is under review until Friday", Term: "7d"},
			{User: "U0BOB", Name: "bob@example.com", Action: "rescind.exempt", Reason: "agreed, the review is mine", Term: "1d"},
		}, ends: map[string]state.State{identity: state.Exempted}, check: []check{
			{"webhook is left as it is: two people exempted it, for the shorter time", runsAs(sandbox.Webhook, sandbox.DefaultAccount)},
		}},
		{act: "apply", answers: ada("rescind.revert_all", ""), ends: map[string]state.State{identity: state.Reverted}, check: []check{
			{"all five services run as their own accounts again", shopRunsAsItself},
		}},
		{of: "job", answers: ada("rescind.undo", "tonight's run needs what the default account may"), ends: map[string]state.State{
			identity: state.Reverted, "undo of " + identity: state.Undone,
		}, check: []check{
			{"nightly runs as the default account again, as ada wanted", runsAs(sandbox.Nightly, sandbox.DefaultAccount)},
		}},
		{act: "stale", command: "pending", ends: map[string]state.State{public: state.Pending}, check: []check{
			{"nothing was reverted unasked", granted(sandbox.Reports, "roles/run.invoker", "allUsers")},
		}},
	}
}
