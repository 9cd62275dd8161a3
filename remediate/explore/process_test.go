package explore_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"time"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// process is one process for the time of one act.
type process struct {
	w       *world
	mishap  mishap
	others  []act           // what the mishap lets in, as it could be when the act began
	calls   []effect        // that it made
	touched map[string]bool // findings that it wrote, and whose trails are to be verified
	cancel  context.CancelFunc

	claimed   string // the finding whose plan it carries out
	looking   bool   // it only looks whether a plan shows
	looks     bool   // somebody looks at a message
	answers   said   // what it was told
	notified  bool   // it told people, or tried to
	refused   bool   // what it was asked for was turned down
	disturbed bool   // somebody else did something in between
	stop      func() // hands back to the process that this one stopped, at its call mishap.until
	other     func() // has the one that was let in between go on
}

// effect is what a call does to what it calls.
type effect string

const (
	reads    effect = "reads"
	writes   effect = "writes"
	competes effect = "competes" // a write that somebody else may have been faster than
)

var errStruck = errors.New("struck")

// died ends a process as a crash does: nothing that comes after it is done.
type died struct{}

func newProcess(w *world, m mishap) *process {
	return &process{w: w, mishap: m, touched: map[string]bool{}}
}

// reach makes one call to a neighbour, or not, as the story has it.
func reach[T any](p *process, what effect, do func() (T, error)) (T, error) {
	p.calls = append(p.calls, what)
	if p.stop != nil && len(p.calls) == p.mishap.until {
		p.disturbed = true // the one it stopped goes on first
		p.stop()
	}
	if len(p.calls) != p.mishap.at {
		return do()
	}
	var none T
	switch p.mishap.kind {
	case fails:
		return none, errStruck
	case loses:
		return none, fault.ErrConflict
	case meanwhile:
		p.disturbed = true
		p.other = p.w.let(p.mishap, p.others)
	}
	out, err := do()
	switch p.mishap.kind {
	case dies:
		panic(died{})
	case answerLost:
		return none, errStruck
	case requestGone:
		p.cancel()
	}
	return out, err
}

// let has another process act until it makes its call m.until, or to its end,
// and returns what has it go on from there.
func (w *world) let(m mishap, others []act) (goOn func()) {
	next, _ := iter.Pull(func(yield func(struct{}) bool) {
		for i, a := range others {
			p := newProcess(w, mishap{until: m.until})
			if m.until > 0 && i == len(others)-1 {
				p.stop = func() { yield(struct{}{}) }
			}
			p.disturbed = true
			p.perform(a)
		}
	})
	next()
	return func() { next() }
}

// named has the process do what the name of an act says.
func (p *process) named(name string) {
	if a, ok := p.w.act(name); ok {
		p.perform(a)
		return
	}
	p.w.breaks("there is no act %q", name)
}

// perform has the process do an act, as far as it gets.
func (p *process) perform(a act) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	p.cancel = cancel
	defer func() {
		switch r := recover().(type) {
		case nil, died:
		case error:
			p.w.breaks("%s panics: %v", a.name, r)
		default:
			p.w.breaks("%s panics: %v", a.name, r)
		}
		if p.other != nil {
			p.other()
		}
		p.trails()
	}()
	err := a.run(ctx, p)
	if err != nil && !p.refused && !p.excused() {
		p.w.breaks("%s fails with nothing amiss: %v", a.name, err)
	}
}

// excused reports whether something may go wrong in the act.
func (p *process) excused() bool { return p.disturbed || p.mishap.kind != "" || !p.w.untroubled() }

func (w *world) breaks(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// engine is the process's, as it is after a start.
func (p *process) engine() *remediate.Remediator {
	w, s := p.w, storeEdge{p: p}
	var plain group.Plain = notifierEdge{p}
	if w.cfg.grouped {
		plain = groupEdge{notifierEdge{p}}
	}
	log, clock := slog.New(slog.DiscardHandler), func() time.Time { return w.now }
	n, err := group.NewNotifier(group.Config{Plain: plain, Store: s, Now: clock, Log: log})
	c := remediate.Config{
		Facts: facts{}, Judge: judge.Judge{Policies: policySet{w.cfg}, MaxEventAge: maxEventAge}, Store: s, IAM: iamEdge{p}, Workloads: workloadEdge{p: p},
		Constraints: struct{ remediate.ConstraintClient }{}, Notifier: n, Scope: within, Authority: p.authority(), Limits: w.cfg.limits,
		Exporter: exporterEdge{p}, FallbackAfter: w.cfg.fallbackAfter, Self: self, ExpiresIn: expiresIn, OnExpiry: w.cfg.onExpiry,
		PageAfter: w.cfg.pageAfter, VerifyFor: time.Second, Now: clock, NewID: func() string { return "unnamed" }, Log: log,
		Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	}
	if w.cfg.pager {
		c.OnCall = []remediate.Pager{group.NewPager(pagerEdge{p}, s, clock)}
	}
	if w.cfg.confirms {
		c.Entries = entriesEdge{p}
	}
	r, refused := remediate.New(c)
	if err = errors.Join(err, refused); err != nil {
		panic(err)
	}
	return r
}

func (p *process) authority() authority.Authority {
	au := authority.Authority{Directory: directoryEdge{p}, Quorum: p.w.cfg.quorum, StepUp: p.w.cfg.stepUp}
	if p.w.cfg.explained {
		au.ActsFor = map[string]authority.Acting{finding.AccountOf(robot): {Group: "ci-admins@example.com", Members: adminsEdge{p}}}
	}
	return au
}
