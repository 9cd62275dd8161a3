package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// After an outage of a day what comes is judged on a limit of ours, and on what did not
// come within a second: it waits for neither, and becomes a question of what is not known.
func TestAttackAnEventOlderThanADayWaitsForItsFactsToo(t *testing.T) {
	t.Parallel()
	for _, story := range told {
		tell := func(t *testing.T, between func(n int) error) []string {
			g := newRig(t, set{public: policies.Revert, identity: policies.Revert, editor: policies.Revert})
			story.mess(g)
			g.pass(25 * time.Hour) // Pub/Sub kept it
			var mu sync.Mutex
			n := 0
			g.between = func(string) error {
				mu.Lock()
				defer mu.Unlock()
				n++
				return between(n)
			}
			g.receive()
			g.judgeOwed(2 * time.Minute)
			return g.became()
		}
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			calls := 0
			want := tell(t, func(n int) error { calls = n; return nil })
			for what, err := range failing {
				for at := 1; at <= calls; at++ {
					got := tell(t, func(n int) error {
						if n == at {
							return err
						}
						return nil
					})
					if d := cmp.Diff(want, got); d != "" {
						t.Errorf("%s at call %d (-want +got):\n%s", what, at, d)
					}
				}
			}
		})
	}
}

// The alarm of what was given up is lost where it cannot be stored at once: what is
// left is a duplicate.
func TestAttackTheAlarmOfWhatIsGivenUpOutlivesAStoreThatFailsOnce(t *testing.T) {
	t.Parallel()
	said := &cries{}
	var failed atomic.Bool
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		c.Notifier = said
		c.Config.Store = alarmless{c.Config.Store, &failed}
	})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.between = func(method string) error {
		if strings.HasSuffix(method, "GetIamPolicy") {
			return status.Error(codes.Unauthenticated, "no token")
		}
		return nil
	}
	if g.receive() == 0 {
		t.Fatal("nothing is owed")
	}
	for range 13 {
		g.judgeOwed(time.Second)
		g.pass(2 * time.Hour)
	}
	g.judgeOwed(time.Hour)
	fs, err := g.Store.Findings(t.Context(), finding.Query{})
	g.must(err)
	if len(said.said) != 1 || !failed.Load() {
		t.Errorf("alarms: %q; %d findings", said.said, len(fs))
	}
}

type alarmless struct {
	remediate.Store
	failed *atomic.Bool
}

func (s alarmless) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if c.Name == "alarms" && s.failed.CompareAndSwap(false, true) {
		return cells.Cell{}, errors.New("unavailable")
	}
	return s.Store.SetCell(ctx, c)
}

// Whoever makes a change that cannot be judged ends the question that is open about
// another.
func TestAttackWhatIsGivenUpEndsNoQuestion(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, func(c *setup) { c.Config.ExpiresIn = 72 * time.Hour })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.receive()
	down := true
	g.between = func(method string) error {
		if down && strings.HasSuffix(method, "GetIamPolicy") {
			return status.Error(codes.Unauthenticated, "no token")
		}
		return nil
	}
	g.pass(time.Minute)
	g.grant(apiPath, "roles/run.viewer", "user:jo@example.com")
	if g.receive() == 0 {
		t.Fatal("nothing is owed")
	}
	for range 13 {
		g.judgeOwed(time.Second)
		g.pass(2 * time.Hour)
	}
	after := g.became()
	if strings.Contains(fmt.Sprint(after), "superseded") {
		t.Error("the question was ended by what is not known")
	}
}
