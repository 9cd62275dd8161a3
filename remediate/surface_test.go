package remediate_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

var surfaceTime = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func card(ts string, rendered int64) finding.Surface {
	return finding.Surface{Kind: "slack", Channel: "C01", ID: ts, Rendered: rendered}
}

func TestAMessageThatSomebodySawIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name     string
		surfaces []finding.Surface
		want     []finding.Surface
	}{
		{"one of which the store does not know", []finding.Surface{card("1.1", 7)}, []finding.Surface{card("1.1", 7), card("2.2", 0)}},
		{"one that the store believes up to date", []finding.Surface{card("2.2", 7)}, []finding.Surface{card("2.2", 0)}},
		{"the only one", nil, []finding.Surface{card("2.2", 0)}},
	} {
		st := memory.New()
		desk := desk.Desk{Store: st, Now: func() time.Time { return surfaceTime }, HandOver: true}
		f, err := st.Create(t.Context(), finding.Finding{ID: "f", State: state.Expired, EndedAt: surfaceTime, Surfaces: row.surfaces})
		if err != nil {
			t.Fatal(err)
		}
		got, err := desk.RecordSurface(t.Context(), f.ID, card("2.2", 3))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(row.want, got.Surfaces); d != "" || !got.Owes(finding.Notify) || !got.DueAt.Equal(surfaceTime) || got.State != state.Expired {
			t.Errorf("%s: surfaces (-want +got):\n%s\noutbox %v, due %v, %s", row.name, d, got.Outbox, got.DueAt, got.State)
		}
	}
}

func TestShowingAFindingPutsOffNothingThatIsBeingCarriedOut(t *testing.T) {
	t.Parallel()
	st := memory.New()
	desk := desk.Desk{Store: st, Now: func() time.Time { return surfaceTime }, HandOver: true}
	due := surfaceTime.Add(time.Minute)
	_, err := st.Create(t.Context(), finding.Finding{ID: "f", State: state.Applying, Outbox: []finding.Effect{finding.Apply}, DueAt: due})
	if err != nil {
		t.Fatal(err)
	}
	got, err := desk.RecordSurface(t.Context(), "f", card("2.2", 0))
	if err != nil || !got.DueAt.Equal(due) || !got.Owes(finding.Apply) || !got.Owes(finding.Notify) {
		t.Errorf("%v: due %v, outbox %v", err, got.DueAt, got.Outbox)
	}
}

func TestEndlesslyManyMessagesOfOneFindingAreNotKept(t *testing.T) {
	t.Parallel()
	st := memory.New()
	desk := desk.Desk{Store: st, Now: func() time.Time { return surfaceTime }}
	if _, err := st.Create(t.Context(), finding.Finding{ID: "f", State: state.Expired}); err != nil {
		t.Fatal(err)
	}
	var f finding.Finding
	for i := range 30 {
		var err error
		if f, err = desk.RecordSurface(t.Context(), "f", card(string(rune('a'+i)), 0)); err != nil {
			t.Fatal(err)
		}
	}
	if len(f.Surfaces) != 20 {
		t.Errorf("%d surfaces", len(f.Surfaces))
	}
}

// A person may click while a notice is under way: what the notifier returns
// then knows nothing of the message they clicked on.
func TestAMessageThatIsNotedDuringANoticeIsNotForgotten(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{"no-public-invoker": policies.Approve}, func(c *setup) {
		c.Notifier = &meddler{during: func(id string) {}, notice: &notice{}}
	})
	m := g.Notifier.(*meddler)
	first := true
	m.during = func(id string) {
		if first {
			first = false
			if _, err := g.RecordSurface(t.Context(), id, card("9.9", 0)); err != nil {
				t.Error(err)
			}
		}
	}
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.stored(g.deliver()[0].ID)
	found := false
	for _, s := range f.Surfaces {
		found = found || s.ID == "9.9"
	}
	if !found || !f.Owes(finding.Notify) {
		t.Errorf("surfaces %v, outbox %v", f.Surfaces, f.Outbox)
	}
}

// meddler is a Notifier during whose work something happens.
type meddler struct {
	*notice
	during func(id string)
}

func (m *meddler) Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error) {
	m.during(f.ID)
	return m.notice.Notify(ctx, f)
}

// notice is a Notifier that remembers the states it was to show; while failing,
// it refuses.
type notice struct {
	mu      sync.Mutex
	states  []state.State
	failing error
}

func (n *notice) Notify(_ context.Context, f finding.Finding) ([]finding.Surface, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failing != nil {
		return f.Surfaces, n.failing
	}
	n.states = append(n.states, f.State)
	return []finding.Surface{{Kind: "test", Channel: "c", ID: "1", Rendered: f.Revision}}, nil
}
