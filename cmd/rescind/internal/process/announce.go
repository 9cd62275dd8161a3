package process

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/build"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Announce logs what this process may touch and how hard each policy acts, so
// that a slip in the configuration shows at the start and not at 3 a.m.
func (a *App) Announce(ctx context.Context, c config.Config) {
	a.log.InfoContext(ctx, "configuration", "config", c)
	a.started(ctx, c)
	a.lost(ctx, c)
	for _, p := range a.policies.Policies() {
		a.log.InfoContext(ctx, "policy", "policy", p.Name, "enforcement", string(p.Enforcement), "severity", string(p.Severity),
			"overrides", overridesOf(p), "exemptions", len(p.Exemptions))
	}
	for _, w := range a.policies.Warnings(a.opts.Now()) {
		a.log.WarnContext(ctx, "exemption", "warning", w)
	}
	a.warnOfConstraints(ctx)
	if p, err := a.store.Pause(ctx); err == nil && p.Active(a.opts.Now()) {
		a.log.WarnContext(ctx, "paused", "said", p.String())
	}
	if !c.Slack.Configured() {
		a.log.WarnContext(ctx, "no Slack is configured: questions are only logged, and answered with rescind findings")
	}
	for _, wrong := range append(c.Approvals.Alarms(), c.StepUpAlarms(a.policies.Policies())...) {
		a.log.ErrorContext(ctx, "approvers", "alarm", wrong)
	}
	if open := c.Approvals.Approvers.OpenDoor(); open != "" {
		a.log.WarnContext(ctx, "approvers", "warning", open)
	}
	a.warnOfAccounts(ctx, c)
	for _, n := range c.WithoutEffect() {
		a.log.WarnContext(ctx, "configured, but without effect", "key", n)
	}
}

// warnOfConstraints names the policies that would fall silent with a constraint that nobody
// watches.
func (a *App) warnOfConstraints(ctx context.Context) {
	unguarded, err := a.policies.Unguarded()
	if err != nil {
		a.log.ErrorContext(ctx, "whether constraints are guarded is not known", "error", err.Error())
	}
	for _, w := range unguarded {
		a.log.WarnContext(ctx, "unguarded constraint", "warning", w)
	}
}

func overridesOf(p policies.Policy) string {
	var out []string
	for _, o := range p.Overrides {
		out = append(out, o.Scope.Path()+"="+string(o.Enforcement))
	}
	return strings.Join(out, ",")
}

// started records in the ledger what this process runs: which rescind, with
// which policies and which configuration, each by its digest, with all that a
// file leaves out. A policy that is made weaker shows there, whoever did it.
func (a *App) started(ctx context.Context, c config.Config) {
	if err := a.roots.Begin(ctx); err != nil { // the first sweep does it as well
		a.log.ErrorContext(ctx, "the marker of the trail was not set", "error", err.Error())
	}
	a.ledger.Note(ctx, trail.Record{Kind: trail.Started, Who: self(c), Via: "serve",
		What: fmt.Sprintf("%s, policies %s, configuration %s", build.Read(), digest(a.policies.Policies()), digest(c))})
}

// lost says aloud that the store is not the one that was here before.
func (a *App) lost(ctx context.Context, c config.Config) {
	s, ok := a.store.(interface{ Lost() string })
	if !ok || s.Lost() == "" {
		return
	}
	a.log.ErrorContext(ctx, "store", "alarm", s.Lost())
	a.ledger.Note(ctx, trail.Record{Kind: trail.Alarm, Who: self(c), Via: "serve", What: s.Lost()})
}

// digest is that of a value as JSON. A configuration names its secrets and does
// not hold them.
func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "unknown: " + err.Error()
	}
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}
