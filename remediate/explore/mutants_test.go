//go:build mutants

package explore_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/mutate"
)

var (
	mutantsLike = flag.String("mutants.like", "", "try only mutants whose name matches")
	mutantsFar  = flag.String("mutants.far", ",ci", "how far to explore with each, as RESCIND_EXPLORE says it: one after the other")
)

// root is the module, from here.
const root = "../.."

// mutated are the files whose guards are inverted: those that a finding's way
// through its states leads through.
var mutated = []string{
	"remediate/state/arrows.go",
	"remediate/finding/*.go",
	"remediate/authority/*.go",
	"remediate/desk/*.go",
	"remediate/reverts/*.go",
	"remediate/pause.go", "remediate/maybegin.go", "remediate/apply.go", "remediate/onexpiry.go", "remediate/join.go", "remediate/resume.go",
	"remediate/record.go", "remediate/handled.go", "remediate/confirmentry.go", "remediate/exempt.go", "remediate/limits.go", "remediate/revertlimit.go",
	"remediate/handle.go", "remediate/sweep.go", "remediate/work.go", "remediate/oncall.go", "remediate/notify.go", "remediate/answer.go", "remediate/standing.go", "remediate/blame.go",
}

// TestEveryMutantIsNoticed takes out each arrow of the table and inverts each guard,
// one at a time, and explores. A mutant that no story notices has to stand in
// survivors.txt with the reason, and one that stands there has to survive.
func TestEveryMutantIsNoticed(t *testing.T) {
	begun := time.Now()
	m := newMutants(t)
	accepted := readSurvivors(t)
	if how := m.noticed(mutate.Mutant{}, m.fars()); how != "" {
		t.Fatalf("the program without a mutant does not pass: %s", how)
	}
	todo := make(chan mutate.Mutant)
	var tried sync.WaitGroup
	for range 2 {
		tried.Go(func() {
			for mu := range todo {
				s, listed := accepted[mu.Name]
				if wrong := m.try(mu, s, listed); wrong != "" {
					t.Errorf("%s (line %d)\n\t%s", mu.Name, mu.Line, wrong)
				}
			}
		})
	}
	for _, mu := range m.all {
		todo <- mu
	}
	close(todo)
	tried.Wait()
	for _, mu := range m.all {
		delete(accepted, mu.Name)
	}
	for name := range accepted {
		if *mutantsLike == "" {
			t.Errorf("%s\n\tis in survivors.txt, and there is no such mutant", name)
		}
	}
	t.Logf("%d mutants in %s: %s", len(m.all), time.Since(begun).Round(time.Second), m.counts())
}

// try says what survivors.txt has wrong about a mutant, or "". One that a test holds
// is not explored far: that takes a minute, the test a moment.
func (m *mutants) try(mu mutate.Mutant, s survivor, listed bool) string {
	fars := m.fars()
	if s.test != "" {
		fars = fars[:1]
	}
	switch how := m.noticed(mu, fars); {
	case how != "" && listed:
		return "is noticed: take it out of survivors.txt"
	case how != "":
		m.count("noticed by stories")
		if testing.Verbose() {
			m.t.Logf("%s: noticed by %s", mu.Name, how)
		}
	case !listed:
		return "survives: have a story notice it, or say in survivors.txt why none can"
	case s.test == "":
		m.count("the same program")
	case !m.heldBy(mu, s):
		return "is not noticed by " + s.test + " of " + s.pkg + ", as survivors.txt says"
	default:
		m.count("held by tests")
	}
	return ""
}

// mutants is the explorer with all mutants in it, of which none is alive.
type mutants struct {
	t      *testing.T
	dir    string
	all    []mutate.Mutant
	mu     sync.Mutex
	binary map[string]string // of tests, by package
	sound  map[string]string // how tests failed without a mutant, by package and name
	became map[string]int    // mutants, by what became of them
}

// count counts a mutant.
func (m *mutants) count(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.became[what]++
}

