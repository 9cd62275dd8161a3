package process

import (
	"cmp"
	"net/http"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/auditlog"
)

func (a *App) newRoutes(c config.Config, w World) (http.Handler, error) {
	oidc, err := newOIDC(c, w, c.Push.ServiceAccount)
	if err != nil {
		return nil, err
	}
	sweeper, err := newOIDC(c, w, cmp.Or(c.Push.SweepAccount, c.Push.ServiceAccount))
	if err != nil {
		return nil, err
	}
	events, err := functions.NewEvents(functions.EventsConfig{
		Decode: auditlog.Decode, Handler: watched{a, w.Saw}, Log: w.Log, Verifier: oidc, Count: w.Count,
	})
	if err != nil {
		return nil, err
	}
	routes := functions.Routes{
		Events: events, Sweep: functions.RequireToken(sweeper, w.Log, http.HandlerFunc(a.serveSweep)), Log: w.Log,
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
	if w.Role == Worker {
		return mux, nil
	}
	return mux, addPages(mux, c, w, a.Store, a.waking(), nil, a.Desk().Refused)
}

// newAnswers takes the answers that travelled, each verified again by whoever
// knows who signed it.
func newAnswers(c config.Config, w World, takes map[string]functions.Take) (http.Handler, error) {
	sender, err := newOIDC(c, w, cmp.Or(c.Push.AnswersAccount, c.Push.ServiceAccount))
	if err != nil {
		return nil, err
	}
	return functions.NewAnswers(functions.AnswersConfig{
		Takes: takes, Log: w.Log, Verifier: sender, Count: w.Count,
	})
}

func newOIDC(c config.Config, w World, account string) (*functions.OIDC, error) {
	return functions.NewOIDC(functions.OIDCConfig{Audience: c.Push.Audience, Email: account, CertsURL: c.Push.CertsURL, Now: w.Now})
}
