package remediate_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/state"
)

// receive delivers what was logged, and returns how many of it are owed.
func (g *rig) receive() (owing int) {
	g.t.Helper()
	for _, c := range g.events() {
		out, err := g.Receive(g.t.Context(), c)
		g.must(err)
		if out.Kind == remediate.Owed {
			owing++
		}
	}
	return owing
}

// judgeOwed judges what is owed, with what falls due meanwhile.
func (g *rig) judgeOwed(d time.Duration) {
	g.t.Helper()
	for end := g.Clock().Add(d); g.Clock().Before(end); g.pass(5 * time.Second) {
		_, err := g.JudgeOwed(g.t.Context(), g.Clock().Add(time.Hour), func(cloud.Change, remediate.Outcome) {})
		g.must(err)
	}
}

// failing are the ways in which a call fails that says nothing of a change.
var failing = map[string]error{
	"a limit of ours":        &fault.BusyError{Where: "300 reads a minute", After: 61 * time.Second},
	"an answer that is late": status.Error(codes.DeadlineExceeded, "context deadline exceeded"),
}

// Whichever call keeps a change from being judged, its event is acknowledged, and it comes
// to what it comes to when it is judged at once.
func TestR10WhatIsOwedComesToWhatItComesToAtOnce(t *testing.T) {
	t.Parallel()
	for _, story := range told {
		tell := func(t *testing.T, between func(n int) error) (became []string, owing int) {
			g := confirming(t, set{public: policies.Revert, identity: policies.Revert, editor: policies.Revert}, func(c *setup) {
				c.Limits = remediate.Limits{}
			})
			story.mess(g)
			var mu sync.Mutex
			n := 0
			g.between = func(string) error {
				mu.Lock()
				defer mu.Unlock()
				n++
				return between(n)
			}
			owing = g.receive()
			g.judgeOwed(2 * time.Minute)
			g.sweepFor(2 * time.Minute)
			superseded := func(s string) bool { return strings.HasSuffix(s, ", superseded") } // which came first may differ between places
			return slices.DeleteFunc(g.became(), superseded), owing
		}
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			calls, late := 0, 0
			want, _ := tell(t, func(n int) error { calls = n; return nil })
			for i, what := range slices.Sorted(maps.Keys(failing)) {
				err := failing[what]
				for _, at := range struckAt(calls, i+1) {
					got, owing := tell(t, func(n int) error {
						if n == at {
							return err
						}
						return nil
					})
					late += owing
					if d := cmp.Diff(want, got); d != "" {
						t.Errorf("%s at call %d (-want +got):\n%s", what, at, d)
					}
				}
			}
			if late < 2 || !strings.Contains(fmt.Sprint(want), "revert") {
				t.Errorf("the story comes to %q, and %d changes were owed: it shows nothing", want, late)
			}
		})
	}
}

// What comes while others of its project and region are owed is judged after them, and
// what comes of another project at once.
func TestAChangeStandsInLineBehindThoseOfItsPlace(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	down := true
	g.between = func(method string) error {
		if down && strings.HasSuffix(method, "OrgPolicy/GetEffectivePolicy") {
			return &fault.BusyError{Where: "300 reads a minute", After: 30 * time.Second}
		}
		return nil
	}
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	if n := g.receive(); n != 1 {
		t.Fatalf("%d owed, want 1", n)
	}
	g.pass(time.Second)
	g.grant(apiPath, "roles/run.viewer", "user:jo@example.com")
	g.grant("projects/pay-prod", "roles/viewer", "user:jo@example.com")
	if n := g.receive(); n != 1 {
		t.Errorf("%d more owed, want the one of the region", n)
	}
	all, err := g.Store.Owed(t.Context(), owed.Query{})
	g.must(err)
	if len(all) != 2 || !strings.Contains(all[0].Why, "300 reads a minute") || !strings.Contains(all[1].Why, "stands in line") {
		t.Errorf("owed: %+v", all)
	}
	down = false
	g.judgeOwed(time.Minute)
	fs, err := g.Store.Findings(t.Context(), finding.Query{States: []state.State{state.Reverted}})
	if n, _ := g.Store.CountOwed(t.Context(), ""); err != nil || len(fs) != 1 || n != 0 {
		t.Errorf("%v, %v; %d owed; want the grant reverted, and nothing owed", fs, err, n)
	}
}

