package explore_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// clicks are the answers that somebody may give: those who may, and those who may
// not, on what is open or was just reverted. Until Ada did something Bob would only
// do it in her place.
func (w *world) clicks() []act {
	people := []string{ada, mallory}
	if w.past.clicked {
		people = append(people, bob)
	}
	var out []act
	for i, f := range w.findings() {
		if f.UndoOf != "" && f.State != state.Pending {
			continue
		}
		for _, c := range w.cfg.choices {
			undo := len(f.Done) > 0 && f.State != state.Applying || f.UndoOf != ""
			if (c == finding.ChooseUndo) != undo || !undo && f.State.Ended() && f.State != state.Reported {
				continue
			}
			asked := people
			if w.cfg.grouped {
				asked = people[:1] // the others are asked about all of them
			}
			for _, who := range asked {
				out = append(out, act{name: fmt.Sprintf("%s clicks %s on %d", nameOf(who), c, i+1), engine: true, run: func(ctx context.Context, p *process) error {
					return p.click(ctx, f.ID, c, who)
				}})
			}
		}
	}
	for i, m := range w.messages {
		if m.group == "" {
			continue
		}
		cards := map[string]drawing{"as it is": m.last}
		if m.first.items != nil && m.first.digest != m.last.digest {
			cards["as it was"] = m.first
		}
		for _, when := range slices.Sorted(maps.Keys(cards)) {
			if d := cards[when]; d.items != nil {
				for _, c := range w.cfg.choices {
					for _, who := range people {
						out = append(out, act{name: fmt.Sprintf("%s clicks %s of all on message %d, %s", nameOf(who), c, i+1, when), engine: true,
							run: func(ctx context.Context, p *process) error { return p.clickGroup(ctx, m.group, d, c, who) }})
					}
				}
			}
		}
	}
	return out
}

func nameOf(principal string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(principal, "user:"), "@")
	return name
}

// answer is what the person says on the record as it is stored.
func (w *world) answer(f finding.Finding, c finding.Choice, who string) finding.Answer {
	a := finding.Answer{
		Choice: c, Principal: who, Via: "slack:" + who, Reason: "agreed with the team", Digest: f.DigestFor(c)[:8], Revision: f.Revision,
	}
	if len(w.cfg.stepUp) > 0 {
		a.Via = "iap:" + who
	}
	if c == finding.ChooseExempt {
		if a.Until = w.now.Add(exemptFor); who == bob {
			a.Until = w.now.Add(exemptFor / 2)
		}
	}
	return a
}

// click answers one finding, and has done what follows from it.
func (p *process) click(ctx context.Context, id string, c finding.Choice, who string) error {
	w, r := p.w, p.engine()
	w.past.clicked = w.past.clicked || who == ada
	f := w.store.findings[id]
	a := w.answer(f, c, who)
	may := w.mayAnswer(f, a)
	p.answers = said{id, c, who}
	desk := r.Desk()
	desk.HandOver = w.cfg.handOver
	out, err := desk.Answer(ctx, id, a)
	if refused := finding.ClassOf(err) != ""; p.mishap.kind == "" && !p.disturbed && (err == nil || refused) && refused == (may == "") {
		w.breaks("%s clicks %s on finding %s, which is %s, and is answered %v; what speaks against it: %q", who, c, id, f.State, err, may)
	}
	if err != nil || w.cfg.handOver {
		return p.refusable(err)
	}
	_, err = r.Work(ctx, out.ID)
	return err
}

// said is an answer that a process takes.
type said struct {
	finding string
	choice  finding.Choice
	who     string
}

// clickGroup answers all that the card of a group lists.
func (p *process) clickGroup(ctx context.Context, id string, d drawing, c finding.Choice, who string) error {
	w, r := p.w, p.engine()
	w.past.clicked = w.past.clicked || who == ada
	a := w.answer(finding.Finding{}, c, who)
	a.Digest, a.Revision = d.digest, d.revision
	key := string(c) + " " + who
	listed := slices.Sorted(maps.Keys(d.items))
	w.past.said[key] = slices.Concat(w.past.said[key], listed)
	out, err := r.Answer(ctx, id, a)
	switch {
	case finding.ClassOf(err) != "":
		w.past.said[key] = without(w.past.said[key], listed)
		return p.refusable(err)
	case err != nil:
		return err
	}
	_, err = r.Work(ctx, out.ID)
	return err
}

