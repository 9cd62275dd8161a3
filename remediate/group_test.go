package remediate_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const jo = "user:jo@example.com"

// burst is a Remediator between a simulated Slack and one allow policy for each
// resource, with a clock that moves only when someone waits.
type burst struct {
	*engine
	t     *testing.T
	slack *simslack.Workspace
	iam   *policyOfEach
	url   string // of the Web API
	made  int

	mu  sync.Mutex
	now time.Time
	// calls are the messages that Slack was sent, posted or rewritten, with
	// the time of each.
	calls []time.Time
	fault func(method string) *simslack.Fault
}

func newBurst(t *testing.T, change ...func(*setup)) *burst {
	t.Helper()
	b := &burst{t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), iam: &policyOfEach{taken: map[cloud.Resource]int{}}}
	b.slack = simslack.New(simslack.Config{Token: "xoxb-sim", SigningSecret: "s", Team: "T01", App: "A01", Now: b.Clock})
	b.slack.Inject(b.called)
	srv := httptest.NewServer(b.slack.Handler())
	t.Cleanup(srv.Close)
	b.url = srv.URL + "/api"
	set, err := policies.Load()
	b.must(err)
	st := &indexed{Store: memory.New(), of: map[string]finding.Finding{}}
	c := setup{Notifier: b.notifier(st), Config: remediate.Config{
		Facts: nothingKnown{}, Judge: judge.Judge{Policies: set}, Store: st, IAM: b.iam, Workloads: noWorkloads{}, Constraints: noConstraints{},
		Scope: remediate.Scope{Include: []cloud.Resource{cloud.ProjectResource("pay-prod")}},
		Authority: authority.Authority{
			Approvers: map[string]bool{ada: true, bob: true, jo: true}, Quorum: map[finding.Choice]int{finding.ChooseKeep: 2},
		},
		Self: "serviceAccount:" + self, ExpiresIn: time.Hour, OnExpiry: remediate.LeaveOnExpiry, VerifyFor: time.Second,
		Now: b.Clock, Wait: b.wait, NewID: sequence("id-"), Log: slog.New(slog.DiscardHandler),
	}}
	for _, f := range change {
		f(&c)
	}
	b.engine = newEngine(t, c)
	return b
}

func (b *burst) notifier(cells cells.Store) *slack.Notifier {
	b.t.Helper()
	n, err := slack.NewNotifier(slack.Config{
		Token: "xoxb-sim", APIURL: b.url, Card: notify.Options{BaseURL: "https://rescind.example.com"},
		Route: func(finding.Finding) string { return "C01PAY" }, Channels: []string{"C01PAY"},
		Turns: slack.NewTurns(cells, b.Clock),
	})
	b.must(err)
	return n
}

// twin is a second process on the same store.
func (b *burst) twin() *engine {
	b.t.Helper()
	c := b.setup
	c.Notifier = b.notifier(c.Store)
	r := newEngine(b.t, c)
	return r
}

func (b *burst) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// Clock is the burst's time.
func (b *burst) Clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *burst) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *burst) wait(ctx context.Context, d time.Duration) error {
	b.pass(d)
	return ctx.Err()
}

func (b *burst) called(method string) *simslack.Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	if strings.HasPrefix(method, "chat.") {
		b.calls = append(b.calls, b.now)
	}
	if b.fault == nil {
		return nil
	}
	return b.fault(method)
}

func (b *burst) failing(fault func(method string) *simslack.Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = fault
}

// policyOfEach gives every resource the same policy, until its grant is taken.
type policyOfEach struct {
	mu    sync.Mutex
	taken map[cloud.Resource]int
}

func (p *policyOfEach) Policy(_ context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := cloud.AllowPolicy{Version: 3, Etag: "e"}
	if p.taken[r] == 0 {
		a.Bindings = []cloud.Binding{{Role: "roles/run.invoker", Members: []cloud.Member{"allUsers"}}}
	}
	return a, nil
}

func (p *policyOfEach) SetPolicy(_ context.Context, r cloud.Resource, _ cloud.AllowPolicy) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken[r]++
	return nil
}

func (p *policyOfEach) writes() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, k := range p.taken {
		n += k
	}
	return n
}

// indexed is a store that knows what is due without reading every finding, as
// those that are not for tests do.
type indexed struct {
	remediate.Store
	mu sync.Mutex
	of map[string]finding.Finding
}

func (s *indexed) keep(f finding.Finding, err error) (finding.Finding, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.of[f.ID] = f
	}
	return f, err
}

func (s *indexed) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return s.keep(s.Store.Create(ctx, f))
}