// A project that changes all the time has a few changes judged at once, and the rest in
// their turn; what comes of others meanwhile is judged as it comes.
func TestABusyPlaceTakesTheTimeOfNoOther(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	for range 30 {
		g.grant(apiPath, "roles/run.invoker", "allUsers")
	}
	loud := g.events()
	g.grant("projects/pay-prod", "roles/viewer", "user:jo@example.com")
	quiet := g.events()
	reading, answer := make(chan bool, len(loud)), make(chan bool)
	g.between = func(method string) error {
		if strings.HasSuffix(method, "Services/GetIamPolicy") {
			reading <- true
			<-answer
		}
		return nil
	}
	var all sync.WaitGroup
	for _, c := range loud[:16] {
		all.Go(func() {
			if _, err := g.Receive(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	for range 16 {
		<-reading
	}
	for _, c := range loud[16:] {
		if out, err := g.Receive(t.Context(), c); err != nil || out.Kind != remediate.Owed {
			t.Errorf("one more of a busy place: %v, %v; want it owed", out.Kind, err)
		}
	}
	for _, c := range quiet {
		if out, err := g.Receive(t.Context(), c); err != nil || out.Kind == remediate.Owed {
			t.Errorf("one of another place: %v, %v; want it judged", out.Kind, err)
		}
	}
	close(answer)
	all.Wait()
	g.between = nil
	g.judgeOwed(time.Minute)
	n, err := g.Store.CountOwed(t.Context(), "")
	if g.must(err); n != 0 || len(g.became()) == 0 {
		t.Errorf("%d are owed, and %q became", n, g.became())
	}
}

// With the store down, or full, nothing is read of a change.
func TestWithoutRoomNothingIsRead(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	for i := range 1000 {
		o := c
		o.ID, o.Resource.Project = fmt.Sprint("made up ", i), fmt.Sprint("p", i%20)
		g.must(g.Owed.Owe(t.Context(), o, errors.New("slow")))
	}
	var err error
	if sent := g.sentBy(func() { _, err = g.Receive(t.Context(), c) }); !errors.Is(err, owed.ErrFull) || len(sent) > 0 {
		t.Errorf("%v after %v", err, sent)
	}
}

// What cannot be judged for a day was acknowledged, so nobody else keeps it: people are
// asked, by every policy that is about what is not known.
func TestWhatCannotBeJudgedForADayIsAskedAsUnknown(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		mess func(*rig)
		down string
		want []string
	}{
		"the policy of a service":   {func(g *rig) { g.grant(apiPath, "roles/run.invoker", "allUsers") }, "GetIamPolicy", []string{public}},
		"a policy without anything": {func(g *rig) { g.grant(apiPath, "roles/run.viewer", "user:jo@example.com") }, "GetIamPolicy", []string{public}},
		"a deploy":                  {func(g *rig) { g.deploy(defaultAccount) }, "GetService", []string{identity, public}},
		"a harmless deploy":         {func(g *rig) { g.deploy(apiAccount) }, "GetService", []string{identity, public}},
		"Editor on the project":     {func(g *rig) { g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount) }, "GetIamPolicy", []string{editor}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := &cries{}
			g := newRig(t, set{public: policies.Revert, identity: policies.Revert, editor: policies.Revert}, func(c *setup) { c.Notifier = said })
			tt.mess(g)
			g.between = func(method string) error {
				if strings.HasSuffix(method, tt.down) {
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
			fs, err := g.Store.Findings(t.Context(), finding.Query{})
			g.must(err)
			var got []string
			for _, f := range fs {
				got = append(got, f.Policy)
				if f.Verdict != policies.Unknown || f.State != state.Pending || !strings.Contains(fmt.Sprint(f.Reasons), "it could not be judged for 24h") {
					t.Errorf("%s: %s, %s, %q", f.Policy, f.Verdict, f.State, f.Reasons)
				}
			}
			slices.Sort(got)
			if d := cmp.Diff(tt.want, slices.Compact(got)); d != "" || g.writes() > 0 {
				t.Errorf("asked by policies (-want +got):\n%s\n%d writes", d, g.writes())
			}
			if n, err := g.Store.CountOwed(t.Context(), ""); n != 0 || err != nil {
				t.Errorf("%d still owed, %v", n, err)
			}
			if len(said.said) != 1 || !strings.Contains(said.said[0], "could not be judged for 24h") {
				t.Errorf("alarms: %q", said.said)
			}
		})
	}
}
