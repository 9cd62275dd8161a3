package page_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAnAnswerNeedsNoScript(t *testing.T) {
	for _, tc := range []struct {
		name   string
		f      finding.Finding
		choice string
		typed  []string
		state  state.State
	}{
		{"a revert needs no word", question(), "revert", nil, state.Approved},
		{"a revert of what was reported", in(state.Reported), "revert", nil, state.Approved},
		{"a keep, with its reason over two lines", question(), "keep", []string{"reason=public by design,\r\nsee the review"}, state.Kept},
		{"the first of two who exempt", question(), "exempt", []string{"reason=until the pilot ends", "term=7d"}, state.Pending},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			s.put(tc.f)
			w := s.open(ada, "/findings/"+findingA).press(tc.choice, tc.typed...)
			wantStatus(t, w, http.StatusSeeOther)
			to := w.Header().Get("Location")
			if to != "/findings/"+findingA+"?said=recorded" {
				t.Errorf("leads to %s", to)
			}
			f := s.finding(findingA)
			if f.State != tc.state || len(f.Answers) != 1 {
				t.Fatalf("the finding is %s with answers %+v, want %s with one", f.State, f.Answers, tc.state)
			}
			a := f.Answers[0]
			if a.Principal != "user:"+ada || a.Via != "iap:"+s.iap.Subject(ada) || a.Digest != tc.f.Plan.Digest || a.Revision != 1 {
				t.Errorf("answer %+v", a)
			}
			if len(tc.typed) > 0 && (!strings.Contains(tc.typed[0], strings.ReplaceAll(a.Reason, "\n", "\r\n")) || strings.Contains(a.Reason, "\r")) {
				t.Errorf("reason %q", a.Reason)
			}
			if want := s.now.Add(7 * 24 * time.Hour); tc.choice == "exempt" && !a.Until.Equal(want) {
				t.Errorf("exempt until %s, want %s", a.Until, want)
			}
			wants(t, s.open(ada, to).text(), "<strong>Recorded.</strong> Your answer is recorded", "<strong>"+tc.choice, "by user:"+ada)
		})
	}
}

func TestAnUndoLeadsToItsOwnRecord(t *testing.T) {
	s := newSite(t)
	s.put(in(state.Reverted))
	w := s.open(ada, "/findings/"+findingA).press("undo", "reason=the partner still needs it")
	wantStatus(t, w, http.StatusSeeOther)
	to, _, _ := strings.Cut(strings.TrimPrefix(w.Header().Get("Location"), "/findings/"), "?")
	if u := s.finding(to); u.UndoOf != findingA || u.State != state.Approved {
		t.Errorf("leads to %+v", u)
	}
	if f := s.finding(findingA); f.State != state.Reverted {
		t.Errorf("what was undone is %s", f.State)
	}
}

func TestWhatAnExemptionWouldHaveCoveredStandsBesideItsForm(t *testing.T) {
	s := newSite(t)
	before := in(state.Kept)
	before.ID, before.CreatedAt = "bbbbbbbbbbbbbbbbbbbbbbbbbb", noon.Add(-48*time.Hour)
	s.put(question(), before)
	wants(t, s.open(ada, "/findings/"+findingA).text(), "It would cover:</strong> Policy no-public-invoker on //run.googleapis.com",
		"it would have covered 1 finding besides this one:", `<a href="/findings/`+before.ID+`">`, `<option value="7d">7 days</option>`)

	broken := newSite(t, func(c *page.Config) {
		c.Preview = func(context.Context, string) (remediate.Preview, error) {
			return remediate.Preview{}, errors.New("unavailable")
		}
	})
	broken.put(question())
	v := broken.open(ada, "/findings/"+findingA)
	wants(t, v.text(), "could not be looked up right now, so none is offered")
	if _, ok := v.forms()["exempt"]; ok {
		t.Error("an exemption is offered that nobody can see the reach of")
	}
}

