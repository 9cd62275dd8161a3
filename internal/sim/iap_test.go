package sim_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/sim/iap"
)

const iapAudience = "/projects/1/x"

var ten = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// guarded is a service behind the proxy, which checks what it is handed with
// the product's own code: what a simulated assertion has to pass.
type guarded struct {
	*iap.Proxy
	verifier *functions.IAP
	now      time.Time
	header   http.Header // what the service got
}

func newGuarded(t *testing.T, people ...string) *guarded {
	t.Helper()
	g := &guarded{now: ten}
	var err error
	if g.Proxy, err = iap.New(iapAudience, people, func() time.Time { return g.now }); err != nil {
		t.Fatal(err)
	}
	g.verifier = g.expecting(t, iapAudience)
	return g
}

func (g *guarded) expecting(t *testing.T, iapAudience string) *functions.IAP {
	t.Helper()
	keys := httptest.NewServer(g.JWKS())
	t.Cleanup(keys.Close)
	v, err := functions.NewIAP(functions.IAPConfig{Audience: iapAudience, CertsURL: keys.URL, Now: func() time.Time { return g.now }})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// visit asks for a page as a browser with these cookies, and somebody who
// makes up headers.
func (g *guarded) visit(path string, cookies ...*http.Cookie) *http.Response {
	r := httptest.NewRequest("GET", path, nil)
	for _, h := range []string{"X-Goog-Made-Up", "x-goog-iap-jwt-assertion", "X-Goog-Authenticated-User-Email", "X-Goog-Authenticated-User-Id"} {
		r.Header.Set(h, "of mine")
	}
	r.Header.Set("Accept-Language", "de")
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	g.Protect(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { g.header = r.Header })).ServeHTTP(w, r)
	return w.Result()
}

// signIn says who somebody is, and where they want to go.
func (g *guarded) signIn(as, to string) *http.Response {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", iap.SignInPath, strings.NewReader(url.Values{"as": {as}, "to": {to}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	g.SignIn().ServeHTTP(w, r)
	return w.Result()
}

func TestTheServiceHearsWhoSomebodySaidTheyAre(t *testing.T) {
	g := newGuarded(t, "ada@example.com", "bob@example.com")
	if res := g.visit("/findings/x?a=b"); res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/iap?to=%2Ffindings%2Fx" || g.header != nil {
		t.Errorf("not signed in: %d to %s, and the service got %v", res.StatusCode, res.Header.Get("Location"), g.header)
	}
	res := g.signIn("ada@example.com", "/findings/x")
	if to := res.Header.Get("Location"); to != "/findings/x" {
		t.Errorf("signed in, and sent to %s", to)
	}
	if res := g.visit("/findings/x", res.Cookies()...); res.StatusCode != http.StatusOK {
		t.Fatalf("signed in, and answered %d", res.StatusCode)
	}
	got, err := g.verifier.Verify(t.Context(), g.header, g.now)
	if err != nil {
		t.Fatal(err)
	}
	if want := (functions.Visitor{Principal: "user:ada@example.com", Subject: g.Subject("ada@example.com")}); got.Principal != want.Principal || got.Subject != want.Subject {
		t.Errorf("visitor %+v, want %+v", got, want)
	}
	if res := g.visit("/findings/x", &http.Cookie{Name: "sim-iap", Value: "eve@example.com"}); res.StatusCode != http.StatusSeeOther {
		t.Errorf("as nobody there is: %d", res.StatusCode)
	}
}

// The unsigned headers say the same; whoever trusted one of the visitor's own
// would let anybody in.
func TestWhatAVisitorSentUnderIAPsHeadersIsTakenOff(t *testing.T) {
	g := newGuarded(t, "ada@example.com")
	g.visit("/findings", &http.Cookie{Name: "sim-iap", Value: "ada@example.com"})
	want := map[string]string{
		"X-Goog-Made-Up": "", "Accept-Language": "de",
		"X-Goog-Authenticated-User-Email": "accounts.google.com:ada@example.com",
		"X-Goog-Authenticated-User-Id":    g.Subject("ada@example.com"),
	}
	got := map[string]string{}
	for name := range want {
		got[name] = strings.Join(g.header.Values(name), "|")
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
	if n := len(g.header.Values("X-Goog-Iap-Jwt-Assertion")); n != 1 {
		t.Errorf("%d assertions", n)
	}
}

func TestAnAssertionIsForOneServiceAndTenMinutes(t *testing.T) {
	g := newGuarded(t)
	assertion, err := g.Assertion("ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{"X-Goog-Iap-Jwt-Assertion": {assertion}}
	other := newGuarded(t)
	for _, tc := range []struct {
		sentence string
		verifier *functions.IAP
		after    time.Duration
		good     bool
	}{
		{"at once", g.verifier, 0, true},
		{"before its ten minutes are over", g.verifier, 9*time.Minute + 59*time.Second, true},
		{"long after them", g.verifier, 12 * time.Minute, false},
		{"at another service", g.expecting(t, "/projects/1/y"), 0, false},
		{"checked with another proxy's key", other.verifier, 0, false},
	} {
		if _, err := tc.verifier.Verify(t.Context(), h, ten.Add(tc.after)); (err == nil) != tc.good {
			t.Errorf("%s: %v", tc.sentence, err)
		}
	}
}

func TestASubjectIsOneAccountsHoweverItIsSpelled(t *testing.T) {
	g := newGuarded(t)
	if a, b := g.Subject("Ada@Example.com"), newGuarded(t).Subject("ada@example.com"); a != b || !strings.HasPrefix(a, "accounts.google.com:1") {
		t.Errorf("subjects %s and %s", a, b)
	}
	if g.Subject("ada@example.com") == g.Subject("bob@example.com") {
		t.Error("two accounts have one subject")
	}
}

func TestSignInLeadsToTheServiceAlone(t *testing.T) {
	g := newGuarded(t, `"><script>`)
	for to, want := range map[string]string{
		"/findings/abc": "/findings/abc", "https://example.org/": "/findings", "//example.org/findings": "/findings", "": "/findings", "/iap": "/findings",
	} {
		if got := g.signIn("ada@example.com", to).Header.Get("Location"); got != want {
			t.Errorf("to %q: sent to %s, want %s", to, got, want)
		}
	}
	w := httptest.NewRecorder()
	g.SignIn().ServeHTTP(w, httptest.NewRequest("GET", iap.SignInPath+"?to=%22%3E%3Cscript%3E", nil))
	if body := w.Body.String(); strings.Contains(body, "<script") || !strings.Contains(body, `name="as" value="&#34;&gt;&lt;script&gt;"`) {
		t.Errorf("page:\n%s", body)
	}
}

func TestAProxyNeedsAnAudienceAndAClock(t *testing.T) {
	if _, err := iap.New("", nil, time.Now); err == nil {
		t.Error("made without an iapAudience")
	}
	if _, err := iap.New(iapAudience, nil, nil); err == nil {
		t.Error("made without a clock")
	}
}
