package remediate_test

import (
	"context"
	"errors"
	"testing"

	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

const workersGroup = "group:workers@example.com"

// Editor for a group is Editor for whoever is in it.
func TestEditorForAGroupIsJudgedByWhoIsInIt(t *testing.T) {
	t.Parallel()
	in := func(accounts []string, err error) func(*google.Options) {
		return func(o *google.Options) {
			o.ServiceAccounts = func(context.Context, string) ([]string, error) { return accounts, err }
		}
	}
	for name, tt := range map[string]struct {
		members func(*google.Options)
		ends    state.State
		says    string
	}{
		"nobody reads groups":          {func(*google.Options) {}, state.Pending, "who is in the group workers@example.com is not read"},
		"they cannot be read":          {in(nil, errors.New("HTTP 403")), state.Pending, "HTTP 403"},
		"a workload runs as one":       {in([]string{"x@pay-prod.iam.gserviceaccount.com", apiAccount}, nil), state.Reverted, apiAccount + " is in workers@example.com"},
		"one, and others may be in it": {in([]string{apiAccount}, errors.New("a group is in it")), state.Reverted, apiAccount},
		"no workload runs as any":      {in([]string{"x@pay-prod.iam.gserviceaccount.com"}, nil), "", ""},
	} {
		g := newRigWith(t, tt.members, set{editor: policies.Revert})
		g.grant("projects/pay-prod", "roles/editor", workersGroup)
		fs := g.deliver()
		switch {
		case tt.ends == "" && len(fs) > 0:
			t.Errorf("%s: %+v", name, fs)
		case tt.ends != "" && len(fs) != 1:
			t.Errorf("%s: %d findings", name, len(fs))
		case tt.ends != "":
			g.want(fs[0], tt.ends, tt.says)
		}
	}
}
