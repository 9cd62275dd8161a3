package page

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// refusedPath begins the path of what a process without a ledger passes on to
// one that has it: that somebody's answer was turned away.
const refusedPath = "/refused/"

// turnedAway logs, and has taken down, that a form was refused whatever it says.
func (p *pages) turnedAway(r *http.Request, v Visitor, d decision, why string) {
	p.Log.WarnContext(r.Context(), "form refused", "path", r.URL.Path, "by", v.Principal, "error", why)
	if id := r.PathValue("id"); findingID.MatchString(id) {
		p.takeDown(r, v, id, d, &finding.RefusedError{Class: finding.ClassInvalid, Why: why})
	}
}

// takeDown has a refusal recorded, here or by the worker. It is no part of the
// answer, so it cannot fail it.
func (p *pages) takeDown(r *http.Request, v Visitor, id string, d decision, no *finding.RefusedError) {
	d.Choice = cmp.Or(d.Choice, "form")
	switch {
	case p.Refused != nil:
		p.Refused(r.Context(), id, d.answer(v, p.Now()), string(no.Class), no.Why)
	case p.Courier != nil:
		body := url.Values{"choice": {string(d.Choice)}, "digest": {d.Digest}, "class": {string(no.Class)}, "why": {no.Why}}
		err := p.Courier.Send(r.Context(), remediate.Signed{
			Kind: remediate.SignedByIAP, Path: refusedPath + id, Body: []byte(body.Encode()),
			Header: map[string]string{assertionHeader: r.Header.Get(assertionHeader)},
		})
		if err != nil {
			p.Log.WarnContext(r.Context(), "refusal not passed on", "finding", id, "by", v.Principal, "why", no.Why, "error", err)
		}
	}
}

// refused takes down a refusal that travelled. That it was one is as good as the
// word of whoever may publish; whose it was is signed.
func (t Taker) refused(ctx context.Context, v Visitor, s remediate.Signed) bool {
	id, ok := strings.CutPrefix(s.Path, refusedPath)
	fields, err := url.ParseQuery(string(s.Body))
	if !ok || err != nil || !findingID.MatchString(id) || s.Kind != remediate.SignedByIAP {
		return false
	}
	t.takeDown(ctx, id, finding.Answer{
		Choice: finding.Choice(fields.Get("choice")), Principal: v.Principal, Via: "iap:" + v.Subject, Digest: fields.Get("digest"),
	}, fields.Get("class"), fields.Get("why"))
	return true
}

func (t Taker) takeDown(ctx context.Context, id string, a finding.Answer, class, why string) {
	if t.Refused != nil {
		t.Refused(ctx, id, a, class, why)
	}
}