// counts are how many mutants became of what.
func (m *mutants) counts() string {
	var out []string
	for _, what := range slices.Sorted(maps.Keys(m.became)) {
		out = append(out, fmt.Sprintf("%d %s", m.became[what], what))
	}
	return strings.Join(out, ", ")
}

func newMutants(t *testing.T) *mutants {
	t.Helper()
	m := &mutants{t: t, dir: t.TempDir(), binary: map[string]string{}, sound: map[string]string{}, became: map[string]int{}}
	overlay := map[string]string{}
	put := func(at string, b []byte) {
		file := filepath.Join(m.dir, fmt.Sprintf("%d.go", len(overlay)))
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		at, err := filepath.Abs(at)
		if err != nil {
			t.Fatal(err)
		}
		overlay[at] = file
	}
	like := regexp.MustCompile(*mutantsLike)
	packages := map[string]bool{}
	next := 1
	for _, pattern := range mutated {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: no such file, %v", pattern, err)
		}
		for _, file := range files {
			name, err := filepath.Rel(root, file)
			if strings.HasSuffix(name, "_test.go") || err != nil {
				continue
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out, ms, err := mutate.File(name, src, next)
			if err != nil {
				t.Fatal(err)
			}
			next += len(ms)
			put(file, out)
			packages[filepath.Dir(name)] = true
			for _, mu := range ms {
				if like.MatchString(mu.Name) {
					m.all = append(m.all, mu)
				}
			}
		}
	}
	for p := range packages {
		put(filepath.Join(root, p, "mutants_overlay.go"), mutate.Support(p))
	}
	b, err := json.Marshal(map[string]any{"Replace": overlay})
	if err == nil {
		err = os.WriteFile(filepath.Join(m.dir, "overlay.json"), b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// built is the test binary of a package, with all mutants in it.
func (m *mutants) built(pkg string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.binary[pkg] == "" {
		bin := filepath.Join(m.dir, fmt.Sprintf("%d.test", len(m.binary)))
		cmd := exec.CommandContext(m.t.Context(), "go", "test", "-c", "-overlay", filepath.Join(m.dir, "overlay.json"), "-o", bin, pkg)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			m.t.Fatalf("build %s with the mutants: %v\n%s", pkg, err, out)
		}
		m.binary[pkg] = bin
	}
	return m.binary[pkg]
}

// run runs tests with one mutant alive, and says how they failed; "" for not.
func (m *mutants) run(id int, pkg, tests, far string, args ...string) string {
	ctx, cancel := context.WithTimeout(m.t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, m.built(pkg), append([]string{"-test.run", tests, "-test.failfast"}, args...)...)
	cmd.Dir = filepath.Join(root, pkg)
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", mutate.Variable, id), "RESCIND_EXPLORE="+far, "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return ""
	case ctx.Err() != nil:
		return "not ending"
	case errors.As(err, &exit):
		return saidIn(string(out))
	}
	m.t.Fatal(err)
	return ""
}

// saidIn is the beginning of what a failure says.
func saidIn(out string) string {
	for _, line := range strings.Split(out, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "---") {
			return line
		}
	}
	return "failing"
}

const explorer = "./remediate/explore"

// noticed says by what the mutant is noticed, if it is: by short stories first.
func (m *mutants) noticed(mu mutate.Mutant, fars []string) string {
	for _, far := range fars {
		if how := m.run(mu.ID, explorer, "Every|Once", far, "-explore.first"); how != "" {
			return how
		}
	}
	return ""
}

// fars are how far to explore with a mutant, one after the other.
func (m *mutants) fars() []string { return strings.Split(*mutantsFar, ",") }

// heldBy reports whether the test that a survivor names notices it.
func (m *mutants) heldBy(mu mutate.Mutant, s survivor) bool {
	m.mu.Lock()
	how, known := m.sound[s.pkg+" "+s.test]
	m.mu.Unlock()
	if !known {
		how = m.run(0, s.pkg, "^"+s.test+"$", "")
		m.mu.Lock()
		m.sound[s.pkg+" "+s.test] = how
		m.mu.Unlock()
	}
	return how == "" && m.run(mu.ID, s.pkg, "^"+s.test+"$", "") != ""
}
