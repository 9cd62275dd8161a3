package judge

import (
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Blamed is what a judgement is about where it has no plan to say it: the parts that
// violate, or may. The zero Blamed names none, as of a violation by something else.
type Blamed struct {
	Grants       []cloud.Grant `json:"grants,omitempty"`
	InvokerCheck bool          `json:"invoker_check,omitempty"`
	Identity     bool          `json:"identity,omitempty"`
	Account      string        `json:"account,omitempty"` // that Identity is about; empty for the default one
	Serving      []string      `json:"serving,omitempty"` // revisions, with what they run as
}

// blamedBy are the parts that a result names, whichever account it is.
func blamedBy(r policies.Result) Blamed {
	return Blamed{Grants: r.Grants, InvokerCheck: r.InvokerCheck, Identity: r.Identity, Serving: servingOf(r.Serving)}
}

// servingOf names the revisions, each with what it runs as. How many requests it gets
// makes no difference.
func servingOf(shares []cloud.Share) []string {
	var out []string
	for _, s := range shares {
		out = append(out, s.Revision+" as "+s.Identity.Email)
	}
	return out
}

// Blamed are the parts that the judgement is about.
func (g Judgement) Blamed() Blamed {
	b := blamedBy(g.Result)
	if g.Identity {
		b.Account = g.Account
	}
	return b
}

// Includes reports whether all that o names is in b.
func (b Blamed) Includes(o Blamed) bool {
	return (b.InvokerCheck || !o.InvokerCheck) && (!o.Identity || b.Identity && b.Account == o.Account) && len(missingFrom(b.Grants, o.Grants)) == 0 &&
		!slices.ContainsFunc(o.Serving, func(s string) bool { return !slices.Contains(b.Serving, s) })
}

// Same reports whether both name the same.
func (b Blamed) Same(o Blamed) bool { return b.Includes(o) && o.Includes(b) }

// String names the parts; "" for none.
func (b Blamed) String() string {
	if b.Same(Blamed{}) {
		return ""
	}
	text := fmt.Sprint(named(b.Grants), b.InvokerCheck, b.Identity, b.Account)
	if len(b.Serving) > 0 {
		text += fmt.Sprint(" ", b.Serving)
	}
	return text
}

// In reports whether all of it is there still, as far as live state was read.
func (b Blamed) In(now Snapshot) bool {
	w := now.Workload
	switch {
	case now.Gone,
		now.Policy != nil && slices.ContainsFunc(b.Grants, func(g cloud.Grant) bool { return !now.Policy.Has(g) }),
		w != nil && b.InvokerCheck && !w.InvokerCheckDisabled.On,
		w != nil && b.Identity && w.Identity.Email != b.Account,
		w != nil && !(Blamed{Serving: servingOf(w.Shares)}).Includes(Blamed{Serving: b.Serving}):
		return false
	}
	return true
}
