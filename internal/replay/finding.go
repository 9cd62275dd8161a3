package replay

import (
	"cmp"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Finding is one policy's verdict on one change of the history, and what
// rescind would have done. Its JSON form is a contract.
type Finding struct {
	Policy      string               `json:"policy"`
	Verdict     policies.Verdict     `json:"verdict"`
	Severity    policies.Severity    `json:"severity"`
	Resource    cloud.Resource       `json:"resource"`
	Project     string               `json:"project"` // empty for folders and organizations
	Actor       string               `json:"actor"`
	Time        time.Time            `json:"time"` // of the call
	InsertID    string               `json:"insert_id"`
	Method      string               `json:"method"`
	Enforcement policies.Enforcement `json:"enforcement"`
	Decision    judge.Decision       `json:"decision"`
	Reasons     []string             `json:"reasons"` // the policy's message first
	Plan        []Step               `json:"plan"`
	Tool        Tool                 `json:"tool"`
	// Ended is with which change of the history the violation was over; nil where no entry
	// shows that it was, which is no proof that it stands.
	Ended *Ending `json:"ended"`
}

// Step is one step of the plan: what would have been there before it, and
// what after.
type Step struct {
	Step   policies.Remediation `json:"step"`
	Before judge.StepState      `json:"before"`
	After  judge.StepState      `json:"after"`
}

func findingOf(c cloud.Change, j judge.Judgement) Finding {
	f := Finding{
		Policy:      j.Policy,
		Verdict:     j.Verdict,
		Severity:    j.Severity,
		Resource:    c.Resource,
		Project:     c.Resource.Project,
		Actor:       cmp.Or(c.Actor.Principal, cloud.UnknownActor),
		Time:        c.Time.UTC(),
		InsertID:    c.InsertID,
		Method:      c.Method,
		Enforcement: cmp.Or(j.Enforcement, policies.Audit),
		Decision:    j.Decision,
		Reasons:     []string{},
		Plan:        []Step{},
		Tool:        cmp.Or(Tool(c.UserAgent), UnknownTool),
	}
	for _, r := range append([]string{j.Message}, j.Reasons...) {
		if r != "" {
			f.Reasons = append(f.Reasons, r)
		}
	}
	for _, s := range j.Plan.Steps {
		f.Plan = append(f.Plan, Step{s.Kind, s.Before, s.After})
	}
	return f
}
