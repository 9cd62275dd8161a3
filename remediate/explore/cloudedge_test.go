package explore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// live is Google Cloud. Reads show a policy that was just written as it was before,
// for as long as IAM takes where it is slow.
type live struct {
	policies map[string]cloud.AllowPolicy // by resource; never changed, only replaced
	off      map[string]bool              // services whose invoker check is off
	gone     map[string]bool              // services that were deleted
	stale    map[string]stale
	writes   int
}

// stale is what reads of a resource show until then.
type stale struct {
	Policy cloud.AllowPolicy
	Off    bool
	Until  time.Time
}

func newLive(*config) live {
	return live{map[string]cloud.AllowPolicy{}, map[string]bool{}, map[string]bool{}, map[string]stale{}, 0}
}

func (l live) copy() live {
	return live{maps.Clone(l.policies), maps.Clone(l.off), maps.Clone(l.gone), maps.Clone(l.stale), l.writes}
}

// slowness is how long a write takes to show where IAM is slow.
const slowness = 50 * time.Second

// set replaces a policy.
func (w *world) set(r cloud.Resource, p cloud.AllowPolicy) {
	w.live.writes++
	p.Version, p.Etag = 3, strconv.Itoa(w.live.writes)
	w.live.policies[r.Name] = cloned(p)
}

// setOff turns a service's invoker check off or on.
func (w *world) setOff(r cloud.Resource, off bool) {
	w.live.writes++
	w.live.off[r.Name] = off
}

// slowly has reads of a resource that is about to be written show it as it was.
// What people wrote shows at once: their event comes later than it does.
func (w *world) slowly(r cloud.Resource) {
	if w.trouble["IAM"] == "slow" {
		w.live.stale[r.Name] = stale{w.live.policies[r.Name], w.live.off[r.Name], w.now.Add(slowness)}
	}
}

// refuses is what IAM says to a call, if it does not do it.
func (w *world) refuses(r cloud.Resource, write bool) error {
	switch w.trouble["IAM"] {
	case "down":
		return errors.New("unavailable")
	case "unreadable":
		return &fault.PermissionError{Permission: "run.services.getIamPolicy", Resource: r}
	case "denies writes":
		if write {
			return &fault.PermissionError{Permission: "run.services.setIamPolicy", Resource: r}
		}
	case "refuses writes":
		if write {
			return fmt.Errorf("constraint: %w", fault.ErrRefused)
		}
	case "fails writes":
		if write {
			return errors.New("internal error")
		}
	case "is busy":
		if write {
			return &fault.BusyError{Where: "20 writes a minute", After: 2 * time.Minute}
		}
	}
	if w.live.gone[r.Name] {
		return fmt.Errorf("%s: %w", r, fault.ErrNotFound)
	}
	return nil
}

type iamEdge struct{ p *process }

func (i iamEdge) Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	return reach(i.p, reads, func() (cloud.AllowPolicy, error) {
		w := i.p.w
		if err := errors.Join(w.refuses(r, false), ctx.Err()); err != nil {
			return cloud.AllowPolicy{}, err
		}
		p := w.live.policies[r.Name]
		if s, ok := w.live.stale[r.Name]; ok && w.now.Before(s.Until) {
			p.Bindings = s.Policy.Bindings
		}
		return cloned(p), nil
	})
}

func (i iamEdge) SetPolicy(ctx context.Context, r cloud.Resource, p cloud.AllowPolicy) error {
	_, err := reach(i.p, competes, func() (bool, error) {
		w := i.p.w
		was := w.live.policies[r.Name]
		switch err := errors.Join(w.refuses(r, true), ctx.Err()); {
		case err != nil:
			return false, err
		case p.Etag != was.Etag:
			return false, fault.ErrConflict
		}
		w.slowly(r)
		w.set(r, p)
		w.log(cloud.Change{
			ID: fmt.Sprint("own ", w.live.writes), Time: w.now, Service: "run.googleapis.com", Method: "SetIamPolicy", Verb: cloud.SetPolicy,
			Resource: r, Actor: cloud.Actor{Principal: self}, Policy: &p,
		})
		if removed, added := difference(was, p), difference(p, was); len(removed)+len(added) > 0 {
			i.p.effected(r, removed, added)
		}
		return true, nil
	})
	return err
}

// difference are the grants that a has and b has not.
func difference(a, b cloud.AllowPolicy) []cloud.Grant {
	return slices.DeleteFunc(a.Grants(), b.Has)
}

// workloadEdge is Cloud Run, as far as the stories need it.
type workloadEdge struct {
	remediate.WorkloadClient
	p *process
}

func (c workloadEdge) Workload(ctx context.Context, r cloud.Resource) (cloud.Workload, error) {
	return reach(c.p, reads, func() (cloud.Workload, error) {
		w := c.p.w
		if err := errors.Join(w.refuses(r, false), ctx.Err()); err != nil {
			return cloud.Workload{}, err
		}
		off := w.live.off[r.Name]
		if s, ok := w.live.stale[r.Name]; ok && w.now.Before(s.Until) {
			off = s.Off
		}
		return cloud.Workload{Resource: r, Etag: strconv.Itoa(w.live.writes), InvokerCheckDisabled: cloud.KnownFlag(off)}, nil
	})
}

func (c workloadEdge) Listed(context.Context, cloud.Resource) (w cloud.Workload, ok bool, err error) {
	return w, false, nil
}

func (c workloadEdge) SetInvokerCheck(ctx context.Context, l cloud.Workload, on bool) error {
	off := !on
	_, err := reach(c.p, competes, func() (bool, error) {
		w := c.p.w
		switch err := errors.Join(w.refuses(l.Resource, true), ctx.Err()); {
		case err != nil:
			return false, err
		case l.Etag != strconv.Itoa(w.live.writes):
			return false, fault.ErrConflict
		}
		if w.live.off[l.Resource.Name] != off {
			c.p.effected(l.Resource, nil, nil)
		}
		w.slowly(l.Resource)
		w.setOff(l.Resource, off)
		w.log(cloud.Change{
			ID: fmt.Sprint("own ", w.live.writes), Time: w.now, Service: "run.googleapis.com", Method: "UpdateService", Verb: cloud.Update,
			Resource: l.Resource, Actor: cloud.Actor{Principal: self}, Workload: &cloud.Workload{Resource: l.Resource, InvokerCheckDisabled: cloud.KnownFlag(off)},
		})
		return true, nil
	})
	return err
}
