package page

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// What a page says after an answer, as a word in its address: an address must
// not put words of its own on a page.
const (
	recorded = "recorded"
	sent     = "sent"
)

func noticeOf(said string) notice {
	switch said {
	case recorded:
		return notice{Title: "Recorded", Text: "Your answer is recorded under “Answers” below."}
	case sent:
		return notice{Title: "Recorded", Text: "Your answer takes effect within seconds. Load this page again to see it under “Answers”. If it does not come to stand there, it was refused when it was checked again."}
	}
	return notice{}
}

func (p *pages) show(w http.ResponseWriter, r *http.Request, v Visitor) {
	if f, ok := p.find(w, r, v); ok {
		p.showWith(w, r, v, f, nil, http.StatusOK, noticeOf(r.URL.Query().Get("said")))
	}
}

// showWith shows the finding, with a form as it was filled in, if one was.
func (p *pages) showWith(w http.ResponseWriter, r *http.Request, v Visitor, f finding.Finding, d *decision, status int, n notice) {
	undos, err := p.undosOf(r.Context(), f)
	if err != nil {
		p.broken(w, r, v, err)
		return
	}
	view := p.viewOf(f, undos)
	view.frame = frameOf(view.Card.Headline, v)
	view.Notice = n
	view.Token = formToken(p.keepSecret(w, r), v, f.ID)
	for _, c := range f.OpenChoices(p.cfg.Now()) {
		p.offer(r.Context(), &view, f, c, undos)
	}
	if d != nil {
		view.fillIn(*d)
	}
	p.render(w, r, status, "finding", view)
}

// offer adds the form of one answer that the finding takes, or says why there
// is none.
func (p *pages) offer(ctx context.Context, view *findingView, f finding.Finding, c finding.Choice, undos []finding.Finding) {
	form := formOf(f, c)
	switch c {
	case finding.ChooseUndo:
		if f.UndoOf == "" && !f.UndoPlan().Executable() {
			return // the desk refuses an undo that leaves open what to write
		}
		for _, u := range undos {
			if !u.State.Ended() {
				view.Note = "An undo of this revert is under way; its record is under “Undos” below."
			}
			if !u.State.Ended() || u.State == state.Undone {
				return
			}
		}
	case finding.ChooseExempt:
		if p.cfg.Preview == nil {
			return
		}
		preview, err := p.cfg.Preview(ctx, f.ID)
		var refused *finding.RefusedError
		switch {
		case errors.As(err, &refused):
			return
		case err != nil:
			p.cfg.Log.ErrorContext(ctx, "exemption not previewed", "finding", f.ID, "error", err)
			view.Note = "What an exemption would cover could not be looked up right now, so none is offered. Load the page again in a minute."
			return
		}
		form.Preview = previewOf(preview)
	}
	view.Forms = append(view.Forms, form)
}

// mostUndos is how many findings near an undone one are looked through.
const mostUndos = 100

// undosOf are the records that undo the finding, or tried to. Where rescind wrote
// nothing there is nothing to look for.
func (p *pages) undosOf(ctx context.Context, f finding.Finding) ([]finding.Finding, error) {
	if len(f.Done) == 0 {
		return nil, nil
	}
	near, err := p.cfg.Findings.Findings(ctx, finding.Query{Resource: f.Resource, Policy: f.Policy, Since: f.CreatedAt, Limit: mostUndos})
	if _, err = fault.Readable(err); err != nil {
		return nil, fmt.Errorf("look up undos of %s: %w", f.ID, err)
	}
	return slices.DeleteFunc(near, func(u finding.Finding) bool { return u.UndoOf != f.ID }), nil
}
