package explore_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// act is something that may come next in a story.
type act struct {
	name   string
	run    func(ctx context.Context, p *process) error
	engine bool // a process does it, so that a mishap can strike
	long   bool // it is many acts in one, of which none is struck
}

// acts are all that may come next.
func (w *world) acts() []act {
	var out []act
	add := func(as ...act) { out = append(out, as...) }
	for _, h := range w.cfg.script {
		if !w.happened[h.name] && (h.after == "" || w.happened[h.after]) {
			add(w.mere(h.name, func() { h.do(w); w.happened[h.name] = true }))
		}
	}
	for i, e := range w.events {
		if e.own() && slices.ContainsFunc(w.events[i+1:], event.own) {
			continue // the last of them says as much
		}
		add(act{name: fmt.Sprintf("event %d comes", i+1), engine: true, run: func(ctx context.Context, p *process) error {
			before := len(p.w.order)
			out, err := p.engine().Handle(ctx, cloned(e.Change))
			again := p.w.events[i].taken
			p.w.events[i].taken = again || err == nil && !e.own()
			if err == nil && !e.own() && !again && !p.excused() {
				p.handled(e.Resource, p.w.order[before:], out)
			}
			return err
		}})
	}
	add(w.clicks()...)
	add(w.looks()...)
	add(act{name: "a sweep", engine: true, run: sweep})
	for _, at := range w.instants() {
		add(w.mere(fmt.Sprintf("%s pass", at.Sub(w.now)), func() { w.now = at }))
	}
	add(act{name: "3h pass, with sweeps", long: true, run: func(ctx context.Context, p *process) error {
		return w.sweeps(ctx, p, w.now.Add(3*time.Hour))
	}})
	for _, t := range w.cfg.troubles {
		switch is := w.trouble[t.neighbour]; is {
		case "":
			add(w.mere(t.neighbour+": "+t.mode, func() { w.trouble[t.neighbour] = t.mode }))
		case t.mode:
			add(w.mere(t.neighbour+": well again", func() { w.trouble[t.neighbour] = "" }))
		}
	}
	if w.cfg.leaves && w.people[bob] != "no" && w.past.clicked {
		add(w.mere("bob leaves the approvers", func() { w.people[bob] = "no" }))
	}
	if w.cfg.pauses {
		add(pauses(w)...)
	}
	if w.cfg.scans {
		add(act{name: "a scan", engine: true, run: func(ctx context.Context, p *process) error {
			out, err := p.engine().Scan(ctx, api)
			if err == nil && !p.excused() {
				p.scanned(out)
			}
			return err
		}})
	}
	if w.cfg.pager {
		for i, f := range w.findings()[:min(1, len(w.order))] {
			add(act{name: fmt.Sprintf("ada pages on-call of %d", i+1), engine: true, run: func(ctx context.Context, p *process) error {
				return p.page(ctx, f)
			}})
		}
	}
	return out
}

// mere is an act that no process does.
func (w *world) mere(name string, do func()) act {
	return act{name: name, run: func(context.Context, *process) error { do(); return nil }}
}

// act is the one of that name.
func (w *world) act(name string) (act, bool) {
	as := w.acts()
	if i := slices.IndexFunc(as, func(a act) bool { return a.name == name }); i >= 0 {
		return as[i], true
	}
	return act{}, false
}

func sweep(ctx context.Context, p *process) error {
	_, err := p.engine().Sweep(ctx)
	if p.mishap.kind == "" && p.w.overdue() {
		_, err = p.engine().Sweep(ctx) // what the first one came upon is for the next
	}
	if !p.excused() {
		p.w.swept()
	}
	return err
}

func (w *world) overdue() bool {
	return slices.ContainsFunc(w.findings(), func(f finding.Finding) bool { return !f.DueAt.IsZero() && !f.DueAt.After(w.now) })
}

// swept holds that sweeps leave nothing undone that it was time for.
func (w *world) swept() {
	for _, f := range w.findings() {
		if !f.DueAt.IsZero() && !f.DueAt.After(w.now) {
			w.breaks("two sweeps leave finding %s due: %s, owes %v", f.ID, f.State, f.Outbox)
		}
	}
}

// sweeps lets time pass until then, with a sweep whenever something is due.
func (w *world) sweeps(ctx context.Context, p *process, until time.Time) error {
	var err error
	for n := 0; n < 400; n++ {
		err = sweep(ctx, p)
		next, ok := w.next()
		if !ok || next.After(until) {
			w.now = until
			return err
		}
		w.now = next
	}
	w.breaks("it never comes to rest: %s", w)
	return err
}

// next is when something is due next.
func (w *world) next() (next time.Time, ok bool) {
	earlier := func(t time.Time) {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, f := range w.findings() {
		earlier(f.DueAt)
	}
	if p := w.store.pause; p.On {
		earlier(p.Until)
	} else if p.Owed {
		earlier(p.DueAt)
	}
	if ok = !next.IsZero(); ok && !next.After(w.now) {
		next = w.now.Add(time.Second)
	}
	return next, ok
}

// maxInstants bounds the moments to which time may pass at once.
const maxInstants = 7

// instants are the moments at which something changes, and just before and after
// them: deadlines, leases, the ends of what holds for a time.
func (w *world) instants() []time.Time {
	var out []time.Time
	at := func(t time.Time, also ...time.Duration) {
		for _, d := range append(also, 0) {
			if !t.IsZero() && t.Add(d).After(w.now) && !slices.ContainsFunc(out, t.Add(d).Equal) {
				out = append(out, t.Add(d))
			}
		}
	}
	for _, f := range w.findings() {
		at(f.DueAt)
		switch {
		case f.State == state.Pending:
			at(f.ExpiresAt, -time.Second)
			at(f.PageAt)
		case f.State == state.Approved:
			at(f.ExecuteBy, time.Second)
			if f.Automatic && !f.WasAsked() {
				at(f.Change.Time.Add(maxEventAge), time.Second)
			}
		case f.State == state.Waiting:
			at(f.Change.Time.Add(w.cfg.limits.Grace), -time.Second)
		case f.State.Ended() && len(f.Done) > 0 && slices.Contains(w.cfg.choices, finding.ChooseUndo) && f.UndoneBy == "":
			at(f.EndedAt.Add(24*time.Hour), time.Second)
		}
	}
	if p := w.store.pause; p.On {
		at(p.Until)
	}
	for _, e := range w.events {
		if !e.taken && !e.own() {
			at(e.Time.Add(maxEventAge), time.Second)
		}
	}
	for _, s := range w.live.stale {
		at(s.Until)
	}
	slices.SortFunc(out, time.Time.Compare)
	return out[:min(len(out), maxInstants)]
}
