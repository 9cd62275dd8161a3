package page_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify/page"
)

func TestS16ThePagesAreForWhomIAPVouchesForAlone(t *testing.T) {
	s := newSite(t)
	s.put(question())
	unsigned := func(r *http.Request) {
		r.Header.Del("X-Goog-Iap-Jwt-Assertion")
		r.Header.Set("X-Goog-Authenticated-User-Email", "accounts.google.com:"+ada)
	}
	for name, change := range map[string]func(*http.Request){
		"nobody":               func(r *http.Request) { r.Header.Del("X-Goog-Iap-Jwt-Assertion") },
		"the unsigned headers": unsigned,
		"two assertions":       func(r *http.Request) { r.Header.Add("X-Goog-Iap-Jwt-Assertion", "x") },
		"a changed assertion": func(r *http.Request) {
			r.Header.Set("X-Goog-Iap-Jwt-Assertion", r.Header.Get("X-Goog-Iap-Jwt-Assertion")+"A")
		},
	} {
		for _, r := range []*http.Request{s.request(ada, "GET", "/findings", nil), s.request(ada, "GET", "/findings/"+findingA, nil), s.open(ada, "/findings/"+findingA).pressed("revert")} {
			change(r)
			w := s.do(r)
			if w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "invoke api") {
				t.Errorf("%s: %s %s: %d", name, r.Method, r.URL.Path, w.Code)
			}
		}
	}
	expired := s.request(ada, "GET", "/findings", nil)
	s.now = s.now.Add(11 * time.Minute)
	wantStatus(t, s.do(expired), http.StatusUnauthorized)
	if f := s.finding(findingA); f.State != state.Pending {
		t.Errorf("the finding is %s", f.State)
	}
	if log := s.log.String(); strings.Contains(log, "eyJ") || !strings.Contains(log, "page refused") {
		t.Errorf("log:\n%s", log)
	}
}

func TestWithoutIAPKeysNobodyIsLetIn(t *testing.T) {
	s := newSite(t)
	s.keys.Close()
	w := s.do(s.request(ada, "GET", "/findings", nil))
	wantStatus(t, w, http.StatusServiceUnavailable)
	wants(t, w.Body.String(), "could not be verified right now")
}

func TestAPageThatCouldBeFooledIsNotMade(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*page.Config)
		want   string
	}{
		{"plain http", func(c *page.Config) { c.BaseURL = "http://rescind.example.com" }, "neither https nor on this machine"},
		{"a path", func(c *page.Config) { c.BaseURL = base + "/rescind" }, "base URL is not of the form"},
		{"a user", func(c *page.Config) { c.BaseURL = "https://a@rescind.example.com" }, "base URL is not of the form"},
		{"nobody to ask who it is", func(c *page.Config) { c.Gate = nil }, "nothing says who a request is from"},
		{"nowhere to answer", func(c *page.Config) { c.Answers = nil }, "either a desk or a courier"},
	} {
		s := newSite(t)
		c := page.Config{Gate: s.gate, Findings: s.store, Answers: s.desk, BaseURL: base, Now: time.Now}
		tc.change(&c)
		if _, err := page.New(c); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got error %v, want %s", tc.name, err, tc.want)
		}
	}
}
