package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// findingPage is a finding as an auditor reads it, a year later and without
// anybody to ask.
type findingPage struct {
	finding.Finding
	undos []finding.Finding
	card  notify.Options
}

func (f findingPage) write(p *printer) {
	card := notify.Card(f.Finding, f.card)
	p.line(0, "%s", card.Headline)
	p.line(0, "%s", card.Status)
	p.line(0, "")
	p.line(1, "Finding: %s, revision %d", f.ID, f.Revision)
	if f.UndoOf != "" {
		p.line(1, "Undo of: %s", f.UndoOf)
	}
	for _, field := range card.Fields {
		p.line(1, "%s: %s", field.Name, field)
	}
	p.line(1, "Resource: %s", f.Resource)
	p.line(1, "Enforcement: %s%s; decision: %s%s", f.Enforcement, by(f.EnforcedBy), f.Decision, f.automatic())
	p.line(1, "Began: %s; ended: %s", clock(f.CreatedAt), clock(f.EndedAt))
	p.lines("What is wrong:", append([]string{card.Wrong}, card.Why...))
	f.writeOutcome(p)
	f.writePlans(p, card)
	f.writeAnswers(p)
	f.writeUndos(p)
	f.writeTimeline(p)
}

// writeOutcome says why it is where it is: of what was not reverted, why not.
func (f findingPage) writeOutcome(p *printer) {
	title := "Why it was not reverted:"
	switch {
	case f.State == state.Reverted, f.State == state.Undone:
		title = "What was done:"
	case !f.State.Ended():
		title = "What it waits for:"
	}
	lines := []string{f.Why}
	if f.State != state.Reverted && f.State != state.Undone {
		lines = append(lines, f.Reasons...)
	}
	p.lines(title, slices.DeleteFunc(lines, func(s string) bool { return s == "" }))
}

func (f findingPage) writePlans(p *printer, card notify.Message) {
	switch {
	case f.Plan.Empty():
		p.lines("Plan: none", []string{f.Plan.Missing})
	default:
		p.lines(card.Plan+":", card.Diff)
	}
	if len(f.Done) == 0 {
		return
	}
	done := f.Finding
	done.Plan = judge.NewPlan(f.Done, "")
	p.lines("Written, or possibly written:", notify.Card(done, notify.Options{}).Diff)
	if f.UndoOf == "" {
		done.Plan = f.UndoPlan()
		p.lines("An undo would change (plan "+done.Plan.Digest[:8]+"):", notify.Card(done, notify.Options{}).Diff)
	}
}

func (f findingPage) writeAnswers(p *printer) {
	var lines []string
	for _, a := range f.Answers {
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

func (f findingPage) writeUndos(p *printer) {
	var lines []string
	for _, u := range f.undos {
		lines = append(lines, clock(u.CreatedAt)+"  "+u.ID+"  "+string(u.State)+": "+u.Why)
	}
	p.lines("Undos:", lines)
}

func (f findingPage) writeTimeline(p *printer) {
	var lines []string
	for i, e := range f.Timeline {
		lines = append(lines, fmt.Sprintf("%d  %s  %s%s: %s", i+1, clock(e.At), e.State, by(e.Who), e.What))
	}
	p.lines("Timeline:", lines)
	p.lines("Audit trail:", []string{notify.TrailSays(f.Finding)})
}

func (f findingPage) automatic() string {
	if f.Automatic {
		return ", by policy and not by a person"
	}
	return ""
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " by " + who
}

// clock is a moment to the second, so that lines can be matched with a log.
func clock(t time.Time) string {
	if t.IsZero() {
		return "not yet"
	}
	return t.UTC().Format(time.RFC3339)
}

// lines writes a heading with lines below it, or nothing.
func (p *printer) lines(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	p.line(0, "")
	p.line(0, "%s", title)
	for _, l := range lines {
		p.line(1, "%s", notify.Clean(l))
	}
}
