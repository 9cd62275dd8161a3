package page_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// id is a finding's, of the right form.
func id(n int) string {
	digits := fmt.Sprintf("%06d", n)
	return strings.Repeat("a", 20) + strings.Map(func(r rune) rune { return r - '0' + 'b' }, digits)
}

var linkPattern = regexp.MustCompile(`<td role="cell"><a href="/findings/([a-z2-7]{26})">`)

func (v *visit) listed() []string {
	var out []string
	for _, m := range linkPattern.FindAllStringSubmatch(v.page.Body.String(), -1) {
		out = append(out, m[1])
	}
	return out
}

// next is where "Older findings" leads, for each list of the page.
func (v *visit) next() []string {
	var out []string
	for _, m := range regexp.MustCompile(`<a href="([^"]*)">Older findings</a>`).FindAllStringSubmatch(v.page.Body.String(), -1) {
		out = append(out, html.UnescapeString(m[1]))
	}
	return out
}

func several() []finding.Finding {
	var out []finding.Finding
	for i, state := range []state.State{state.Pending, state.Kept, state.Applying, state.Reverted} {
		f := in(state)
		f.ID, f.CreatedAt = id(i), noon.Add(time.Duration(i)*time.Hour)
		out = append(out, f)
	}
	out[0].Policy = "no-default-service-account"
	out[1].Resource = cloud.RunResource(cloud.RunService, "other", "europe-west1", "web")
	out[2].Actors = []cloud.Actor{{Principal: "serviceAccount:ci@pay-prod.iam.gserviceaccount.com"}}
	out[3].Severity = policies.Low
	return out
}

func TestTheListSelectsAsAsked(t *testing.T) {
	for _, tc := range []struct {
		name, query string
		want        []int
	}{
		{"what is open first, each newest first", "", []int{2, 0, 3, 1}},
		{"open", "state=open", []int{2, 0}},
		{"ended", "state=ended", []int{3, 1}},
		{"one state", "state=kept", []int{1}},
		{"a policy", "policy=no-default-service-account", []int{0}},
		{"a project", "project=other", []int{1}},
		{"an actor, without a type and in another case", "actor=CI@pay-prod.iam.gserviceaccount.com", []int{2}},
		{"an actor with a type", "actor=user:" + jo, []int{0, 3, 1}},
		{"an age", "older_than=150m", []int{0, 1}},
		{"since a day", "since=2026-11-22", []int{2, 0, 3, 1}},
		{"since a time", "since=2026-11-22T14:00:00Z", []int{2, 3}},
		{"before a time", "until=2026-11-22T14:00:00Z", []int{0, 1}},
		{"before a day", "until=2026-11-22", nil},
		{"all of it has to hold", "state=open&policy=no-public-invoker&project=pay-prod", []int{2}},
		{"with space around", "project=+other+", []int{1}},
	} {
		s := newSite(t)
		s.now = noon.Add(4 * time.Hour)
		s.put(several()...)
		var want []string
		for _, n := range tc.want {
			want = append(want, id(n))
		}
		if d := cmp.Diff(want, s.open(ada, "/findings?"+tc.query).listed()); d != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, d)
		}
	}
}

func TestAListThatCannotBeUnderstoodSaysWhatWouldBeRight(t *testing.T) {
	s := newSite(t)
	for query, want := range map[string]string{
		"state=approved%3Cb%3E":              `There is no state "approved<b>".`,
		"older_than=yesterday":               `“Older than” is "yesterday": want a duration like 90m or 24h.`,
		"older_than=-1h":                     `want a duration`,
		"since=22.11.2026":                   `“From” is "22.11.2026": want a day like 2026-11-22 (UTC).`,
		"until=x":                            `“Before” is "x"`,
		"after=x":                            "The link to these findings is not complete.",
		"after=2026-11-22T12:00:00Z,../../x": "The link to these findings is not complete.",
	} {
		w := s.do(s.request(ada, "GET", "/findings?"+query, nil))
		wantStatus(t, w, http.StatusBadRequest)
		wants(t, html.UnescapeString(w.Body.String()), want)
	}
}

// Each page costs what it shows, so the way through all of them has to lose
// nothing and repeat nothing, also where many began at one moment.
func TestTheListGoesOnToItsEnd(t *testing.T) {
	for name, query := range map[string]string{
		"all of a state": "state=ended", "of an actor": "state=ended&actor=" + url.QueryEscape("user:"+eve), "older than an hour": "state=ended&older_than=1h",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.now = noon.Add(24 * time.Hour)
			var want []string
			for i := range 330 {
				f := in(state.Reverted)
				f.ID, f.CreatedAt = id(i), noon.Add(-time.Duration(i/30)*time.Minute)
				if i%5 == 0 {
					f.Actors = []cloud.Actor{{Principal: "user:" + eve}}
				}
				if i%5 == 0 || !strings.Contains(query, "actor") {
					want = append(want, f.ID)
				}
				s.put(f)
			}
			var got []string
			for at := []string{"/findings?" + query}; len(at) > 0; {
				v := s.open(ada, at[0])
				if n := len(v.listed()); n > 50 {
					t.Fatalf("a page of %d", n)
				}
				got, at = append(got, v.listed()...), v.next()
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("listed (-want +got):\n%s", d)
			}
		})
	}
}

func TestTheListSaysHowFarItLooked(t *testing.T) {
	s := newSite(t)
	for i := range 201 {
		f := in(state.Reverted)
		f.ID = id(i)
		s.put(f)
	}
	v := s.open(ada, "/findings?actor=nobody@example.com")
	wants(t, v.text(), "0 of the 200 findings looked at here are of this actor. There are older ones.")
	if next := v.next(); len(next) != 1 || !strings.HasPrefix(next[0], "/findings?actor=nobody%40example.com&after=") || !slices.Contains(strings.Split(next[0], "&"), "state=ended") {
		t.Errorf("leads on to %q", next)
	}
}

func TestTheListReadsAsAgreed(t *testing.T) {
	s := newSite(t)
	s.put(several()...)
	golden(t, "list", s.open(ada, "/findings").page.Body.String())
	golden(t, "list-empty", newSite(t).open(ada, "/findings?state=pending&actor=eve").page.Body.String())
}

// unread is a store in which one finding of each list cannot be read.
type unread struct{ in page.Findings }

func (s unread) Finding(ctx context.Context, id string) (finding.Finding, error) {
	return s.in.Finding(ctx, id)
}

func (s unread) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	fs, err := s.in.Findings(ctx, q)
	return fs, errors.Join(err, fault.LeftOut([]error{fault.ErrLater}))
}

func TestARecordThatCannotBeReadHidesNoOtherOnThePages(t *testing.T) {
	s := newSite(t, func(c *page.Config) { c.Findings = unread{c.Findings} })
	s.now = noon.Add(4 * time.Hour)
	s.put(several()...)
	v := s.open(ada, "/findings?state=open")
	if d := cmp.Diff([]string{id(2), id(0)}, v.listed()); d != "" {
		t.Errorf("listed (-want +got):\n%s", d)
	}
	wants(t, v.page.Body.String(), "1 finding cannot be read here: a later release of rescind wrote it, or somebody changed it.")
	s.open(ada, "/findings/"+id(3)) // which was written, so that undos of it are looked up
}
