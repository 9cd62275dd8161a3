package remediate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/group"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

type fatedGroups struct {
	*slack.Notifier
	*fate
}

func (n fatedGroups) Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error) {
	return fatedNotifier{n.Notifier, n.fate}.Notify(ctx, f)
}

func (n fatedGroups) NotifyGroup(ctx context.Context, g group.Group, items []finding.Finding) ([]finding.Surface, error) {
	s, err := struck(n.fate, func() ([]finding.Surface, error) { return n.Notifier.NotifyGroup(ctx, g, items) })
	if err != nil {
		s = g.Surfaces
	}
	return s, err
}

type fatedExporter struct {
	remediate.Exporter
	*fate
}

func (x fatedExporter) Export(ctx context.Context, f finding.Finding, after int) error {
	return x.struck(func() error { return x.Exporter.Export(ctx, f, after) })
}

type fatedPager struct {
	group.PlainPager
	*fate
}

func (p fatedPager) Page(ctx context.Context, f finding.Finding) error {
	return p.struck(func() error { return p.PlainPager.Page(ctx, f) })
}

func (p fatedPager) Resolve(ctx context.Context, f finding.Finding) error {
	return p.struck(func() error { return p.PlainPager.Resolve(ctx, f) })
}

type fatedEntries struct {
	remediate.EntryClient
	*fate
}

func (e fatedEntries) Entry(ctx context.Context, c cloud.Change) ([]byte, error) {
	return struck(e.fate, func() ([]byte, error) { return e.EntryClient.Entry(ctx, c) })
}

// outlet is an Exporter that remembers each line it took, and refuses one that
// comes again as another.
type outlet struct {
	t    *testing.T
	hash map[string]string
}

func (o *outlet) Export(_ context.Context, f finding.Finding, after int) error {
	for _, e := range f.Timeline[after:] {
		key := fmt.Sprint(f.ID, " ", e.N)
		if was, ok := o.hash[key]; ok && was != e.Hash {
			o.t.Errorf("line %s came as %s, and again as %s", key, was, e.Hash)
		}
		o.hash[key] = e.Hash
	}
	return nil
}

func (*outlet) ExportRecords(context.Context, []trail.Record) error { return nil }

// doomedBy is the first process, where fate strikes at every call it makes.
func (m *mixed) doomedBy(f *fate) *engine {
	c := m.both[0].setup
	c.Store, c.IAM, c.Exporter = fatedStore{c.Store, f}, fatedPolicies{c.IAM, f}, fatedExporter{c.Exporter, f}
	c.OnCall, c.Notifier = []group.PlainPager{fatedPager{m.bell, f}}, fatedGroups{c.Notifier.(*slack.Notifier), f}
	if c.Entries != nil {
		c.Entries = fatedEntries{c.Entries, f}
	}
	r := newEngine(m.t, c)
	return r
}

// tale is a part of a finding's life that a process may not survive.
type tale struct {
	name    string
	enforce policies.Enforcement
	change  func(*setup)
	before  func(*mixed)          // told by a process that lives
	do      func(*mixed, *engine) // begun by one that may not, and told again
	after   time.Duration
}

func plain(*setup) {}

// opens has the services opened, and the changes handled.
func opens(n int) func(*mixed) {
	return func(m *mixed) {
		for _, path := range m.paths[:n] {
			m.grant(path, "roles/run.invoker", "allUsers")
		}
		m.past = m.events()
		handlesAll(m, m.engine)
		m.calm(3 * time.Minute)
	}
}

func handlesAll(m *mixed, r *engine) {
	for _, c := range m.past {
		_, _ = r.Handle(m.t.Context(), c)
	}
}

func (m *mixed) all() []finding.Finding {
	m.t.Helper()
	fs, err := m.watch.Store.Findings(m.t.Context(), finding.Query{})
	m.must(err)
	return fs
}

// says answers the first finding, if it takes that answer.
func says(c finding.Choice, who ...string) func(*mixed, *engine) {
	return func(m *mixed, r *engine) {
		f := m.all()[len(m.all())-1]
		for _, p := range who {
			a := finding.Answer{Choice: c, Principal: p, Via: "test", Reason: exemptReason, Digest: f.DigestFor(c), Until: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)}
			if f, err := r.Answer(m.t.Context(), f.ID, a); err == nil {
				_, _ = r.Work(m.t.Context(), f.ID)
			}
		}
	}
}

