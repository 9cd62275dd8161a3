package pagerduty_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/pagerduty"
	"github.com/rescind-dev/rescind/policies"
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
}
