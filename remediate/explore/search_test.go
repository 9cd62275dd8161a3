package explore_test

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// level is how far stories are told.
type level struct {
	depth   int // acts in one story
	mishaps int // that strike one story
	struck  int // acts of a story, from its beginning, that a mishap may strike
	between int // acts, from its beginning, in which another process may act
	stopped int // and be stopped in turn
}

// node is a world that was come to, and how.
type node struct {
	*world
	from    *node
	by      step
	depth   int
	mishaps int
	print   uint64 // its fingerprint, once it was visited
}

// story is how the world was come to.
func (n *node) story() story {
	s := story{config: n.cfg.name}
	for ; n.from != nil; n = n.from {
		s.steps = append(s.steps, n.by)
	}
	slices.Reverse(s.steps)
	return s
}

// search tells the stories of one configuration, shorter ones first.
type search struct {
	level
	tally *tally
	queue []*node
	seen  map[uint64]int  // the fewest mishaps with which a world was come to
	ended map[uint64]bool // worlds that were led to a good end
	fails func(s story, broken []string)
	ctx   context.Context //nolint:containedctx // of the whole search, whose methods are one loop
}

// run tells them all, or up to the first that breaks a rule.
func (s *search) run(c *config) {
	s.seen, s.ended = map[uint64]int{}, map[uint64]bool{}
	start := newWorld(c, s.tally)
	s.queue = []*node{{world: start, print: start.fingerprint(), depth: 1 + c.less}} // of those that begin with nothing all is told a little less far
	for _, o := range c.openings {
		n := &node{world: newWorld(c, s.tally), depth: c.less}
		for _, text := range o {
			st, err := parseStep(text)
			if err != nil {
				s.fails(n.story(), []string{err.Error()})
				return
			}
			next, _ := n.tell(st)
			n = &node{world: next, from: n, by: st, depth: c.less}
		}
		if _, ok := s.visit(n); !ok {
			return
		}
	}
	for len(s.queue) > 0 && s.ctx.Err() == nil {
		n := s.queue[0]
		s.queue = s.queue[1:]
		if !s.expand(n) {
			return
		}
	}
}

// tell has one step come next, in a world of its own.
func (w *world) tell(s step) (*world, *process) {
	next := w.copy()
	if s.kind != "" && s.kind != meanwhile {
		next.past.mishaps++
	}
	p := newProcess(next, s.mishap)
	for _, name := range s.others {
		if a, ok := next.act(name); ok {
			p.others = append(p.others, a)
		}
	}
	p.named(s.act)
	return next, p
}

// expand tells what may come next, and reports whether the rules held.
func (s *search) expand(n *node) bool {
	var struck []*process // whose act a mishap may strike
	var names, moving []string
	for _, a := range n.acts() {
		next, p := n.tell(step{act: a.name})
		is, ok := s.visit(&node{world: next, from: n, by: step{act: a.name}, depth: n.depth + 1, mishaps: n.mishaps})
		if !ok {
			return false
		}
		if is == n.print {
			continue
		}
		if a.engine {
			struck, names = append(struck, p), append(names, a.name)
			if p.notified && n.trouble["Slack"] == "" && !s.twin(n, a.name, next) {
				return false
			}
		}
		if !a.long {
			moving = append(moving, a.name)
		}
	}
	if n.mishaps >= s.mishaps {
		return true
	}
	for i, p := range struck {
		for m := range s.strikes(n, p, moving) {
			next, _ := n.tell(step{names[i], m})
			if _, ok := s.visit(&node{world: next, from: n, by: step{names[i], m}, depth: n.depth + 1, mishaps: n.mishaps + 1}); !ok {
				return false
			}
		}
	}
	return true
}

