package judge

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Step is one write, as a value: it can be shown, stored, hashed and undone
// before anything is done.
type Step struct {
	Kind     policies.Remediation `json:"step"`
	Resource cloud.Resource       `json:"resource"`
	Before   StepState            `json:"before"`
	After    StepState            `json:"after"`
}

// StepState is the part of a resource that one step touches.
type StepState struct {
	Grants             []cloud.Grant `json:"grants,omitempty"`
	InvokerIAMDisabled *bool         `json:"invoker_iam_disabled,omitempty"`
	ServiceAccount     string        `json:"service_account,omitempty"`
	// Template names the template that ServiceAccount is for, as
	// cloud.Workload.Template does: an account is given to no other content.
	Template string `json:"template,omitempty"`
	// TemplateUID tells the template from another of that name, as cloud.Workload does.
	TemplateUID string `json:"template_uid,omitempty"`
	// Ingress is a service's, in the words of cloud.Workload.
	Ingress string `json:"ingress,omitempty"`
	// Traffic is how a service's requests are spread: before, as people wrote it; after,
	// to revisions by name, each with what it is known to run as.
	Traffic []cloud.TrafficTarget `json:"traffic,omitempty"`
	// ChangedSince is how often the service was changed after its traffic stood so, and
	// before the change that is answered.
	ChangedSince int64 `json:"changed_since,omitempty"`
	// OrgPolicy is the body of an organization policy; empty where none is set.
	OrgPolicy string `json:"org_policy,omitempty"`
}

// The steps that only an undo takes; no policy can ask for them.
const (
	RestoreGrants  policies.Remediation = "restore-grants"
	DisableInvoker policies.Remediation = "disable-invoker-iam"
)

// Known reports whether this release knows the kind of the step.
func (s Step) Known() bool {
	switch s.Kind {
	case policies.RemoveGrants, policies.RequireInvoker, policies.RestoreIdentity, policies.RestoreRevision,
		policies.RestoreIngress, policies.RestoreConstrain, policies.RestoreCondition, RestoreGrants, DisableInvoker:
		return true
	}
	return false
}

// inverses are the kinds whose inverse has a name of its own. Every other step
// is undone by the same kind, with Before and After the other way round.
var inverses = map[policies.Remediation]policies.Remediation{
	policies.RemoveGrants: RestoreGrants, RestoreGrants: policies.RemoveGrants,
	policies.RequireInvoker: DisableInvoker, DisableInvoker: policies.RequireInvoker,
}

// Inverse is the step that undoes this one. The inverse of the inverse is the
// step itself.
func (s Step) Inverse() Step {
	s.Before, s.After = s.After, s.Before
	if kind, ok := inverses[s.Kind]; ok {
		s.Kind = kind
	}
	return s
}

// Concerns reports whether both steps change the same: one of the same grants, or the
// same field of the same resource.
func (s Step) Concerns(o Step) bool {
	if s.Resource != o.Resource {
		return false
	}
	if gs := slices.Concat(o.Before.Grants, o.After.Grants); len(gs) > 0 {
		return slices.ContainsFunc(slices.Concat(s.Before.Grants, s.After.Grants), func(g cloud.Grant) bool { return slices.Contains(gs, g) })
	}
	return s.Kind == o.Kind || inverses[s.Kind] == o.Kind || s.ofIdentity() && o.ofIdentity()
}

// ofIdentity reports whether the step changes what a workload runs as: by its template,
// or by which revision gets the traffic.
func (s Step) ofIdentity() bool {
	return s.Kind == policies.RestoreIdentity || s.Kind == policies.RestoreRevision
}

