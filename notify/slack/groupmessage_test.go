package slack_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
)

// group is a group of so many findings that wait for an answer.
func newGroup(n int) (group.Group, []finding.Finding) {
	g := group.Group{
		ID: "groupabcdefghijklmnopqrst2", Revision: int64(n), Since: noon, Changes: int64(n),
		Cause:    group.Cause{Channel: "C01PAY", Actor: "serviceAccount:tf@ops.iam.gserviceaccount.com", Policy: "no-public-invoker", Project: "pay-prod"},
		Timeline: []trail.Event{{At: noon, State: state.Pending, What: "asked about the first"}},
	}
	g.ID = g.ID[:26]
	var fs []finding.Finding
	for i := range n {
		f := publicService()
		f.ID = fmt.Sprintf("member%c%cdefghijklmnopqrst27", 'a'+i/26, 'a'+i%26)[:26]
		f.Resource = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", fmt.Sprintf("shop-%d", i+1))
		fs = append(fs, f)
		g.Items = append(g.Items, group.Item{Finding: f.ID, Digest: f.Plan.Digest, Resource: f.Resource, Severity: f.Severity, State: f.State})
	}
	return g, fs
}

func TestAGroupDrawnAnewHasNewBlocksAlsoWhereItsListIsTheSame(t *testing.T) {
	ids := map[string]bool{}
	for drawing := int64(1); drawing <= 2; drawing++ {
		_, blocks := slack.Render(notify.Message{Finding: "a7lftnx6rnoyzxtuoueeyk5w5a", Revision: 37, Drawing: drawing, Headline: "HIGH", Status: "37 findings", Text: "37 findings"})
		for _, b := range blocks {
			if id := b.ID(); ids[id] {
				t.Errorf("the block %s is used again", id)
			} else {
				ids[id] = true
			}
		}
	}
}

func TestAGroupOfOneTwoManyAndOverManyIsTakenBySlack(t *testing.T) {
	for _, n := range []int{1, 2, 10, 11, 200} {
		w := newWorkspace(t)
		g, fs := newGroup(n)
		if _, err := w.NotifyGroup(t.Context(), g, fs); err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		m := w.Messages()
		if len(m) != 1 || m[0].Channel != "C01PAY" {
			t.Fatalf("%d: messages %+v", n, m)
		}
		acceptable(t, drawn{m[0].Text, m[0].Blocks})
		for _, want := range []string{fmt.Sprintf("%d × no-public-invoker", n), "rescind.revert_all", "rescind.keep_all"} {
			if !strings.Contains(string(m[0].Blocks), want) {
				t.Errorf("%d: no %s in %s", n, want, m[0].Blocks)
			}
		}
	}
}

func TestAGroupIsOneMessageWhoseThreadTellsWhatHappened(t *testing.T) {
	w := newWorkspace(t)
	g, fs := newGroup(2)
	var err error
	if g.Surfaces, err = w.NotifyGroup(t.Context(), g, fs); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]finding.Surface{{Kind: "slack", Channel: "C01PAY", ID: w.Messages()[0].TS, Rendered: 2, Told: 1}}, g.Surfaces); d != "" {
		t.Errorf("surfaces (-want +got):\n%s", d)
	}
	if again, err := w.NotifyGroup(t.Context(), g, fs); err != nil || cmp.Diff(g.Surfaces, again) != "" || w.Messages()[0].Edits != 0 {
		t.Errorf("as it is shown already: %v, %+v", err, w.Messages())
	}
	g.Changes++
	g.Timeline = append(g.Timeline, trail.Event{At: noon, State: state.Pending, Who: "user:ada@example.com", What: "keep of all 2"})
	if g.Surfaces, err = w.NotifyGroup(t.Context(), g, fs); err != nil {
		t.Fatal(err)
	}
	m := w.Messages()
	if len(m) != 2 || m[0].Edits != 1 || m[1].Thread != m[0].TS || m[1].Text != "12:00:00 UTC pending: keep of all 2 (ada@example.com)" {
		t.Errorf("messages %+v", m)
	}
}

func TestAGroupWhoseMessageIsGoneIsPostedAnew(t *testing.T) {
	w := newWorkspace(t)
	g, fs := newGroup(2)
	var err error
	if g.Surfaces, err = w.NotifyGroup(t.Context(), g, fs); err != nil {
		t.Fatal(err)
	}
	w.Remove("C01PAY", g.Surfaces[0].ID)
	g.Changes++
	fresh, err := w.NotifyGroup(t.Context(), g, fs)
	if m := w.Messages(); err != nil || len(m) != 1 || len(fresh) != 1 || fresh[0].ID != m[0].TS || fresh[0].Rendered != g.Changes {
		t.Errorf("%v: messages %+v, surfaces %+v", err, m, fresh)
	}
}

// What was posted before an error must be stored, or it would be posted again.
func TestAGroupKeepsWhatWasShownWhenTheRestFails(t *testing.T) {
	w := newWorkspace(t)
	g, fs := newGroup(2)
	w.Inject(func(string) *simslack.Fault { return &simslack.Fault{Status: 503} })
	if s, err := w.NotifyGroup(t.Context(), g, fs); err == nil || len(s) != 0 {
		t.Errorf("nothing was posted: %v, surfaces %+v", err, s)
	}
	w.Inject(nil)
	var err error
	if g.Surfaces, err = w.NotifyGroup(t.Context(), g, fs); err != nil {
		t.Fatal(err)
	}
	g.Changes++
	g.Timeline = append(g.Timeline, g.Timeline...)
	w.Inject(func(m string) *simslack.Fault {
		if m == "chat.postMessage" {
			return &simslack.Fault{Status: 503}
		}
		return nil
	})
	s, err := w.NotifyGroup(t.Context(), g, fs)
	var e *slack.Error
	if !errors.As(err, &e) || e.Kind != slack.Down || len(s) != 1 || s[0].Rendered != g.Changes || s[0].Told != 1 {
		t.Errorf("the thread failed: %v, surfaces %+v", err, s)
	}
}
