package explore_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const pauseFor = 20 * time.Hour

// pauses are the switch that stops all writes, thrown one way or the other.
func pauses(w *world) []act {
	if w.store.pause.Active(w.now) {
		return []act{{name: "ada resumes", engine: true, run: func(ctx context.Context, p *process) error {
			_, err := p.engine().Desk().Resume(ctx, ada, "test", "")
			if err == nil && !p.excused() {
				p.w.resumed()
			}
			return p.refusable(err)
		}}}
	}
	return []act{{name: "ada pauses for 20h", engine: true, run: func(ctx context.Context, p *process) error {
		_, err := p.engine().Desk().Pause(ctx, ada, "test", "a release", pauseFor)
		return p.refusable(err)
	}}}
}

// resumed holds that what waited for a pause to end is due when somebody ends it.
func (w *world) resumed() {
	for _, f := range w.findings() {
		if f.Paused && f.DueAt.After(w.now) {
			w.breaks("finding %s waits for a pause that is over, for %s", f.ID, f.DueAt.Sub(w.now))
		}
	}
}

// switches has people pause and resume who may not, or for no reason, or for ever:
// they are refused, and nothing is switched.
func (p *process) switches(ctx context.Context) {
	d, before := p.engine().Desk(), p.w.store.pause
	tries := map[string]func() error{
		"somebody who is no approver": func() error { _, err := d.Pause(ctx, eve, "test", "a release", time.Hour); return err },
		"somebody without a reason":   func() error { _, err := d.Pause(ctx, ada, "test", "", time.Hour); return err },
		"somebody for ever":           func() error { _, err := d.Pause(ctx, ada, "test", "a release", finding.MaxPause+1); return err },
		"somebody for no time":        func() error { _, err := d.Pause(ctx, ada, "test", "a release", 0); return err },
		"somebody who is none":        func() error { _, err := d.Resume(ctx, eve, "test", ""); return err },
	}
	if !before.Active(p.w.now) {
		tries["somebody who ends no pause"] = func() error { _, err := d.Resume(ctx, ada, "test", ""); return err }
	}
	for who, try := range tries {
		if err := try(); finding.ClassOf(err) == "" || p.w.store.pause.Revision != before.Revision {
			p.w.breaks("%s switches: %v", who, err)
		}
	}
}

// page has on-call told of a finding, because Ada asks for it.
func (p *process) page(ctx context.Context, f finding.Finding) error {
	w, r := p.w, p.engine()
	f = w.store.findings[f.ID]
	may := !f.State.Ended() && (f.PagedAt.IsZero() || w.now.Sub(f.PagedAt) >= 15*time.Minute)
	_, err := r.Desk().Page(ctx, f.ID, ada, "test")
	if refused := finding.ClassOf(err) != ""; !p.disturbed && p.mishap.kind == "" && (err == nil || refused) && refused == may {
		w.breaks("on-call is to be paged of finding %s, %s, paged at %s, and the answer is %v", f.ID, f.State, f.PagedAt, err)
	}
	if err != nil {
		return p.refusable(err)
	}
	_, err = r.Work(ctx, f.ID)
	return err
}

// looks are people who look at a message that the store does not know, as the answer
// to the call that posted it was lost, or that shows what is no longer so.
func (w *world) looks() []act {
	var out []act
	for i, m := range w.messages {
		f, ok := w.store.findings[m.finding]
		id := fmt.Sprint(i + 1)
		known := slices.ContainsFunc(f.Surfaces, func(s finding.Surface) bool { return s.ID == id })
		if !ok || m.group != "" || f.Group != "" || known && m.last.state == f.State {
			continue
		}
		out = append(out, act{name: "somebody looks at message " + id, engine: true, run: func(ctx context.Context, p *process) error {
			p.looks = true
			_, err := p.engine().Desk().RecordSurface(ctx, m.finding, finding.Surface{Kind: "test", Channel: channel, ID: id})
			if f := p.w.store.findings[m.finding]; err == nil && !p.disturbed && f.State != state.Waiting && (!f.Owes(finding.Notify) || f.DueAt.IsZero()) {
				p.w.breaks("finding %s is seen in message %s, and is not to be shown there: owes %v", f.ID, id, f.Outbox)
			}
			return err
		}})
	}
	return out
}

// refusable takes a refusal for no failure.
func (p *process) refusable(err error) error {
	p.refused = finding.ClassOf(err) != ""
	return err
}
