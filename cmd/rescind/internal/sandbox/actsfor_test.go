package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/state"
)

const ciAccount = "ci@ops.iam.gserviceaccount.com"

// keeps has somebody keep the finding by its form, and returns what the form says
// against it.
func keeps(t *testing.T, w *sandbox.World, card simslack.Message, user string) (says string) {
	t.Helper()
	if err := w.Press(t.Context(), io.Discard, card, sandbox.Click{User: user, Action: "rescind.keep", Reason: "agreed with the team"}); err != nil {
		t.Fatal(err)
	}
	for _, v := range w.Slack.Views() {
		if v.User == user {
			for _, e := range v.Errors {
				says += e
			}
			if err := w.Slack.Dismiss(t.Context(), user, v.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	return says
}

func wantState(t *testing.T, w *sandbox.World, id string, want state.State, answers int) {
	t.Helper()
	if f, err := w.App.Store().Finding(t.Context(), id); err != nil || f.State != want || len(f.Answers) != answers {
		t.Errorf("the finding is %s with %d answers (%v), want %s with %d", f.State, len(f.Answers), err, want, answers)
	}
}

func TestI4WhatAnAccountDidAloneTakesTwoToKeep(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	f, card := askedBy(t, w, ciAccount)
	if !strings.Contains(string(card.Blocks), "it takes two people because "+ciAccount+" made it, and approvals.acts_for does not say who can act through that account") {
		t.Errorf("the card does not say why it takes two:\n%s", card.Blocks)
	}
	if says := keeps(t, w, card, "U0ADA"); says != "" {
		t.Errorf("the first is refused: %s", says)
	}
	wantState(t, w, f.ID, state.Pending, 1)
	if says := keeps(t, w, card, "U0BOB"); says != "" {
		t.Errorf("the second is refused: %s", says)
	}
	wantState(t, w, f.ID, state.Kept, 2)
}

func TestI4WhoCanActThroughTheAccountCannotKeepWhatItDid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	answeredBy(t, w, func(c *config.Config) {
		c.Approvals.ActsFor = map[string]config.ActsFor{"CI@ops.iam.gserviceaccount.com": {Users: []string{"user:Ada@example.com"}}}
	})
	f, card := askedBy(t, w, ciAccount)
	if says := keeps(t, w, card, "U0ADA"); !strings.Contains(says, "user:ada@example.com can act through ci@ops.iam.gserviceaccount.com, which made this change, and cannot keep it") {
		t.Errorf("the form says %q", says)
	}
	wantState(t, w, f.ID, state.Pending, 0)
	if says := keeps(t, w, card, "U0BOB"); says != "" {
		t.Errorf("the other is refused: %s", says)
	}
	wantState(t, w, f.ID, state.Kept, 1)
}

func TestI11WhoCanActThroughTheAccountIsAskedOfItsGroupEachTime(t *testing.T) {
	t.Parallel()
	group := &adminGroup{members: []string{"ada@example.com"}, down: true}
	api := httptest.NewServer(group)
	t.Cleanup(api.Close)
	w := newWorld(t, askAlways)
	answeredBy(t, w, func(c *config.Config) {
		c.Approvals.ActsFor = map[string]config.ActsFor{ciAccount: {Group: "ci-admins@example.com"}}
		c.Google.Endpoints.CloudIdentity = api.URL
	})
	f, card := askedBy(t, w, ciAccount)
	for _, user := range []string{"U0ADA", "U0BOB"} {
		if says := keeps(t, w, card, user); !strings.Contains(says, "could not be looked up; that is not a no (Google group ci-admins@example.com: could not be looked up (Cloud Identity answered HTTP 503") {
			t.Errorf("%s, while the group does not answer: the form says %q", user, says)
		}
	}
	wantState(t, w, f.ID, state.Pending, 0)
	group.set(false)
	if says := keeps(t, w, card, "U0ADA"); !strings.Contains(says, "can act through "+ciAccount) {
		t.Errorf("a member: the form says %q", says)
	}
	if says := keeps(t, w, card, "U0BOB"); says != "" {
		t.Errorf("no member: %s", says)
	}
	wantState(t, w, f.ID, state.Kept, 1)
}

// adminGroup is the API of Cloud Identity with one group, ci-admins@example.com.
type adminGroup struct {
	mu      sync.Mutex
	members []string
	down    bool
}

func (g *adminGroup) set(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = down
}

func (g *adminGroup) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	query := r.URL.Query().Get("query")
	switch {
	case g.down:
		w.WriteHeader(http.StatusServiceUnavailable)
	case strings.HasSuffix(r.URL.Path, ":lookup") && r.URL.Query().Get("groupKey.id") == "ci-admins@example.com":
		fmt.Fprint(w, `{"name":"groups/1"}`)
	case strings.HasSuffix(r.URL.Path, ":checkTransitiveMembership"):
		fmt.Fprintf(w, `{"hasMembership":%v}`, slices.ContainsFunc(g.members, func(m string) bool { return strings.Contains(query, "'"+m+"'") }))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}
