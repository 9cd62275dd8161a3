package sandbox_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func TestS17WhoIsTurnedAwayBeforeTheDeskIsInTheLedgerToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	f, card := asked(t, w)
	w.Slack.SetUser(simslack.User{ID: "U0BOB", Name: "bob", Email: "bob@example.com", Guest: true})
	for _, u := range []string{"U0BOB", "U0EVE"} {
		if err := w.Slack.Click(t.Context(), u, card.Channel, card.TS, "rescind.revert"); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	eventually(t, "both refusals", func() bool {
		for e, err := range w.App.Ledger().Records(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)) {
			if err == nil && e.Kind == trail.Refused && e.Finding == f.ID {
				got[e.Via] = e.Class
			}
		}
		return len(got) == 2
	})
	want := map[string]string{"slack:T0DEMO/U0BOB": "identity", "slack:T0DEMO/U0EVE": "not-approver"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("class by who was refused (-want +got):\n%s", diff)
	}
}

func TestNobodyAnswersForARevisionThatNeverWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	f, _ := asked(t, w)
	_, err := w.App.Answer(t.Context(), f.ID, finding.Answer{
		Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Via: "test", Revision: f.Revision + 50, Digest: f.Plan.Digest,
	})
	var refused *finding.RefusedError
	if !errors.As(err, &refused) || refused.Class != finding.ClassStale {
		t.Errorf("error %v, want a refusal of what is stale", err)
	}
}

func TestASweepScansWhatNoEventToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Policies)
	public := &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}}
	if err := w.Cloud.PutPolicy(sandbox.Reports, public); err != nil {
		t.Fatal(err)
	}
	a := another(t, w, func(c *config.Config, o *process.Options) {
		c.Store, o.Store = "memory:", nil
		c.Scan.Every = config.Default().Scan.Every
	})
	for range 2 { // the second has nothing to do before the hour is over
		sweep(t, w, a)
	}
	fs, err := a.Store().Findings(t.Context(), finding.Query{})
	if err != nil || len(fs) != 1 || fs[0].Resource.Path() != sandbox.Reports {
		t.Errorf("%v, %v; want the one finding", fs, err)
	}
}

// sweep asks a rescind for a sweep as Cloud Scheduler does.
func sweep(t *testing.T, w *sandbox.World, a *process.App) {
	t.Helper()
	token, err := w.Pusher.Token()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sweep", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	a.Handler().ServeHTTP(rec, r)
	if rec.Code != http.StatusNoContent {
		t.Errorf("sweep: HTTP %d", rec.Code)
	}
}
