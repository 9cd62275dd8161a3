package bolt_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// hot is a resource on which most has happened, of a policy and a project where
// most has.
var hot = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")

// filled has one open finding of the resource, older than all the ended ones,
// and one of another policy and project.
func filled(t *testing.T, ended int) *bolt.Store {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	rare := cloud.RunResource(cloud.RunService, "hooks", "europe-west1", "api")
	fs := []finding.Finding{
		{ID: "open", Policy: "p", Resource: hot, State: state.Pending, CreatedAt: noon, DueAt: noon},
		{ID: "rare", Policy: "q", Resource: rare, State: state.Kept, CreatedAt: noon, EndedAt: noon},
	}
	for i := range ended {
		at := noon.Add(time.Duration(i+1) * time.Second)
		state := []state.State{state.Reverted, state.Expired, state.Superseded}[i%3]
		fs = append(fs, finding.Finding{ID: fmt.Sprint("f", i), Policy: "p", Resource: hot, State: state, CreatedAt: at, EndedAt: at})
	}
	must(t, s.CreateAll(fs))
	return s
}

// The cost is counted in allocations, which every record that is read makes
// dozens of: time would tell of the machine.
func TestWhatEndedCostsListsAndSweepsNothing(t *testing.T) {
	few, many := filled(t, 50), filled(t, 1000)
	later := noon.Add(time.Hour)
	for name, call := range map[string]func(*bolt.Store) (int, error){
		"the newest ten":                        list(finding.Query{Limit: 10}),
		"what is open":                          list(finding.Query{States: state.Open()}),
		"what is open on the resource":          list(finding.Query{Resource: hot, Policy: "p", States: state.Open()}),
		"a rare state":                          list(finding.Query{States: []state.State{state.Kept}, Limit: 10}),
		"a rare policy":                         list(finding.Query{Policy: "q"}),
		"a rare project":                        list(finding.Query{Project: "hooks"}),
		"a policy in a project that has others": list(finding.Query{Policy: "q", Project: "pay-prod"}),
		"the newest of the resource":            list(finding.Query{Resource: hot, Limit: 10}),
		"a page from the middle":                list(finding.Query{Until: noon.Add(20 * time.Second), Limit: 10}),
		"a page after another":                  list(finding.Query{After: finding.Position{CreatedAt: noon.Add(20 * time.Second), ID: "f"}, Limit: 10}),
		"what is due":                           func(s *bolt.Store) (int, error) { due, err := s.Due(t.Context(), later, 200); return len(due), err },
		"forgetting, where there is nothing to": func(s *bolt.Store) (int, error) { return s.Prune(t.Context(), later, 200) },
	} {
		found := func(s *bolt.Store) int { n, err := call(s); must(t, err); return n }
		if found(few) != found(many) {
			t.Errorf("%s: %d and %d found, so it compares nothing", name, found(few), found(many))
		}
		cost := func(s *bolt.Store) float64 { return testing.AllocsPerRun(3, func() { found(s) }) }
		if a, b := cost(few), cost(many); b > 2*a+50 {
			t.Errorf("%s costs %.0f allocations among 50 ended findings and %.0f among 1,000", name, a, b)
		}
	}
}

func list(q finding.Query) func(*bolt.Store) (int, error) {
	return func(s *bolt.Store) (int, error) {
		fs, err := s.Findings(context.Background(), q)
		return len(fs), err
	}
}
