package sim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"time"
)

// iapHeader is what the proxy adds, signed, beside the unsigned headers that it
// adds as well. https://cloud.google.com/iap/docs/signed-headers-howto
const iapHeader = "X-Goog-Iap-Jwt-Assertion"

// iapCookie remembers in the browser whom it signed in as.
const iapCookie = "sim-iap"

// IAP stands in front of a service as Identity-Aware Proxy does: it asks who
// somebody is, takes off every X-Goog header of theirs, and signs its own. It
// believes everybody, but for that they can only be one of its people.
type IAP struct {
	audience string
	people   []string
	now      func() time.Time
	key      *ecdsa.PrivateKey
}

// NewIAP returns a proxy with a new key, for a service that expects the audience
// and for people of these e-mails.
func NewIAP(audience string, people []string, now func() time.Time) (*IAP, error) {
	if audience == "" || now == nil {
		return nil, errors.New("simulated IAP: an audience and a clock are required")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make IAP's key: %w", err)
	}
	return &IAP{audience, people, now, key}, nil
}

// Subject is the stable id of somebody's account.
func (i *IAP) Subject(email string) string {
	sum := sha256.Sum256([]byte(strings.ToLower(email)))
	return "accounts.google.com:1" + new(big.Int).SetBytes(sum[:8]).String()
}

// Assertion signs that a request is somebody's, for the ten minutes that IAP's
// assertions live.
func (i *IAP) Assertion(email string) (string, error) {
	now := i.now()
	_, domain, _ := strings.Cut(email, "@")
	claims := map[string]any{
		"iss": "https://cloud.google.com/iap", "aud": i.audience, "azp": i.audience, "sub": i.Subject(email), "email": email, "hd": domain,
		"iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(), "identity_source": "GOOGLE",
	}
	var parts []string
	for _, v := range []any{map[string]string{"alg": "ES256", "kid": keyID, "typ": "JWT"}, claims} {
		b, err := json.Marshal(v)
		if err != nil {
			return "", fmt.Errorf("write the assertion: %w", err)
		}
		parts = append(parts, base64.RawURLEncoding.EncodeToString(b))
	}
	text := strings.Join(parts, ".")
	digest := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, i.key, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign the assertion: %w", err)
	}
	signature := make([]byte, 64)
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// JWKS serves the public key, as https://www.gstatic.com/iap/verify/public_key-jwk
// does Google's.
func (i *IAP) JWKS() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		point, err := i.key.PublicKey.Bytes() // 4, then the two coordinates
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		writeBody(w, http.StatusOK, map[string]any{"keys": []any{map[string]string{
			"alg": "ES256", "crv": "P-256", "kid": keyID, "kty": "EC", "use": "sig",
			"x": base64.RawURLEncoding.EncodeToString(point[1:33]), "y": base64.RawURLEncoding.EncodeToString(point[33:]),
		}}})
	})
}

// Protect puts the proxy in front of next. Whoever is not signed in is sent to
// SignInPath.
func (i *IAP) Protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := r.Cookie(iapCookie)
		if err != nil || !slices.Contains(i.people, who.Value) {
			http.Redirect(w, r, SignInPath+"?to="+template.URLQueryEscaper(r.URL.Path), http.StatusSeeOther) //nolint:gosec // a path of this host; SignIn checks it
			return
		}
		assertion, err := i.Assertion(who.Value)
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
		r.Header.Set(iapHeader, assertion)
		r.Header.Set("X-Goog-Authenticated-User-Email", "accounts.google.com:"+who.Value)
		r.Header.Set("X-Goog-Authenticated-User-Id", i.Subject(who.Value))
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
func (i *IAP) SignIn() http.Handler {
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
			}{to, i.people})
			return
		}
		http.SetCookie(w, &http.Cookie{Name: iapCookie, Value: r.PostFormValue("as"), Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}) //nolint:gosec // over http, on this machine alone
		http.Redirect(w, r, to, http.StatusSeeOther)                                                                                              //nolint:gosec // a path of this host
	})
}
