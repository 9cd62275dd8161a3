package page_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim/iap"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	base     = "https://rescind.example.com"
	audience = "/projects/264172533001/locations/europe-west1/services/rescind-page"
	ada      = "ada@example.com"
	bob      = "bob@example.com"
	eve      = "eve@example.com" // no approver
	jo       = "jo@example.com"  // an approver, who made the change
	findingA = "abcdefghijklmnopqrstuvwx27"
)

// site is the pages over a store and behind IAP, with the desk of a worker.
type site struct {
	t       testing.TB
	handler http.Handler
	store   *memory.Store
	desk    desk.Desk
	gate    page.Gate
	iap     *iap.Proxy
	log     *lockedLog
	now     time.Time
	keys    *httptest.Server
}

func newSite(t testing.TB, change ...func(*page.Config)) *site {
	t.Helper()
	s := &site{t: t, store: memory.New(), log: &lockedLog{}, now: noon.Add(10 * time.Minute)}
	clock := func() time.Time { return s.now }
	var err error
	if s.iap, err = iap.New(audience, nil, clock); err != nil {
		t.Fatal(err)
	}
	s.keys = httptest.NewServer(s.iap.JWKS())
	t.Cleanup(s.keys.Close)
	s.gate = newGate(t, s.keys.URL)
	s.desk = desk.Desk{Store: s.store, Now: clock, ExpiresIn: time.Hour, Authority: authority.Authority{
		Approvers: map[string]bool{"user:" + ada: true, "user:" + bob: true, "user:" + jo: true},
	}}
	s.handler = s.pages(change...)
	return s
}

// newGate is the real check of assertions, as the command wires it.
func newGate(t testing.TB, keys string) page.Gate {
	t.Helper()
	iap, err := functions.NewIAP(functions.IAPConfig{Audience: audience, CertsURL: keys})
	if err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, h http.Header, at time.Time) (page.Visitor, error) {
		v, err := iap.Verify(ctx, h, at)
		if errors.Is(err, functions.ErrInvalidToken) {
			err = errors.Join(page.ErrStranger, err)
		}
		return page.Visitor{Principal: v.Principal, Subject: v.Subject, SignedAt: v.SignedAt, Signed: v.Signed}, err
	}
}

// pages are one more server of the same site.
func (s *site) pages(change ...func(*page.Config)) http.Handler {
	s.t.Helper()
	c := page.Config{
		Gate: s.gate, Findings: s.store, Answers: s.desk, Once: s.desk.Once, Preview: s.desk.Preview, BaseURL: base, Now: func() time.Time { return s.now },
		Log: slog.New(slog.NewTextHandler(s.log, nil)),
	}
	for _, f := range change {
		f(&c)
	}
	h, err := page.New(c)
	if err != nil {
		s.t.Fatal(err)
	}
	return h
}

// lockedLog is written to by several servers.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// put stores findings as they are.
func (s *site) put(fs ...finding.Finding) {
	s.t.Helper()
	for _, f := range fs {
		if _, err := s.store.Create(s.t.Context(), f); err != nil {
			s.t.Fatal(err)
		}
	}
}

func (s *site) finding(id string) finding.Finding {
	s.t.Helper()
	f, err := s.store.Finding(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

// request is one of somebody's browser.
func (s *site) request(who, method, path string, form url.Values) *http.Request {
	s.t.Helper()
	assertion, err := s.iap.Assertion(who)
	if err != nil {
		s.t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(s.t.Context(), method, base+path, strings.NewReader(form.Encode()))
	r.Header.Set("X-Goog-Iap-Jwt-Assertion", assertion)
	if method == "POST" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", "null")
	}
	return r
}

func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r)
	return w
}

var (
	formPattern  = regexp.MustCompile(`(?s)<form method="post" action="([^"]+)".*?</form>`)
	inputPattern = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)
)

var service = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")

// question is a finding that asks about a service made public.
func question() finding.Finding {
	return finding.Finding{
		ID: findingA, Policy: "no-public-invoker", Title: "Public invoker", Severity: policies.High,
		Verdict: policies.Violation, Message: "anyone on the internet can invoke api",
		Enforcement: policies.Approve, EnforcedBy: "folders/4001", Decision: judge.Ask,
		Reasons:  []string{"run.managed.requireInvokerIam is enforced for projects/pay-prod (org policy API)"},
		Resource: service,
		Change: cloud.Change{
			Time: noon, Service: "run.googleapis.com", Method: "google.cloud.run.v1.Services.SetIamPolicy",
			Verb: cloud.SetPolicy, Resource: service, Actor: cloud.Actor{Principal: "user:" + jo},
		},
		Actors: []cloud.Actor{{Principal: "user:" + jo}},
		Plan: judge.NewPlan([]judge.Step{{
			Kind: policies.RemoveGrants, Resource: service,
			Before: judge.StepState{Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "allUsers"}}},
		}}, ""),
		State: state.Pending, Why: "asked; expires at 2026-11-22T13:00:00Z",
		Timeline:  []trail.Event{{At: noon.Add(3 * time.Second), State: state.Pending, What: "asked; expires at 2026-11-22T13:00:00Z"}},
		CreatedAt: noon.Add(3 * time.Second), UpdatedAt: noon.Add(3 * time.Second), ExpiresAt: noon.Add(time.Hour),
	}
}

// in is the finding once it stands in the state, with what would be recorded.
func in(s state.State) finding.Finding {
	f := question()
	f.State = s
	if s == state.Pending {
		return f
	}
	answer := finding.Answer{Choice: finding.ChooseRevert, Principal: "user:" + ada, Via: "iap:accounts.google.com:1", At: noon.Add(7 * time.Minute), Digest: f.Plan.Digest}
	switch s {
	case state.Kept:
		answer.Choice, answer.Reason = finding.ChooseKeep, "public by design, see the review"
	case state.Exempted:
		answer.Choice, answer.Reason, answer.Until = finding.ChooseExempt, "until the pilot ends", noon.Add(24*time.Hour)
	}
	f.Why = "what the record says of " + string(s)
	switch s {
	case state.Approved, state.Applying, state.Uncertain, state.Reverted, state.Failed, state.Blocked, state.Kept, state.Exempted:
		f.Answers = []finding.Answer{answer}
	case state.Undone:
		f.UndoOf, f.ID = findingA, "zyxwvutsrqponmlkjihgfedc27"
	}
	if s == state.Reverted || s == state.Uncertain {
		f.Done = f.Plan.Steps
	}
	f.Timeline = append(f.Timeline, trail.Event{At: noon.Add(7 * time.Minute), State: s, Who: "user:" + ada, What: f.Why})
	if s.Ended() {
		f.EndedAt = noon.Add(7 * time.Minute)
	}
	return f
}
