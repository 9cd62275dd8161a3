package notify_test

import (
	"testing"

	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify"
)

func TestTrailSaysWhenWhatAndByWhom(t *testing.T) {
	got := notify.Trail([]trail.Event{
		{At: noon, State: state.Pending, What: "asked"},
		{At: noon, State: state.Kept, Who: "user:ada@example.com", What: "fine\u202e"},
		{At: noon, State: state.Expired},
	})
	want := []string{"12:00:00 UTC pending: asked", "12:00:00 UTC kept: fine\uFFFD (ada@example.com)", "12:00:00 UTC expired"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("trail (-want +got):\n%s", d)
	}
}
