package explore_test

import (
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// The rules that every write of a record has to keep. I1 to I13 are those of
// docs/security.md:
//
//	I1   follows: leaves pending once
//	I2   claims, effected: only what was answered, and only the plan
//	I3   effected: once for each finding, and once more for each mishap
//	I4   decides, click: independent of package authority, by need and votes
//	I5   answered: given before the deadline
//	I6   follows: what ended stays
//	I7   twin: the same act with Slack down leaves every finding where it stands
//	I8   wrote, effected, Export: one event a move, in the same write, before the effect
//	I9   drawn: from the record alone; no button that decides on what ended
//	I10  answered: by whoever was asked about this finding
//	I11  decides, claims: nobody counts who cannot be looked up
//	I12  claims: not after an approval has lapsed
//	I13  ends: what people see

// moves holds that no move is tried for which there is no arrow.
func (p *process) moves(_, f finding.Finding) {
	if f.Misstep != "" {
		p.w.breaks("finding %s: %s", f.ID, f.Misstep)
	}
}

// wrote holds a write of a finding against the rules.
func (p *process) wrote(was, is finding.Finding) {
	w := p.w
	w.tally.moved(was.State, is.State)
	p.touched[is.ID] = true
	moved, at := 0, was.State
	for _, e := range is.Timeline[len(was.Timeline):] {
		if e.State != at || e.State == state.Waiting && was.State == state.Waiting {
			moved++
		}
		at = e.State
	}
	if was.State != is.State && moved != 1 {
		w.breaks("I8: finding %s goes from %s to %s with %d events", is.ID, was.State, is.State, moved)
	}
	p.holds(is)
	p.follows(was, is)
	p.answered(was, is)
	if was.State != is.State {
		p.decides(was, is)
	}
	if is.State == state.Applying && strings.HasPrefix(is.Why, "applying") && is.DueAt.Equal(is.UpdatedAt.Add(finding.Lease)) && (was.State != state.Applying || !is.DueAt.Equal(was.DueAt)) {
		p.claims(was, is)
	}
}

// trails holds that the trails verify of what the process wrote, once it is through:
// each event is still in them, and to verify all of one at every write took longer
// than to write.
func (p *process) trails() {
	for id := range p.touched {
		if err := p.w.store.findings[id].VerifyTrail(); err != nil {
			p.w.breaks("I8: %v", err)
		}
	}
	clear(p.touched)
}

// holds is about one record.
func (p *process) holds(f finding.Finding) {
	now := p.w.now
	plan := f.State == state.Approved || f.State.Working()
	for says, broken := range map[string]bool{
		"owes something and is never due":              len(f.Outbox) > 0 && f.DueAt.IsZero(),
		"is open and never due":                        !f.State.Ended() && f.DueAt.IsZero(),
		"ended without an end, or has one and is open": f.State.Ended() == f.EndedAt.IsZero(),
		"is to be carried out and owes no plan":        plan != f.Owes(finding.Apply),
		"is approved for ever":                         f.State == state.Approved && f.ExecuteBy.IsZero(),
		"is a question for ever":                       f.State == state.Pending && f.ExpiresAt.IsZero(),
		"is looked at after its question has ended":    f.State == state.Pending && !p.excused() && now.Before(f.ExpiresAt) && !f.Owes(finding.Carry) && f.DueAt.After(f.ExpiresAt),
		"is due too far away":                          !f.State.Ended() && f.DueAt.Sub(now) > expiresIn,
		"waits for longer than state takes to show":    f.State == state.Waiting && p.w.untroubled() && f.DueAt.Sub(now) > max(30*time.Second, p.w.cfg.limits.Grace),
		"was guarded and is reverted unasked":          f.State == state.Approved && f.Automatic && f.Guarded && f.Decision == judge.Ask,
		"is exempt for longer than anybody said": f.Exemption != nil && slices.ContainsFunc(f.Answers, func(a finding.Answer) bool {
			return a.Choice == finding.ChooseExempt && a.Until.Before(f.Exemption.Until) && p.w.counts(f, a)
		}),
		"paged nobody, and knows when": !f.PagedAt.IsZero() && !p.w.cfg.pager,
	} {
		if broken {
			p.w.breaks("finding %s, %s, %s; owes %v, due in %s", f.ID, f.State, says, f.Outbox, f.DueAt.Sub(now))
		}
	}
}

// counts reports whether the answer is one of those that count.
func (w *world) counts(f finding.Finding, a finding.Answer) bool {
	return slices.Contains(w.votes(f, a.Choice), a.Principal)
}

// follows is about one step of a record.
func (p *process) follows(was, is finding.Finding) {
	w := p.w
	if was.State == state.Pending && is.State != state.Pending {
		w.past.left[is.ID]++
	}
	for says, broken := range map[string]bool{
		"I1: leaves pending again":                      w.past.left[is.ID] > 1,
		"I6: does not stay as it ended":                 was.State.Ended() && is.State != was.State && !(was.State == state.Reported && is.State == state.Approved),
		"I6: ended once more":                           was.State.Ended() && is.State == was.State && !is.EndedAt.Equal(was.EndedAt),
		"I2: its plan changes after it was asked about": was.State != state.Waiting && was.ID != "" && was.Plan.Digest != is.Plan.Digest,
		"loses answers":                                 len(is.Answers) < len(was.Answers) || !slices.Equal(grounds(is.Answers[:len(was.Answers)]), grounds(was.Answers)),
		"loses who made it":                             slices.ContainsFunc(was.Actors, func(a cloud.Actor) bool { return a.Principal != cloud.UnknownActor && !made(is, a.Principal) }),
		"leaves its group":                              was.Group != "" && is.Group != was.Group,
		"forgets that it was paged":                     !was.PagedAt.IsZero() && is.PagedAt.IsZero(),
		"forgets what it wrote":                         len(is.Done) == 0 && len(was.Done) > 0 && was.State == state.Uncertain,
		"takes back what was taken out":                 is.Published < was.Published,
		"is a guarded one no more":                      was.Guarded && !is.Guarded && was.State != state.Waiting,
		"forgets where it is shown":                     len(is.Surfaces) < len(was.Surfaces),
		"escalates again":                               !was.EscalatedAt.IsZero() && !is.EscalatedAt.Equal(was.EscalatedAt),
		"escalates before its time":                     was.EscalatedAt.IsZero() && !is.EscalatedAt.IsZero() && (w.now.Before(was.ExpiresAt) || w.cfg.onExpiry != remediate.EscalateOnExpiry || is.UndoOf != ""),
		"joins one change twice":                        len(is.Joined) > len(was.Joined) && slices.Contains(was.Joined, is.Joined[len(is.Joined)-1]),
		"names somebody twice":                          len(is.Actors) > 1 && is.Actors[len(is.Actors)-1].Principal == is.Actors[0].Principal,
		"does not name everybody":                       slices.ContainsFunc(w.events, func(e event) bool { return slices.Contains(is.Joined, e.ID) && !made(is, e.Actor.Principal) }),
		"pages though it is no question":                was.ID == "" && is.State != state.Pending && !is.PageAt.IsZero(),
		"is untold since another time":                  !was.UndeliveredSince.IsZero() && !is.UndeliveredSince.IsZero() && !was.UndeliveredSince.Equal(is.UndeliveredSince),
		"is undelivered while it is in line":            is.Undelivered && !was.Undelivered && w.trouble["Slack"] == "in line" && !p.disturbed && was.UndeliveredSince.IsZero(),
		"is to be shown again with nothing new":         was.ID != "" && !was.Owes(finding.Notify) && is.Owes(finding.Notify) && w.sameToSee(was, is) && !p.looks && !p.disturbed && p.mishap.kind == "",
		"is tried again, and was refused":               is.State == state.Applying && strings.HasPrefix(is.Why, "will be tried again") && w.trouble["IAM"] == "refuses writes" && p.mishap.kind == "" && !p.disturbed,
		"gives up too early":                            is.State == state.Failed && was.State == state.Applying && w.trouble["IAM"] != "refuses writes" && was.Attempts < finding.MaxAttempts && p.mishap.kind == "" && !p.disturbed,
		"is undone by what undid nothing":               is.UndoneBy != "" && w.store.findings[is.UndoneBy].State != state.Undone,
		"pages twice within 15 minutes":                 !was.PagedAt.IsZero() && is.PagedAt.After(was.PagedAt) && is.EscalatedAt.Equal(was.EscalatedAt) && is.PagedAt.Sub(was.PagedAt) < 15*time.Minute && was.PageAt.IsZero(),
		"is undelivered before its time":                is.Undelivered && !was.Undelivered && w.trouble["Slack"] == "down" && !p.disturbed && p.mishap.kind == "" && w.now.Sub(is.UndeliveredSince) < w.cfg.fallbackAfter,
	} {
		if broken {
			w.breaks("finding %s, %s to %s: %s", is.ID, was.State, is.State, says)
		}
	}
}

// sameToSee reports whether people would see no difference.
func (w *world) sameToSee(was, is finding.Finding) bool {
	return was.State == is.State && len(was.Timeline) == len(is.Timeline) && len(was.Actors) == len(is.Actors) && was.UndoneBy == is.UndoneBy &&
		is.Group == "" && len(was.Joined) == len(is.Joined) && len(was.Surfaces) == len(is.Surfaces)
}

func grounds(as []finding.Answer) []string {
	var out []string
	for _, a := range as {
		out = append(out, a.Principal+" "+string(a.Choice)+" "+a.At.String())
	}
	return out
}

// answered is about answers that were added.
func (p *process) answered(was, is finding.Finding) {
	w := p.w
	for _, a := range is.Answers[len(was.Answers):] {
		asked := is.ID
		if is.UndoOf != "" && p.answers.finding != is.ID {
			asked = is.UndoOf
		}
		switch {
		case was.State == state.Pending && !a.At.Before(was.ExpiresAt):
			w.breaks("I5: finding %s takes an answer that came %s after its time", is.ID, a.At.Sub(was.ExpiresAt))
		case a.At.After(w.now):
			w.breaks("finding %s takes an answer of tomorrow", is.ID)
		case p.answers == said{asked, a.Choice, a.Principal}:
		case slices.Contains(w.past.said[string(a.Choice)+" "+a.Principal], is.ID):
		default:
			w.breaks("I10: finding %s takes %s of %s, who was not asked about it", is.ID, a.Choice, a.Principal)
		}
		if have, need := len(w.votes(is, a.Choice)), w.need(is, a.Choice); is.State == was.State && have >= need && !p.disturbed {
			w.breaks("finding %s has %d of %d votes to %s and is %s", is.ID, have, need, a.Choice, is.State)
		}
	}
}
