package page_test

import (
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func (s *site) entries(l *trail.Ledger) (out []string) {
	s.t.Helper()
	for e, err := range l.Records(s.t.Context(), s.now.Add(-time.Hour), s.now.Add(time.Hour)) {
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, strings.Join([]string{string(e.Kind), e.Class, e.Who, e.Via, e.Finding, e.What}, "|"))
	}
	return out
}

// bookkeeping is a site whose desk has a ledger.
func bookkeeping(t *testing.T) (*site, *trail.Ledger) {
	s := newSite(t)
	l := trail.NewLedger(s.store, s.desk.Now, slog.New(slog.DiscardHandler))
	s.desk.Ledger = l
	s.handler = s.pages(func(c *page.Config) { c.Answers, c.RecordRefusal = s.desk, s.desk.Refused })
	s.put(question())
	return s, l
}

func TestS17AFormThatIsRefusedIsInTheLedgerOnceItIsKnownWhoSentIt(t *testing.T) {
	for _, row := range []struct {
		name  string
		press func(s *site)

		want []string
	}{
		{"from another site", func(s *site) {
			r := s.open(ada, "/findings/"+findingA).pressed("revert")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			wantStatus(s.t, s.do(r), http.StatusForbidden)
		}, []string{"refused|invalid|user:" + ada + "|VIA|" + findingA + "|form: the form came from another site"}},
		{"that cannot be read", func(s *site) {
			wantStatus(s.t, s.open(ada, "/findings/"+findingA).press("revert", "digest=x"), http.StatusBadRequest)
		}, []string{"refused|invalid|user:" + ada + "|VIA|" + findingA + "|form: the form could not be read"}},
		{"made for somebody else", func(s *site) {
			wantStatus(s.t, s.open(ada, "/findings/"+findingA).press("revert", "token=x"), http.StatusForbidden)
		}, []string{"refused|invalid|user:" + ada + "|VIA|" + findingA + "|revert: the form was made for somebody else, or before they signed in anew"}},
		{"that the desk refuses, once", func(s *site) {
			wantStatus(s.t, s.open(ada, "/findings/"+findingA).press("keep", "reason="), http.StatusConflict)
		}, []string{"refused|reason|user:" + ada + "|VIA|" + findingA + "|keep: a keep takes a reason"}},
		{"of nobody known", func(s *site) {
			r := s.open(ada, "/findings/"+findingA).pressed("revert")
			r.Header.Del("X-Goog-Iap-Jwt-Assertion")
			wantStatus(s.t, s.do(r), http.StatusUnauthorized)
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, l := bookkeeping(t)
			s.t = t
			row.press(s)
			for i, w := range row.want {
				row.want[i] = strings.ReplaceAll(w, "VIA", "iap:"+s.iap.Subject(ada))
			}
			if d := cmp.Diff(row.want, s.entries(l)); d != "" {
				t.Errorf("the ledger (-want +got):\n%s", d)
			}
		})
	}
}

func TestS17AnAnswerThatTravelledAndCannotBeReadIsInTheLedger(t *testing.T) {
	s, l := bookkeeping(t)
	c := &courier{}
	s.handler = s.pages(func(p *page.Config) { p.Answers, p.Once, p.Courier = nil, nil, c })
	s.open(ada, "/findings/"+findingA).press("revert")
	taker := s.taker()
	sent := c.sent[0]
	sent.At, sent.Body = s.now, []byte("choice=keep&choice=revert")
	if err := taker.Take(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	sent.Header = nil
	if err := taker.Take(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	want := []string{"refused|invalid|user:" + ada + "|iap:" + s.iap.Subject(ada) + "||form: the form is not one of these pages'"}
	if d := cmp.Diff(want, s.entries(l)); d != "" {
		t.Errorf("the ledger (-want +got):\n%s", d)
	}
}
