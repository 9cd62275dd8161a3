package explore_test

import (
	"context"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/scope"
)

// config is one way in which rescind is set up, and what may happen to it.
type config struct {
	name          string
	enforce       policies.Enforcement
	onExpiry      remediate.Expiry
	quorum        map[finding.Choice]int
	stepUp        map[policies.Severity]bool
	limits        remediate.Limits
	grouped       bool
	pager         bool
	pageAfter     time.Duration
	fallbackAfter time.Duration
	handOver      bool // answers are left to the sweep, as by the command line
	confirms      bool // reverts only what Cloud Logging has as well
	bare          bool // the policy has nothing that would end a violation
	explained     bool // it is known that mallory, and nobody else, can act through the robot

	script   []happening
	less     int        // by so many acts its stories are shorter than others
	openings [][]string // how stories begin, beside those that begin with nothing
	choices  []finding.Choice
	troubles []trouble
	pauses   bool
	scans    bool
	leaves   bool // Bob leaves the approvers
}

// trouble is one way in which a neighbour does not do as it is asked.
type trouble struct{ neighbour, mode string }

const (
	self    = "serviceAccount:rescind@ops.iam.gserviceaccount.com"
	ada     = "user:ada@example.com"
	bob     = "user:bob@example.com"
	mallory = "user:mallory@example.com"                                                                     // an approver who makes changes
	eve     = "user:eve@example.com"                                                                         // none, who makes changes
	foreign = "principal://iam.googleapis.com/locations/global/workforcePools/p/subject/mallory@example.com" // who is mallory
	robot   = "serviceAccount:ci@ops.iam.gserviceaccount.com"                                                // with whose key mallory makes changes

	expiresIn   = time.Hour
	maxEventAge = 15 * time.Minute
	policyName  = "no-public-invoker"
	exemptFor   = 48 * time.Hour
)

var (
	api    = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	web    = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "web")
	within = scope.Scope{Include: []cloud.Resource{cloud.ProjectResource("pay-prod")}}

	public  = cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}
	known   = cloud.Grant{Role: "roles/run.invoker", Member: "allAuthenticatedUsers"}
	private = cloud.Grant{Role: "roles/run.invoker", Member: "group:frontend@example.com"}
)

// policySet is one policy: nobody may invoke a service unless they are named.
type policySet struct{ cfg *config }

func (s policySet) Evaluate(in policies.Input) []policies.Result {
	c := in.Change
	r := policies.Result{
		Policy: policyName, Title: "No public invoker", Severity: policies.High, Verdict: policies.Violation, Enforcement: s.cfg.enforce,
		Message: "anyone can invoke " + c.Resource.Name, Reasons: []string{"allUsers may invoke it"},
	}
	switch {
	case c.Verb == cloud.SetPolicy:
		for _, g := range c.Added() {
			if g.Member.Public() {
				r.Grants = append(r.Grants, g)
			}
		}
		r.Remediation = []policies.Remediation{policies.RemoveGrants}
	case c.Workload != nil:
		r.InvokerCheck = c.Workload.InvokerCheckDisabled.Knowledge == cloud.Known && c.Workload.InvokerCheckDisabled.On
		r.Remediation = []policies.Remediation{policies.RequireInvoker}
	}
	if len(r.Grants) == 0 && !r.InvokerCheck {
		return nil
	}
	if s.cfg.bare {
		r.Remediation = nil
	}
	return []policies.Result{r}
}

// facts are what is known beyond the entries: nothing.
type facts struct{}

func (facts) Fact(context.Context, policies.Question) policies.Fact {
	return policies.Fact{Why: "nobody knows"}
}

func (facts) Changed(cloud.Change) {}

// happening is something that somebody does, once in a story, and that is logged.
type happening struct {
	name  string
	after string // what has to have happened before
	sure  bool   // it does happen, if only in the end
	do    func(w *world)
}

func policyOf(grants ...cloud.Grant) cloud.AllowPolicy {
	p := cloud.AllowPolicy{Version: 3}
	for _, g := range grants {
		p.Bindings = append(p.Bindings, cloud.Binding{Role: g.Role, Members: []cloud.Member{g.Member}})
	}
	return p
}

