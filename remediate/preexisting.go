package remediate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/scope"
)

// learn tells which account a successful deploy runs as. The account may hold
// roles that were granted when it ran nothing, or when no event told of it:
// preexisting are the judgements of those grants, on the containers that hold them.
// What has a finding already gets no other. Nothing is learned from an event alone
// that may be made up.
func (r *Remediator) learn(ctx context.Context, c cloud.Change, now judge.Snapshot, l *entryLookup) (s Sighting, preexisting []judged, err error) {
	if !c.Resource.Kind.Workload() || c.Verb == cloud.SetPolicy || c.Verb == cloud.Delete || c.Half == cloud.FirstHalf {
		return Sighting{}, nil, nil
	}
	w := now.Observe(c).Workload
	if w == nil || w.Identity.Knowledge != cloud.Known {
		return Sighting{}, nil, nil
	}
	if now.Workload == nil {
		if borneOut, err := r.borneOut(ctx, l); !borneOut || err != nil {
			return Sighting{}, nil, err
		}
	}
	s = Sighting{Email: w.Identity.Email, Workload: c.Resource, At: c.Time}
	if s.At.After(now.At) { // a date ahead would outlive what is seen later
		s.At = now.At
	}
	preexisting, err = r.preexistingGrants(ctx, s, c)
	return s, preexisting, err
}

// preexistingGrants judges what the account already holds on the workload's project and
// everything above it, as if it had just been granted.
func (r *Remediator) preexistingGrants(ctx context.Context, s Sighting, c cloud.Change) ([]judged, error) {
	project := cloud.ProjectResource(c.Resource.Project)
	above := r.cfg.Facts.Fact(ctx, policies.Question{Kind: policies.Ancestors, Name: project.Path()})
	if !above.Known {
		r.cfg.Log.WarnContext(ctx, "grants above the project not looked at", "account", s.Email, "resource", project.String(), "error", above.Why)
	}
	j := r.cfg.Judge
	j.Facts = sighted{j.Facts, s}
	var out []judged
	for _, holder := range append([]cloud.Resource{project}, cloud.ParseContainers(above.List)...) {
		if holder.Kind != cloud.Project && r.grantsNothing(ctx, holder, s.Email) {
			continue
		}
		now, err := r.read(ctx, holder, true)
		if err != nil {
			return nil, err
		}
		grant := grantsTo(s, holder, c, now)
		if len(grant.Deltas) == 0 {
			continue
		}
		in, _ := r.cfg.Scope.Membership(ctx, r.cfg.Facts, holder)
		for _, g := range j.Judge(ctx, grant, now) {
			g.Lower(judge.Ask, fmt.Sprintf("%s now runs as %s, which held this before%s; the deploy did not grant it", c.Resource.Path(), s.Email, inherited(holder)))
			if in != scope.In {
				g.Lower(judge.Report, holder.Path()+" is not in scope: the grant is inherited from there and cannot be reverted here")
			}
			out = append(out, judged{Judgement: g, change: grant, now: now, preexisting: true})
		}
	}
	return out, nil
}

// grantsNothing reports whether the folder or organization is known to grant the account
// nothing. Every deploy below asks, and few of them change: what is kept of them for a
// minute answers nearly always. A grant that shows there is read anew before it is judged.
func (r *Remediator) grantsNothing(ctx context.Context, holder cloud.Resource, email string) bool {
	granted := r.cfg.Facts.Fact(ctx, policies.Question{Kind: policies.AccountGranted, Name: holder.Path(), Value: email})
	return granted.Known && !granted.Value
}

// inherited says from where a workload's project has a grant that is not its own.
func inherited(holder cloud.Resource) string {
	if holder.Kind == cloud.Project {
		return ""
	}
	return ", inherited from " + holder.Path()
}

// grantsTo is the change that would have granted the account what it holds.
func grantsTo(s Sighting, holder cloud.Resource, deploy cloud.Change, now judge.Snapshot) cloud.Change {
	c := deploy
	c.ID = deploy.ID + preexistingSuffix(holder)
	c.Resource, c.Workload, c.Unread, c.Verb, c.HasDelta = holder, nil, nil, cloud.SetPolicy, true
	if now.Policy == nil {
		return c
	}
	return judge.Granting(c, slices.DeleteFunc(now.Policy.Grants(), func(g cloud.Grant) bool {
		email, ok := g.Member.ServiceAccount()
		return !ok || !strings.EqualFold(email, s.Email)
	}))
}

// preexistingSuffix ends the ID of a change that a deploy had judged: the grants that its
// account held there before.
func preexistingSuffix(holder cloud.Resource) string { return " holds " + holder.Path() }

// sighted answers for one account that was just seen, before it is stored.
type sighted struct {
	judge.Facts
	seen Sighting
}

// Fact answers the one question, and passes on the rest.
func (s sighted) Fact(ctx context.Context, q policies.Question) policies.Fact {
	if q.Kind == policies.RuntimeIdentity && q.Name == s.seen.Email {
		return policies.Fact{Known: true, Value: true, Source: "seen on " + s.seen.Workload.Path(), At: s.seen.At}
	}
	return s.Facts.Fact(ctx, q)
}
