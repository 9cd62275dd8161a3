package remediate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// bell is a pager that can be out of order.
type bell struct {
	paged, resolved []string
	failing         error
}

func (p *bell) Name() string { return "bell" }

func (p *bell) Page(_ context.Context, f finding.Finding) error {
	if p.failing == nil {
		p.paged = append(p.paged, f.ID)
	}
	return p.failing
}

func (p *bell) Resolve(_ context.Context, f finding.Finding) error {
	p.resolved = append(p.resolved, f.ID)
	return nil
}

// escalating is a burst whose questions escalate to the bell, and to a user
// group in Slack.
func escalating(t *testing.T) (*burst, *bell) {
	t.Helper()
	p := &bell{}
	b := newBurst(t, func(c *setup) {
		mention, err := c.Notifier.(*slack.Notifier).OnCall("S01ONCALL")
		if err != nil {
			t.Fatal(err)
		}
		c.OnExpiry, c.OnCall, c.FallbackAfter = remediate.EscalateOnExpiry, []group.PlainPager{p, mention}, 10*time.Minute
	})
	return b, p
}

func (b *burst) mentions() (n int) {
	for _, m := range b.slack.Messages() {
		n += strings.Count(m.Text+string(m.Blocks), "<!subteam^S01ONCALL>")
	}
	return n
}

func TestAQuestionThatNobodyAnswersIsPutOnceMoreWithAPageThenLeft(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	f := b.several(1)[0]
	b.pass(time.Hour)
	_, err := b.Sweep(t.Context())
	b.must(err)
	b.settle()
	if f := b.stored(f); f.State != state.Pending || f.ExpiresAt.Sub(b.Clock()) < 50*time.Minute {
		t.Errorf("after the first hour it is %s until %s", f.State, f.ExpiresAt)
	}
	if len(p.paged) != 1 || b.mentions() != 1 || len(p.resolved) != 0 {
		t.Errorf("paged %d times, mentioned %d times, resolved %d times", len(p.paged), b.mentions(), len(p.resolved))
	}
	b.pass(time.Hour)
	_, err = b.Sweep(t.Context())
	b.must(err)
	b.settle()
	if f := b.stored(f); f.State != state.Expired || len(p.paged) != 1 || b.mentions() != 1 || len(p.resolved) != 1 {
		t.Errorf("after the second hour it is %s; paged %d times, resolved %d times", f.State, len(p.paged), len(p.resolved))
	}
}

func TestFortyQuestionsOfOneCauseAreOnePage(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	b.several(40)
	b.pass(time.Hour)
	_, err := b.Sweep(t.Context())
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Pending: 40})
	if len(p.paged) != 1 || b.mentions() != 1 {
		t.Errorf("paged %d times, mentioned %d times", len(p.paged), b.mentions())
	}
}

func TestAPageThatFailsIsTriedAgainAndDecidesNothing(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	f := b.several(1)[0]
	p.failing = errors.New("PagerDuty does not answer")
	_, err := b.Desk().Page(t.Context(), f.ID, "user:eve@example.com", "slack:T01/U09")
	b.must(err)
	_, err = b.Work(t.Context(), f.ID)
	b.must(err)
	if f := b.stored(f); len(f.Outbox) == 0 || f.State != state.Pending {
		t.Errorf("owes %v, is %s", f.Outbox, f.State)
	}
	p.failing = nil
	b.settle()
	if len(p.paged) != 1 || b.mentions() != 1 {
		t.Errorf("paged %d times, mentioned %d times", len(p.paged), b.mentions())
	}
}

func TestAPersonCanHaveOnCallPagedOnceInFifteenMinutes(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	f := b.several(1)[0]
	page := func() error {
		_, err := b.Desk().Page(t.Context(), f.ID, "user:eve@example.com", "slack:T01/U09")
		b.settle()
		return err
	}
	b.must(page())
	if err := page(); !refusedFor(err, "on-call was paged at") {
		t.Errorf("a second page: %v", err)
	}
	b.pass(15 * time.Minute)
	b.must(page())
	if len(p.paged) != 2 {
		t.Errorf("paged %d times", len(p.paged))
	}
	_, err := b.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
	b.must(err)
	b.settle()
	if err := page(); !refusedFor(err, "the finding is reverted") || len(p.resolved) != 1 {
		t.Errorf("a page after the end: %v; resolved %d times", err, len(p.resolved))
	}
}

func TestAQuestionPagesAfterAWhileOnlyWhereSomebodyIsOnCallAndItIsOpenThen(t *testing.T) {
	t.Parallel()
	p := &bell{}
	for _, tt := range []struct {
		name   string
		onCall []group.PlainPager
		after  time.Duration
		want   int
	}{
		{"after 20 minutes of an hour", []group.PlainPager{p}, 20 * time.Minute, 1},
		{"after as long as it is open", []group.PlainPager{p}, time.Hour, 0},
		{"never", []group.PlainPager{p}, 0, 0},
		{"with nobody on call", nil, 20 * time.Minute, 0},
	} {
		p.paged = nil
		g := newRig(t, set{public: policies.Approve}, func(c *setup) { c.OnCall, c.PageAfter = tt.onCall, tt.after })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.one()
		if asked := !f.PageAt.IsZero(); asked != (tt.want > 0) {
			t.Errorf("%s: it pages at %s", tt.name, f.PageAt)
		}
		g.pass(19 * time.Minute)
		g.sweepOnce()
		if len(p.paged) > 0 {
			t.Errorf("%s: paged after 19 minutes", tt.name)
		}
		g.pass(time.Minute)
		g.sweepOnce()
		if len(p.paged) != tt.want {
			t.Errorf("%s: paged %d times, want %d", tt.name, len(p.paged), tt.want)
		}
	}
}
