package explore_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	again = flag.String("explore.story", "", "a story as a failure printed it, to be told again")
	first = flag.Bool("explore.first", false, "end all exploring with the first story that breaks a rule")
	only  = flag.String("explore.config", "", "the one configuration to explore")
)

// levels are how far the stories are told: in go test, in CI, by make explore.
var levels = map[string]level{
	"":     {depth: 2, mishaps: 1, struck: 1, between: 0, stopped: 0},
	"ci":   {depth: 3, mishaps: 1, struck: 2, between: 1, stopped: 0},
	"deep": {depth: 4, mishaps: 2, struck: 2, between: 2, stopped: 1},
}

// levelOf is the level of that name, or the five numbers of one: "3/1/2/1/0".
func levelOf(t *testing.T, name string) level {
	t.Helper()
	l, ok := levels[name]
	if ok {
		return l
	}
	if _, err := fmt.Sscanf(name, "%d/%d/%d/%d/%d", &l.depth, &l.mishaps, &l.struck, &l.between, &l.stopped); err != nil {
		t.Fatalf("RESCIND_EXPLORE is %q, want %q, %q or five numbers: %v", name, "ci", "deep", err)
	}
	return l
}

// unreachable are the arrows that no story takes, and why.
var unreachable = map[string]string{}

// TestEveryStoryEndsAndTheRulesHold explores. RESCIND_EXPLORE says how far: "ci" or
// "deep".
func TestEveryStoryEndsAndTheRulesHold(t *testing.T) {
	if *again != "" {
		retell(t, *again)
		return
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	far := levelOf(t, os.Getenv("RESCIND_EXPLORE"))
	sum, begun := newTally(), time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	t.Run("stories", func(t *testing.T) {
		for _, c := range configs() {
			if *only != "" && c.name != *only {
				continue
			}
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				mine, since := newTally(), time.Now()
				s := &search{level: far, tally: mine, ctx: ctx, fails: func(s story, broken []string) {
					if *first {
						cancel()
					}
					t.Errorf("this story breaks the rules:\n  %s\n%s\ntell it again with\n  go test ./remediate/explore -run EveryStory -explore.story='%s'",
						strings.ReplaceAll(s.String(), "; ", "\n  "), strings.Join(broken, "\n"), s)
				}}
				s.run(c)
				t.Logf("%d worlds, %d acts in %s", mine.worlds, mine.acts, time.Since(since).Round(time.Millisecond))
				mu.Lock()
				defer mu.Unlock()
				sum.add(mine)
			})
		}
	})
	t.Logf("%d configurations, stories of %d acts with %d mishaps: %s\nin %s", len(configs()), far.depth, far.mishaps, sum, time.Since(begun).Round(time.Millisecond))
	for _, name := range sum.missed() {
		if unreachable[name] == "" && *only == "" && !t.Failed() {
			t.Errorf("no story goes from %s: tell one, or say why there is none", name)
		}
	}
}

// retell tells one story, and says what became of it after each act.
func retell(t *testing.T, text string) {
	t.Helper()
	s, err := parseStory(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range configs() {
		if c.name != s.config {
			continue
		}
		w := newWorld(c, newTally())
		for _, st := range s.steps {
			w, _ = w.tell(st)
			t.Logf("%s\n\t%s", st, w)
			if len(w.broken) > 0 {
				t.Fatal(strings.Join(w.broken, "\n"))
			}
		}
		if w.probe(); len(w.broken) == 0 {
			w.calm(t.Context(), map[uint64]bool{})
		}
		t.Logf("in the end\n\t%s", w)
		if len(w.broken) > 0 {
			t.Fatal(strings.Join(w.broken, "\n"))
		}
		return
	}
	t.Fatalf("there is no configuration %q", s.config)
}
