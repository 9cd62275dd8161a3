package replay

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// operation is one long-running operation: its first entry holds who asked for
// what, its last how it ended.
type operation struct {
	first, last *cloud.Change
	void        bool // it failed, or was a rehearsal
	// brokeOff is the code that it ended with where what was asked for may be stored.
	brokeOff string
}

// outcome is the field of a cloud.Unread that says that the operation broke off.
const outcome = "outcome"

// brokenOff says that it did, or "".
func brokenOff(c cloud.Change) string {
	for _, u := range c.Unread {
		if u.Field == outcome {
			return u.Why
		}
	}
	return ""
}

// add keeps the half and reports whether it is new. Of several first halves
// the earliest is kept and of several last ones the latest, so that the order
// of the inputs does not matter.
func (o *operation) add(c cloud.Change) bool {
	slot, better := &o.first, -1
	if c.Half == cloud.LastHalf {
		slot, better = &o.last, +1
	}
	isNew := *slot == nil
	if isNew || compareChanges(c, **slot) == better {
		*slot = &c
	}
	return isNew
}

// change is what the operation did; false when it did nothing.
func (o *operation) change() (cloud.Change, bool) {
	switch {
	case o.void || o.first == nil && o.last == nil:
		return cloud.Change{}, false
	case o.first == nil:
		return *o.last, true
	case o.last == nil && o.brokeOff != "":
		c := *o.first
		c.Unread = append(slices.Clip(c.Unread), cloud.Unread{
			Field: outcome, Why: "its operation ended with code " + o.brokeOff + ": whether what was asked for is stored is not in the log",
		})
		return c, true
	case o.last == nil:
		return *o.first, true
	}
	return join(*o.first, *o.last), true
}

// join makes one change of the halves. It is found under the first half, which
// names the caller and the time of the call.
func join(first, last cloud.Change) cloud.Change {
	c := first
	c.Half = cloud.Whole
	if c.Actor.Principal == cloud.UnknownActor || c.Actor.Principal == "" {
		c.Actor, c.UserAgent = last.Actor, cmp.Or(last.UserAgent, first.UserAgent)
	}
	if incomplete(c.Resource) {
		c.Resource = last.Resource
	}
	c.Workload = joinWorkload(first.Workload, last.Workload)
	if last.HasDelta {
		c.Deltas, c.HasDelta = last.Deltas, true
	}
	if last.Policy != nil {
		c.Policy = last.Policy
	}
	if last.Constraint != nil {
		c.Constraint = last.Constraint
	}
	c.Unread = stillUnread(c, append(slices.Clone(last.Unread), first.Unread...))
	return c
}

// joinWorkload prefers what was stored (last) to what was asked (first), value
// by value; what the last half does not show is as the first half says.
func joinWorkload(first, last *cloud.Workload) *cloud.Workload {
	if first == nil || last == nil {
		return cmp.Or(last, first)
	}
	w := *last
	if w.Identity.Knowledge != cloud.Known && first.Identity.Knowledge != cloud.Unknown {
		w.Identity = first.Identity
	}
	if w.InvokerCheckDisabled.Knowledge != cloud.Known && first.InvokerCheckDisabled.Knowledge != cloud.Unknown {
		w.InvokerCheckDisabled = first.InvokerCheckDisabled
	}
	if incomplete(w.Resource) {
		w.Resource = first.Resource
	}
	w.Ingress = cmp.Or(last.Ingress, first.Ingress)
	if w.TemplateName = cmp.Or(last.TemplateName, first.TemplateName); len(w.Shares) == 0 {
		w.Shares = cloud.Beside(first.Shares, w.Identity)
	}
	w.Controller = cmp.Or(last.Controller, first.Controller)
	w.ControllerWhy = cmp.Or(last.ControllerWhy, first.ControllerWhy)
	if w.Controller != "" {
		w.ControllerWhy = ""
	}
	if w.Labels == nil {
		w.Labels = first.Labels
	}
	return &w
}

// stillUnread lists what neither half showed, each field once.
func stillUnread(c cloud.Change, us []cloud.Unread) []cloud.Unread {
	var out []cloud.Unread
	for _, u := range us {
		if unread(c, u.Field) && !slices.ContainsFunc(out, func(o cloud.Unread) bool { return o.Field == u.Field }) {
			out = append(out, u)
		}
	}
	return out
}

func unread(c cloud.Change, field string) bool {
	switch field {
	case "identity":
		return c.Workload == nil || c.Workload.Identity.Knowledge == cloud.Unknown
	case "invoker check":
		return c.Workload == nil || c.Workload.InvokerCheckDisabled.Knowledge == cloud.Unknown
	case "ingress":
		return c.Workload == nil || c.Workload.Ingress == ""
	case "grants":
		return c.Policy == nil && !c.HasDelta
	case "resource":
		return incomplete(c.Resource)
	}
	return true
}

// incomplete reports whether the name lacks something: a v1 entry may name no
// region, and stands in "-" for it.
func incomplete(r cloud.Resource) bool {
	return r == (cloud.Resource{}) || r.Location == "-"
}

// compareChanges orders changes by when they were made. Of two that nothing
// else tells apart what they say decides, or the order of the inputs would.
func compareChanges(a, b cloud.Change) int {
	if n := cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.InsertID, b.InsertID), cmp.Compare(a.ID, b.ID)); n != 0 {
		return n
	}
	return bytes.Compare(said(a), said(b))
}

func said(c cloud.Change) []byte {
	text, _ := json.Marshal(c) // what was read from JSON can be written as JSON
	return text
}
