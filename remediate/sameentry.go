package remediate

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// otherwise says what the logged entry has other than the change, or "".
func (r *Remediator) otherwise(ctx context.Context, c, logged cloud.Change) string {
	for _, field := range []struct{ name, event, logged string }{
		{"insertId", c.InsertID, logged.InsertID},
		{"time", c.Time.UTC().Format(time.RFC3339Nano), logged.Time.UTC().Format(time.RFC3339Nano)},
		{"service", c.Service, logged.Service},
		{"method", c.Method, logged.Method},
		{"resource", c.Resource.String(), logged.Resource.String()},
		{"operation", c.Operation, logged.Operation},
	} {
		if field.event != field.logged {
			return fmt.Sprintf("%s %q, not %q", field.name, field.logged, field.event)
		}
	}
	// The half that has no actor is given that of the other half, and a change of which
	// the entry was not found at first names nobody.
	if who := logged.Actor.Principal; who != "" && who != cloud.UnknownActor && who != c.Actor.Principal && c.Actor.Principal != cloud.UnknownActor {
		return fmt.Sprintf("actor %q, not %q", who, c.Actor.Principal)
	}
	if what := deltasBeyond(c, logged); what != "" {
		return what
	}
	if !r.ownLog(ctx, c) {
		return fmt.Sprintf("log %q, which is not that of %s", c.LogName, c.Resource)
	}
	return ""
}

// deltasBeyond says which grant the event has as added or removed and the entry has
// not, or "". Both decide: what was added is taken away, and what was removed is where a
// condition comes from.
func deltasBeyond(c, logged cloud.Change) string {
	if !c.HasDelta {
		return ""
	}
	for _, d := range []struct {
		what          string
		event, logged []cloud.Grant
	}{{"no grant of", c.Added(), logged.Added()}, {"no removal of", c.Removed(), logged.Removed()}} {
		for _, g := range d.event {
			same := func(o cloud.Grant) bool { return o == g || judge.SameGrant(o, g) }
			if whole := logged.Policy; !logged.HasDelta && whole != nil && c.Resource.Kind.Workload() {
				d.logged = whole.Grants() // what was there before was left out of the change
			} else if !logged.HasDelta {
				d.logged = nil
			}
			if !slices.ContainsFunc(d.logged, same) {
				return fmt.Sprintf("%s %s", d.what, g)
			}
		}
	}
	return ""
}

// ownLog reports whether the change is in the log of the container it is in.
// Anybody may have a project, and a log in it.
func (r *Remediator) ownLog(ctx context.Context, c cloud.Change) bool {
	name, _, _ := strings.Cut(c.LogName, "/logs/")
	name, err := url.PathUnescape(name)
	log, ok := cloud.ParseContainer(name)
	own, known := c.Resource.Container()
	switch {
	case err != nil || !ok || !known:
		return false
	case log == own:
		return true
	case log.Kind != cloud.Project || own.Kind != cloud.Project:
		return false
	}
	id, number := log.Name, own.Name
	if strings.Trim(id, "0123456789") == "" {
		id, number = number, id
	}
	f := r.cfg.Facts.Fact(ctx, policies.Question{Kind: policies.ProjectNumber, Project: id, Value: number})
	return f.Known && f.Value
}
