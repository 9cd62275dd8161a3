package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Later shows that the store refuses what a later release wrote, leaves it as it is, and
// lists the rest without it. The store is empty; change changes the stored form of a
// finding, behind its back.
func Later(t *testing.T, s remediate.Store, change func(id string, to func([]byte) []byte)) {
	t.Helper()
	later := map[string]func([]byte) []byte{
		"a-field":  func(b []byte) []byte { return append(bytes.TrimSuffix(b, []byte("}")), `,"owed":{"by":"x"}}`...) },
		"a-format": func(b []byte) []byte { return append([]byte{b[0] + 1}, b[1:]...) },
		"a-state": func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"state":"pending"`), []byte(`"state":"owed"`), 1)
		},
	}
	for id, to := range later {
		f := newFinding(id)
		f.DueAt = noon.Add(-time.Hour) // before those of this release
		f = create(t, s, f)
		var planted []byte
		change(id, func(b []byte) []byte { planted = to(b); return bytes.Clone(planted) })
		for name, call := range map[string]func() error{
			"Finding": func() error { _, err := s.Finding(t.Context(), id); return err },
			"Update":  func() error { _, err := s.Update(t.Context(), f); return err },
			"Findings": func() error {
				_, err := s.Findings(t.Context(), finding.Query{Resource: f.Resource})
				return err
			},
		} {
			if err := call(); !errors.Is(err, fault.ErrLater) {
				t.Errorf("%s of one with %s: got error %v, want one that says that a later release wrote it", name, id, err)
			}
		}
		change(id, func(b []byte) []byte {
			if !bytes.Equal(b, planted) {
				t.Errorf("the finding with %s was written over", id)
			}
			return b
		})
	}
	broken := newFinding("broken")
	broken.DueAt = noon.Add(-2 * time.Hour)
	create(t, s, broken)
	change(broken.ID, func([]byte) []byte { return []byte("\x02{") })

	var want []finding.Finding
	for i := range 3 {
		f := newFinding(fmt.Sprint("mine-", i))
		f.DueAt = noon.Add(time.Duration(i))
		f.CreatedAt = f.CreatedAt.Add(-time.Hour) // before those that are left out
		want = append(want, create(t, s, f))
	}
	for name, list := range map[string]func(limit int) ([]finding.Finding, error){
		"due": func(limit int) ([]finding.Finding, error) { return s.Due(t.Context(), noon.Add(time.Hour), limit) },
		"all": func(limit int) ([]finding.Finding, error) {
			return s.Findings(t.Context(), finding.Query{Limit: limit})
		},
	} {
		for _, limit := range []int{0, 1, 2, 3, 4} {
			got, err := list(limit)
			n := len(want)
			if limit > 0 {
				n = min(n, limit)
			}
			wantSame(t, fmt.Sprintf("%s, at most %d", name, limit), got, want[:n])
			var left *fault.LeftOutError
			if !errors.As(err, &left) || len(left.Records) != len(later)+1 || !strings.Contains(fmt.Sprint(left.Records), "finding broken: ") {
				t.Errorf("%s, at most %d: got error %v, want one that names the %d left out", name, limit, err, len(later)+1)
			}
		}
	}
}
