package iap_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/sim/iap"
)

// The receiver's own check is what a simulated assertion has to pass.
func TestTheProxySignsWhoSomebodySaidTheyAre(t *testing.T) {
	proxy, err := iap.New("/projects/1/x", []string{"ada@example.com", "bob@example.com"}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	keys := httptest.NewServer(proxy.JWKS())
	defer keys.Close()
	verifier, err := functions.NewIAP(functions.IAPConfig{Audience: "/projects/1/x", CertsURL: keys.URL})
	if err != nil {
		t.Fatal(err)
	}
	var got functions.Visitor
	behind := proxy.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if got, err = verifier.Verify(r.Context(), r.Header, time.Now()); err != nil {
			t.Error(err)
		}
		if v := r.Header.Get("X-Goog-Made-Up"); v != "" {
			t.Errorf("a header of the visitor's came through: %s", v)
		}
	}))
	visit := func(cookies ...*http.Cookie) *http.Response {
		r := httptest.NewRequest("GET", "/findings/x", nil)
		r.Header.Set("X-Goog-Made-Up", "1")
		r.Header.Set("X-Goog-Iap-Jwt-Assertion", "of mine")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		w := httptest.NewRecorder()
		behind.ServeHTTP(w, r)
		return w.Result()
	}
	if res := visit(); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/iap?to=%2Ffindings%2Fx" {
		t.Errorf("not signed in: %d to %s", res.StatusCode, res.Header.Get("Location"))
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/iap", strings.NewReader(url.Values{"as": {"ada@example.com"}, "to": {"https://example.org/"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	proxy.SignIn().ServeHTTP(w, r)
	if to := w.Header().Get("Location"); to != "/findings" {
		t.Errorf("signed in, and sent to %s", to)
	}
	if res := visit(w.Result().Cookies()...); res.StatusCode != http.StatusOK || got.Principal != "user:ada@example.com" {
		t.Errorf("signed in: %d as %+v", res.StatusCode, got)
	}
	if res := visit(&http.Cookie{Name: "sim-iap", Value: "eve@example.com"}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("as nobody there is: %d", res.StatusCode)
	}
}
