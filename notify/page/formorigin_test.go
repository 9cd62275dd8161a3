package page_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify/page"
)

func TestS16AFormFromElsewhereDecidesNothing(t *testing.T) {
	set := func(name string, values ...string) func(*http.Request) {
		return func(r *http.Request) { r.Header[name] = values }
	}
	form := func(name, value string) func(*http.Request) {
		return func(r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			fields, _ := url.ParseQuery(string(b))
			fields.Set(name, value)
			r.Body = io.NopCloser(strings.NewReader(fields.Encode()))
		}
	}
	all := func(changes ...func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			for _, c := range changes {
				c(r)
			}
		}
	}
	older := func(origin ...string) func(*http.Request) {
		return all(set("Sec-Fetch-Site"), set("Origin", origin...))
	}
	for _, tc := range []struct {
		name   string
		change func(*http.Request)
		want   int
	}{
		{"from this site", func(*http.Request) {}, http.StatusSeeOther},
		{"from this site, with an origin", set("Origin", base), http.StatusSeeOther},
		{"from this site, of an older browser", older(base), http.StatusSeeOther},
		{"from another site", all(set("Sec-Fetch-Site", "cross-site"), set("Origin", "https://evil.example.com")), http.StatusForbidden},
		{"from another host of this domain", all(set("Sec-Fetch-Site", "same-site"), set("Origin", "https://wiki.example.com")), http.StatusForbidden},
		{"typed into the address bar", set("Sec-Fetch-Site", "none"), http.StatusForbidden},
		{"both said of, and one of them foreign", set("Origin", "https://evil.example.com"), http.StatusForbidden},
		{"of an older browser on another site", older("https://evil.example.com"), http.StatusForbidden},
		{"of an older browser, from a page that hides its origin", older("null"), http.StatusForbidden},
		{"over http", older("http://rescind.example.com"), http.StatusForbidden},
		{"from a host that begins like ours", older("https://rescind.example.com.evil.example"), http.StatusForbidden},
		{"from another port", older(base + ":8443"), http.StatusForbidden},
		{"of no browser", older(), http.StatusForbidden},
		{"with two origins", older(base, base), http.StatusForbidden},
		{"without the cookie", set("Cookie"), http.StatusForbidden},
		{"with another browser's cookie", set("Cookie", "__Host-rescind=AAAAAAAAAAAAAAAAAAAAAAAAAA"), http.StatusForbidden},
		{"with an empty cookie", set("Cookie", "__Host-rescind="), http.StatusForbidden},
		{"without a token", form("token", ""), http.StatusForbidden},
		{"with another token", form("token", strings.Repeat("A", 43)), http.StatusForbidden},
		{"with a field there is not", form("until", "2099-01-01"), http.StatusBadRequest},
		{"with a choice there is not", form("choice", "approve"), http.StatusBadRequest},
		{"with a revision that is none", form("revision", "-1"), http.StatusBadRequest},
		{"with a digest that is none", form("digest", "0000"), http.StatusBadRequest},
		{"of another encoding than UTF-8", form("reason", "\xff"), http.StatusBadRequest},
		{"too long to be one", form("reason", strings.Repeat("x", 16<<10)), http.StatusRequestEntityTooLarge},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			s.put(question())
			r := s.open(ada, "/findings/"+findingA).pressed("revert")
			tc.change(r)
			wantStatus(t, s.do(r), tc.want)
			if f := s.finding(findingA); (f.State == state.Approved) != (tc.want == http.StatusSeeOther) {
				t.Errorf("the finding is %s", f.State)
			}
		})
	}
}

func TestS16WithoutABaseURLAFormComesFromTheHostItGoesTo(t *testing.T) {
	for origin, want := range map[string]int{base: http.StatusSeeOther, "https://evil.example.com": http.StatusForbidden, "http://rescind.example.com": http.StatusForbidden} {
		s := newSite(t, func(c *page.Config) { c.BaseURL = "" })
		s.put(question())
		r := s.open(ada, "/findings/"+findingA).pressed("revert")
		r.Header.Del("Sec-Fetch-Site")
		r.Header.Set("Origin", origin)
		wantStatus(t, s.do(r), want)
	}
}

func TestS16AFormIsGoodForOnePersonAndOneFinding(t *testing.T) {
	s := newSite(t)
	other := question()
	other.ID = "bbbbbbbbbbbbbbbbbbbbbbbbbb"
	s.put(question(), other)
	adas := s.open(ada, "/findings/"+findingA)
	bobs := *adas
	bobs.who = bob // the same browser, signed in as somebody else
	elsewhere := *adas
	elsewhere.path = "/findings/" + other.ID
	for name, v := range map[string]*visit{"another person": &bobs, "another finding": &elsewhere} {
		w := v.press("keep", "reason=a reason to keep")
		wantStatus(t, w, http.StatusForbidden)
		wants(t, (&visit{page: w}).text(), "What you typed is still here", "a reason to keep</textarea>")
		if f := s.finding(strings.TrimPrefix(v.path, "/findings/")); f.State != state.Pending {
			t.Errorf("%s: the finding is %s", name, f.State)
		}
	}
	// The page that says so has a form that is good.
	again := bobs
	again.page = bobs.press("keep", "reason=a reason to keep")
	wantStatus(t, again.press("keep", "reason=a reason to keep"), http.StatusSeeOther)
}

// What another site made somebody send must not come back as a form of ours,
// filled in and good to go.
func TestAFormFromElsewhereIsNotShownAgain(t *testing.T) {
	s := newSite(t)
	s.put(question())
	r := s.open(ada, "/findings/"+findingA).pressed("keep", "reason=because I said so")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := s.do(r)
	if strings.Contains(w.Body.String(), "because I said so") || strings.Contains(w.Body.String(), "<form") {
		t.Errorf("the form came back:\n%s", w.Body)
	}
}

func TestTheCookieIsKeptFromEverybodyElse(t *testing.T) {
	s := newSite(t)
	s.put(question())
	v := s.open(ada, "/findings/"+findingA)
	got := v.page.Header().Get("Set-Cookie")
	if !strings.HasPrefix(got, "__Host-rescind=") || !strings.HasSuffix(got, "; Path=/; HttpOnly; Secure; SameSite=Lax") {
		t.Errorf("cookie %q", got)
	}
	r := s.request(ada, "GET", "/findings/"+findingA, nil)
	r.AddCookie(v.cookies[0])
	if w := s.do(r); w.Header().Get("Set-Cookie") != "" {
		t.Error("a second page takes the first one's forms away")
	}
	s.handler = s.pages(func(c *page.Config) { c.BaseURL = "http://127.0.0.1:8080" })
	if got := s.open(ada, "/findings/"+findingA).page.Header().Get("Set-Cookie"); !strings.HasPrefix(got, "rescind=") || strings.Contains(got, "Secure") {
		t.Errorf("on this machine alone: cookie %q", got)
	}
}