// What a person typed must not be lost, whatever became of it meanwhile.
func TestARefusedAnswerSaysWhyAndKeepsWhatWasTyped(t *testing.T) {
	const reason = "reason=public by design, see the review"
	for _, tc := range []struct {
		name, who string
		typed     []string
		meanwhile func(*site)
		status    int
		want      string
	}{
		{"who is no approver", eve, []string{reason}, nil, http.StatusForbidden, eve + " is not an approver."},
		{"who made the change", jo, []string{reason}, nil, http.StatusForbidden, jo + " made this change and cannot keep it; someone else can."},
		{"no reason", ada, []string{"reason= "}, nil, http.StatusConflict, "A keep takes a reason."},
		{"after the end", ada, []string{reason}, func(s *site) { s.now = noon.Add(time.Hour) }, http.StatusConflict, "The question expired at 2026-11-22T13:00:00Z."},
		{"after another's word", ada, []string{reason}, func(s *site) {
			wantStatus(s.t, s.open(bob, "/findings/"+findingA).press("revert"), http.StatusSeeOther)
		}, http.StatusConflict, "The finding is approved"},
		{"a plan that nobody showed", ada, []string{reason, "digest=0123456789abcdef"}, nil, http.StatusConflict, "The plan changed since this card was made; answer on the current one."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newSite(t)
			s.put(question())
			v := s.open(tc.who, "/findings/"+findingA)
			if tc.meanwhile != nil {
				tc.meanwhile(s)
			}
			before := s.finding(findingA)
			w := v.press("keep", tc.typed...)
			wantStatus(t, w, tc.status)
			again := &visit{page: w}
			wants(t, again.text(), `role="alert"`, tc.want, "<title>Not recorded: ")
			if tc.typed[0] == reason {
				wants(t, again.text(), "public by design, see the review")
			}
			if now := s.finding(findingA); now.Revision != before.Revision {
				t.Errorf("the finding changed: %+v", now.Timeline)
			}
		})
	}
}

func TestI10AnAnswerOnAPlanThatChangedIsRefused(t *testing.T) {
	s := newSite(t)
	s.put(question())
	v := s.open(ada, "/findings/"+findingA)
	f := s.finding(findingA)
	f.Plan.Steps[0].Before.Grants[0].Member = "allAuthenticatedUsers"
	f.Plan = judge.NewPlan(f.Plan.Steps, "")
	if _, err := s.store.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	w := v.press("revert")
	wantStatus(t, w, http.StatusConflict)
	wants(t, w.Body.String(), "The plan changed since", f.Plan.Digest)
	if now := s.finding(findingA); now.State != state.Pending || len(now.Answers) > 0 {
		t.Errorf("the finding is %s, answers %+v", now.State, now.Answers)
	}
}

func TestS16WhatStepsUpIsDecidedOnThePageAndNotInSlack(t *testing.T) {
	s := newSite(t)
	f := question()
	f.StepUp = policies.StepUpIAP
	s.put(f)
	_, err := s.desk.Answer(t.Context(), findingA, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:" + ada, Via: "slack:T0123/U01", Digest: f.Plan.Digest})
	var refused *finding.RefusedError
	if !errors.As(err, &refused) || refused.Class != finding.ClassStepUp {
		t.Errorf("a click: %v, want that it takes the page", err)
	}
	wantStatus(t, s.open(ada, "/findings/"+findingA).press("revert"), http.StatusSeeOther)
	if now := s.finding(findingA); now.State != state.Approved {
		t.Errorf("the finding is %s", now.State)
	}
}

func TestAnAnswerThatCouldNotBeStoredOrLookedUpIsNotLost(t *testing.T) {
	for name, err := range map[string]error{
		"could not be stored":    errors.New("unavailable"),
		"could not be looked up": &finding.RefusedError{Class: finding.ClassUndetermined, Why: "whether ada may answer could not be looked up"},
	} {
		s := newSite(t, func(c *page.Config) { c.Answers = failing{err} })
		s.put(question())
		w := s.open(ada, "/findings/"+findingA).press("keep", "reason=public by design")
		wantStatus(t, w, http.StatusServiceUnavailable)
		wants(t, w.Body.String(), name, "public by design</textarea>")
	}
}

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

// Two servers, one store, all at once: half of them keep, half revert.
func TestOf64AnswersAtOnceOneDecides(t *testing.T) {
	s := newSite(t)
	s.put(question())
	servers := []http.Handler{s.handler, s.pages()}
	var requests []*http.Request
	for i := range 64 {
		v := s.open([]string{ada, bob}[i%2], "/findings/"+findingA)
		if i%4 < 2 {
			requests = append(requests, v.pressed("revert"))
		} else {
			requests = append(requests, v.pressed("keep", "reason=public by design"))
		}
	}
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		statuses = map[int]int{}
	)
	for i, r := range requests {
		wg.Go(func() {
			w := httptest.NewRecorder()
			servers[i/2%2].ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			statuses[w.Code]++
		})
	}
	wg.Wait()
	f := s.finding(findingA)
	if statuses[http.StatusSeeOther] != 1 || statuses[http.StatusConflict]+statuses[http.StatusServiceUnavailable] != 63 || len(f.Answers) != 1 || f.Revision != 2 {
		t.Errorf("statuses %v; the finding at revision %d with %d answers", statuses, f.Revision, len(f.Answers))
	}
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
