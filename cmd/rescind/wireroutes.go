package main

import (
	"cmp"
	"net/http"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/auditlog"
)

func (a *app) newRoutes(c config, w world) (http.Handler, error) {
	oidc, err := newOIDC(c, w, c.Push.ServiceAccount)
	if err != nil {
		return nil, err
	}
	sweeper, err := newOIDC(c, w, cmp.Or(c.Push.SweepAccount, c.Push.ServiceAccount))
	if err != nil {
		return nil, err
	}
	events, err := functions.NewEvents(functions.EventsConfig{
		Decode: auditlog.Decode, Handler: watched{a, w.saw}, Log: w.log, Verifier: oidc, Count: w.count,
	})
	if err != nil {
		return nil, err
	}
	routes := functions.Routes{
		Events: events, Sweep: functions.RequireToken(sweeper, w.log, http.HandlerFunc(a.serveSweep)), Log: w.log,
	}
	takes := map[string]functions.Take{}
	if err := a.addSlack(&routes, takes, c, w); err != nil {
		return nil, err
	}
	if err := a.addPageTaker(takes, c, w); err != nil {
		return nil, err
	}
	if c.AnswersTopic != "" && len(takes) > 0 {
		if routes.Answers, err = newAnswers(c, w, takes); err != nil {
			return nil, err
		}
	}
	mux := functions.NewMux(routes)
	if w.role == roleWorker {
		return mux, nil
	}
	return mux, addPages(mux, c, w, a.Store, a.waking(), nil, a.Desk().Refused)
}

// newAnswers takes the answers that travelled, each verified again by whoever
// knows who signed it.
func newAnswers(c config, w world, takes map[string]functions.Take) (http.Handler, error) {
	sender, err := newOIDC(c, w, cmp.Or(c.Push.AnswersAccount, c.Push.ServiceAccount))
	if err != nil {
		return nil, err
	}
	return functions.NewAnswers(functions.AnswersConfig{
		Takes: takes, Log: w.log, Verifier: sender, Count: w.count,
	})
}

func newOIDC(c config, w world, account string) (*functions.OIDC, error) {
	return functions.NewOIDC(functions.OIDCConfig{Audience: c.Push.Audience, Email: account, CertsURL: c.Push.CertsURL, Now: w.now})
}