func (s *indexed) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return s.keep(s.Store.Update(ctx, f))
}

func (s *indexed) Due(_ context.Context, at time.Time, limit int) (out []finding.Finding, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.of {
		if !f.DueAt.IsZero() && !f.DueAt.After(at) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b finding.Finding) int {
		return cmp.Or(a.DueAt.Compare(b.DueAt), strings.Compare(a.ID, b.ID))
	})
	if limit > 0 && len(out) > limit {
		out = out[:limit]
	}
	return out, nil
}

func (s *indexed) owes() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.of {
		if len(f.Outbox) > 0 {
			return true
		}
	}
	return false
}

// opens stores one more finding that asks about a service of its own, made
// public by jo, and works on it as Handle would.
func (b *burst) opens(change ...func(*finding.Finding)) finding.Finding {
	b.t.Helper()
	b.made++
	now := b.Clock()
	res := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", fmt.Sprintf("api-%d", b.made))
	f := finding.Finding{
		ID: finding.ID(fmt.Sprint("change ", b.made), public, res), Policy: public, Title: "Public invoker", Severity: policies.High,
		Verdict: policies.Violation, Message: "anyone on the internet can invoke it", Decision: judge.Ask, Resource: res,
		Change: cloud.Change{ID: fmt.Sprint("change ", b.made), Time: now, Resource: res, Verb: cloud.SetPolicy, Actor: cloud.Actor{Principal: jo}},
		Actors: []cloud.Actor{{Principal: jo}},
		Plan: judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: res, Before: judge.StepState{
			Grants: []cloud.Grant{{Role: "roles/run.invoker", Member: "allUsers"}}}}}, ""),
		State: state.Pending, CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour), DueAt: now.Add(30 * time.Second),
		Outbox: []finding.Effect{finding.Notify}, Timeline: []trail.Event{{At: now, State: state.Pending, What: "asked"}},
	}
	for _, c := range change {
		c(&f)
	}
	f, err := b.Store.Create(b.t.Context(), f)
	b.must(err)
	f, err = b.Work(b.t.Context(), f.ID)
	b.must(err)
	return f
}

func (b *burst) several(n int) (out []finding.Finding) {
	b.t.Helper()
	for range n {
		out = append(out, b.opens())
	}
	b.settle()
	return out
}

// settle sweeps, and lets time pass, until nothing is owed for now.
func (b *burst) settle() {
	b.t.Helper()
	for range 2000 {
		if !b.Store.(*indexed).owes() {
			return
		}
		if _, err := b.SweepFor(b.t.Context(), time.Minute); err != nil {
			b.t.Fatal(err)
		}
		b.pass(time.Second)
	}
	b.t.Fatal("something is owed for ever")
}

// cards are the messages outside threads.
func (b *burst) cards() (out []simslack.Message) {
	for _, m := range b.slack.Messages() {
		if m.Thread == "" {
			out = append(out, m)
		}
	}
	return out
}

func (b *burst) card() simslack.Message {
	b.t.Helper()
	cs := b.cards()
	if len(cs) != 1 {
		b.t.Fatalf("%d messages, want one: %+v", len(cs), cs)
	}
	return cs[0]
}

func (b *burst) stored(f finding.Finding) finding.Finding {
	b.t.Helper()
	f, err := b.Store.Finding(b.t.Context(), f.ID)
	b.must(err)
	return f
}

// click presses a button of the message as it stands and returns the finding
// that the answer came to.
func (b *burst) click(m simslack.Message, action, who, reason string) (finding.Finding, error) {
	b.t.Helper()
	_, rest, ok := strings.Cut(string(m.Blocks), `"action_id":"`+action+`"`)
	if !ok {
		b.t.Fatalf("no button %s in %s", action, m.Blocks)
	}
	_, rest, _ = strings.Cut(rest, `"value":"`)
	value, _, _ := strings.Cut(rest, `"`)
	p := strings.Split(value, ".")
	var rev int64
	_, err := fmt.Sscan(p[2], &rev)
	b.must(err)
	choice := finding.ChooseRevert
	if strings.Contains(action, "keep") {
		choice = finding.ChooseKeep
	}
	return b.Answer(b.t.Context(), p[1], finding.Answer{Choice: choice, Principal: who, Via: "test", Reason: reason, Revision: rev, Digest: p[3]})
}

func (b *burst) states() map[state.State]int {
	b.t.Helper()
	fs, err := b.Store.Findings(b.t.Context(), finding.Query{})
	b.must(err)
	out := map[state.State]int{}
	for _, f := range fs {
		out[f.State]++
	}
	return out
}

