package page

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
)

// parseOrigin reads where the pages are: https, or http on this machine alone,
// and nothing after the host, as paths are fixed. Nothing stays nothing.
func parseOrigin(base string) (url.URL, error) {
	if base == "" {
		return url.URL{}, nil
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return url.URL{}, errors.New("pages: the base URL is not of the form https://HOST")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return url.URL{}, errors.New("pages: the base URL is neither https nor on this machine")
	}
	return url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// CheckBaseURL says what keeps the URL from being where pages are, or nil; also
// for none.
func CheckBaseURL(base string) error {
	_, err := parseOrigin(base)
	return err
}

// ours reports whether a page of ours sent the form. Browsers say so in
// Sec-Fetch-Site, older ones in Origin alone; a request with neither is no
// browser's. Under our own Referrer-Policy, no-referrer, an Origin reads "null",
// and so says nothing beside the other header.
// https://fetch.spec.whatwg.org/#append-a-request-origin-header
func (p *pages) ours(r *http.Request) bool {
	site, origin := r.Header.Values("Sec-Fetch-Site"), r.Header.Values("Origin")
	if len(site) > 1 || len(origin) > 1 {
		return false
	}
	want := p.origin.String()
	if want == "" {
		want = "https://" + r.Host
	}
	same := len(origin) == 1 && origin[0] == want
	if len(site) == 0 {
		return same
	}
	return site[0] == "same-origin" && (same || len(origin) == 0 || origin[0] == "null")
}

// A form carries a token that only a page of ours can have put there: the HMAC,
// under a secret in the browser's own cookie, of who the page was made for and
// the finding it shows. So there is no key that instances would have to share,
// or that would have to be configured and rotated. Another site can neither read
// the cookie nor set it: a name that begins with __Host- is taken only from this
// very host over https, not from one beside it in the same domain.
// https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes

func (p *pages) cookieName() string {
	if p.origin.Scheme == "http" { // this machine alone; no browser takes the prefix there
		return "rescind"
	}
	return "__Host-rescind"
}

// secret is the browser's, or "" where it has none.
func (p *pages) secret(r *http.Request) string {
	c, err := r.Cookie(p.cookieName())
	if err != nil || len(c.Value) != len(rand.Text()) {
		return ""
	}
	return c.Value
}

// keepSecret returns the browser's secret, and gives it one if it has none.
// SameSite is Lax and not Strict, or whoever comes by a link from Slack would be
// given another secret, and pages that are open elsewhere would be void.
func (p *pages) keepSecret(w http.ResponseWriter, r *http.Request) string {
	if s := p.secret(r); s != "" {
		return s
	}
	s := rand.Text()
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // without TLS on this machine alone
		Name: p.cookieName(), Value: s, Path: "/", HttpOnly: true, Secure: p.origin.Scheme != "http", SameSite: http.SameSiteLaxMode,
	})
	return s
}

func formToken(secret string, v Visitor, finding string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("rescind form\x00" + v.Subject + "\x00" + finding))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// tokenHolds reports whether the form was made for this browser, this person
// and this finding.
func (p *pages) tokenHolds(r *http.Request, v Visitor, finding, token string) bool {
	s := p.secret(r)
	return s != "" && hmac.Equal([]byte(token), []byte(formToken(s, v, finding)))
}