// Leaves reports whether the step leaves what it writes in that state.
func (s Step) Leaves(as StepState) bool {
	a := s.After
	if len(as.Grants) > 0 {
		return !slices.ContainsFunc(as.Grants, func(g cloud.Grant) bool { return !slices.Contains(a.Grants, g) })
	}
	sameCheck := a.InvokerIAMDisabled == as.InvokerIAMDisabled ||
		a.InvokerIAMDisabled != nil && as.InvokerIAMDisabled != nil && *a.InvokerIAMDisabled == *as.InvokerIAMDisabled
	sameTraffic := len(a.Traffic) == 0 || len(as.Traffic) == 0 || cloud.SameTraffic(a.Traffic, as.Traffic)
	return sameCheck && sameTraffic && a.ServiceAccount == as.ServiceAccount && a.Ingress == as.Ingress && a.OrgPolicy == as.OrgPolicy
}

// Deltas are the grants that the step takes away and adds.
func (s Step) Deltas() []cloud.Delta {
	return slices.Concat(
		cloud.Deltas(cloud.Remove, missingFrom(s.After.Grants, s.Before.Grants)),
		cloud.Deltas(cloud.Add, missingFrom(s.Before.Grants, s.After.Grants)),
	)
}

// missingFrom returns those of the grants that are not in others.
func missingFrom(others, grants []cloud.Grant) []cloud.Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g cloud.Grant) bool { return slices.Contains(others, g) })
}

// WithDeltas is the step with these deltas for its grants.
func (s Step) WithDeltas(ds []cloud.Delta) Step {
	s.Before.Grants, s.After.Grants = nil, nil
	for _, d := range ds {
		if d.Action == cloud.Remove {
			s.Before.Grants = append(s.Before.Grants, d.Grant)
		} else {
			s.After.Grants = append(s.After.Grants, d.Grant)
		}
	}
	return s
}

// DeltasOn are the step's deltas, as the policy leaves them to be made. A grant
// that takes another's place is not made where that other one has gone: whoever
// took it away since meant the member to have neither.
func (s Step) DeltasOn(p cloud.AllowPolicy) []cloud.Delta {
	ds := s.Deltas()
	if s.Kind != policies.RestoreCondition {
		return ds
	}
	return slices.DeleteFunc(ds, func(d cloud.Delta) bool {
		return d.Action == cloud.Add && !slices.ContainsFunc(s.Before.Grants, func(g cloud.Grant) bool {
			return sameHolder(g, d.Grant) && p.Has(g)
		})
	})
}

// MergeSteps adds what was written now to what was written before: to the step's
// grants where there was such a step, else as a step of its own.
func MergeSteps(before, now []Step) []Step {
	out := slices.Clone(before)
	for _, s := range now {
		i := slices.IndexFunc(out, func(o Step) bool { return o.Kind == s.Kind && o.Resource == s.Resource })
		if i < 0 {
			out = append(out, s)
			continue
		}
		ds := out[i].Deltas()
		for _, d := range s.Deltas() {
			if !slices.Contains(ds, d) {
				ds = append(ds, d)
			}
		}
		out[i] = out[i].WithDeltas(ds)
	}
	return out
}

// Explains reports whether the step is a write of that kind, and where the entry
// says what it added and removed, of all that.
func (s Step) Explains(c cloud.Change) bool {
	ds := s.Deltas()
	switch {
	case c.Verb == cloud.SetPolicy:
		return len(ds) > 0 && (!c.HasDelta || !slices.ContainsFunc(c.Deltas, func(d cloud.Delta) bool { return !sameDelta(ds, d) }))
	case c.Resource.Kind == cloud.OrgPolicy:
		return s.Before.OrgPolicy != "" || s.After.OrgPolicy != ""
	case c.Verb == cloud.Update, c.Verb == cloud.Replace:
		return len(ds) == 0
	}
	return false // rescind neither makes nor deletes a workload
}

// sameDelta compares members without case, as Google may write them otherwise.
func sameDelta(ds []cloud.Delta, d cloud.Delta) bool {
	return slices.ContainsFunc(ds, func(o cloud.Delta) bool {
		same := o.Action == d.Action && strings.EqualFold(string(o.Grant.Member), string(d.Grant.Member))
		o.Grant.Member = d.Grant.Member
		return same && o.Grant == d.Grant
	})
}
