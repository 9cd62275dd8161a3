package pagerduty_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/pagerduty"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

const key = "R0UT1NGKEY0000000000000000000000"

func newFinding() finding.Finding {
	return finding.Finding{
		ID: "abcdefghijklmnopqrstuvwx27", Policy: "no-public-invoker", Title: "Public invoker", Severity: policies.High,
		Message: "anyone can invoke api", State: state.Pending, CreatedAt: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC),
		Resource: cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api"),
	}
}

// service is a PagerDuty that remembers what it was sent.
func service(t *testing.T, status int) (*pagerduty.Pager, *[]map[string]any) {
	t.Helper()
	var got []map[string]any
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e map[string]any
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Error(err)
		}
		got = append(got, e)
		if status == http.StatusFound {
			w.Header().Set("Location", "http://"+r.Host+"/elsewhere")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, "the key was ", e["routing_key"])
	}))
	t.Cleanup(srv.Close)
	p, err := pagerduty.New(pagerduty.Config{RoutingKey: key, URL: srv.URL, Card: notify.Options{BaseURL: "https://rescind.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	return p, &got
}

func TestAPageTriggersTheFindingsIncidentAndItsEndResolvesIt(t *testing.T) {
	p, got := service(t, http.StatusAccepted)
	for _, call := range []error{p.Page(t.Context(), newFinding()), p.Resolve(t.Context(), newFinding())} {
		if call != nil {
			t.Fatal(call)
		}
	}
	want := []map[string]any{
		{
			"routing_key": key, "event_action": "trigger", "dedup_key": "abcdefghijklmnopqrstuvwx27", "client": "rescind",
			"payload": map[string]any{
				"summary": "HIGH · anyone can invoke api · pay-prod: Pending your decision.", "source": "projects/pay-prod/locations/europe-west1/services/api",
				"severity": "error", "timestamp": "2026-11-22T12:00:00Z", "class": "no-public-invoker",
			},
			"links": []any{map[string]any{"href": "https://rescind.example.com/findings/abcdefghijklmnopqrstuvwx27", "text": "The finding"}},
		},
		{"routing_key": key, "event_action": "resolve", "dedup_key": "abcdefghijklmnopqrstuvwx27"},
	}
	if d := cmp.Diff(want, *got); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
}

func TestNoFailureNamesTheKeyAndNoneFollowsARedirect(t *testing.T) {
	for _, status := range []int{302, 400, 429, 500} {
		p, got := service(t, status)
		err := p.Page(t.Context(), newFinding())
		if err == nil || strings.Contains(err.Error(), key) || len(*got) != 1 {
			t.Errorf("HTTP %d: %v after %d calls", status, err, len(*got))
		}
	}
	if s := fmt.Sprintf("%v %s %+v", pagerduty.Key(key), pagerduty.Key(key), pagerduty.Config{RoutingKey: key}); strings.Contains(s, key) {
		t.Error(s)
	}
}

func TestAnAddressThatWouldShowTheKeyIsRefused(t *testing.T) {
	for _, u := range []string{"http://events.example.com/", "events.pagerduty.com", "ftp://x", "http://127.0.0.1.example.com/"} {
		if _, err := pagerduty.New(pagerduty.Config{RoutingKey: key, URL: u}); err == nil {
			t.Errorf("%s is taken", u)
		}
	}
	for _, u := range []string{"", "https://events.eu.pagerduty.com/v2/enqueue", "http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/"} {
		if _, err := pagerduty.New(pagerduty.Config{RoutingKey: key, URL: u}); err != nil {
			t.Errorf("%q: %v", u, err)
		}
	}
	if _, err := pagerduty.New(pagerduty.Config{}); err == nil || err.Error() != "pagerduty: the routing key is empty" {
		t.Errorf("without a key: %v", err)
	}
}

// paid is the payload of the finding's page.
func paid(t *testing.T, f finding.Finding) map[string]any {
	t.Helper()
	p, got := service(t, http.StatusAccepted)
	if err := p.Page(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	payload, ok := (*got)[0]["payload"].(map[string]any)
	if !ok {
		t.Fatalf("event %v", (*got)[0])
	}
	return payload
}

func TestEverySeverityIsOneOfPagerDutys(t *testing.T) {
	for ours, theirs := range map[policies.Severity]string{
		policies.Critical: "critical", policies.High: "error", policies.Medium: "warning", policies.Low: "info", "": "error", "odd": "error",
	} {
		f := newFinding()
		f.Severity = ours
		if got := paid(t, f)["severity"]; got != theirs {
			t.Errorf("%q is %v, want %s", ours, got, theirs)
		}
	}
}

// PagerDuty refuses an event without a source, or with a longer summary; nobody
// would be paged.
func TestAPageOfAnyFindingIsOneThatPagerDutyTakes(t *testing.T) {
	f := newFinding()
	f.Message, f.Why = strings.Repeat("𝕏", 5000), strings.Repeat("long ", 1000)
	f.State, f.Resource, f.Policy = state.Failed, cloud.Resource{}, "p\u202e\x00"
	got := paid(t, f)
	if n := utf8.RuneCountInString(got["summary"].(string)); n > 1024 || n < 100 {
		t.Errorf("a summary of %d characters", n)
	}
	if got["source"] != "an unknown resource" || got["class"] != "p\ufffd\ufffd" {
		t.Errorf("payload %v", got)
	}
}

func TestNothingThatStrangersNamedHidesInAPage(t *testing.T) {
	for _, trick := range []string{"a\u202eb", "a\x1b[31m", "a\nb", "a\u200bb", "\xff"} {
		f := newFinding()
		f.Resource.Name, f.Policy, f.Message, f.Why, f.State = trick, trick, trick, trick, state.Failed
		for name, v := range paid(t, f) {
			if s, ok := v.(string); ok && notify.Clean(s) != s {
				t.Errorf("%s is %q", name, s)
			}
		}
	}
}

// A plan names members and holds policies' bodies; a change, its payload.
func TestAPageHoldsNothingOfAPlanOrAPayload(t *testing.T) {
	const secret = "hunter2"
	f := newFinding()
	f.Plan = judge.NewPlan([]judge.Step{{Kind: policies.RestoreConstrain, Resource: f.Resource, Before: judge.StepState{OrgPolicy: secret}}}, secret)
	f.Done, f.Reasons, f.EnforcedBy = f.Plan.Steps, []string{secret}, secret
	f.Change.Method, f.Change.InsertID, f.Answers = secret, secret, []finding.Answer{{Principal: secret, Reason: secret}}
	p, got := service(t, http.StatusAccepted)
	for _, s := range state.All() {
		if s == state.Kept || s == state.Approved {
			continue // says who decided
		}
		f.State = s
		if err := p.Page(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if b, err := json.Marshal(*got); err != nil || strings.Contains(string(b), secret) {
			t.Fatalf("%s: %v, sent %s", s, err, b)
		}
	}
	var keys []string
	for k := range paid(t, f) {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if !slices.Equal(keys, []string{"class", "severity", "source", "summary", "timestamp"}) {
		t.Errorf("a payload of %q", keys)
	}
}

func TestWithoutPagesAnIncidentHasNoLink(t *testing.T) {
	var got map[string]any
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer srv.Close()
	p, err := pagerduty.New(pagerduty.Config{RoutingKey: key, URL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Page(t.Context(), newFinding()); err != nil || got["links"] != nil || got["dedup_key"] != newFinding().ID {
		t.Errorf("%v, sent %v", err, got)
	}
}

func TestAPagerDutyThatDoesNotAnswerIsNamedAndTheKeyIsNot(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	p, err := pagerduty.New(pagerduty.Config{RoutingKey: key, URL: srv.URL + "/?" + key})
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"page": p.Page(t.Context(), newFinding()), "resolve": p.Resolve(t.Context(), newFinding())} {
		if want := "page about finding abcdefghijklmnopqrstuvwx27: PagerDuty does not answer"; err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
}
