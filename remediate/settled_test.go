package remediate_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// kept has ada keep what the finding is about.
func (g *rig) kept(f finding.Finding) finding.Finding {
	g.t.Helper()
	_, err := g.Answer(g.t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: ada, Via: "cli", Reason: "the partner needs it", Digest: f.Plan.Digest})
	g.must(err)
	f = g.stored(f.ID)
	g.want(f, state.Kept, "")
	return f
}

// asked is what is still asked of what was handled.
func asked(fs []finding.Finding) []finding.Finding {
	return slices.DeleteFunc(slices.Clone(fs), func(f finding.Finding) bool { return f.State != state.Pending })
}

// touch has mallory write the policy of the service as it is.
func (g *rig) touch() {
	g.t.Helper()
	g.editPolicy(apiPath, func(*iampb.Policy) {})
}

// by is the change as somebody else's.
func by(who string, cs []cloud.Change) cloud.Change {
	c := cs[len(cs)-1]
	c.Actor = cloud.Actor{Principal: who}
	return c
}

func (g *rig) timelineSays(f finding.Finding, what string) (n int) {
	for _, e := range g.stored(f.ID).Timeline {
		if strings.Contains(e.What, what) {
			n++
		}
	}
	return n
}

// A public service that ada lets mallory keep, and what came of it.
func keptPublic(t *testing.T) (*rig, finding.Finding) {
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	return g, g.kept(g.one())
}

func TestI10WhatWasKeptIsSettledForWhoMadeItAndCounted(t *testing.T) {
	t.Parallel()
	g, f := keptPublic(t)
	for range 3 {
		g.pass(time.Hour)
		g.touch()
		if fs := g.deliver(); len(fs) > 0 {
			t.Fatalf("%+v, want nothing: it is settled", fs)
		}
	}
	g.scanNone(apiService, f.ID)
	if s := g.stored(f.ID).Settled; s == nil || s.Again != 3 || !s.Last.Equal(g.Clock()) || s.LastBy != "user:"+mallory {
		t.Errorf("not raised: %+v, want three", s)
	}
	if n := g.timelineSays(f, "is not raised: it is settled until 2026-12-20T"); n != 1 {
		t.Errorf("the timeline tells of %d, want the first", n)
	}
	g.revoke(apiPath, "roles/run.invoker", "allUsers")
	g.deliver()
	if n := g.timelineSays(f, "settled no more; changes like it that were not raised: 3, the first at 2026-11-20T04:00:00Z, the last at 2026-11-20T06:00:00Z by user:"+mallory); n != 1 {
		t.Errorf("the timeline tells %d times how it ended, want once: %+v", n, g.stored(f.ID).Timeline)
	}
	if got := g.stored(f.ID); got.State != state.Kept || !strings.Contains(got.Why, "kept") {
		t.Errorf("it is %s (%s), want it as it ended", got.State, got.Why)
	}
	g.must(g.stored(f.ID).VerifyTrail())
}

func TestI10WhatWasKeptIsNewOnceItWasGone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		look func(*rig) // at live state without it
		new  bool
	}{
		"an event tells":            {func(g *rig) { g.deliver() }, true},
		"a scan finds out":          {func(g *rig) { g.events(); g.scan(apiService) }, true},
		"the look fails":            {func(g *rig) { g.cloud.Fail("Services.GetIamPolicy", 1, codes.PermissionDenied); g.deliver() }, false},
		"nobody looked in between":  {func(g *rig) { g.events() }, false},
		"the service was not there": {func(g *rig) { g.events(); g.cloud.Fail("Services.GetIamPolicy", 1, codes.NotFound); g.scan(apiService) }, true},
	} {
		g, _ := keptPublic(t)
		g.revoke(apiPath, "roles/run.invoker", "allUsers")
		tt.look(g)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		if got := len(asked(g.deliver())); got == 1 != tt.new {
			t.Errorf("%s: %d questions, want one: %t", name, got, tt.new)
		}
	}
}

func TestI10WhatWasKeptCoversNobodyElse(t *testing.T) {
	t.Parallel()
	for who, covered := range map[string]bool{
		"user:" + mallory: true, "user:eve@example.com": false, ada: false, cloud.UnknownActor: false,
	} {
		g, _ := keptPublic(t)
		g.touch()
		o := g.handle(by(who, g.events()))
		if got := len(asked(o.Findings)) == 0; got != covered {
			t.Errorf("%s: settled is %t, want %t", who, got, covered)
		}
	}
}

func TestI10WhatWasKeptHoldsForATimeAndAnEnforcement(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for name, tt := range map[string]struct {
		pass    time.Duration
		most    time.Duration // approvals.max_exempt
		enforce policies.Enforcement
		settled bool
	}{
		"within 30 days":            {30*day - time.Hour, 365 * day, policies.Approve, true},
		"after 30 days":             {30*day + time.Hour, 365 * day, policies.Approve, false},
		"within max_exempt":         {7*day - time.Hour, 7 * day, policies.Approve, true},
		"after max_exempt":          {7*day + time.Hour, 7 * day, policies.Approve, false},
		"where nothing is exempted": {time.Minute, 0, policies.Approve, false},
		"enforcement raised":        {time.Hour, 365 * day, policies.Revert, false},
		"enforcement lowered":       {time.Hour, 365 * day, policies.Audit, true},
	} {
		g, f := keptPublic(t)
		g.change(func(c *setup) {
			c.Authority.MaxExempt = map[policies.Severity]time.Duration{f.Severity: tt.most}
			c.Judge.Policies = g.load(set{public: tt.enforce})
		})
		g.pass(tt.pass)
		scanned := g.scan(apiService)
		if got := len(scanned.Findings) == 0; got != tt.settled {
			t.Errorf("%s: a scan takes it for settled: %t, want %t", name, got, tt.settled)
		}
		g.touch()
		o := g.handle(g.events()[0])
		if got := len(o.Findings) == 0; got != tt.settled {
			t.Errorf("%s: an event takes it for settled: %t (%+v), want %t", name, got, o.Findings, tt.settled)
		}
	}
}