func (b *burst) wantStates(want map[state.State]int) {
	b.t.Helper()
	if got := b.states(); fmt.Sprint(got) != fmt.Sprint(want) {
		b.t.Errorf("states %v, want %v", got, want)
	}
}

func refusedFor(err error, says string) bool {
	var refused *finding.RefusedError
	return errors.As(err, &refused) && strings.Contains(refused.Why, says)
}

func TestALoneFindingHasItsOwnCardWithItsOwnButtons(t *testing.T) {
	b := newBurst(t)
	f := b.several(1)[0]
	m := b.card()
	if !strings.Contains(string(m.Blocks), "v1."+f.ID+".") || strings.Contains(string(m.Blocks), "_all") {
		t.Errorf("card:\n%s", m.Blocks)
	}
	if f := b.stored(f); f.Group == "" || f.Surfaces[0].ID != m.TS {
		t.Errorf("group %q, surfaces %+v", f.Group, f.Surfaces)
	}
}

func TestFortyFindingsOfOneCauseShareOneMessage(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	fs := b.several(40)
	m := b.card()
	for _, want := range []string{"40 × no-public-invoker", "40 pending", "and 30 more", "Revert all 40", "Keep all 40…"} {
		if !strings.Contains(string(m.Blocks), want) {
			t.Errorf("the card lacks %q:\n%s", want, m.Blocks)
		}
	}
	if err := simslack.CheckBlocks(m.Blocks); err != nil {
		t.Error(err)
	}
	for _, f := range fs {
		if f := b.stored(f); len(f.Surfaces) != 1 || f.Surfaces[0].ID != m.TS || f.Surfaces[0].Rendered == 0 {
			t.Fatalf("surfaces of %s: %+v", f.ID, f.Surfaces)
		}
	}
	if _, err := b.click(m, "rescind.revert_all", ada, ""); err != nil {
		t.Fatal(err)
	}
	edits := m.Edits
	b.settle()
	b.wantStates(map[state.State]int{state.Reverted: 40})
	if n := b.iam.writes(); n != 40 {
		t.Errorf("%d writes, want 40", n)
	}
	m = b.card()
	if !strings.Contains(string(m.Blocks), "40 reverted") || strings.Contains(string(m.Blocks), "_all") {
		t.Errorf("the card at the end:\n%s", m.Blocks)
	}
	t.Logf("%d updates of the card for 40 reverts", m.Edits-edits)
	for _, f := range fs {
		f := b.stored(f)
		if len(f.Answers) != 1 || f.Answers[0].Principal != ada || f.Answers[0].Digest != f.Plan.Digest {
			t.Fatalf("answers of %s: %+v", f.ID, f.Answers)
		}
	}
}

func TestI10AClickAuthorisesOnlyTheFindingsItsCardListed(t *testing.T) {
	b := newBurst(t)
	b.several(4)
	before := b.card()
	late := b.opens()
	if _, err := b.click(before, "rescind.revert_all", ada, ""); !refusedFor(err, "findings were added") {
		t.Fatalf("a click on the shorter list: %v", err)
	}
	b.wantStates(map[state.State]int{state.Pending: 5})
	b.settle()
	// And the one that comes after the click, before it is carried out.
	f, err := b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	later := b.opens()
	_, err = b.Work(t.Context(), f.ID)
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Reverted: 5, state.Pending: 1})
	if s := b.stored(later).State; s != state.Pending || b.stored(late).State != state.Reverted {
		t.Errorf("the one that came after the click is %s", s)
	}
	if m := b.card(); !strings.Contains(string(m.Blocks), "Revert all 1") || !strings.Contains(string(m.Blocks), "5 reverted") {
		t.Errorf("card:\n%s", m.Blocks)
	}
}

