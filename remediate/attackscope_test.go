package remediate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/policies"
)

// What cannot be judged for a day as nothing of Google Cloud can be read is asked about,
// as the docs have it, and not only reported.
func TestAttackWhatIsGivenUpWithNothingReadableIsAsked(t *testing.T) {
	t.Parallel()
	said := &cries{}
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Notifier = said })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.between = func(string) error { return status.Error(codes.Unauthenticated, "no token") }
	if g.receive() == 0 {
		t.Fatal("nothing is owed")
	}
	for range 14 {
		g.judgeOwed(time.Second)
		g.pass(2 * time.Hour)
	}
	if got := g.became(); !strings.Contains(fmt.Sprint(got), "unknown, ask, pending") {
		t.Errorf("it came to %q, while the alarm says %q", got, said.said)
	}
}