func tales() []tale {
	return []tale{
		{"a grant is reverted unasked", policies.Revert, plain,
			func(m *mixed) { m.grant(apiPath, "roles/run.invoker", "allUsers"); m.past = m.events() }, handlesAll, 10 * time.Minute},
		{"an entry shows late", policies.Revert, plain,
			func(m *mixed) {
				m.cloud.LagLogs(40 * time.Second)
				m.grant(apiPath, "roles/run.invoker", "allUsers")
				m.past = m.events()
			},
			func(m *mixed, r *engine) {
				handlesAll(m, r)
				for range 3 {
					m.pass(20 * time.Second)
					_, _ = r.Sweep(m.t.Context())
				}
			}, 10 * time.Minute},
		{"a group is reverted", policies.Approve, plain, opens(3),
			func(m *mixed, r *engine) {
				g := m.group(m.all()[0])
				f, err := r.Answer(m.t.Context(), g.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Via: "test", Revision: g.Revision, Digest: g.Digest()})
				if err == nil {
					_, _ = r.Work(m.t.Context(), f.ID)
				}
			}, 15 * time.Minute},
		{"a question escalates", policies.Approve, func(c *setup) { c.OnExpiry = remediate.EscalateOnExpiry },
			func(m *mixed) { opens(1)(m); m.pass(time.Hour) },
			func(m *mixed, r *engine) { _, _ = r.Sweep(m.t.Context()) }, 80 * time.Minute},
		{"silence reverts", policies.Approve, func(c *setup) { c.OnExpiry = remediate.RevertOnExpiry },
			func(m *mixed) { opens(1)(m); m.pass(time.Hour) },
			func(m *mixed, r *engine) { _, _ = r.Sweep(m.t.Context()) }, 15 * time.Minute},
		{"a finding is exempted, and the same change comes again", policies.Approve, plain, opens(1),
			func(m *mixed, r *engine) {
				says(finding.ChooseExempt, ada, bob)(m, r)
				if m.all()[len(m.all())-1].State == state.Exempted && len(m.past) == 1 {
					m.editPolicy(m.paths[0], func(*iampb.Policy) {})
					m.past = append(m.past, m.events()...)
				}
				handlesAll(m, r)
			}, 10 * time.Minute},
		{"a revert is undone", policies.Approve, plain,
			func(m *mixed) { opens(1)(m); says(finding.ChooseRevert, ada)(m, m.engine) },
			says(finding.ChooseUndo, ada, bob), 10 * time.Minute},
	}
}

// told plays the tale, struck at a call, and returns what it came to, and how
// many cards and calls there were.
func (s tale) told(t *testing.T, how failure, at int) (end []string, cards, calls int) {
	t.Helper()
	m := mixedWith(t, s.enforce, func(c *setup) {
		c.Exporter = &outlet{t, map[string]string{}}
		s.change(c)
	})
	s.before(m)
	f := &fate{failure: how, at: at}
	s.do(m, m.doomedBy(f))
	if at > 0 {
		s.do(m, m.both[1])
	}
	m.calm(s.after)
	return m.end(), m.cards(), f.calls
}

// end is what can be seen of where a tale ended, in lines that can be compared.
func (m *mixed) end() (out []string) {
	m.t.Helper()
	taken := m.Exporter.(*outlet).hash
	for _, f := range m.all() {
		if len(f.Outbox) > 0 || f.Published != len(f.Timeline) {
			m.t.Errorf("finding %s, %s, owes %v, and of %d lines %d were taken out", f.ID, f.State, f.Outbox, len(f.Timeline), f.Published)
		}
		for _, e := range f.Timeline {
			if key := fmt.Sprint(f.ID, " ", e.N); taken[key] != e.Hash {
				m.t.Errorf("line %s was taken out as %q, it is %q", key, taken[key], e.Hash)
			}
		}
		out = append(out, fmt.Sprintf("%s on %s, plan %.8s: %s", f.Policy, f.Resource, f.Plan.Digest, f.State))
	}
	for _, path := range append(m.paths, apiPath) {
		out = append(out, fmt.Sprintf("%s: %v", path, m.members(path, "roles/run.invoker")))
	}
	for r, n := range m.iam.writes {
		out = append(out, fmt.Sprintf("%d writes of %s", n, r))
	}
	for _, ids := range [][]string{m.bell.paged, m.bell.resolved} {
		slices.Sort(ids)
		out = append(out, fmt.Sprint("on-call heard of ", slices.Compact(ids))) // to tell it again changes nothing
	}
	slices.Sort(out)
	return append(out, fmt.Sprint(len(m.counted(m.watch.Store)), " counted"))
}

// cards are the messages outside threads.
func (m *mixed) cards() (n int) {
	for _, s := range m.slack.Messages() {
		if s.Thread == "" {
			n++
		}
	}
	return n
}

// TestWhereverATaleIsCutOffItEndsAsTheCleanOne strikes at calls that a seed
// picks, or with RESCIND_STORIES at each.
func TestWhereverATaleIsCutOffItEndsAsTheCleanOne(t *testing.T) {
	t.Parallel()
	for _, s := range tales() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			want, few, calls := s.told(t, dies, 0)
			if calls < 5 {
				t.Fatalf("%d calls: the test cannot fail", calls)
			}
			rng := rand.New(rand.NewPCG(5, 5))
			for _, how := range []failure{refusedOnce, answerLost, dies} {
				for at := 1; at <= calls; at++ {
					if os.Getenv("RESCIND_STORIES") == "" && rng.IntN(calls) >= 2 {
						continue
					}
					end, cards, _ := s.told(t, how, at)
					if d := cmp.Diff(want, end); d != "" || t.Failed() {
						t.Fatalf("%s, call %d of %d (-clean +struck):\n%s", how, at, calls, d)
					}
					if cards > few+1 { // one whose place was lost with the answer
						t.Errorf("%s, call %d of %d: %d cards, %d in the clean run", how, at, calls, cards, few)
					}
				}
			}
		})
	}
}
