//go:build soak

package bolt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// crowded is a store of 5,000 open findings and so many ended ones, of a
// thousand services in fifty projects.
func crowded(t *testing.T, ended int) (*bolt.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	const batch = 20_000
	var fs []finding.Finding
	for i := range ended + 5000 {
		res := cloud.RunResource(cloud.RunService, fmt.Sprint("shop-", i%50), "europe-west1", fmt.Sprint("web-", i%1000))
		at := noon.Add(time.Duration(i) * time.Second)
		f := finding.Finding{
			ID: fmt.Sprintf("%026d", i), Policy: fmt.Sprint("policy-", i%10), Resource: res, State: state.Reverted, CreatedAt: at, EndedAt: at,
			Plan: judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: res}}, ""),
		}
		if i < 5000 { // older than all that ended
			f.State, f.EndedAt, f.DueAt = state.Pending, time.Time{}, at
		}
		if fs = append(fs, f); len(fs) == batch || i == ended+4999 {
			must(t, s.CreateAll(fs))
			fs = fs[:0]
		}
	}
	return s, path
}

// TestSoakAMillionEndedFindings measures what people and sweeps wait for.
func TestSoakAMillionEndedFindings(t *testing.T) {
	ended := 10_000
	if os.Getenv("RESCIND_SOAK") == "long" {
		ended = 1_000_000
	}
	s, path := crowded(t, ended)
	info, err := os.Stat(path)
	must(t, err)
	hot := cloud.RunResource(cloud.RunService, "shop-7", "europe-west1", "web-7")
	for _, tt := range []struct {
		name string
		call func() (int, error)
		want int
	}{
		{"the newest 200", func() (int, error) { return list(finding.Query{Limit: 200})(s) }, 200},
		{"200 of the open ones", func() (int, error) { return list(finding.Query{States: state.Open(), Limit: 200})(s) }, 200},
		{"open ones of a resource", func() (int, error) {
			return list(finding.Query{Resource: hot, Policy: "policy-7", States: state.Open()})(s)
		}, 5},
		{"the newest 200 of a project", func() (int, error) { return list(finding.Query{Project: "shop-7", Limit: 200})(s) }, 200},
		{"what is due, for one sweep", func() (int, error) { due, err := s.Due(t.Context(), noon.AddDate(1, 0, 0), 200); return len(due), err }, 200},
		{"forgetting, where there is nothing to", func() (int, error) { return s.Prune(t.Context(), noon, 500) }, 0},
		{"forgetting 500", func() (int, error) { return s.Prune(t.Context(), noon.AddDate(9, 0, 0), 500) }, 500},
	} {
		begin := time.Now()
		n, err := tt.call()
		took := time.Since(begin)
		if err != nil || n != tt.want {
			t.Errorf("%s: %d, %v, want %d", tt.name, n, err, tt.want)
		}
		if took > time.Second {
			t.Errorf("%s takes %s among %d ended findings", tt.name, took, ended)
		}
		t.Logf("%-40s %s", tt.name, took.Round(10*time.Microsecond))
	}
	t.Logf("%d ended and 5,000 open findings take %d MiB", ended, info.Size()>>20)
}
