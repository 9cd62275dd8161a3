package google

import (
	"maps"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/policies"
)

// maxFacts bounds the memory that names in other people's logs can take.
const maxFacts = 10_000

// factCache keeps answers for a time. An answer that was under way when
// something changed is not kept: it may show what was before.
type factCache struct {
	lifetime time.Duration

	mu      sync.Mutex
	answers map[policies.Question]keptFact
	changes int // counts calls of forget
}

type keptFact struct {
	fact policies.Fact
	read time.Time
}

func newFactCache(lifetime time.Duration) *factCache {
	return &factCache{lifetime: lifetime, answers: map[policies.Question]keptFact{}}
}

func (f *factCache) answer(q policies.Question, now time.Time) (policies.Fact, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	k, ok := f.answers[q]
	if !ok || now.Sub(k.read) >= f.lifetime {
		return policies.Fact{}, false
	}
	return k.fact, true
}

// begin returns what keep needs to tell whether something changed meanwhile.
func (f *factCache) begin() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.changes
}

func (f *factCache) keep(q policies.Question, fact policies.Fact, read time.Time, began int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if began != f.changes {
		return
	}
	if len(f.answers) >= maxFacts {
		clear(f.answers)
	}
	f.answers[q] = keptFact{fact, read}
}

func (f *factCache) forget(stale func(policies.Question) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changes++
	maps.DeleteFunc(f.answers, func(q policies.Question, _ keptFact) bool { return stale(q) })
}
