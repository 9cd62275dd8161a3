package finding

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/state"
)

// Effect is work that a stored transition owes the outside world. It is stored
// in the same write as the transition, so that a crash in between loses
// nothing; the sweep finishes what is left.
type Effect string

// The effects.
const (
	Apply  Effect = "apply"
	Notify Effect = "notify"
	// Publish takes the events of the timeline out, to the Exporter.
	Publish Effect = "publish"
	// Carry is owed by one finding of a group for all of them: to take what people
	// decided about the group to each of its findings.
	Carry Effect = "carry"
	// Resolve is owed by a finding that ended after on-call was paged about it.
	Resolve Effect = "resolve"
)

// PageBy is what a finding owes until that pager has told of it.
func PageBy(name string) Effect { return Effect("page " + name) }

// Owes reports whether the effect is still in the outbox.
func (f Finding) Owes(e Effect) bool { return slices.Contains(f.Outbox, e) }

// Retry is when an effect is tried again that failed, or that waits for its turn, and how
// often it failed. Each has its own: a page that fails puts off no card.
type Retry struct {
	Effect Effect    `json:"effect"`
	Tries  int       `json:"tries,omitempty"`
	At     time.Time `json:"at"`
}

// Tries is how often the effect failed in a row.
func (f Finding) Tries(e Effect) int { return f.retryOf(e).Tries }

// Waits reports whether the effect has a time of its own, and it has not come.
func (f Finding) Waits(e Effect, now time.Time) bool { return now.Before(f.retryOf(e).At) }

func (f Finding) retryOf(e Effect) Retry {
	if i := slices.IndexFunc(f.Retries, func(r Retry) bool { return r.Effect == e }); i >= 0 {
		return f.Retries[i]
	}
	return Retry{Effect: e}
}

// atOnce has effects tried without regard to what came of them before.
func (f Finding) atOnce(effects ...Effect) Finding {
	f.Retries = slices.DeleteFunc(slices.Clone(f.Retries), func(r Retry) bool { return slices.Contains(effects, r.Effect) })
	if len(f.Retries) == 0 {
		f.Retries = nil
	}
	return f
}

func (f Finding) withRetry(r Retry) Finding {
	f = f.atOnce(r.Effect)
	f.Retries = append(f.Retries, r)
	return f
}

// owing adds effects to the outbox, each once.
func (f Finding) owing(effects ...Effect) Finding {
	f.Outbox = slices.Clip(f.Outbox)
	for _, e := range effects {
		if !f.Owes(e) {
			f.Outbox = append(f.Outbox, e)
		}
	}
	return f
}

// resolving owes on-call that a finding has ended that they were paged about.
func (f Finding) resolving() Finding {
	if f.PagedAt.IsZero() {
		return f
	}
	return f.owing(Resolve)
}

// paid takes an effect out of the outbox.
func (f Finding) paid(e Effect) Finding {
	f = f.atOnce(e)
	f.Outbox = slices.DeleteFunc(slices.Clone(f.Outbox), func(o Effect) bool { return o == e })
	return f
}

// PaidOff is the finding once the effect was done.
func (f Finding) PaidOff(e Effect, now time.Time) Finding {
	if f = f.paid(e); f.Owes(Apply) {
		return f.dueForPlan()
	}
	if slices.ContainsFunc(f.Outbox, func(o Effect) bool { return !f.Waits(o, now) }) {
		return f // due for the rest
	}
	return f.scheduled(now)
}

// OwingFor owes the effect for the whole group. Who is carrying the plan out keeps
// the finding until their lease ends.
func (f Finding) OwingFor(group string, e Effect, now time.Time) Finding {
	f = f.owing(e)
	f.Group = group
	if !f.Owes(Apply) {
		f.DueAt = now.Add(NotifyLease)
	}
	return f.notAfterExpiry()
}

// Taken is a finding whose effects are one process's from now on, until the lease
// ends: of those that find it due at once, one stores this. What people see of it is
// as current as before.
func (f Finding) Taken(now time.Time) Finding {
	f = f.keptShown(f.Revision)
	f.DueAt = now.Add(NotifyLease)
	if plan := f.retryOf(Apply).At; f.Owes(Apply) && plan.Before(f.DueAt) {
		f.DueAt = plan
	}
	return f.notAfterExpiry()
}

// Leased hides what a finding owes from us while another process is at it. It is
// for the caller to look at, and not to be stored.
func (f Finding) Leased() Finding {
	f.Outbox = nil
	return f
}

// Carried is a finding that owed to carry a group's answer and has. The message
// has news, whatever became of this one.
func (f Finding) Carried(now time.Time) Finding {
	f = f.paid(Carry).owing(Notify)
	if f.Owes(Apply) {
		return f
	}
	return f.scheduled(now)
}

// Exported is the finding once all its events were taken out.
func (f Finding) Exported() Finding {
	f.Published = len(f.Timeline)
	return f.paid(Publish)
}

// ExportTried is a finding whose events were taken out, or were not: then the
// sweep comes again later each time. What else it comes for keeps its time, and its
// count of attempts.
func (f Finding) ExportTried(now time.Time) Finding {
	switch {
	case f.State == state.Waiting, f.Owes(Apply):
		return f
	case f.Owes(Publish):
		age := now.Sub(f.Timeline[len(f.Timeline)-1].At)
		f.DueAt = now.Add(min(max(age, backoff(0)), time.Hour))
		return f.dueForRetries()
	}
	return f.scheduled(now)
}