// strikes are the mishaps that may strike the act that the process did, in a world
// where those acts change something.
func (s *search) strikes(n *node, p *process, moving []string) func(yield func(mishap) bool) {
	return func(yield func(mishap) bool) {
		for i, what := range p.calls {
			at := i + 1
			ms := []mishap{}
			if n.depth-n.cfg.less < s.struck {
				ms = append(ms, mishap{kind: fails, at: at})
				if what != reads {
					ms = append(ms, mishap{kind: dies, at: at}, mishap{kind: answerLost, at: at}, mishap{kind: requestGone, at: at})
				}
				if what == competes {
					ms = append(ms, mishap{kind: loses, at: at})
				}
			}
			if n.depth-n.cfg.less < s.between {
				for _, o := range moving {
					ms = append(ms, mishap{kind: meanwhile, at: at, others: []string{o}})
					if n.depth-n.cfg.less >= s.stopped {
						continue
					}
					for until := 2; until <= 12; until++ {
						ms = append(ms, mishap{kind: meanwhile, at: at, others: []string{o}, until: until})
					}
				}
				for _, t := range n.instants() {
					ms = append(ms, mishap{kind: meanwhile, at: at, others: []string{t.Sub(n.now).String() + " pass", "a sweep"}})
				}
			}
			for _, m := range ms {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// visit holds the world that was come to against the rules, once, and keeps it to
// be told on.
func (s *search) visit(n *node) (print uint64, ok bool) {
	s.tally.acts++
	print = n.fingerprint()
	n.print = print
	was, seen := s.seen[print]
	if len(n.broken) > 0 {
		s.fails(n.story(), n.broken)
		return print, false
	}
	if seen && was <= n.mishaps {
		return print, true
	}
	s.seen[print] = n.mishaps
	if n.depth < s.depth {
		s.queue = append(s.queue, n)
	}
	if seen {
		return print, true
	}
	s.tally.world(n.world)
	if n.probe(); len(n.broken) > 0 {
		s.fails(n.story(), n.broken)
		return print, false
	}
	end := n.copy()
	if end.calm(s.ctx, s.ended); len(end.broken) > 0 {
		s.fails(n.story(), append([]string{"after that, in the calm:"}, end.broken...))
		return print, false
	}
	return print, true
}

// twin holds I7: the same act, with a Slack that fails, leaves every finding where
// it stands without.
func (s *search) twin(n *node, act string, next *world) bool {
	for _, mode := range []string{"down", "revoked"} {
		other := n.copy()
		other.trouble["Slack"] = mode
		p := newProcess(other, mishap{})
		p.named(act)
		s.tally.acts++
		a, b := next.standings(), other.standings()
		if slices.Equal(a, b) && maps.Equal(next.live.off, other.live.off) && len(other.broken) == 0 {
			continue
		}
		st := n.story()
		st.steps = append(st.steps, step{act: "Slack: " + mode}, step{act: act})
		s.fails(st, append(other.broken, "I7: where findings stand hangs on Slack:", "with it "+join(a), "without "+join(b)))
		return false
	}
	return true
}

func join(lines []string) string {
	out := ""
	for _, l := range lines {
		out += "\n\t" + l
	}
	return out
}

// standings are where the findings stand, by what decides.
func (w *world) standings() []string {
	var out []string
	for _, f := range w.findings() {
		out = append(out, fmt.Sprintf("%s is %s: %d answers, by %v, wrote %d, plan %s, %s, until %s, %s, %s, automatic %v, guarded %v, exempt %v, joined %v", f.ID, f.State,
			len(f.Answers), f.Authors(), len(f.Done), f.Plan.Digest, f.Decision, f.ExpiresAt, f.ExecuteBy, f.EndedAt, f.Automatic, f.Guarded, f.Exemption != nil, f.Joined))
	}
	for _, r := range []string{api.Name, web.Name} {
		out = append(out, policyText(w.live.policies[r].Grants()))
	}
	return out
}

// probe has answers come that nobody may give, or that are about something else:
// they are refused, and change nothing.
func (w *world) probe() {
	p := newProcess(w, mishap{})
	if key := [2]bool{w.store.pause.Active(w.now), w.untroubled()}; w.cfg.pauses && !w.tally.switched[key] {
		w.tally.switched[key] = true
		p.switches(context.Background())
	}
	for _, f := range w.findings() {
		like := canon{now: w.now}
		like.any(f, w.people, w.trouble["directory"])
		if w.tally.probed[like.print()] {
			continue
		}
		w.tally.probed[like.print()] = true
		w.offers(f)
		if f.State.Ended() && f.State != state.Reported {
			continue
		}
		for _, c := range w.cfg.choices {
			good := w.answer(f, c, ada)
			for says, a := range w.wrong(f.ID, good) {
				before := w.store.findings[f.ID].Revision
				_, err := p.engine().Answer(context.Background(), f.ID, a)
				if finding.ClassOf(err) == "" || w.store.findings[f.ID].Revision != before {
					w.breaks("finding %s takes %s %s: %v", f.ID, c, says, err)
				}
			}
		}
	}
}
