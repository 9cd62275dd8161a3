package process

import (
	"cmp"
	"net/http"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/auditlog"
)

func (a *App) newRoutes(c config.Config, o Options) (http.Handler, error) {
	oidc, err := newOIDC(c, o, c.Push.ServiceAccount)
	if err != nil {
		return nil, err
	}
	sweeper, err := newOIDC(c, o, cmp.Or(c.Push.SweepAccount, c.Push.ServiceAccount))
	if err != nil {
		return nil, err
	}
	events, err := functions.NewEvents(functions.EventsConfig{
		Decode: auditlog.Decode, Handler: watched{a}, Log: o.Log, Verifier: oidc, Count: measured.Counting(o.Count, o.Telemetry.Event),
	})
	if err != nil {
		return nil, err
	}
	routes := functions.Routes{
		Events: events, Sweep: functions.RequireToken(sweeper, o.Log, http.HandlerFunc(a.serveSweep)), Log: o.Log,
	}
	takes := map[string]functions.Take{}
	if err := a.addSlack(&routes, takes, c, o); err != nil {
		return nil, err
	}
	if err := a.addPageTaker(takes, c, o); err != nil {
		return nil, err
	}
	if c.AnswersTopic != "" && len(takes) > 0 {
		if routes.Answers, err = newAnswers(c, o, takes); err != nil {
			return nil, err
		}
	}
	mux := functions.NewMux(routes)
	if o.Role == Worker {
		return mux, nil
	}
	return mux, addPages(mux, c, o, a.store, a.waking(), a.Desk().Once, nil, a.Desk().Refused)
}

// newAnswers takes the answers that travelled, each verified again by whoever
// knows who signed it.
func newAnswers(c config.Config, o Options, takes map[string]functions.Take) (http.Handler, error) {
	sender, err := newOIDC(c, o, c.Push.AnswersAccount)
	if err != nil {
		return nil, err
	}
	return functions.NewAnswers(functions.AnswersConfig{
		Takes: takes, Log: o.Log, Verifier: sender, Count: measured.Counting(o.Count, o.Telemetry.Answer),
	})
}

func newOIDC(c config.Config, o Options, account string) (*functions.OIDC, error) {
	return functions.NewOIDC(functions.OIDCConfig{Audience: c.Push.Audience, Email: account, CertsURL: c.Push.CertsURL, Now: o.Now})
}
