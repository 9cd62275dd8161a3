package main

import (
	"context"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// desk is what takes people's answers in a process, and has on-call paged.
type desk interface {
	slack.Answerer
	slack.Escalator
}

// answers is what records them in this process.
func (a *app) answers(w world) desk {
	if w.role == roleWorker {
		return prompt{a}
	}
	return waking{a}
}

// watched lets demo see what became of each change, and has the sweep do soon
// what is left of it.
type watched struct {
	*app
	saw func(cloud.Change, remediate.Outcome)
}

// Handle handles the change, and shows what came of it.
func (h watched) Handle(ctx context.Context, c cloud.Change) (remediate.Outcome, error) {
	out, err := h.app.Handle(ctx, c)
	h.wake(out.Findings...)
	if err == nil && h.saw != nil {
		h.saw(c, out)
	}
	return out, err
}

// waking tells the worker of an answer, so that the person who gave it does not
// wait for the next sweep.
type waking struct{ *app }

// Answer records the answer and wakes the worker.
func (h waking) Answer(ctx context.Context, id string, ans remediate.Answer) (remediate.Finding, error) {
	f, err := h.app.Answer(ctx, id, ans)
	if err == nil {
		h.app.answered(f.ID)
	}
	return f, err
}

// Page has on-call told of a finding, and wakes the worker.
func (h waking) Page(ctx context.Context, id, by, via string) (remediate.Finding, error) {
	f, err := h.app.Desk().Page(ctx, id, by, via)
	if err == nil {
		h.app.answered(f.ID)
	}
	return f, err
}

// Shown notes where a finding is shown, and wakes the worker.
func (h waking) Shown(ctx context.Context, id string, at remediate.Surface) (remediate.Finding, error) {
	f, err := h.app.Shown(ctx, id, at)
	if err == nil {
		h.app.answered(f.ID)
	}
	return f, err
}

// prompt carries an answer out at once: it came over a topic, so nobody waits
// for it, and on Cloud Run there is no CPU after the request.
type prompt struct{ *app }

// Answer records the answer and does what follows from it.
func (p prompt) Answer(ctx context.Context, id string, ans remediate.Answer) (remediate.Finding, error) {
	f, err := p.app.Answer(ctx, id, ans)
	if err == nil {
		p.finish(ctx, f.ID)
	}
	return f, err
}

// Page has on-call told of a finding at once.
func (p prompt) Page(ctx context.Context, id, by, via string) (remediate.Finding, error) {
	f, err := p.app.Desk().Page(ctx, id, by, via)
	if err == nil {
		p.finish(ctx, f.ID)
	}
	return f, err
}

// Shown notes where a finding is shown, and draws it there.
func (p prompt) Shown(ctx context.Context, id string, at remediate.Surface) (remediate.Finding, error) {
	f, err := p.app.Shown(ctx, id, at)
	if err == nil {
		p.finish(ctx, f.ID)
	}
	return f, err
}

// finish leaves to the sweep what cannot be done now.
func (p prompt) finish(ctx context.Context, id string) {
	f, err := p.app.Work(ctx, id)
	if err != nil {
		p.log.ErrorContext(ctx, "work on finding", "finding", id, "error", err.Error())
	}
	p.wake(f)
}
