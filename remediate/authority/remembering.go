package authority

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

const (
	// maxAge is how long a membership is believed for what lowers the exposure.
	maxAge = 5 * time.Minute
	// maxRemembered bounds how many people are remembered.
	maxRemembered = 1000
)

// Remembering is a directory that asks d at most once in five minutes about one
// principal, but anew each time something fresh is wanted. What could not be
// looked up is not remembered. It is safe for concurrent use.
func Remembering(d Directory, now func() time.Time) Directory {
	return &remembering{Directory: d, now: now, seen: map[string]remembered{}}
}

// Memoized is the authority for one request: it asks about nobody twice. A group
// of findings is answered one by one, and each would ask about every voter.
func (au Authority) Memoized() Authority {
	if au.Directory != nil {
		au.Directory = memo{au.Directory, map[string]Membership{}}
	}
	au.ActsFor = maps.Clone(au.ActsFor)
	for account, a := range au.ActsFor {
		if a.Members != nil {
			a.Members = memo{a.Members, map[string]Membership{}}
			au.ActsFor[account] = a
		}
	}
	return au
}

// memo remembers everybody it was asked about, failures too.
type memo struct {
	Directory
	seen map[string]Membership
}

// Approver asks the first time.
func (o memo) Approver(ctx context.Context, principal string, fresh bool) (Membership, error) {
	m, ok := o.seen[finding.Canonical(principal)]
	if !ok {
		m = ask(ctx, o.Directory, principal, fresh)
		o.seen[finding.Canonical(principal)] = m
	}
	return m, nil
}

type remembering struct {
	Directory
	now func() time.Time

	mu   sync.Mutex
	seen map[string]remembered
}

type remembered struct {
	Membership
	at time.Time
}

// Approver answers from memory what may be some minutes old.
func (r *remembering) Approver(ctx context.Context, principal string, fresh bool) (Membership, error) {
	if m, ok := r.recall(principal); ok && !fresh {
		return m, nil
	}
	at := r.now()
	m := ask(ctx, r.Directory, principal, fresh)
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.seen, finding.Canonical(principal))
	if m.Standing != Undetermined {
		if len(r.seen) >= maxRemembered {
			clear(r.seen)
		}
		r.seen[finding.Canonical(principal)] = remembered{m, at}
	}
	return m, nil
}

// recall is what is remembered, with its age.
func (r *remembering) recall(principal string) (Membership, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was, ok := r.seen[finding.Canonical(principal)]
	age := r.now().Sub(was.at)
	if !ok || age < 0 || age > maxAge {
		return Membership{}, false
	}
	m := was.Membership
	m.Evidence = slices.Clone(m.Evidence)
	for i := range m.Evidence {
		m.Evidence[i].Age = age
	}
	return m, true
}
