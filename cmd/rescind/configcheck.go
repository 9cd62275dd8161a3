package main

import (
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/store"
	pages "github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/remediate"
)

// configProblem is one thing wrong with a configuration, and the key it is
// wrong with.
type configProblem struct{ key, text string }

// configCheck collects problems.
type configCheck struct{ found []configProblem }

// refuse notes the problem unless ok.
func (k *configCheck) refuse(ok bool, key, format string, args ...any) {
	if !ok {
		k.found = append(k.found, configProblem{key, fmt.Sprintf(format, args...)})
	}
}

// Validate says everything that is wrong with the configuration, at once.
func (c config) Validate() error {
	var errs []error
	for _, p := range c.problems() {
		errs = append(errs, errors.New(p.text))
	}
	return errors.Join(errs...)
}

func (c config) problems() []configProblem {
	k := &configCheck{}
	c.checkScope(k)
	k.refuse(c.Identity != "", "identity", "identity is empty: the service account rescind runs as, so that it recognises its own changes")
	if err := store.Check(c.Store); c.Store != "" && err != nil {
		k.refuse(false, "store", "%v", err)
	}
	k.refuse(c.Store != "", "store", "store is empty, want firestore://PROJECT/DATABASE, bolt:PATH or memory:")
	c.Push.check(k)
	c.checkPages(k)
	c.Slack.check(k)
	c.Approvals.check(k)
	c.Guardrails.check(k)
	k.refuse(c.Scan.Every == 0 || time.Duration(c.Scan.Every) >= time.Minute, "scan.every",
		"scan.every is %s, want at least 1m, or 0s to scan only when asked to", time.Duration(c.Scan.Every))
	c.checkFallbacks(k)
	c.checkExports(k)
	err := google.CheckUserInfo(c.Google.UserInfoURL)
	k.refuse(err == nil, "google.userinfo_url", "google.userinfo_url: %v", err)
	return k.found
}

func (p pushConfig) check(k *configCheck) {
	k.refuse(p.Audience != "", "push.audience", "push.audience is empty: a token meant for any other service would do")
	k.refuse(p.ServiceAccount != "", "push.service_account", "push.service_account is empty: anybody could send events")
	err := functions.OIDCConfig{Audience: "any", Email: "any", CertsURL: p.CertsURL}.Validate()
	k.refuse(err == nil, "push.certs_url", "push.certs_url: %v", err)
}

func (c config) checkPages(k *configCheck) {
	err := functions.IAPConfig{Audience: "any", CertsURL: c.IAP.CertsURL}.Validate()
	k.refuse(err == nil, "iap.certs_url", "iap.certs_url: %v", err)
	k.refuse(pages.CheckBaseURL(c.BaseURL) == nil, "base_url", "base_url is %q, want https://HOST without a path (http only on this machine)", c.BaseURL)
}

func (c config) checkScope(k *configCheck) {
	k.refuse(len(c.Scope.Include) > 0, "scope.include", "scope.include is empty: name at least one of projects/P, folders/N, organizations/N")
	for list, names := range map[string][]string{"scope.include": c.Scope.Include, "scope.exclude": c.Scope.Exclude} {
		for i, name := range names {
			_, ok := cloud.ParseContainer(name)
			k.refuse(ok, fmt.Sprintf("%s[%d]", list, i), "%s: %q is not projects/P, folders/N or organizations/N", list, name)
		}
	}
}

func (c config) checkFallbacks(k *configCheck) {
	for project, account := range c.FallbackIdentity {
		r, ok := cloud.ParseContainer(project)
		k.refuse(ok && r.Kind == cloud.Project, "fallback_identity."+project, "fallback_identity: %q is not projects/P", project)
		_, err := mail.ParseAddress(account)
		k.refuse(err == nil, "fallback_identity."+project, "fallback_identity of %s: %q is not a service account's e-mail", project, account)
	}
}

func (c config) checkExports(k *configCheck) {
	if c.DecisionsTopic != "" {
		err := google.CheckTopic(c.DecisionsTopic)
		k.refuse(err == nil, "decisions_topic", "decisions_topic: %v", err)
	}
	if c.AuditLog != "" {
		err := google.CheckAuditLog(c.AuditLog)
		k.refuse(err == nil, "audit_log", "audit_log: %v", err)
	}
}

// configured reports whether there is a Slack to speak of; without one,
// findings are logged.
func (s slackConfig) configured() bool { return s.BotToken != secret{} || len(s.Routes) > 0 }

// maxRoundupAbove is what a channel can be posted in ten minutes: a message a second.
const maxRoundupAbove = 600

