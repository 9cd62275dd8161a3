package remediate_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/remediate/before"
)

func TestABaselineThatIsCompleteIsReadOnceByAllProcesses(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil, remembering)
	if sum := g.baseline(); sum.Projects != 1 || sum.Workloads != 3 || sum.Left != 0 {
		t.Errorf("%+v, want one project with three workloads", sum)
	}
	sent := g.sentBy(func() {
		if sum := g.baseline(); sum != (before.Sum{}) {
			t.Errorf("%+v, want nothing left to read", sum)
		}
	})
	if len(sent) > 0 {
		t.Errorf("%q was sent, want nothing", sent)
	}
}

// TestWithABaselineGoogleCloudEndsTheSame plays the stories of
// TestHoweverItIsToldAStoryEndsTheSame to an engine that remembers. Which of several
// changes a grant is laid to may hang on their order, so findings are not compared.
func TestWithABaselineGoogleCloudEndsTheSame(t *testing.T) {
	t.Parallel()
	inGoogleCloud := func(lines []string) []string {
		return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "no-") })
	}
	for seed := range uint64(8) {
		s := randomStory(rand.New(rand.NewPCG(seed, 1)))
		s.remembers = true
		ordered, shuffled := s.told(t, inOrder), s.told(t, anyhow(rand.New(rand.NewPCG(seed, 2))))
		if d := cmp.Diff(inGoogleCloud(ordered), inGoogleCloud(shuffled)); d != "" {
			t.Errorf("seed %d: %s\nin order (-), anyhow (+):\n%s", seed, s, d)
		}
	}
}