func TestI10OneGrantThatIsSettledSettlesNoOther(t *testing.T) {
	t.Parallel()
	g, f := keptPublic(t)
	other := cloud.Grant{Role: "roles/run.invoker", Member: "allAuthenticatedUsers"}
	g.grant(apiPath, other.Role, string(other.Member))
	var first string
	for range 2 {
		fs := asked(g.deliver())
		if len(fs) != 1 || !slices.Equal(fs[0].Plan.Grants(), []cloud.Grant{other}) || !strings.Contains(strings.Join(fs[0].Reasons, "\n"), "settled in finding "+f.ID) {
			t.Fatalf("%+v, want one question about the other grant alone", fs)
		}
		if first = cmp.Or(first, fs[0].ID); fs[0].ID != first {
			t.Errorf("the second change is finding %s, want it to join %s", fs[0].ID, first)
		}
		g.touch()
	}
	if open := g.questions(); len(open) != 1 {
		t.Errorf("%d questions are open, want the one that both changes made", len(open))
	}
	g.revoke(apiPath, "roles/run.invoker", "allUsers")
	g.deliver()
	if n := g.timelineSays(f, "so it is settled no more"); n != 1 {
		t.Errorf("the timeline tells %d times that it ended, want once", n)
	}
}

func TestI10WhatWasUndoneIsSettledWhileItIsThere(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Reverted, "")
	g.pass(time.Hour)
	u := g.undo(f)
	g.want(u, state.Undone, "")
	g.events()
	g.pass(time.Hour)
	g.touch()
	if fs := g.deliver(); len(fs) > 0 {
		t.Fatalf("%+v, want nothing: ada wanted it there", fs)
	}
	g.revoke(apiPath, "roles/run.invoker", "allUsers")
	g.deliver()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Reverted, "")
}

// A policy without a remedy names what it is about all the same.
func TestI10WhatWasKeptWithoutAPlanSettlesNothingElse(t *testing.T) {
	t.Parallel()
	kept := func(t *testing.T) *rig {
		g := newRig(t, nil)
		g.change(mine(g, `when: 'change.added.exists(g, g.role.name == "roles/run.admin")', enforcement: approve`))
		g.grant(apiPath, "roles/run.admin", "user:partner@example.com")
		f, _ := g.ofMine(g.deliver())
		_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: ada, Via: "cli", Reason: "the partner needs it", Digest: finding.NoPlan})
		g.must(err)
		return g
	}
	for name, tt := range map[string]struct {
		mess  func(*rig)
		asked bool
	}{
		"the same":      {(*rig).touch, false},
		"another grant": {func(g *rig) { g.grant(apiPath, "roles/run.admin", "user:thief@gmail.com") }, true},
		"the same, once it was gone": {func(g *rig) {
			g.revoke(apiPath, "roles/run.admin", "user:partner@example.com")
			g.deliver()
			g.grant(apiPath, "roles/run.admin", "user:partner@example.com")
		}, true},
	} {
		g := kept(t)
		tt.mess(g)
		if f, ok := g.ofMine(g.deliver()); ok != tt.asked {
			t.Errorf("%s: asked is %t (%+v), want %t", name, ok, f, tt.asked)
		}
	}
	g := kept(t)
	g.grant(apiPath, "roles/run.admin", "user:thief@gmail.com")
	g.events()
	if f, ok := g.ofMine(g.scan(apiService).Findings); !ok {
		t.Errorf("a scan asks of nothing: %+v", f)
	}
}

func TestI10TheTimelineTellsWhatAKeepSwallowedOnceItsTimeIsOver(t *testing.T) {
	t.Parallel()
	g, f := keptPublic(t)
	g.touch()
	g.deliver()
	g.pass(31 * 24 * time.Hour)
	g.scan(apiService)
	if n := g.timelineSays(f, "its time is over, so it is settled no more; changes like it that were not raised: 1, "); n != 1 {
		t.Errorf("the timeline tells %d times how it ended, want once: %+v", n, g.stored(f.ID).Timeline)
	}
}

// Nobody knows whether whom the log does not name is among those whose change was kept,
// nor whether somebody is for whom the finding had no room.
func TestI10WhatWasKeptOfUnknownActorsCoversNobody(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		made  []string // who joined
		again string
	}{
		"somebody unnamed, twice":               {[]string{cloud.UnknownActor}, cloud.UnknownActor},
		"somebody else, once there is no room":  {names(105), "user:eve@example.com"},
		"the last one, for whom there was none": {names(105), "user:n104@example.com"},
		"a name without end, where others were": {[]string{"user:" + strings.Repeat("a", 5000)}, "user:" + strings.Repeat("e", 5000)},
	} {
		g := newRig(t, set{public: policies.Approve}, withBob)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.one()
		for _, who := range tt.made {
			g.pass(time.Second) // or reads would wait for their turn
			g.touch()
			g.handle(by(who, g.events()))
		}
		for _, who := range []string{ada, "user:bob@example.com"} {
			_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: who, Via: "cli", Reason: "the partner needs it", Digest: f.Plan.Digest, Revision: g.stored(f.ID).Revision})
			g.must(err)
		}
		g.want(g.stored(f.ID), state.Kept, "")
		g.touch()
		if got := asked(g.handle(by(tt.again, g.events())).Findings); len(got) != 1 {
			t.Errorf("%s: %d questions, want one", name, len(got))
		}
	}
}

func names(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("user:n%d@example.com", i))
	}
	return out
}
