package config

import (
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/google/caller"
	"github.com/rescind-dev/rescind/internal/store"
	pages "github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// problem is one thing wrong with a configuration, and the key it is
// wrong with.
type problem struct{ key, text string }

// checks collects problems.
type checks struct{ found []problem }

// refuse notes the problem unless ok.
func (k *checks) refuse(ok bool, key, format string, args ...any) {
	if !ok {
		k.found = append(k.found, problem{key, fmt.Sprintf(format, args...)})
	}
}

func (k *checks) err() error {
	var errs []error
	for _, p := range k.found {
		errs = append(errs, errors.New(p.text))
	}
	return errors.Join(errs...)
}

// Validate says everything that is wrong with the configuration, at once.
func (c Config) Validate() error {
	k := &checks{}
	c.check(k)
	return k.err()
}

func (c Config) check(k *checks) {
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
	checkOrganizations(c.Organizations, k.refuse)
	err := caller.CheckUserInfo(c.Google.UserInfoURL)
	k.refuse(err == nil, "google.userinfo_url", "google.userinfo_url: %v", err)
	c.Google.Rates.check(k)
	k.refuse(c.Google.Owed >= 1 && c.Google.Owed <= owed.Most, "google.owed",
		"google.owed is %d, want 1 to %d changes", c.Google.Owed, owed.Most)
}

func (r Rates) check(k *checks) {
	least, most := google.MinRates, google.MaxRates
	k.refuse(r.Reads >= least.Reads && r.Reads <= most.Reads, "google.rates.reads",
		"google.rates.reads is %d, want %d to %d requests a minute", r.Reads, least.Reads, most.Reads)
	k.refuse(r.Writes >= least.Writes && r.Writes <= most.Writes, "google.rates.writes",
		"google.rates.writes is %d, want %d to %d requests a minute", r.Writes, least.Writes, most.Writes)
}

func (p Push) check(k *checks) {
	k.refuse(p.Audience != "", "push.audience", "push.audience is empty: a token meant for any other service would do")
	k.refuse(p.ServiceAccount != "", "push.service_account", "push.service_account is empty: anybody could send events")
	err := functions.OIDCConfig{Audience: "any", Email: "any", CertsURL: p.CertsURL}.Validate()
	k.refuse(err == nil, "push.certs_url", "push.certs_url: %v", err)
}

// checkAnswers is for a process that serves /answers, where what travelled comes in:
// whoever may push events there could else push answers, too.
func (c Config) checkAnswers(k *checks) {
	if c.AnswersTopic == "" {
		return
	}
	const key, want = "push.answers_account", "want the account of the push subscription of answers_topic, and of nothing else"
	k.refuse(c.Push.AnswersAccount != "", key, "%s is empty and answers_topic is set: %s", key, want)
	k.refuse(c.Push.AnswersAccount == "" || !strings.EqualFold(c.Push.AnswersAccount, c.Push.ServiceAccount), key,
		"%s is push.service_account: whoever may push events could push answers; %s", key, want)
}

// ValidateAnswers says what is wrong with the configuration where /answers is served,
// beside what Validate says.
func (c Config) ValidateAnswers() error {
	k := &checks{}
	c.checkAnswers(k)
	return k.err()
}

func (c Config) checkPages(k *checks) {
	err := functions.IAPConfig{Audience: "any", CertsURL: c.IAP.CertsURL}.Validate()
	k.refuse(err == nil, "iap.certs_url", "iap.certs_url: %v", err)
	k.refuse(pages.CheckBaseURL(c.BaseURL) == nil, "base_url", "base_url is %q, want https://HOST without a path (http only on this machine)", c.BaseURL)
}

func (c Config) checkScope(k *checks) {
	k.refuse(len(c.Scope.Include) > 0, "scope.include", "scope.include is empty: name at least one of projects/P, folders/N, organizations/N")
	for list, names := range map[string][]string{"scope.include": c.Scope.Include, "scope.exclude": c.Scope.Exclude} {
		for i, name := range names {
			_, ok := cloud.ParseContainer(name)
			k.refuse(ok, fmt.Sprintf("%s[%d]", list, i), "%s: %q is not projects/P, folders/N or organizations/N", list, name)
		}
	}
}

func (c Config) checkFallbacks(k *checks) {
	for project, account := range c.FallbackIdentity {
		r, ok := cloud.ParseContainer(project)
		k.refuse(ok && r.Kind == cloud.Project, "fallback_identity."+project, "fallback_identity: %q is not projects/P", project)
		_, err := mail.ParseAddress(account)
		k.refuse(err == nil, "fallback_identity."+project, "fallback_identity of %s: %q is not a service account's e-mail", project, account)
	}
}

func (c Config) checkExports(k *checks) {
	if c.DecisionsTopic != "" {
		err := google.CheckTopic(c.DecisionsTopic)
		k.refuse(err == nil, "decisions_topic", "decisions_topic: %v", err)
	}
	if c.AuditLog != "" {
		err := google.CheckAuditLog(c.AuditLog)
		k.refuse(err == nil, "audit_log", "audit_log: %v", err)
	}
}

// WithoutEffect lists the keys that are read and have no effect in this version, so
// that nobody relies on them.
func (c Config) WithoutEffect() []string {
	var out []string
	idle := func(set bool, what string) {
		if set {
			out = append(out, what)
		}
	}
	idle(c.BaseURL != "" && c.IAP.Audience == "", "base_url: cards have links, and iap.audience is empty, so that the pages they lead to answer 404")
	return out
}

// Configured reports whether there is a Slack to speak of; without one,
// findings are logged.
func (s Slack) Configured() bool { return s.BotToken != Secret{} || len(s.Routes) > 0 }

// maxRoundupAbove is what a channel can be posted in ten minutes: a message a second.
const maxRoundupAbove = 600

func (s Slack) check(k *checks) {
	k.refuse(s.Mode == "http" || s.Mode == "socket", "slack.mode", "slack.mode is %q, want http or socket", s.Mode)
	k.refuse(s.Mode != "socket" || s.AppToken != Secret{}, "slack.mode", "slack.mode is socket, which needs slack.app_token, and that is missing")
	if s.APIURL != "" { // the bot token goes there with every call
		err := functions.CheckPrivate(s.APIURL)
		k.refuse(err == nil, "slack.api_url", "slack.api_url %v", err)
	}
	if !s.Configured() {
		return
	}
	k.refuse(s.BotToken != Secret{}, "slack.bot_token", "slack.bot_token is missing: cards could not be posted")
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