// setsPolicy is somebody who replaces a service's allow policy.
func setsPolicy(name, after, who string, r cloud.Resource, grants ...cloud.Grant) happening {
	return happening{name, after, false, func(w *world) {
		p := policyOf(grants...)
		w.set(r, p)
		w.log(cloud.Change{
			ID: name, LogName: activity, InsertID: strings.ReplaceAll(name, " ", "-"), Time: w.now, Service: "run.googleapis.com", Method: setPolicyMethod, Verb: cloud.SetPolicy,
			Resource: r, Actor: cloud.Actor{Principal: who}, Policy: &p,
		})
		w.past.restored = w.past.restored || strings.Contains(name, "again")
	}}
}

// grants is a script about the allow policy of one service: it is made public, made
// public by somebody else too, and mended by hand.
func grants() []happening {
	return []happening{
		setsPolicy("mallory makes api public", "", mallory, api, private, public),
		setsPolicy("eve makes api public again", "mallory makes api public", eve, api, private, public),
		setsPolicy("carol mends api", "mallory makes api public", "user:carol@example.com", api, private),
		{"carol deletes api", "mallory makes api public", false, func(w *world) { w.live.gone[api.Name] = true }},
	}
}

// widened is a script about a change that another one adds to.
func widened() []happening {
	return append(grants(), setsPolicy("eve makes api more public", "mallory makes api public", eve, api, private, public, known))
}

// federated is a script in which the log names mallory otherwise than Slack does.
func federated() []happening {
	return []happening{
		setsPolicy("mallory makes api public", "", foreign, api, private, public),
		setsPolicy("eve makes api public again", "mallory makes api public", eve, api, private, public),
	}
}

// mechanical is a script in which the log names an account alone.
func mechanical() []happening {
	return []happening{
		setsPolicy("mallory makes api public", "", robot, api, private, public),
		setsPolicy("eve makes api public again", "mallory makes api public", eve, api, private, public),
	}
}

// atOnce is a script about two grants that one change makes.
func atOnce() []happening {
	return []happening{
		setsPolicy("mallory makes api public twice", "", mallory, api, private, public, known),
		setsPolicy("eve makes api public again", "mallory makes api public twice", eve, api, private, public),
		setsPolicy("carol mends a half of api", "mallory makes api public twice", "user:carol@example.com", api, private, public),
	}
}

// burst is a script about several services at once.
func burst() []happening {
	return []happening{
		setsPolicy("mallory makes api public", "", mallory, api, private, public),
		setsPolicy("mallory makes web public", "mallory makes api public", mallory, web, private, public),
		setsPolicy("carol mends api", "mallory makes web public", "user:carol@example.com", api, private),
	}
}

// deploysTwice has somebody else's deploy begin as well, which is still at work.
func deploysTwice() []happening {
	return append(deploys(), happening{"eve's deploy begins", "mallory's deploy begins", false, func(w *world) {
		c := w.events[0].Change
		c.ID, c.Operation, c.Actor = "operation 2", "2", cloud.Actor{Principal: eve}
		w.log(c)
	}})
}

// deploys is a script about a deploy, which is logged in two halves.
func deploys() []happening {
	half := func(w *world, h cloud.Half, who string) {
		w.log(cloud.Change{
			ID: "operation 1", Operation: "1", Half: h, Time: w.now, Service: "run.googleapis.com", Method: "UpdateService", Verb: cloud.Update,
			Resource: api, Actor: cloud.Actor{Principal: who},
			Workload: &cloud.Workload{Resource: api, InvokerCheckDisabled: cloud.KnownFlag(true)},
		})
	}
	return []happening{
		{"mallory's deploy begins", "", false, func(w *world) { half(w, cloud.FirstHalf, mallory) }},
		{"the deploy shows", "mallory's deploy begins", false, func(w *world) { w.setOff(api, true) }},
		{"the deploy ends", "the deploy shows", true, func(w *world) { half(w, cloud.LastHalf, cloud.UnknownActor) }},
		{"carol mends api", "the deploy shows", false, func(w *world) { w.setOff(api, false) }},
	}
}
