package page_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"

	"github.com/rescind-dev/rescind/notify/page"
)

// courier keeps what it is given, or fails.
type courier struct {
	sent []desk.Signed
	err  error
}

func (c *courier) Send(_ context.Context, s desk.Signed) error {
	if c.err == nil {
		c.sent = append(c.sent, s)
	}
	return c.err
}

// away is a site whose answers travel, with the worker at the other end.
func away(t *testing.T) (*site, *courier, *page.Taker) {
	c := &courier{}
	s := newSite(t, func(p *page.Config) { p.Answers, p.Once, p.Courier = nil, nil, c })
	s.put(question())
	return s, c, s.taker()
}

// taker is the worker's end, with some of it changed.
func (s *site) taker(change ...func(*page.TakerConfig)) *page.Taker {
	s.t.Helper()
	c := page.TakerConfig{Gate: s.gate, Answers: s.desk, Once: s.desk.Once, RecordRefusal: s.desk.Refused, Log: slog.New(slog.NewTextHandler(s.log, nil))}
	for _, f := range change {
		f(&c)
	}
	taker, err := page.NewTaker(c)
	if err != nil {
		s.t.Fatal(err)
	}
	return taker
}

func TestAnAnswerTravelsAsItWasSignedAndIsTakenThere(t *testing.T) {
	s, c, taker := away(t)
	w := s.open(ada, "/findings/"+findingA).press("keep", "reason=public by design, see the review")
	wantStatus(t, w, http.StatusSeeOther)
	wants(t, s.open(ada, w.Header().Get("Location")).text(), "takes effect within seconds")
	if f := s.finding(findingA); f.State != state.Pending || f.Revision != 1 {
		t.Fatalf("the page itself made it %s", f.State)
	}
	sent := c.sent[0]
	if sent.Kind != desk.SignedByIAP || sent.Path != "/findings/"+findingA || len(sent.Header) != 1 || strings.Contains(string(sent.Body), "token") {
		t.Errorf("sent %s %s %q %s", sent.Kind, sent.Path, sent.Header, sent.Body)
	}
	sent.At = s.now.Add(time.Second)
	s.now = s.now.Add(30 * time.Minute) // the worker was down, for longer than an assertion lives
	for range 2 {                       // delivered twice
		if err := taker.Take(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
	}
	f := s.finding(findingA)
	if f.State != state.Kept || len(f.Answers) != 1 || f.Answers[0].Principal != "user:"+ada || f.Answers[0].Via != "iap:"+s.iap.Subject(ada) {
		t.Errorf("the finding is %s with answers %+v", f.State, f.Answers)
	}
}

func TestS16TheWorkerVerifiesAnAnswerAgain(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*desk.Signed)
		log    string
	}{
		{"published without an assertion", func(s *desk.Signed) { s.Header = nil }, "answer dropped"},
		{"with the unsigned header", func(s *desk.Signed) {
			s.Header = map[string]string{"X-Goog-Authenticated-User-Email": "accounts.google.com:" + ada}
		}, "answer dropped"},
		{"with two spellings of the header", func(s *desk.Signed) {
			s.Header["x-goog-iap-jwt-assertion"] = s.Header["X-Goog-Iap-Jwt-Assertion"]
		}, "2 headers"},
		{"with a changed assertion", func(s *desk.Signed) { s.Header["X-Goog-Iap-Jwt-Assertion"] += "A" }, "answer dropped"},
		{"published after the assertion's end", func(s *desk.Signed) { s.At = s.At.Add(11 * time.Minute) }, "expired"},
		{"for another path", func(s *desk.Signed) { s.Path = "/findings/" + findingA + "/x" }, "answer dropped"},
		{"of another kind", func(s *desk.Signed) { s.Kind = desk.SignedBySlack }, "answer dropped"},
		{"with no form", func(s *desk.Signed) { s.Body = []byte("%") }, "answer dropped"},
		{"with an empty form", func(s *desk.Signed) { s.Body = nil }, "answer dropped"},
		{"for a finding there is not", func(s *desk.Signed) { s.Path = "/findings/aaaaaaaaaaaaaaaaaaaaaaaaaa" }, "there is no finding"},
		{"on a plan there was not", func(s *desk.Signed) { s.Body = []byte("choice=revert&revision=1&digest=0123456789abcdef") }, "answer refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s, c, taker := away(t)
			s.open(ada, "/findings/"+findingA).press("revert")
			sent := c.sent[0]
			sent.At = s.now
			tc.change(&sent)
			if err := taker.Take(t.Context(), sent); err != nil {
				t.Errorf("it would come again: %v", err)
			}
			if f := s.finding(findingA); f.Revision != 1 {
				t.Errorf("the finding is %s", f.State)
			}
			if log := s.log.String(); !strings.Contains(log, tc.log) || strings.Contains(log, "eyJ") {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

func TestAnAnswerThatCannotBeTakenNowComesAgain(t *testing.T) {
	s, c, taker := away(t)
	s.open(ada, "/findings/"+findingA).press("revert")
	sent := c.sent[0]
	sent.At = s.now
	unreachable := httptest.NewServer(http.NotFoundHandler())
	unreachable.Close()
	for name, change := range map[string]func(*page.TakerConfig){
		"was not stored":        func(c *page.TakerConfig) { c.Answers = failing{errors.New("unavailable")} },
		"could not be verified": func(c *page.TakerConfig) { c.Gate = newGate(t, unreachable.URL) },
		"is of somebody who cannot be looked up": func(c *page.TakerConfig) {
			c.Answers = failing{&finding.RefusedError{Class: finding.ClassUndetermined, Why: "whether ada may answer could not be looked up"}}
		},
	} {
		if err := s.taker(change).Take(t.Context(), sent); err == nil {
			t.Errorf("an answer that %s is gone", name)
		}
	}
	if err := taker.Take(t.Context(), sent); err != nil || s.finding(findingA).State != state.Approved {
		t.Errorf("come again: %v, %s", err, s.finding(findingA).State)
	}
}

func TestATakerNamesAllThatIsMissing(t *testing.T) {
	const want = "pages: nothing says who an answer is from\npages: no desk for the answers that travelled\npages: no logger"
	if taker, err := page.NewTaker(page.TakerConfig{}); taker != nil || err == nil || err.Error() != want {
		t.Errorf("%v, error:\n%v\nwant:\n%s", taker, err, want)
	}
}

// failing records no answer.
type failing struct{ err error }

func (f failing) Answer(context.Context, string, finding.Answer) (finding.Finding, error) {
	return finding.Finding{}, f.err
}

// The person is still there to be told, which they are not once it is published.
func TestS17WhatNobodyCouldAnswerIsSentOnlyToBeRecorded(t *testing.T) {
	for name, tc := range map[string]struct {
		choice    string
		meanwhile func(*site)
		typed     []string
		want      string
		class     finding.RefusedClass
	}{
		"it was decided":     {"keep", func(s *site) { s.settle(in(state.Kept)) }, []string{"reason=of mine"}, "The finding is kept", finding.ClassDecided},
		"its time is over":   {"keep", func(s *site) { s.now = noon.Add(time.Hour) }, []string{"reason=of mine"}, "takes no such answer any more", finding.ClassDecided},
		"the plan is new":    {"keep", nil, []string{"reason=of mine", "digest=01234567"}, "The plan changed", finding.ClassStale},
		"there is no reason": {"keep", nil, []string{"reason="}, "takes a reason", finding.ClassReason},
		"there is no end":    {"exempt", nil, []string{"reason=of mine", "term=ever"}, "Choose for how long", finding.ClassDuration},
		"it is not for them": {"keep", nil, []string{"reason=of mine", "token=x"}, "made for somebody else", finding.ClassInvalid},
	} {
		s, c, _ := away(t)
		l := trail.NewLedger(s.store, s.desk.Now, slog.New(slog.DiscardHandler))
		s.desk.Ledger = l
		taker := s.taker()
		v := s.open(ada, "/findings/"+findingA)
		if tc.meanwhile != nil {
			tc.meanwhile(s)
		}
		w := v.press(tc.choice, tc.typed...)
		wants(t, w.Body.String(), tc.want)
		before := s.finding(findingA)
		if (w.Code != http.StatusConflict && w.Code != http.StatusForbidden) || len(c.sent) != 1 || !strings.HasPrefix(c.sent[0].Path, "/refused/") {
			t.Fatalf("%s: status %d, sent %+v", name, w.Code, c.sent)
		}
		c.sent[0].At = s.now
		if err := taker.Take(t.Context(), c.sent[0]); err != nil || s.finding(findingA).Revision != before.Revision {
			t.Errorf("%s: %v; the finding is %s", name, err, s.finding(findingA).State)
		}
		got := s.entries(l)
		if len(got) != 1 || !strings.HasPrefix(got[0], "refused|"+string(tc.class)+"|user:"+ada+"|iap:"+s.iap.Subject(ada)+"|"+findingA+"|"+tc.choice+": ") {
			t.Errorf("%s: the ledger has %q", name, got)
		}
	}
}

// settle replaces what is stored under the finding's id.
func (s *site) settle(f finding.Finding) {
	s.t.Helper()
	f.Revision = s.finding(f.ID).Revision
	if _, err := s.store.Update(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

func TestAnAnswerThatCannotBeSentIsSaidSo(t *testing.T) {
	s, c, _ := away(t)
	c.err = errors.New("unavailable")
	w := s.open(ada, "/findings/"+findingA).press("keep", "reason=of mine")
	wantStatus(t, w, http.StatusServiceUnavailable)
	wants(t, (&visit{page: w}).text(), "nothing was decided", "of mine</textarea>")
}

func FuzzTake(f *testing.F) {
	f.Add("/findings/"+findingA, "choice=revert&revision=1&digest=0123456789abcdef")
	f.Add("/refused/"+findingA, "choice=keep&class=stale&why=x")
	f.Add("/findings/"+findingA, url.Values{"choice": {"exempt"}, "term": {"7d"}, "revision": {"1"}, "digest": {"00000000"}, "reason": {"x"}}.Encode())
	s := newSite(f)
	assertion, err := s.iap.Assertion(ada)
	if err != nil {
		f.Fatal(err)
	}
	taker := s.taker(func(c *page.TakerConfig) { c.Log = slog.New(slog.DiscardHandler) })
	f.Fuzz(func(t *testing.T, path, body string) {
		err := taker.Take(t.Context(), desk.Signed{Kind: desk.SignedByIAP, Path: path, Body: []byte(body), At: s.now,
			Header: map[string]string{"X-Goog-Iap-Jwt-Assertion": assertion}})
		if err != nil {
			t.Errorf("comes again for ever: %v", err)
		}
	})
}

func TestS22AnAnswerOfMoreThanAnHourAgoIsRefused(t *testing.T) {
	s, c, taker := away(t)
	s.open(ada, "/findings/"+findingA).press("revert")
	sent := c.sent[0]
	sent.At = s.now
	s.now = s.now.Add(time.Hour + time.Second)
	if err := taker.Take(t.Context(), sent); err != nil || s.finding(findingA).Revision != 1 {
		t.Errorf("%v, the finding is %s", err, s.finding(findingA).State)
	}
	wants(t, s.log.String(), "answer refused", "class=late", "counts for an hour")
}

// One sign-in is good for several answers, as IAP signs who and not what.
func TestS22OneAssertionIsGoodForSeveralAnswersEachOnce(t *testing.T) {
	var got []string
	s, c, _ := away(t)
	taker := s.taker(func(c *page.TakerConfig) { c.Answers = noting{&got} })
	s.open(ada, "/findings/"+findingA).press("revert")
	first := c.sent[0]
	first.At = s.now
	second := first
	second.Path = "/findings/aaaaaaaaaaaaaaaaaaaaaaaaaa"
	for _, sent := range []desk.Signed{first, second, first, second} {
		if err := taker.Take(t.Context(), sent); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Join(got, " ") != findingA+" aaaaaaaaaaaaaaaaaaaaaaaaaa" {
		t.Errorf("answered: %v, want each once", got)
	}
}

type noting struct{ got *[]string }

func (n noting) Answer(_ context.Context, id string, _ finding.Answer) (finding.Finding, error) {
	*n.got = append(*n.got, id)
	return finding.Finding{ID: id}, nil
}
