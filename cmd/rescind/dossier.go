package main

import (
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// dossier is a finding as an auditor reads it, a year later and without
// anybody to ask.
type dossier struct {
	finding.Finding
	undos []finding.Finding
	card  notify.Options
}

func (d dossier) write(p *printer) {
	card := notify.Card(d.Finding, d.card)
	p.line(0, "%s", card.Headline)
	p.line(0, "%s", card.Status)
	p.line(0, "")
	p.line(1, "Finding: %s, revision %d", d.ID, d.Revision)
	if d.UndoOf != "" {
		p.line(1, "Undo of: %s", d.UndoOf)
	}
	for _, field := range card.Fields {
		p.line(1, "%s: %s", field.Name, field)
	}
	p.line(1, "Resource: %s", d.Resource)
	p.line(1, "Enforcement: %s%s; decision: %s%s", d.Enforcement, by(d.EnforcedBy), d.Decision, d.automatic())
	p.line(1, "Began: %s; ended: %s", clock(d.CreatedAt), clock(d.EndedAt))
	p.lines("What is wrong:", append([]string{card.Wrong}, card.Why...))
	d.writeOutcome(p)
	d.writePlans(p, card)
	d.writeAnswers(p)
	d.writeSettled(p)
	d.writeUndos(p)
	d.writeTimeline(p)
}

// writeOutcome says why it is where it is: of what was not reverted, why not.
func (d dossier) writeOutcome(p *printer) {
	title := "Why it was not reverted:"
	switch {
	case d.State == state.Reverted, d.State == state.Undone:
		title = "What was done:"
	case !d.State.Ended():
		title = "What it waits for:"
	}
	lines := []string{d.Why}
	if d.State != state.Reverted && d.State != state.Undone {
		lines = append(lines, d.Reasons...)
	}
	p.lines(title, slices.DeleteFunc(lines, func(s string) bool { return s == "" }))
}

func (d dossier) writePlans(p *printer, card notify.Message) {
	switch {
	case d.Plan.Empty():
		p.lines("Plan: none", []string{d.Plan.Missing})
	default:
		p.lines(card.Plan+":", card.Diff)
	}
	if len(d.Done) == 0 {
		return
	}
	done := d.Finding
	done.Plan = judge.NewPlan(d.Done, "")
	p.lines("Written, or possibly written:", notify.Card(done, notify.Options{}).Diff)
	if d.UndoOf == "" {
		done.Plan = d.UndoPlan()
		p.lines("An undo would change (plan "+done.Plan.Digest[:8]+"):", notify.Card(done, notify.Options{}).Diff)
	}
}

func (d dossier) writeAnswers(p *printer) {
	var lines []string
	for _, a := range d.Answers {
		line := clock(a.At) + "  " + string(a.Choice) + " by " + a.Principal + " via " + a.Via + " on plan " + a.Digest[:min(8, len(a.Digest))]
		if a.Reason != "" {
			line += ": " + a.Reason
		}
		if a.Grounds != "" {
			line += " [" + a.Grounds + "]"
		}
		lines = append(lines, line)
	}
	if len(lines) == 0 {
		lines = []string{"none"}
	}
	p.lines("Answers:", lines)
}

// writeSettled tells of what was not raised, as the finding stands for it.
func (d dossier) writeSettled(p *printer) {
	s := d.Settled
	if s == nil {
		return
	}
	var lines []string
	if s.Again > 0 {
		lines = append(lines, fmt.Sprintf("changes like it that were not raised: %d, the first at %s, the last at %s by %s", s.Again, clock(s.First), clock(s.Last), s.LastBy))
	}
	for _, g := range s.Gone {
		lines = append(lines, "settled no more, as it was gone: "+g.About())
	}
	p.lines("Settled:", lines)
}

func (d dossier) writeUndos(p *printer) {
	var lines []string
	for _, u := range d.undos {
		lines = append(lines, clock(u.CreatedAt)+"  "+u.ID+"  "+string(u.State)+": "+u.Why)
	}
	p.lines("Undos:", lines)
}

func (d dossier) writeTimeline(p *printer) {
	var lines []string
	for i, e := range d.Timeline {
		lines = append(lines, fmt.Sprintf("%d  %s  %s%s: %s", i+1, clock(e.At), e.State, by(e.Who), e.What))
	}
	p.lines("Timeline:", lines)
	p.lines("Audit trail:", []string{notify.TrailSays(d.Finding)})
}

func (d dossier) automatic() string {
	if d.Automatic {
		return ", by policy and not by a person"
	}
	return ""
}
