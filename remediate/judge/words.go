package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// RevertedWhy says what carrying the plan out did.
func RevertedWhy(p Plan) string {
	var done []string
	for _, s := range p.Steps {
		switch {
		case len(s.Before.Grants) > 0:
			for _, g := range s.Before.Grants {
				done = append(done, "removed "+g.String())
			}
			for _, g := range s.After.Grants {
				done = append(done, "put back "+g.String())
			}
		case s.Before.InvokerIAMDisabled != nil:
			done = append(done, "turned the invoker IAM check back on")
		case s.Kind == policies.RestoreRevision:
			done = append(done, fmt.Sprintf("gave the traffic back: %s. What was deployed as %s is still the template, in %s; later deploys get no traffic until somebody gives it to them (gcloud run services update-traffic --to-latest)",
				Spread(s.After.Traffic), s.Before.ServiceAccount, s.Before.Template))
		case s.After.ServiceAccount != "":
			done = append(done, "runs as "+s.After.ServiceAccount+" again")
		case s.After.Ingress != "":
			done = append(done, "set its ingress to "+s.After.Ingress)
		case s.Before.OrgPolicy != "":
			done = append(done, "deleted the organization policy, so that what is inherited holds again")
		}
	}
	return strings.Join(done, "; ") + verifiedWhy(p)
}

// UndoneWhy says what an undo by the plan did.
func UndoneWhy(p Plan) string {
	return "undone: what the revert changed is as it was before" + verifiedWhy(p)
}

func verifiedWhy(p Plan) string {
	if !slices.ContainsFunc(p.Steps, func(s Step) bool { return len(s.Deltas()) > 0 }) {
		return "; verified by reading it back"
	}
	// https://cloud.google.com/iam/docs/access-change-propagation
	return "; verified by reading it back. IAM changes take effect within minutes, typically two"
}

// About names what the step would take away.
func (s Step) About() string {
	switch s.Kind {
	case policies.RequireInvoker:
		return "the invoker IAM check being off"
	case policies.RestoreIdentity, policies.RestoreRevision:
		return "running as " + s.Before.ServiceAccount
	case policies.RestoreIngress:
		return "ingress " + s.Before.Ingress
	case policies.RestoreConstrain:
		return "the organization policy as it is set now"
	}
	return named(s.Before.Grants)
}

// named lists grants, and counts those of a long list.
func named(gs []cloud.Grant) string {
	var out []string
	for i, g := range gs {
		if i == maxGrantsNamed {
			out = append(out, fmt.Sprintf("%d more", len(gs)-maxGrantsNamed))
			break
		}
		out = append(out, g.String())
	}
	return strings.Join(out, ", ")
}

// maxGrantsNamed is how many grants a sentence names.
const maxGrantsNamed = 5

// VanishedWhy says why live state has nothing more to do with a change.
func VanishedWhy(s Snapshot) string {
	if s.Gone {
		return "the resource no longer exists"
	}
	return "live state no longer shows it: changed otherwise, or already fixed"
}

// Span is a length of time as people write it: "2h", not "2h0m0s".
func Span(d time.Duration) string {
	s := d.Round(time.Second).String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Older says that a change is not to blame for what another made.
func Older(who, maker string, made time.Time) string {
	return fmt.Sprintf("what violates is older: %s left it as it was; %s made it at %s", who, maker, made.UTC().Format(time.RFC3339))
}

// Spread is traffic in words: "api-00001-abc 100 %, api-00001-abc tag next".
func Spread(ts []cloud.TrafficTarget) string {
	var out []string
	for _, t := range ts {
		out = append(out, t.String())
	}
	return strings.Join(out, ", ")
}
