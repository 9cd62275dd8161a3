package sandbox

import (
	"context"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/internal/sim/iap"
)

const iapAudience = "/projects/264172533001/locations/europe-west1/services/rescind-page"

// startIAP puts a simulated Identity-Aware Proxy in front of rescind's pages,
// which are at the address of whatever shows the world. Without one there are
// none.
func (w *World) startIAP(ctx context.Context, c *config.Config) error {
	if w.base == "" {
		return nil
	}
	var err error
	if w.IAP, err = iap.New(iapAudience, []string{"ada@example.com", "bob@example.com", "eve@example.com"}, time.Now); err != nil {
		return err
	}
	keys, err := w.serve(ctx, w.IAP.JWKS())
	if err != nil {
		return err
	}
	c.IAP, c.BaseURL = config.IAP{Audience: iapAudience, CertsURL: keys}, w.base
	return c.Validate()
}

// AddPages adds rescind's pages behind the proxy, and the page on which people
// say who they are.
func (w *World) AddPages(mux *http.ServeMux) {
	if w.IAP == nil {
		return
	}
	mux.Handle("/findings", w.IAP.Protect(w.App.Handler()))
	mux.Handle("/findings/", w.IAP.Protect(w.App.Handler()))
	mux.Handle(iap.SignInPath, w.IAP.SignIn())
}
