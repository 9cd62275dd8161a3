package page_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/policies"
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
		c.Preview = func(context.Context, string) (desk.Preview, error) {
			return desk.Preview{}, errors.New("unavailable")
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
		decided  = map[string]bool{}
	)
	for i, r := range requests {
		from := fmt.Sprint(i%2, i%4 < 2)
		wg.Go(func() {
			w := httptest.NewRecorder()
			servers[i/2%2].ServeHTTP(w, r)
			mu.Lock()
			defer mu.Unlock()
			statuses[w.Code]++
			if w.Code == http.StatusSeeOther {
				decided[from] = true
			}
		})
	}
	wg.Wait()
	f := s.finding(findingA)
	// The clock stands still, so one person's same answer is the same signed request:
	// each of those ends as the first of them.
	if len(decided) != 1 || statuses[http.StatusSeeOther] > 16 || statuses[http.StatusConflict]+statuses[http.StatusServiceUnavailable] != 64-statuses[http.StatusSeeOther] || len(f.Answers) != 1 || f.Revision != 2 {
		t.Errorf("statuses %v; the finding at revision %d with %d answers", statuses, f.Revision, len(f.Answers))
	}
}
