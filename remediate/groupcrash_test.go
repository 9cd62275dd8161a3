package remediate_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAGroupAnswerSurvivesACrashAtEveryCallToTheStore(t *testing.T) {
	t.Parallel()
	for _, failure := range []failure{answerLost, dies} {
		for at := 1; at <= 24; at += 2 {
			t.Run(fmt.Sprint(failure, " ", at), func(t *testing.T) {
				b := newBurst(t)
				b.several(4)
				doomed := b.twin()
				doomed.change(func(c *setup) { c.Store = fatedStore{b.Store, &fate{failure: failure, at: at}} })
				g := b.group(b.anyFinding())
				f, err := doomed.Answer(t.Context(), g.ID, finding.Answer{
					Choice: finding.ChooseRevert, Principal: ada, Via: "test", Revision: g.Revision, Digest: g.Digest(),
				})
				if err == nil {
					_, _ = doomed.Work(t.Context(), f.ID)
				}
				for range 8 { // past every lease
					_, _ = b.SweepFor(t.Context(), 10*time.Second)
					b.pass(time.Minute)
				}
				b.settle()
				if err == nil {
					b.wantStates(map[state.State]int{state.Reverted: 4})
				} else if n := b.states()[state.Pending]; n != 0 && n != 4 {
					t.Errorf("%d of 4 are left pending: half an answer", n)
				}
				if n := b.iam.writes(); n > 4 {
					t.Errorf("%d writes for 4 findings", n)
				}
			})
		}
	}
}

func (b *burst) anyFinding() finding.Finding {
	b.t.Helper()
	fs, err := b.Store.Findings(b.t.Context(), finding.Query{})
	b.must(err)
	return fs[0]
}

func TestManyClicksOnAGroupAtTwoProcessesAreOneDecision(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.several(5)
	other := b.twin()
	g := b.group(b.anyFinding())
	var all sync.WaitGroup
	var mu sync.Mutex
	took := 0
	for i := range 32 {
		r := b.engine
		if i%2 == 1 {
			r = other
		}
		all.Go(func() {
			f, err := r.Answer(t.Context(), g.ID, finding.Answer{
				Choice: finding.ChooseRevert, Principal: []string{ada, bob}[i/2%2], Via: "test", Revision: g.Revision, Digest: g.Digest(),
			})
			if err == nil {
				mu.Lock()
				took++
				mu.Unlock()
				_, _ = r.Work(t.Context(), f.ID)
			}
		})
	}
	all.Wait()
	b.settle()
	b.wantStates(map[state.State]int{state.Reverted: 5})
	if n := b.iam.writes(); took != 1 || n != 5 {
		t.Errorf("%d clicks decided, %d writes; want 1 and 5", took, n)
	}
}
