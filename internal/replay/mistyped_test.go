package replay

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Every value of every fixture of the decoder is replaced by a value of each other JSON
// type, one at a time. A wrong type is never a value: what a policy says of the entry stays
// or becomes unknown, or the entry is told as unreadable. Nothing turns.
func TestAValueOfAWrongTypeTurnsNoVerdict(t *testing.T) {
	set := everyPolicy(t)
	var names []string
	for _, p := range set.Policies() {
		names = append(names, p.Name)
	}
	files, err := filepath.Glob("../auditlog/testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "wrong-types.json") || strings.HasSuffix(file, "wrong-type.json") {
			continue
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var e map[string]any
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Fatal(err)
		}
		before, readable := verdicts(t, set, e)
		if !readable {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			tried := 0
			mistype(e, nil, func(path []string, wrong any) {
				tried++
				after, readable := verdicts(t, set, e)
				if !readable {
					return
				}
				for _, p := range names {
					if was, is := before[p], after[p]; is != was && is != policies.Unknown {
						t.Errorf("%s as %v: %s was %q and is %q", strings.Join(path, "."), wrong, p, was, is)
					}
				}
			})
			if tried < 50 {
				t.Errorf("%d entries were tried", tried)
			}
		})
	}
}

// everyPolicy are all built-in policies.
func everyPolicy(t *testing.T) *policies.Set {
	t.Helper()
	set, err := policies.Load(policies.File{Name: "all.yaml", Data: []byte(`apiVersion: rescind/v1
policies: [{name: no-act-as-on-default-identity}, {name: no-constraint-weakening}, {name: no-cross-project-identity},
  {name: no-iam-condition-removed}, {name: no-privileged-invoker-role}, {name: no-public-ingress}, {name: no-ssh-access}, {name: no-escalation-on-runtime-identity}]`)})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// verdicts are what the policies say of an entry, where everything is enforced and known.
// What is no change says nothing; readable is false for what is told as unreadable.
func verdicts(t *testing.T, set *policies.Set, e map[string]any) (says map[string]policies.Verdict, readable bool) {
	t.Helper()
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	says = map[string]policies.Verdict{}
	c, err := auditlog.Decode(raw)
	if err != nil {
		return says, !errors.Is(err, auditlog.ErrUnreadable) && !errors.Is(err, auditlog.ErrUnknownMethod)
	}
	j := judge.Judge{Policies: set, Facts: allTrue{}}
	for _, g := range j.Judge(t.Context(), c, judge.Snapshot{At: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)}) {
		says[g.Policy] = g.Verdict
	}
	return says, true
}

// allTrue says yes to everything, and puts what is asked for in one organization.
type allTrue struct{}

func (allTrue) Fact(_ context.Context, q policies.Question) policies.Fact {
	if q.Kind == policies.ConstraintAbout {
		return policies.Fact{Known: true, List: []string{"run.googleapis.com/Service"}}
	}
	return policies.Fact{Known: true, Value: q.Kind != policies.ConstraintAllows && q.Kind != policies.OrganizationDomain, List: []string{"organizations/77"}}
}

// mistype puts a value of each other type in each place below v in turn, and calls try.
// Text that says a number or a number that is text are of the type they say.
func mistype(v any, path []string, try func(path []string, wrong any)) {
	each := func(key string, put func(any), old any) {
		at := append(slices.Clone(path), key)
		for _, wrong := range []any{"true", 7, true, []any{}, map[string]any{}} {
			if reflect.TypeOf(wrong) == reflect.TypeOf(old) {
				continue
			}
			_, text := wrong.(string)
			if isMask := strings.HasSuffix(strings.ToLower(key), "mask"); isMask && (text || reflect.ValueOf(wrong).Kind() == reflect.Map) {
				continue // each is a way to write one
			}
			if _, number := old.(float64); number && wrong == 7 {
				continue
			}
			put(wrong)
			try(at, wrong)
		}
		put(old)
		mistype(old, at, try)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			each(k, func(x any) { v[k] = x }, v[k])
		}
	case []any:
		for i, old := range v {
			each("[]", func(x any) { v[i] = x }, old)
		}
	}
}