func (s slackConfig) check(k *configCheck) {
	k.refuse(s.Mode == "http" || s.Mode == "socket", "slack.mode", "slack.mode is %q, want http or socket", s.Mode)
	k.refuse(s.Mode != "socket" || s.AppToken != secret{}, "slack.mode", "slack.mode is socket, which needs slack.app_token, and that is missing")
	if !s.configured() {
		return
	}
	k.refuse(s.BotToken != secret{}, "slack.bot_token", "slack.bot_token is missing: cards could not be posted")
	k.refuse(len(s.SigningSecrets) > 0, "slack.signing_secrets", "slack.signing_secrets is empty: nothing could tell a click from a forgery")
	k.refuse(s.Team != "", "slack.team", "slack.team is empty: clicks from other workspaces could not be told apart")
	k.refuse(s.RoundupAbove >= 0 && s.RoundupAbove <= maxRoundupAbove, "slack.digest_above",
		"slack.digest_above is %d, want 1 to %d, or 0 for a message for each cause, however many", s.RoundupAbove, maxRoundupAbove)
	last := len(s.Routes) - 1
	for i, r := range s.Routes {
		at := fmt.Sprintf("slack.routes[%d]", i)
		k.refuse(r.Channel != "", at, "%s: channel is missing", at)
		k.refuse(r.Match != "" || i == last, at, "%s matches everything, so the routes after it never apply", at)
	}
	k.refuse(last >= 0 && s.Routes[last].Match == "", "slack.routes",
		"slack.routes must end with a route without match: a finding that no route takes would be seen by nobody")
	for i, err := range routeErrors(s.Routes) {
		at := fmt.Sprintf("slack.routes[%d].match", i)
		k.refuse(false, at, "%s: %s", at, err)
	}
}

func (a approvalsConfig) check(k *configCheck) {
	k.refuse(a.ExpiresIn > 0, "approvals.expires_in", "approvals.expires_in is 0s: a question would expire before anyone reads it")
	k.refuse(slices.Contains([]string{"leave", "revert", "escalate"}, a.OnExpiry), "approvals.on_expiry",
		"approvals.on_expiry is %q, want leave, revert or escalate", a.OnExpiry)
	a.Escalation.check(k, a.mentions() != "" || a.Escalation.PagerDuty.RoutingKey != secret{})
	for choice, n := range map[string]int{"revert": a.Quorum.Revert, "keep": a.Quorum.Keep, "exempt": a.Quorum.Exempt, "undo": a.Quorum.Undo} {
		k.refuse(n >= 1, "approvals.quorum."+choice, "approvals.quorum.%s is %d, want at least 1", choice, n)
	}
	for severity, d := range a.MaxExempt.bySeverity() {
		k.refuse(d <= remediate.MaxExemption, "approvals.max_exempt."+string(severity),
			"approvals.max_exempt.%s is %s, want at most %s: what lasts longer belongs into a policy file", severity, d, remediate.MaxExemption)
	}
	for i, s := range a.StepUp {
		k.refuse(slices.Contains([]string{"low", "medium", "high", "critical"}, s), fmt.Sprintf("approvals.step_up[%d]", i),
			"approvals.step_up: %q is not a severity, want low, medium, high or critical", s)
	}
	for id, principal := range a.Approvers.Users {
		email, ok := strings.CutPrefix(principal, "user:")
		k.refuse(ok && strings.Contains(email, "@"), "approvals.approvers.users."+id,
			"approvals.approvers.users: %s is %q, want user:E-MAIL, as the audit log names people", id, principal)
	}
}

func (g guardrailsConfig) check(k *configCheck) {
	for key, n := range map[string]int{
		"max_reverts.per_policy_per_hour": g.MaxReverts.PerPolicy, "max_reverts.per_project_per_hour": g.MaxReverts.PerProject,
		"max_reverts.total_per_hour": g.MaxReverts.Total, "fight.same_change": g.Fight.SameChange,
	} {
		k.refuse(n >= 1, "guardrails."+key, "guardrails.%s is %d, want at least 1; to revert nothing unasked, set policies to approve", key, n)
	}
	for key, d := range map[string]duration{"max_event_age": g.MaxEventAge, "fight.within": g.Fight.Within} {
		k.refuse(d > 0, "guardrails."+key, "guardrails.%s is %s, want a duration above zero", key, time.Duration(d))
	}
}

// notYet lists the keys that are read and have no effect in this version, so
// that nobody relies on them.
func (c config) notYet() []string {
	var out []string
	idle := func(set bool, what string) {
		if set {
			out = append(out, what)
		}
	}
	idle(c.BaseURL != "" && c.IAP.Audience == "", "base_url: cards have links, and iap.audience is empty, so that the pages they lead to answer 404")
	return out
}