// without is the list with each of these taken out once.
func without(list, these []string) []string {
	list = slices.Clone(list)
	for _, s := range these {
		if i := slices.Index(list, s); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
	}
	return list
}

// mayAnswer says what speaks against the answer; empty for nothing.
func (w *world) mayAnswer(f finding.Finding, a finding.Answer) string {
	of, now := f, w.now
	if a.Choice == finding.ChooseUndo {
		if f.UndoOf != "" {
			of = w.store.findings[f.UndoOf]
		}
		switch {
		case len(of.Done) == 0 || !of.State.Ended() && of.State != state.Uncertain:
			return "there is nothing to undo"
		case of.State.Ended() && now.Sub(of.EndedAt) > 24*time.Hour:
			return "it is too late"
		}
		f = w.undoOf(of)
	}
	need, votes := w.need(f, a.Choice), w.votes(f, a.Choice)
	unsure := slices.ContainsFunc(f.Answers, func(o finding.Answer) bool { return o.Choice == a.Choice && w.standing(o.Principal) == "" })
	switch {
	case w.standing(a.Principal) != "yes":
		return "it is nobody who may"
	case f.State != state.Pending && !(f.State == state.Reported && a.Choice == finding.ChooseRevert):
		return "it is decided"
	case f.State == state.Pending && !now.Before(f.ExpiresAt):
		return "its time is over"
	case !raises(a.Choice) && f.Plan.Empty():
		return "there is nothing to revert"
	case raises(a.Choice) && w.authored(f, a.Principal):
		return "they made it"
	case slices.Contains(votes, a.Principal):
		return "they said so already"
	case len(votes)+1 < need && unsure:
		return "somebody who voted cannot be looked up"
	}
	return ""
}

// undoOf is the record that an undo goes into: the one that is under way, or a new
// one.
func (w *world) undoOf(f finding.Finding) finding.Finding {
	for _, u := range w.findings() {
		if u.UndoOf == f.ID && (!u.State.Ended() || u.State == state.Undone) {
			return u
		}
	}
	return finding.Finding{State: state.Pending, ExpiresAt: w.now.Add(expiresIn), Actors: f.Actors, Change: f.Change, Plan: f.UndoPlan(), UndoOf: f.ID}
}

func raises(c finding.Choice) bool { return c != finding.ChooseRevert }

func made(f finding.Finding, who string) bool {
	for _, a := range f.Actors {
		if a.Principal == who || a.Principal == foreign && who == mallory {
			return true
		}
	}
	return false
}

// authored reports whether somebody may have made the change who is known to.
func (w *world) authored(f finding.Finding, who string) bool {
	return made(f, who) || w.cfg.explained && made(f, robot) && who == mallory
}

// votes are the people whose answers count by now. Who says that it may stay, and did
// not see all who made it, has not said so of theirs.
func (w *world) votes(f finding.Finding, c finding.Choice) []string {
	var out []string
	for _, a := range f.Answers {
		counts := a.Choice == c && w.standing(a.Principal) == "yes" && !(raises(c) && (w.authored(f, a.Principal) || a.Revision < f.ActorsAt)) &&
			(strings.HasPrefix(f.Plan.Digest, a.Digest) || f.Plan.Empty() && a.Digest == finding.NoPlan) && !(c == finding.ChooseExempt && !w.now.Before(a.Until))
		if counts && !slices.Contains(out, a.Principal) {
			out = append(out, a.Principal)
		}
	}
	return out
}

// need is how many votes it takes.
func (w *world) need(f finding.Finding, c finding.Choice) int {
	n := w.cfg.quorum[c]
	if n == 0 && c == finding.ChooseExempt {
		n = 2
	}
	if raises(c) && (made(f, "unknown") || made(f, robot) && !w.cfg.explained) {
		n = max(n, 2)
	}
	return max(n, 1)
}