func TestOneMoreFindingVoidsTheVotesOfTheShorterList(t *testing.T) {
	b := newBurst(t)
	b.several(2)
	if _, err := b.click(b.card(), "rescind.keep_all", ada, "by design, see the review"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	if m := b.card(); !strings.Contains(m.Text, "keep by ada@example.com") {
		t.Errorf("the card does not show the vote: %s", m.Text)
	}
	b.several(1)
	if _, err := b.click(b.card(), "rescind.keep_all", bob, "by design, see the review"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	b.wantStates(map[state.State]int{state.Pending: 3})
	if _, err := b.click(b.card(), "rescind.keep_all", ada, "by design, see the review"); err != nil {
		t.Fatal(err)
	}
	b.settle()
	b.wantStates(map[state.State]int{state.Kept: 3})
}

func TestAGroupAnswerNeedsWhatEachFindingNeeds(t *testing.T) {
	for _, row := range []struct {
		name, action, who, says string
	}{
		{"whoever made one of the changes cannot keep them all", "rescind.keep_all", jo, "made this change and cannot keep it"},
		{"whoever joined one of the changes cannot either", "rescind.keep_all", bob, "made this change and cannot keep it"},
		{"who is no approver cannot revert them", "rescind.revert_all", "user:eve@example.com", "not an approver"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBurst(t)
			b.opens()
			b.opens(func(f *finding.Finding) { f.Actors = append(f.Actors, cloud.Actor{Principal: bob}) })
			b.settle()
			if _, err := b.click(b.card(), row.action, row.who, "a reason that is long enough"); !refusedFor(err, row.says) {
				t.Errorf("answer: %v, want %q", err, row.says)
			}
			b.settle()
			b.wantStates(map[state.State]int{state.Pending: 2})
		})
	}
}

func TestWhatWasDecidedAloneIsLeftAloneAndWhatCannotBeRevertedStaysOpen(t *testing.T) {
	b := newBurst(t)
	fs := b.several(2)
	b.opens(func(f *finding.Finding) { f.Plan = judge.NewPlan(nil, "what to write is not known") })
	b.settle()
	for _, who := range []string{ada, bob} {
		_, err := b.Answer(t.Context(), fs[0].ID, finding.Answer{Choice: finding.ChooseKeep, Principal: who, Reason: "by design", Digest: fs[0].Plan.Digest})
		b.must(err)
	}
	b.settle()
	if m := b.card(); !strings.Contains(string(m.Blocks), "Revert all 1") || !strings.Contains(string(m.Blocks), "Keep all 2…") {
		t.Errorf("card:\n%s", m.Blocks)
	}
	_, err := b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Kept: 1, state.Reverted: 1, state.Pending: 1})
}

func TestAVoteThatCameInTimeCountsWhenItIsCarriedLate(t *testing.T) {
	b := newBurst(t)
	b.several(3)
	b.pass(50 * time.Minute)
	_, err := b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	b.pass(9*time.Minute + 59*time.Second) // the process that took it died
	b.settle()
	b.wantStates(map[state.State]int{state.Reverted: 3})
}

func TestAnotherCauseOrAnotherMinuteIsAnotherMessage(t *testing.T) {
	b := newBurst(t)
	b.opens()
	b.pass(59 * time.Second)
	b.opens()
	b.settle()
	if n := len(b.cards()); n != 1 {
		t.Fatalf("%d messages for two findings within a minute, want one", n)
	}
	b.opens(func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: bob}} })
	b.opens(func(f *finding.Finding) { f.Resource.Project = "other" })
	b.pass(2 * time.Minute)
	b.opens()
	b.settle()
	if n := len(b.cards()); n != 4 {
		t.Errorf("%d messages, want 4", n)
	}
}

func TestAQuestionAfterTheOthersWereDecidedHasAMessageOfItsOwn(t *testing.T) {
	b := newBurst(t)
	f := b.several(1)[0]
	_, err := b.click(b.card(), "rescind.revert", ada, "")
	b.must(err)
	b.settle()
	if s := b.stored(f).State; s != state.Reverted {
		t.Fatalf("the first is %s", s)
	}
	b.several(1)
	if cs := b.cards(); len(cs) != 2 || strings.Contains(string(cs[1].Blocks), "_all") {
		t.Errorf("messages: %+v", cs)
	}
}

func TestWhatALimitHeldBackInAnHourIsOneMessage(t *testing.T) {
	b := newBurst(t)
	for range 3 {
		b.opens(func(f *finding.Finding) { f.Limit, f.Policy = "20 reverts an hour", fmt.Sprint("policy-", b.made) })
		b.pass(10 * time.Minute)
	}
	b.settle()
	if m := b.card(); !strings.Contains(string(m.Blocks), "3 × held back by a limit") {
		t.Errorf("card:\n%s", m.Blocks)
	}
}

func TestTheLastOfAGroupToExpireTakesTheButtonsAway(t *testing.T) {
	b := newBurst(t)
	b.several(3)
	b.pass(2 * time.Hour)
	_, err := b.Sweep(t.Context())
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Expired: 3})
	if m := b.card(); strings.Contains(string(m.Blocks), "_all") || !strings.Contains(m.Text, "3 expired") {
		t.Errorf("card: %s\n%s", m.Text, m.Blocks)
	}
}
