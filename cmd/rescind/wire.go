package main

import (
	"crypto/rand"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func googleOptions(c config, w world, st remediate.Store) google.Options {
	e := c.Google.Endpoints
	return google.Options{
		Endpoints:   google.Endpoints{Run: e.Run, IAM: e.IAM, ResourceManager: e.ResourceManager, OrgPolicy: e.OrgPolicy, Asset: e.Asset, Logging: e.Logging},
		Insecure:    c.Google.Insecure,
		DialOptions: w.dial,
		Identities:  st,
		Turns:       st,
		SearchIn:    containers(c.Scope.Include),
		Log:         w.log,
		Now:         w.now,
		Wait:        w.wait,
	}
}

func remediateConfig(c config, w world, set *policies.Set, st remediate.Store, gcp *google.Client, n remediate.Notifier, groups remediate.Directory) remediate.Config {
	g := c.Guardrails
	var entries remediate.EntryClient
	if g.ConfirmEntry {
		entries = gcp
	}
	return remediate.Config{
		Facts: gcp,
		Judge: judge.Judge{
			Policies: set, Fallback: fallbacks(c.FallbackIdentity),
			MaxEventAge: time.Duration(g.MaxEventAge),
		},
		Store: st, IAM: gcp, Workloads: gcp, Constraints: gcp, Entries: entries, Notifier: n,
		Scope:     remediate.Scope{Include: containers(c.Scope.Include), Exclude: containers(c.Scope.Exclude)},
		Authority: lookedUp(authority(c.Approvals), groups),
		Limits: remediate.Limits{
			PerPolicyHour: g.MaxReverts.PerPolicy, PerProjectHour: g.MaxReverts.PerProject, TotalHour: g.MaxReverts.Total,
			SameChange: g.Fight.SameChange, FightWindow: time.Duration(g.Fight.Within), Grace: time.Duration(g.Grace),
		},
		Ledger:    trail.NewLedger(st, w.now, w.log),
		Self:      "serviceAccount:" + c.Identity,
		ExpiresIn: time.Duration(c.Approvals.ExpiresIn),
		OnExpiry:  remediate.Expiry(c.Approvals.OnExpiry),
		PageAfter: time.Duration(c.Approvals.Escalation.After), FallbackAfter: time.Duration(c.Slack.FallbackAfter), RoundupAbove: c.Slack.RoundupAbove,
		VerifyFor: 30 * time.Second, Inventory: gcp, ScanEvery: time.Duration(c.Scan.Every),
		Now: w.now, Wait: w.wait, NewID: rand.Text, Log: w.log,
	}
}

func containers(names []string) []cloud.Resource {
	var out []cloud.Resource
	for _, n := range names {
		if r, ok := cloud.ParseContainer(n); ok { // Validate refused the rest
			out = append(out, r)
		}
	}
	return out
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

// lookedUp is the authority with its groups.
func lookedUp(au remediate.Authority, groups remediate.Directory) remediate.Authority {
	au.Directory = groups
	return au
}
