package process

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/remediate/before"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/scan"
	"github.com/rescind-dev/rescind/remediate/scope"

	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/google/directory"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func googleOptions(c config.Config, o Options, st remediate.Store) google.Options {
	e := c.Google.Endpoints
	return google.Options{
		Endpoints: google.Endpoints{
			Run: e.Run, IAM: e.IAM, ResourceManager: e.ResourceManager, OrgPolicy: e.OrgPolicy, Asset: e.Asset, Logging: e.Logging,
			Functions: e.Functions,
		},
		Insecure:    c.Google.Insecure,
		DialOptions: o.Dial,
		Identities:  st,
		Turns:       st,
		Rates:       google.Rates(c.Google.Rates),
		SearchIn:    cloud.ParseContainers(c.Scope.Include),
		Domains:     c.Domains(),

		ServiceAccounts: inGroups(c),
		Saw:             measured.Calls(o.Telemetry),
		Log:             o.Log,
		Now:             o.Now,
		Wait:            o.Wait,
	}
}

// inGroups reads who is in a Google group. It is connected when it is first asked: few
// starts ask.
func inGroups(c config.Config) func(context.Context, string) ([]string, error) {
	connect := sync.OnceValues(func() (*directory.Groups, error) {
		return directory.New(context.Background(), directory.Options{Endpoint: c.Google.Endpoints.CloudIdentity, Insecure: c.Google.Insecure})
	})
	return func(ctx context.Context, group string) ([]string, error) {
		groups, err := connect()
		if err != nil {
			return nil, err
		}
		return groups.ServiceAccounts(ctx, group)
	}
}

// newOwed keeps what cannot be judged at once.
func newOwed(c config.Config, o Options, st remediate.Store) (*owed.Queue, error) {
	return owed.New(owed.Config{Store: st, Cells: st, Most: c.Google.Owed, Now: o.Now, NewID: rand.Text, Log: o.Log})
}

func remediateConfig(c config.Config, o Options, set *policies.Set, st remediate.Store, gcp *google.Client, n *group.Notifier, groups directories) remediate.Config {
	g := c.Guardrails
	var entries remediate.EntryClient
	if g.ConfirmEntry {
		entries = gcp
	}
	ledger := trail.NewLedger(st, o.Now, o.Log)
	return remediate.Config{
		Facts: gcp,
		Judge: judge.Judge{
			Policies: set, Fallback: fallbacks(c.FallbackIdentity),
			MaxEventAge: time.Duration(g.MaxEventAge),
		},
		Store: st, IAM: measured.Policies{PolicyClient: gcp, To: o.Telemetry}, Workloads: measured.Workloads{WorkloadClient: gcp, To: o.Telemetry},
		Constraints: measured.Constraints{ConstraintClient: gcp, To: o.Telemetry}, Entries: entries, Notifier: measured.Notifier{Notifier: n, To: o.Telemetry},
		Baseline:  true,
		Scope:     scopeOf(c),
		Authority: lookedUp(c.Approvals.Authority(), groups),
		Limits: remediate.Limits{
			PerPolicyHour: g.MaxReverts.PerPolicy, PerProjectHour: g.MaxReverts.PerProject, PerActorHour: g.MaxReverts.PerActor,
			TotalHour: g.MaxReverts.Total, ReservePercent: g.MaxReverts.ReservePercent,
			SameChange: g.Fight.SameChange, FightWindow: time.Duration(g.Fight.Within), Grace: time.Duration(g.Grace),
		},
		Ledger:    ledger,
		Roots:     trail.NewRoots(st, ledger, o.Now),
		Self:      self(c),
		ExpiresIn: time.Duration(c.Approvals.ExpiresIn),
		OnExpiry:  remediate.Expiry(c.Approvals.OnExpiry),
		PageAfter: time.Duration(c.Approvals.Escalation.After), FallbackAfter: time.Duration(c.Slack.FallbackAfter),
		VerifyFor: 30 * time.Second,
		Now:       o.Now, Wait: o.Wait, NewID: rand.Text, Log: o.Log,
	}
}

// newScanner walks over what is live, below the scope of the configuration.
func newScanner(c config.Config, o Options, st remediate.Store, gcp *google.Client, r *remediate.Remediator) (*scan.Scanner, error) {
	return scan.New(scan.Config{
		Resources: r, Inventory: gcp, Store: st, Scope: scopeOf(c), Every: time.Duration(c.Scan.Every),
		Now: o.Now, Wait: o.Wait, NewID: rand.Text, Log: o.Log,
	})
}

// newBaseline reads what is live below the scope of the configuration, once.
func newBaseline(c config.Config, o Options, st remediate.Store, gcp *google.Client, r *remediate.Remediator) *baseline {
	within := scopeOf(c)
	return &baseline{reads: before.Baseline{
		Memory: before.New(st), Inventory: gcp, Look: r.Look, Tops: within.Include,
		Skips: func(ctx context.Context, in cloud.Resource) bool {
			return slices.Contains(within.Exclude, in) || !r.MayBeInScope(ctx, in)
		},
		Now: o.Now, Wait: o.Wait, NewID: rand.Text, Log: o.Log,
	}}
}

func scopeOf(c config.Config) scope.Scope {
	return scope.Scope{Include: cloud.ParseContainers(c.Scope.Include), Exclude: cloud.ParseContainers(c.Scope.Exclude)}
}

// self is the principal that rescind itself acts as.
func self(c config.Config) string { return "serviceAccount:" + c.Identity }

// newGroups shows findings of one cause in one message of the plain notifier's.
func newGroups(c config.Config, o Options, st remediate.Store, plain group.Plain) (*group.Notifier, error) {
	return group.NewNotifier(group.Config{
		Plain: plain, Store: st, RoundupAbove: c.Slack.RoundupAbove, FallbackAfter: time.Duration(c.Slack.FallbackAfter), Now: o.Now, Log: o.Log,
	})
}

// fallbacks keys the fallback identities by bare project id.
func fallbacks(m map[string]string) map[string]string {
	out := map[string]string{}
	for scope, email := range m {
		if r, ok := cloud.ParseContainer(scope); ok {
			out[r.Project] = email
		}
	}
	return out
}
