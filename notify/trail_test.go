package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
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

func TestWhoIsSaidOnceInATrail(t *testing.T) {
	for want, e := range map[string]trail.Event{
		"12:00:00 UTC kept: kept by ada@example.com: fine":  {At: noon, State: state.Kept, Who: ada, What: "kept by ada@example.com: fine"},
		"12:00:00 UTC kept: kept: fine (ada@example.com)":   {At: noon, State: state.Kept, Who: ada, What: "kept: fine"},
		"12:00:00 UTC pending: a b":                         {At: noon, State: state.Pending, What: "a\nb"},
		"23:30:00 UTC pending: said in UTC":                 {At: noon.Add(690 * time.Minute).In(time.FixedZone("far east", 50400)), State: state.Pending, What: "said in UTC"},
		"12:00:00 UTC kept (serviceAccount:ci@example.com)": {At: noon, State: state.Kept, Who: "serviceAccount:ci@example.com"},
	} {
		if got := notify.Trail([]trail.Event{e}); len(got) != 1 || got[0] != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got := notify.Trail(nil); len(got) != 0 {
		t.Errorf("of no events: %q", got)
	}
}

func TestATrailSaysWhetherItIsAsItWasWritten(t *testing.T) {
	st, f := stored(t, publicService())
	f, err := press(t, st, noon.Add(time.Minute), ada, f.ID, f.DigestFor(finding.ChooseExempt), finding.ChooseExempt)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1 event, verified; the hash of the last is " + f.Timeline.Head(); notify.TrailSays(f) != want {
		t.Errorf("as it was written: %s, want %s", notify.TrailSays(f), want)
	}
	if f, err = press(t, st, noon.Add(2*time.Minute), bob, f.ID, f.DigestFor(finding.ChooseExempt), finding.ChooseExempt); err != nil {
		t.Fatal(err)
	}
	if want := "2 events, verified; the hash of the last is " + f.Timeline.Head(); notify.TrailSays(f) != want {
		t.Errorf("with one more: %s, want %s", notify.TrailSays(f), want)
	}
	f.Timeline[0].Who = "user:eve@example.com"
	if got := notify.TrailSays(f); !strings.HasPrefix(got, "BROKEN: ") {
		t.Errorf("changed since: %s", got)
	}
	if got := notify.TrailSays(publicService()); !strings.HasPrefix(got, "not chained: ") {
		t.Errorf("from before there were hashes: %s", got)
	}
}
