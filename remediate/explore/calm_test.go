package explore_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// calm leads the world to the end of its story: nothing fails any more, what was
// logged and not taken comes again, and there are sweeps while anything is due.
// known holds the worlds that came to a good end before: what a sweep left, and what
// had such an end before the first.
func (w *world) calm(ctx context.Context, known map[uint64]bool) {
	w.trouble = map[string]string{}
	p := newProcess(w, mishap{})
	for _, h := range w.cfg.script {
		if h.sure && w.happened[h.after] && !w.happened[h.name] {
			p.named(h.name)
		}
	}
	if w.store.pause.Active(w.now) {
		p.named("ada resumes")
	}
	begins := w.fingerprint()
	if len(w.broken) == 0 && known[begins] {
		return
	}
	var passed []uint64
	for range 300 {
		if err := sweep(ctx, p); err != nil {
			w.breaks("a sweep fails with nothing amiss: %v", err)
		}
		for i := 0; i < len(w.events); i++ {
			if !w.events[i].taken && !w.events[i].own() {
				p.named(fmt.Sprintf("event %d comes", i+1))
			}
		}
		print := w.fingerprint()
		if len(w.broken) > 0 || known[print] {
			break
		}
		passed = append(passed, print)
		next, ok := w.next()
		if !ok {
			w.ends()
			break
		}
		w.now = next
	}
	p.trails()
	switch _, more := w.next(); {
	case len(w.broken) > 0:
		return
	case more && len(passed) == 300:
		w.breaks("it does not come to rest: %s", w)
		return
	}
	for _, print := range append(passed, begins) {
		known[print] = true
	}
}

// ends is about the end of a story.
func (w *world) ends() {
	for i, f := range w.findings() {
		p := w.pages[f.ID]
		for says, broken := range map[string]bool{
			"has not ended":                     !f.State.Ended(),
			"owes something":                    len(f.Outbox) > 0,
			"has events that are not taken out": w.exported[f.ID] < len(f.Timeline) || f.Published < len(f.Timeline),
			"had on-call paged, which does not know that it is over": p.paged && !p.resolved && !w.grouped(f),
			"is said to be undelivered":                              f.Undelivered && w.told(f),
			"I13: is shown nowhere":                                  w.told(f) && len(f.Surfaces) == 0,
			"is exempt and takes time":                               !f.DueAt.IsZero(),
			"does not say who made it, and a half of it does":        made(f, cloud.UnknownActor) && !f.Unconfirmed && slices.ContainsFunc(w.events, func(e event) bool { return e.ID == f.Change.ID && e.Actor.Principal != cloud.UnknownActor && e.taken }),
			"undid something that does not say so":                   f.State == state.Undone && w.store.findings[f.UndoOf].UndoneBy != f.ID,
		} {
			if broken {
				w.breaks("in the end finding %d, %s (%s), %s; owes %v, is shown at %d", i+1, f.State, f.Why, says, f.Outbox, len(f.Surfaces))
			}
		}
		for _, s := range f.Surfaces {
			m := w.messages[number(s.ID)]
			shows := m.last.state
			if m.last.items != nil {
				shows = m.last.items[f.ID]
			}
			if shows != f.State {
				w.breaks("I13: in the end finding %d is %s, and message %s shows %q", i+1, f.State, s.ID, shows)
			}
		}
	}
	w.left()
	w.counted()
	if p := w.store.pause; !p.At.IsZero() && (p.Owed || len(w.announced) == 0 || w.announced[len(w.announced)-1] != p.String()) {
		w.breaks("in the end not everybody was told: %s", p)
	}
}

// counted holds that those reverts count against the limits that were made unasked.
func (w *world) counted() {
	type revert struct {
		Finding string
		At      time.Time
		Back    bool
	}
	var log []struct{ Entries []revert }
	if c := w.store.cells["reverts"]; len(c.Value) > 0 && w.past.mishaps == 0 {
		if err := json.Unmarshal(c.Value, &log); err != nil {
			w.breaks("%v", err)
		}
	}
	reverts := map[string]revert{} // the last word on each
	for _, part := range log {
		for _, e := range part.Entries {
			reverts[e.Finding] = e
		}
	}
	for _, r := range reverts {
		if f := w.store.findings[r.Finding]; !r.Back && w.now.Sub(r.At) <= time.Hour && (!f.Automatic || len(f.Done) == 0 && (f.State == state.Superseded || f.State == state.Blocked || f.State == state.Expired)) {
			w.breaks("finding %s, %s, counts as a revert", f.ID, f.State)
		}
	}
}

// grouped reports whether the finding is one of a group: then a page about one of
// it may be about all.
func (w *world) grouped(f finding.Finding) bool { return f.Group != "" }

// told reports whether people have to know of how the finding ended.
func (w *world) told(f finding.Finding) bool {
	switch f.State {
	case state.Superseded:
		return false
	case state.Exempted:
		return len(f.Answers) > 0
	}
	return true
}

// left holds that what violates in the end does so because somebody said so, or
// nobody said anything.
func (w *world) left() {
	for _, r := range []string{api.Name, web.Name} {
		if w.live.gone[r] || !w.live.off[r] && !w.live.policies[r].Has(public) {
			continue
		}
		ok := slices.ContainsFunc(w.findings(), func(f finding.Finding) bool {
			return f.Resource.Name == r && (f.State != state.Reverted && f.State != state.Superseded || f.State == state.Superseded && len(f.Answers) > 0)
		})
		if !ok && slices.ContainsFunc(w.events, func(e event) bool { return e.Resource.Name == r && !e.own() }) {
			w.breaks("in the end %s violates, and no finding says why", r)
		}
	}
}

func (w *world) String() string {
	s := fmt.Sprintf("at %s", w.now.Format("15:04:05"))
	for i, f := range w.findings() {
		s += fmt.Sprintf("; %d %s (%s), owes %v, due in %s", i+1, f.State, f.Why, f.Outbox, f.DueAt.Sub(w.now))
	}
	return s
}
