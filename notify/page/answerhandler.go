package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// assertionHeader is what an answer's request was signed by.
const assertionHeader = "X-Goog-Iap-Jwt-Assertion"

// decide takes a form. What is refused is shown on the page with the form as it
// was filled in, so that nothing a person typed is lost; only a form that came
// from elsewhere is not shown again, or another site could fill ours in.
func (p *pages) decide(w http.ResponseWriter, r *http.Request, v Visitor) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxForm))
	if err != nil {
		p.sayTo(w, r, v, http.StatusRequestEntityTooLarge, "Too long", "The form is too long. Nothing was decided.")
		return
	}
	if !p.ours(r) {
		p.recordRefusedForm(r, v, decision{}, "the form came from another site")
		p.sayTo(w, r, v, http.StatusForbidden, "Refused", "This form was not sent by a page of rescind. Nothing was decided.")
		return
	}
	f, ok := p.find(w, r, v)
	if !ok {
		return
	}
	d, err := readForm(body)
	switch {
	case err != nil:
		p.recordRefusedForm(r, v, decision{}, "the form could not be read")
		p.sayTo(w, r, v, http.StatusBadRequest, "Refused", "The form could not be read. Nothing was decided.")
	case !p.tokenHolds(r, v, f.ID, d.token):
		p.recordRefusedForm(r, v, d, "the form was made for somebody else, or before they signed in anew")
		p.refuse(w, r, v, f, d, http.StatusForbidden, "this form was made for somebody else, or before you signed in anew. What you typed is still here: look at it, and send it again")
	case p.cfg.Courier != nil:
		p.send(w, r, v, f, d)
	default:
		p.record(w, r, v, f, d)
	}
}

// answerFor is how long an answer may take to be recorded, also when whoever gave it
// has closed the page.
const answerFor = 30 * time.Second

// record has the answer decided in this process.
func (p *pages) record(w http.ResponseWriter, r *http.Request, v Visitor, f finding.Finding, d decision) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), answerFor)
	defer cancel()
	id, _, err := p.cfg.Once(ctx, request(v, r.URL.Path, d.encode()), func(ctx context.Context) (string, error) {
		answered, err := p.cfg.Answers.Answer(ctx, f.ID, d.answer(v, v.SignedAt))
		return answered.ID, err
	})
	var refused *finding.RefusedError
	switch {
	case err == nil:
		p.back(w, r, id, recorded)
	case errors.As(err, &refused):
		p.cfg.Log.InfoContext(r.Context(), "answer refused", "finding", f.ID, "by", v.Principal, "answer", string(d.Choice), "class", string(refused.Class), "why", refused.Why)
		p.refuse(w, r, v, f, d, statusOf(refused.Class), refused.Why)
	default:
		p.cfg.Log.ErrorContext(r.Context(), "answer not recorded", "finding", f.ID, "error", err)
		p.refuse(w, r, v, f, d, http.StatusServiceUnavailable, "your answer could not be stored, and nothing was decided. What you typed is still here: send it again")
	}
}

// statusOf is what a refusal is to a program: whether this person may not, or the
// answer does not fit what is stored.
func statusOf(c finding.RefusedClass) int {
	switch c {
	case finding.ClassNotApprover, finding.ClassIdentity, finding.ClassActor, finding.ClassMisconfigured:
		return http.StatusForbidden
	case finding.ClassUndetermined:
		return http.StatusServiceUnavailable
	}
	return http.StatusConflict
}

// send has the answer travel to the worker, which decides. What it would refuse
// from anybody is said here, where there is still somebody to say it to.
func (p *pages) send(w http.ResponseWriter, r *http.Request, v Visitor, f finding.Finding, d decision) {
	if refusal := p.refusalForAnybody(v, f, d); refusal != nil {
		p.recordRefusal(r, v, f.ID, d, refusal)
		p.refuse(w, r, v, f, d, http.StatusConflict, refusal.Why)
		return
	}
	err := p.cfg.Courier.Send(r.Context(), desk.Signed{
		Kind: desk.SignedByIAP, Path: "/findings/" + f.ID, Body: d.encode(),
		Header: map[string]string{assertionHeader: r.Header.Get(assertionHeader)},
	})
	if err != nil {
		p.cfg.Log.ErrorContext(r.Context(), "answer not sent", "finding", f.ID, "error", err)
		p.refuse(w, r, v, f, d, http.StatusServiceUnavailable, "your answer could not be passed on, and nothing was decided. What you typed is still here: send it again")
		return
	}
	p.cfg.Log.InfoContext(r.Context(), "answer sent", "finding", f.ID, "by", v.Principal, "answer", string(d.Choice))
	p.back(w, r, f.ID, sent)
}

// refusalForAnybody is why the worker would refuse the answer from anybody, as
// far as it can be told from here, or nil.
func (p *pages) refusalForAnybody(v Visitor, f finding.Finding, d decision) *finding.RefusedError {
	switch {
	case !slices.Contains(f.OpenChoices(p.cfg.Now()), d.Choice):
		return &finding.RefusedError{Class: finding.ClassDecided, Why: fmt.Sprintf("the finding is %s, and takes no such answer any more", f.State)}
	case d.Digest != f.DigestFor(d.Choice):
		return &finding.RefusedError{Class: finding.ClassStale, Why: "the plan changed since this page was made; look at the current one"}
	case needsReason(d.Choice) && d.Reason == "":
		return &finding.RefusedError{Class: finding.ClassReason, Why: "this answer takes a reason"}
	case d.Choice == finding.ChooseExempt && d.answer(v, p.cfg.Now()).Until.IsZero():
		return &finding.RefusedError{Class: finding.ClassDuration, Why: "choose for how long the exemption holds"}
	}
	return nil
}

// back leads to the finding's page, so that to load it again sends nothing again.
func (p *pages) back(w http.ResponseWriter, r *http.Request, finding, said string) {
	http.Redirect(w, r, "/findings/"+finding+"?said="+said, http.StatusSeeOther)
}

// refuse shows the finding as it is by now, why the answer does not count, and
// the form as it was filled in.
func (p *pages) refuse(w http.ResponseWriter, r *http.Request, v Visitor, f finding.Finding, d decision, status int, why string) {
	if now, err := p.cfg.Findings.Finding(r.Context(), f.ID); err == nil {
		f = now
	}
	p.showWith(w, r, v, f, &d, status, notice{Title: "Not recorded", Text: sentence(why), Alert: true})
}
