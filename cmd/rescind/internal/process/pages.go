package process

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/functions"
	pages "github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
)

// addPages adds the pages behind IAP to what a process serves, if there are any:
// without iap.audience their paths answer 404. Answers are recorded here, or go
// to the worker by courier; one of the two is nil.
func addPages(mux *http.ServeMux, c config.Config, o Options, st remediate.Store, answers pages.Answerer, once pages.Once, courier desk.Courier, refused pages.RecordRefusal) error {
	if c.IAP.Audience == "" {
		return nil
	}
	gate, err := newGate(c, o)
	if err != nil {
		return err
	}
	h, err := pages.New(pages.Config{
		Gate: gate, Findings: st, Answers: answers, Once: once, Courier: courier, RecordRefusal: refused,
		Preview: desk.Desk{Store: st, Now: o.Now}.Preview,
		BaseURL: c.BaseURL, OnExpiry: remediate.Expiry(c.Approvals.OnExpiry), Now: o.Now, Log: o.Log,
	})
	if err != nil {
		return err
	}
	mux.Handle("/findings", h)
	mux.Handle("/findings/", h)
	return nil
}

// addPageTaker adds what the worker does with the answers that pages in another
// process sent.
func (a *App) addPageTaker(takes map[string]functions.Take, c config.Config, o Options) error {
	if c.IAP.Audience == "" {
		return nil
	}
	gate, err := newGate(c, o)
	if err != nil {
		return err
	}
	t, err := pages.NewTaker(pages.TakerConfig{Gate: gate, Answers: a.answers(o), Once: a.Desk().Once, RecordRefusal: a.Desk().Refused, Log: o.Log})
	if err != nil {
		return err
	}
	takes[desk.SignedByIAP] = t.Take
	return nil
}

// newGate tells the pages who somebody is, in the configuration's spelling of
// their name where it has one.
func newGate(c config.Config, o Options) (pages.Gate, error) {
	iap, err := functions.NewIAP(functions.IAPConfig{Audience: c.IAP.Audience, CertsURL: c.IAP.CertsURL, Now: o.Now})
	if err != nil {
		return nil, fmt.Errorf("iap: %w", err)
	}
	return func(ctx context.Context, h http.Header, at time.Time) (pages.Visitor, error) {
		v, err := iap.Verify(ctx, h, at)
		if errors.Is(err, functions.ErrInvalidToken) {
			err = fmt.Errorf("%w: %w", pages.ErrStranger, err)
		}
		return pages.Visitor{Principal: c.Approvals.Spelled(v.Principal), Subject: v.Subject, SignedAt: v.SignedAt, Signed: v.Signed}, err
	}, nil
}
