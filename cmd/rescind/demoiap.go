package main

import (
	"context"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/internal/sim/iap"
)

const demoIAPAudience = "/projects/264172533001/locations/europe-west1/services/rescind-page"

// startIAP puts a simulated Identity-Aware Proxy in front of rescind's pages,
// which are at the address of the demo's own. Without one there are none.
func (d *demo) startIAP(ctx context.Context, c *config) error {
	if d.base == "" {
		return nil
	}
	var err error
	if d.iap, err = iap.New(demoIAPAudience, []string{"ada@example.com", "bob@example.com", "eve@example.com"}, time.Now); err != nil {
		return err
	}
	keys, err := d.serve(ctx, d.iap.JWKS())
	if err != nil {
		return err
	}
	c.IAP, c.BaseURL = iapConfig{Audience: demoIAPAudience, CertsURL: keys}, d.base
	return c.Validate()
}

// addPages adds rescind's pages behind the proxy, and the page on which people
// say who they are.
func (d *demo) addPages(mux *http.ServeMux) {
	if d.iap == nil {
		return
	}
	mux.Handle("/findings", d.iap.Protect(d.app.routes))
	mux.Handle("/findings/", d.iap.Protect(d.app.routes))
	mux.Handle(iap.SignInPath, d.iap.SignIn())
}
