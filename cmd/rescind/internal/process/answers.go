package process

import (
	"context"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// counter is what takes people's answers in a process, and has on-call paged.
type counter interface {
	slack.Answerer
	slack.Escalator
}

// answers is what records them in this process.
func (a *App) answers(o Options) counter {
	if o.Role == Worker {
		return a.prompt()
	}
	return a.waking()
}

// watched lets demo see what became of each change, and has the sweep do soon
// what is left of it.
type watched struct {
	*App
}

// Handle receives the change, and shows what came of it.
func (h watched) Handle(ctx context.Context, c cloud.Change) (remediate.Outcome, error) {
	ctx, end := h.opts.Telemetry.Span(ctx, "judge")
	out, err := h.Receive(ctx, c)
	end(err, idsOf(out)...)
	if err == nil {
		h.judged(c, out)
	}
	return out, err
}

// judgedLater is judged for a change that was owed, of which the log and the counts were
// told no more than that it is.
func (a *App) judgedLater(c cloud.Change, out remediate.Outcome) {
	a.judged(c, out)
	measured.Counting(a.opts.Count, a.opts.Telemetry.Event)(string(out.Kind))
	a.log.Info("owed change judged", "insert_id", c.InsertID, "resource", c.Resource.String(), "method", c.Method,
		"outcome", string(out.Kind), "findings", idsOf(out))
}

func idsOf(out remediate.Outcome) []string {
	ids := make([]string, 0, len(out.Findings))
	for _, f := range out.Findings {
		ids = append(ids, f.ID)
	}
	return ids
}

// judged has what a change left to do done in time, and shows what came of it.
func (a *App) judged(c cloud.Change, out remediate.Outcome) {
	a.wake(out.Findings...)
	if a.opts.Saw != nil {
		a.opts.Saw(c, out)
	}
}

// answering records what people say, and then has what follows from it done.
type answering struct {
	app  *App
	then func(ctx context.Context, finding string)
}

// waking tells the worker of an answer, so that the person who gave it does not
// wait for the next sweep.
func (a *App) waking() answering {
	return answering{a, func(_ context.Context, id string) { a.answered(id) }}
}

// prompt carries an answer out at once: it came over a topic, so nobody waits
// for it, and on Cloud Run there is no CPU after the request.
func (a *App) prompt() answering { return answering{a, a.finish} }

// Answer records the answer.
func (h answering) Answer(ctx context.Context, id string, ans finding.Answer) (finding.Finding, error) {
	f, err := h.app.Answer(ctx, id, ans)
	return h.done(ctx, f, err)
}

// Page has on-call told of a finding.
func (h answering) Page(ctx context.Context, id, by, via string) (finding.Finding, error) {
	f, err := h.app.Desk().Page(ctx, id, by, via)
	return h.done(ctx, f, err)
}

// RecordSurface notes where a finding is shown.
func (h answering) RecordSurface(ctx context.Context, id string, at finding.Surface) (finding.Finding, error) {
	f, err := h.app.RecordSurface(ctx, id, at)
	return h.done(ctx, f, err)
}

func (h answering) done(ctx context.Context, f finding.Finding, err error) (finding.Finding, error) {
	if err == nil {
		h.then(ctx, f.ID)
	}
	return f, err
}
