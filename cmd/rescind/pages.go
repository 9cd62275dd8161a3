package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/store"
	pages "github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/remediate"
)

// addPages adds the pages behind IAP to what a process serves, if there are any:
// without iap.audience their paths answer 404. Answers are recorded here, or go
// to the worker by courier; one of the two is nil.
func addPages(mux *http.ServeMux, c config, w world, st remediate.Store, answers pages.Answerer, courier remediate.Courier, refused pages.Refused) error {
	if c.IAP.Audience == "" {
		return nil
	}
	gate, err := newGate(c, w)
	if err != nil {
		return err
	}
	h, err := pages.New(pages.Config{
		Gate: gate, Findings: st, Answers: answers, Courier: courier, Refused: refused,
		Preview: remediate.Desk{Store: st, Now: w.now}.Preview,
		BaseURL: c.BaseURL, OnExpiry: remediate.Expiry(c.Approvals.OnExpiry), Now: w.now, Log: w.log,
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
func (a *app) addPageTaker(takes map[string]functions.Take, c config, w world) error {
	if c.IAP.Audience == "" {
		return nil
	}
	gate, err := newGate(c, w)
	if err != nil {
		return err
	}
	takes[remediate.SignedByIAP] = pages.Taker{Gate: gate, Answers: a.answers(w), Refused: a.Desk().Refused, Log: w.log}.Take
	return nil
}

// newPageFront is a process with the pages alone. It reads the store and writes
// nothing to it; what people answer travels to the worker.
func newPageFront(ctx context.Context, c config, w world) (*front, error) {
	f, courier, err := newFront(ctx, c, w)
	if err != nil {
		return nil, err
	}
	st := w.store
	if st == nil {
		if st, f.store, err = store.Open(c.Store); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	mux := functions.NewMux(functions.Routes{Log: w.log})
	if err := addPages(mux, c, w, st, nil, courier, nil); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	f.routes = mux
	return f, nil
}

// newGate tells the pages who somebody is, in the configuration's spelling of
// their name where it has one.
func newGate(c config, w world) (pages.Gate, error) {
	iap, err := functions.NewIAP(functions.IAPConfig{Audience: c.IAP.Audience, CertsURL: c.IAP.CertsURL, Now: w.now})
	if err != nil {
		return nil, fmt.Errorf("iap: %w", err)
	}
	return func(ctx context.Context, h http.Header, at time.Time) (pages.Visitor, error) {
		v, err := iap.Verify(ctx, h, at)
		if errors.Is(err, functions.ErrInvalidToken) {
			err = fmt.Errorf("%w: %w", pages.ErrStranger, err)
		}
		return pages.Visitor{Principal: c.Approvals.spelled(v.Principal), Subject: v.Subject}, err
	}, nil
}

// spelled is the principal as the configuration spells it, or as it is: mail
// servers and IAM do not tell the case of addresses apart, and the list of
// approvers does.
func (a approvalsConfig) spelled(principal string) string {
	for _, known := range a.Approvers.Users {
		if strings.EqualFold(known, principal) {
			return known
		}
	}
	return principal
}
