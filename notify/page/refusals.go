package page

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// refusedPath begins the path of what a process without a ledger passes on to
// one that has it: that somebody's answer was refused.
const refusedPath = "/refused/"

// recordRefusedForm logs and records that a form was refused whatever it says.
func (p *pages) recordRefusedForm(r *http.Request, v Visitor, d decision, why string) {
	p.cfg.Log.WarnContext(r.Context(), "form refused", "path", r.URL.Path, "by", v.Principal, "error", why)
	if id := r.PathValue("id"); findingID.MatchString(id) {
		p.recordRefusal(r, v, id, d, &finding.RefusedError{Class: finding.ClassInvalid, Why: why})
	}
}

// recordRefusal has a refusal recorded, here or by the worker. It is no part of
// the answer, so it cannot fail it.
func (p *pages) recordRefusal(r *http.Request, v Visitor, id string, d decision, refusal *finding.RefusedError) {
	d.Choice = cmp.Or(d.Choice, "form")
	switch {
	case p.cfg.RecordRefusal != nil:
		p.cfg.RecordRefusal(r.Context(), id, d.answer(v, p.cfg.Now()), string(refusal.Class), refusal.Why)
	case p.cfg.Courier != nil:
		body := url.Values{"choice": {string(d.Choice)}, "digest": {d.Digest}, "class": {string(refusal.Class)}, "why": {refusal.Why}}
		err := p.cfg.Courier.Send(r.Context(), desk.Signed{
			Kind: desk.SignedByIAP, Path: refusedPath + id, Body: []byte(body.Encode()),
			Header: map[string]string{assertionHeader: r.Header.Get(assertionHeader)},
		})
		if err != nil {
			p.cfg.Log.WarnContext(r.Context(), "refusal not passed on", "finding", id, "by", v.Principal, "why", refusal.Why, "error", err)
		}
	}
}

// takeRefusal records a refusal that travelled, and reports whether it was one.
// That it was is as good as the word of whoever may publish; whose it was is
// signed.
func (t *Taker) takeRefusal(ctx context.Context, v Visitor, s desk.Signed) bool {
	id, ok := strings.CutPrefix(s.Path, refusedPath)
	fields, err := url.ParseQuery(string(s.Body))
	if !ok || err != nil || !findingID.MatchString(id) || s.Kind != desk.SignedByIAP {
		return false
	}
	t.recordRefusal(ctx, id, finding.Answer{
		Choice: finding.Choice(fields.Get("choice")), Principal: v.Principal, Via: "iap:" + v.Subject, Digest: fields.Get("digest"),
	}, fields.Get("class"), fields.Get("why"))
	return true
}

func (t *Taker) recordRefusal(ctx context.Context, id string, a finding.Answer, class, why string) {
	if t.cfg.RecordRefusal != nil {
		t.cfg.RecordRefusal(ctx, id, a, class, why)
	}
}
