package replay

import "github.com/rescind-dev/rescind/internal/cloud"

// An entry of Cloud Run carries the whole policy, or the whole service, and so what was
// there before the call as well. What was is found once, with the change that made it.

// heldBefore is what a workload had before a change, of what the change's entry shows.
type heldBefore struct {
	// grantsKnown is true where the history shows the allow policy as it was.
	grantsKnown bool
	grants      map[cloud.Grant]int // those that the entry shows and that were there, with the change that made them
	// invoker is whether the invoker check was off, and invokerSince the change that
	// turned it off.
	invoker      cloud.Flag
	invokerSince int
}

// madeBy is the grants of a workload, each with the change that made it; nil where they are
// not known.
type madeBy map[cloud.Grant]int

// before follows what workloads have.
type before struct {
	grants  map[cloud.Resource]madeBy
	invoker map[cloud.Resource]*heldBefore
}

// take returns what was there before the change, and remembers what is since.
func (b before) take(c cloud.Change, i int) *heldBefore {
	if !c.Resource.Kind.Workload() {
		return nil
	}
	was := b.invoker[c.Resource]
	if was == nil {
		was = &heldBefore{}
	}
	if c.Verb == cloud.Create {
		was = &heldBefore{invoker: cloud.KnownFlag(false)}
	}
	sure := !c.Time.IsZero() && c.Half != cloud.FirstHalf && brokenOff(c) == ""
	switch {
	case c.Verb == cloud.SetPolicy:
		return b.takePolicy(c, i, sure)
	case c.Verb == cloud.Delete:
		delete(b.grants, c.Resource)
		delete(b.invoker, c.Resource)
		return nil
	case c.Verb == cloud.Create && sure:
		b.grants[c.Resource] = madeBy{}
	case c.Verb == cloud.Create:
		delete(b.grants, c.Resource)
	}
	if c.Workload == nil {
		delete(b.invoker, c.Resource)
		return was
	}
	switch is := c.Workload.InvokerCheckDisabled; {
	case !sure || is.Knowledge == cloud.Unknown:
		delete(b.invoker, c.Resource)
	case is.Knowledge == cloud.Unchanged && c.Verb != cloud.Create:
	case is.On && !was.invoker.On:
		b.invoker[c.Resource] = &heldBefore{invoker: is, invokerSince: i}
	case !is.On:
		b.invoker[c.Resource] = &heldBefore{invoker: cloud.KnownFlag(false)}
	}
	return was
}

func (b before) takePolicy(c cloud.Change, i int, sure bool) *heldBefore {
	had := b.grants[c.Resource]
	if c.Policy == nil || c.HasDelta {
		delete(b.grants, c.Resource)
		return &heldBefore{}
	}
	was := &heldBefore{grantsKnown: had != nil, grants: map[cloud.Grant]int{}}
	now := madeBy{}
	for _, g := range c.Policy.Grants() {
		if at, there := had[g]; there {
			was.grants[g], now[g] = at, at
		} else {
			now[g] = i
		}
	}
	if b.grants[c.Resource] = now; !sure {
		delete(b.grants, c.Resource)
	}
	return was
}
