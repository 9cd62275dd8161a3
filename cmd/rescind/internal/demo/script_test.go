package demo

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestThePageOpensWithSomethingToSeeAndSomethingToAnswer(t *testing.T) {
	t.Parallel()
	d := newTestDemo(t, sandbox.Policies)
	d.opening(t.Context(), 0)
	fs, err := d.App.Store().Findings(t.Context(), finding.Query{})
	if err != nil {
		t.Fatal(err)
	}
	got := map[state.State]int{}
	for _, f := range fs {
		got[f.State]++
	}
	want := map[state.State]int{state.Reverted: 3, state.Reported: 1, state.Exempted: 1, state.Undone: 1, state.Pending: 8}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("findings by state (-want +got):\n%s", diff)
	}
	if i := slices.IndexFunc(d.Events(), func(e sandbox.Event) bool { return e.Outcome == string(remediate.Duplicate) }); i < 0 {
		t.Error("no duplicate among the events")
	}
}

func TestTheOpeningEndsWithTheDemo(t *testing.T) {
	t.Parallel()
	d := newTestDemo(t, sandbox.Policies)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	d.opening(ctx, time.Hour)
	if events := d.Events(); len(events) > 0 {
		t.Errorf("%d events, want none: it was over before it began", len(events))
	}
}

// reportPublic is a world in which nobody turned no-public-invoker on.
const reportPublic = `apiVersion: rescind/v1
policies:
  - {name: no-default-service-account, enforcement: approve}
`

func newTestDemo(t *testing.T, policies string) *Demo {
	t.Helper()
	w, err := sandbox.New(t.Context(), "127.0.0.1:0", policies, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close the demo: %v", err)
		}
	})
	return New(w)
}

func TestAScriptThatEndsOtherwiseFails(t *testing.T) {
	t.Parallel()
	d := newTestDemo(t, reportPublic)
	var out bytes.Buffer
	err := d.RunScript(t.Context(), &out)
	if err == nil || err.Error() != "3 checks failed" {
		t.Errorf("error %v, want 3 checks failed", err)
	}
	for _, want := range []string{
		"   WRONG    no-public-invoker ended as reported (want reverted)\n",
		"   WRONG    allUsers may no longer invoke api\n",
		"   WRONG    no-public-invoker ended as reported (want pending)\n",
		"   ok       checkout runs as its own account again\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out.String())
		}
	}
}

func TestAScriptThatCannotBePlayedFails(t *testing.T) {
	t.Parallel()
	d := newTestDemo(t, "apiVersion: rescind/v1\npolicies: []\n") // so nobody is asked
	err := d.RunScript(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "scene 2, default: click rescind.revert on ") {
		t.Errorf("error %v, want one about the click of scene 2", err)
	}
}
