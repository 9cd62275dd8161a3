package remediate_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/policies"
)

// What is given up in many places takes no room from the alarm that somebody uses the
// identity of rescind, while nobody can be told.
func TestAttackWhatIsGivenUpInManyPlacesHidesNoOtherAlarm(t *testing.T) {
	t.Parallel()
	g, said := watching(t, set{public: policies.Revert})
	own := g.asSelf()
	said.refuses = errors.New("Slack is down")
	down := true
	g.between = func(string) error {
		if down {
			return status.Error(codes.Unauthenticated, "no token")
		}
		return nil
	}
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	for i := range 60 { // 60 regions, or projects
		o := c
		o.ID, o.Resource.Location = fmt.Sprint(c.ID, i), fmt.Sprint("region-", i)
		if _, err := g.Receive(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
	for range 14 {
		g.judgeOwed(time.Second)
		g.pass(2 * time.Hour)
	}
	down = false
	own.Time = g.Clock()
	if out, err := g.Receive(t.Context(), own); err != nil {
		t.Fatal(out, err)
	}
	said.refuses = nil
	g.sweepFor(5 * time.Minute)
	if !strings.Contains(fmt.Sprint(said.said), "somebody uses the identity of rescind") {
		t.Errorf("said %d: %.300q", len(said.said), said.said)
	}
}
