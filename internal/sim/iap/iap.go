// Package iap is a simulated Identity-Aware Proxy, for the demo and for tests.
//
// It signs its assertions as Google does, takes off what a visitor sent under
// its own headers' names, and knows no access policy: everybody is let in who
// says to be one of its people, and nobody is asked for a password.
package iap

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"html/template"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/sim/jwt"
)

// assertionHeader is what the proxy adds, signed, beside the unsigned headers that it
// adds as well. https://cloud.google.com/iap/docs/signed-headers-howto
const assertionHeader = "X-Goog-Iap-Jwt-Assertion"

// cookieName remembers in the browser whom it signed in as.
const cookieName = "sim-iap"

// Proxy stands in front of a service: it asks who somebody is, takes off every
// X-Goog header of theirs, and signs its own. It believes everybody, but for
// that they can only be one of its people.
type Proxy struct {
	audience string
	people   []string
	now      func() time.Time
	key      *jwt.Key
}

// New returns a proxy with a new key, for a service that expects the audience
// and for people of these e-mails.
func New(audience string, people []string, now func() time.Time) (*Proxy, error) {
	if audience == "" || now == nil {
		return nil, errors.New("simulated IAP: an audience and a clock are required")
	}
	key, err := jwt.NewES256()
	if err != nil {
		return nil, fmt.Errorf("simulated IAP: %w", err)
	}
	return &Proxy{audience, people, now, key}, nil
}

// Subject is the stable id of somebody's account.
func (p *Proxy) Subject(email string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	return "accounts.google.com:1" + new(big.Int).SetBytes(sum[:8]).String()
}

// Assertion signs that a request is somebody's, for the ten minutes that IAP's
// assertions live.
func (p *Proxy) Assertion(email string) (string, error) {
	now := p.now()
	_, domain, _ := strings.Cut(email, "@")
	return p.key.Sign(map[string]any{
		"iss": "https://cloud.google.com/iap", "aud": p.audience, "azp": p.audience, "sub": p.Subject(email), "email": email, "hd": domain,
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(), "identity_source": "GOOGLE",
	})
}

// JWKS serves the public key, as https://www.gstatic.com/iap/verify/public_key-jwk
// does Google's.
func (p *Proxy) JWKS() http.Handler { return p.key.JWKS() }

// Protect puts the proxy in front of next. Whoever is not signed in is sent to
// SignInPath.
func (p *Proxy) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := r.Cookie(cookieName)
		if err != nil || !slices.Contains(p.people, who.Value) {
			http.Redirect(w, r, SignInPath+"?to="+template.URLQueryEscaper(r.URL.Path), http.StatusSeeOther) //nolint:gosec // a path of this host; SignIn checks it
			return
		}
		assertion, err := p.Assertion(who.Value)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		r = r.Clone(r.Context())
		for name := range r.Header {
			if strings.HasPrefix(name, "X-Goog-") {
				r.Header.Del(name)
			}
		}
		r.Header.Set(assertionHeader, assertion)
		r.Header.Set("X-Goog-Authenticated-User-Email", "accounts.google.com:"+who.Value)
		r.Header.Set("X-Goog-Authenticated-User-Id", p.Subject(who.Value))
		next.ServeHTTP(w, r)
	})
}

// SignInPath is where SignIn has to be served.
const SignInPath = "/iap"

var signInPage = template.Must(template.New("sign in").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Sign in (simulated)</title>
<h1>Who are you?</h1>
<p>This page stands for Google's sign-in in front of Identity-Aware Proxy. Nobody checks what you say.</p>
<form method="post" action="` + SignInPath + `"><input type="hidden" name="to" value="{{.To}}">{{range .People}}
<p><button name="as" value="{{.}}">{{.}}</button></p>{{end}}
</form></html>
`))

// SignIn serves the page on which somebody says who they are.
func (p *Proxy) SignIn() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<12)
		to := r.FormValue("to")
		if !strings.HasPrefix(to, "/findings") {
			to = "/findings"
		}
		if r.Method != http.MethodPost {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
			_ = signInPage.Execute(w, struct {
				To     string
				People []string
			}{to, p.people})
			return
		}
		http.SetCookie(w, &http.Cookie{Name: cookieName, Value: r.PostFormValue("as"), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}) //nolint:gosec // over http, on this machine alone
		http.Redirect(w, r, to, http.StatusSeeOther)                                                                                               //nolint:gosec // a path of this host
	})
}
