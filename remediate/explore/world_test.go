package explore_test

import (
	"maps"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// world is all that there is at one moment of a story, as a value.
type world struct {
	cfg *config
	now time.Time

	store     records
	live      live
	messages  []message
	pages     map[string]page // by finding
	exported  map[string]int  // events taken out, by finding
	announced []string        // what every channel was told
	people    map[string]authority.Standing
	trouble   map[string]string // what is wrong with a neighbour; empty for nothing
	happened  map[string]bool
	events    []event
	order     []string // findings, as they were opened

	past   past
	broken []string // the rules that the last act broke
	tally  *tally   // of the whole exploration, and no part of the world
}

// event is an entry of the audit log, and whether a process took it.
type event struct {
	cloud.Change
	taken bool
}

// own reports whether rescind made the change. Nothing comes of it but an alarm,
// if it did not.
func (e event) own() bool { return e.Actor.Principal == self }

// page is what a pager was told of one finding.
type page struct{ paged, resolved bool }

// past is what the rules have to know of what went before.
type past struct {
	left     map[string]int       // how often a finding left pending
	written  map[string]int       // writes with effect, by the finding they were for
	reverts  map[string]time.Time // findings that were approved unasked, and when
	said     map[string][]string  // who answered for a group, and what its card listed: "choice person finding"
	mishaps  int                  // of which each may hide one write
	restored bool                 // what rescind took away was put back, by an undo or by somebody
	clicked  bool                 // Ada did: before that Bob is nobody else
}

var begin = time.Date(2026, 11, 20, 12, 0, 10, 0, time.UTC)

func newWorld(c *config, t *tally) *world {
	w := &world{
		cfg: c, now: begin, store: newRecords(), live: newLive(c), tally: t, pages: map[string]page{}, exported: map[string]int{},
		people:  map[string]authority.Standing{ada: authority.Approver, bob: authority.Approver, mallory: authority.Approver},
		trouble: map[string]string{}, happened: map[string]bool{},
		past: past{left: map[string]int{}, written: map[string]int{}, reverts: map[string]time.Time{}, said: map[string][]string{}},
	}
	return w
}

func (w *world) copy() *world {
	c := *w
	c.store, c.live, c.messages = w.store.copy(), w.live.copy(), slices.Clone(w.messages)
	c.pages, c.exported, c.people, c.trouble = maps.Clone(w.pages), maps.Clone(w.exported), maps.Clone(w.people), maps.Clone(w.trouble)
	c.happened, c.events, c.order = maps.Clone(w.happened), slices.Clone(w.events), slices.Clone(w.order)
	c.past.left, c.past.written, c.past.reverts = maps.Clone(w.past.left), maps.Clone(w.past.written), maps.Clone(w.past.reverts)
	c.past.said = maps.Clone(w.past.said)
	c.broken = nil
	return &c
}

// fingerprint is the same for worlds that nothing tells apart that can matter.
func (w *world) fingerprint() uint64 {
	c := canon{now: w.now}
	for _, id := range w.order {
		f := w.store.findings[id]
		at := f.Revision
		f.Change.Time = later(f.Change.Time, w.now.Add(-maxEventAge-time.Second))
		f.Answers = slices.Clone(f.Answers)
		for i := range f.Answers {
			f.Answers[i].At = time.Time{}
		}
		f.Surfaces = slices.Clone(f.Surfaces)
		for i := range f.Surfaces {
			f.Surfaces[i].Rendered -= at
		}
		c.any(&f, w.past.left[id], w.past.written[id], w.pages[id].paged, w.pages[id].resolved, w.exported[id])
	}
	for _, m := range w.messages {
		c.any(m.finding, m.group, m.first.items, m.last.items, m.last.state, m.last.choices, m.first.digest, m.last.digest)
	}
	for _, name := range slices.Sorted(maps.Keys(w.store.cells)) {
		c.text(name)
		c.encoded(w.store.cells[name].Value)
	}
	c.any(w.store.handled, w.store.pause, w.live.policies, w.live.off, w.live.gone, w.live.stale, w.people, w.trouble, w.happened, w.past.said, w.past.clicked, w.announced[max(0, len(w.announced)-1):], w.past.mishaps, w.past.restored)
	for _, e := range w.events {
		if c.any(e.taken); !e.taken {
			c.at(later(e.Time, w.now.Add(-maxEventAge-time.Second)))
		}
	}
	return c.print()
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// findings are all there are, as they were opened.
func (w *world) findings() []finding.Finding {
	var out []finding.Finding
	for _, id := range w.order {
		out = append(out, w.store.findings[id])
	}
	return out
}

// untroubled reports whether every neighbour does as it is asked.
func (w *world) untroubled() bool {
	return !slices.ContainsFunc(slices.Collect(maps.Values(w.trouble)), func(s string) bool { return s != "" })
}

// log has the change in the audit log.
func (w *world) log(c cloud.Change) { w.events = append(w.events, event{Change: c}) }
