package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const slackStart = "slack:\n  bot_token: {env: T}\n  signing_secrets: [{env: S}]\n  team: T1\n"

func TestAConfigurationIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // after "rescind.yaml:"
	}{
		{"an unknown key, with the key that was meant", smallConfig + "guardrail: {}\n", []string{`5:1: the file has an unknown key "guardrail"; did you mean "guardrails"?`}},
		{"an unknown key far from any", smallConfig + "iap: {zzz: 1}\n", []string{`5:7: iap has an unknown key "zzz", want audience, certs_url`}},
		{"an unknown key within a list", smallConfig + slackStart + "  routes: [{chanel: C1}]\n", []string{
			`9:12: slack.routes[0]: channel is missing`, `9:13: slack.routes[0] has an unknown key "chanel"; did you mean "channel"?`}},
		{"a store that there is not", strings.Replace(smallConfig, `"memory:"`, "blot:state.db", 1), []string{`3:8: store "blot:" is not supported: want "firestore://PROJECT/DATABASE", "bolt:PATH" or "memory:"`}},
		{"a key that is there twice", smallConfig + "store: bolt:x\n", []string{`5:1: the file has the key "store" twice; it is also on line 3`}},
		{"values of other types", smallConfig + "policies: all\niap: [a]\nslack: {mode: {}}\nguardrails: {fight: {same_change: many}}\ngoogle: {insecure: maybe}\nbase_url: [x]\n", []string{
			`5:11: policies is text of 3 characters, want a list`, `6:6: iap is a list, want a map`, `7:15: slack.mode is a map, want text`,
			`8:35: guardrails.fight.same_change is "many", want a whole number`, `9:20: google.insecure is "maybe", want true or false`,
			`10:11: base_url is a list, want text`}},
		{"an inline secret, without repeating it", smallConfig + "slack: {bot_token: xoxb-hunter2}\n", []string{
			`5:20: a secret is written as {env: NAME} or {file: PATH}, never inline`}},
		{"a list of secrets that is none, without repeating it", smallConfig + "slack: {signing_secrets: xoxb-hunter2}\n", []string{
			`5:26: slack.signing_secrets is text of 12 characters, want a list`}},
		{"a secret with two places", smallConfig + slackStart + "  routes: [{channel: C1}]\n  bot_token: {env: A}\n", []string{`10:3: slack has the key "bot_token" twice; it is also on line 6`}},
		{"a secret from nowhere", smallConfig + "slack: {bot_token: {}, signing_secrets: [{env: A, file: b}]}\n", []string{
			`5:20: a secret has exactly one of env and file`, `5:42: a secret has exactly one of env and file`}},
		{"a secret's place of another type", smallConfig + "slack: {bot_token: {env: [x]}}\npolicies: x\n", []string{
			`5:20: a secret has exactly one of env and file`, `5:26: slack.bot_token.env is a list, want text`,
			`6:11: policies is text of 1 character, want a list`}},
		{"a duration that is none", smallConfig + "approvals: {expires_in: 1 hour}\nguardrails: {grace: -1s, max_event_age: 15}\n", []string{
			`5:25: approvals.expires_in is "1 hour", want a duration like 15m or 24h`, `6:21: guardrails.grace is "-1s", want a duration like 15m or 24h`,
			`6:41: guardrails.max_event_age is "15", want a duration like 15m or 24h`}},
		{"organizations that are none", smallConfig + "organizations:\n  - {id: org-77, domains: [example.com]}\n  - {id: 77, domains: []}\n  - {id: 77, domains: [ada@example.com, example]}\n", []string{
			`6:10: organizations[0].id is "org-77", want the organization's number`,
			`7:23: organizations[1].domains is empty: everybody would be an outsider; leave the organization out where its domains are not known`,
			`8:10: organizations[2].id: organization 77 is listed twice; all its domains belong into one list`,
			`8:24: organizations[2].domains: "ada@example.com" is no domain, want one like example.com`,
			`8:41: organizations[2].domains: "example" is no domain, want one like example.com`}},
		{"limits of zero", smallConfig + "approvals: {expires_in: 0s, quorum: {revert: 0}}\nguardrails: {max_event_age: 0s, max_reverts: {total_per_hour: 0}}\n", []string{
			`5:25: approvals.expires_in is 0s: a question would expire before anyone reads it`,
			`5:46: approvals.quorum.revert is 0, want at least 1`,
			`6:29: guardrails.max_event_age is 0s, want a duration above zero`,
			`6:63: guardrails.max_reverts.total_per_hour is 0, want at least 1; to revert nothing unasked, set policies to approve`}},
		{"a budget of nothing, and a reserve of more than there is", smallConfig + "guardrails:\n  max_reverts: {per_actor_per_hour: 0, reserve_percent: 101}\n", []string{
			`6:37: guardrails.max_reverts.per_actor_per_hour is 0, want at least 1; to revert nothing unasked, set policies to approve`,
			`6:57: guardrails.max_reverts.reserve_percent is 101, want 1 to 100, or 0 to keep nothing for findings of high and critical severity`}},
		{"rates that no revert gets through", smallConfig + "google:\n  rates: {reads: 9, writes: 0}\n", []string{
			`6:18: google.rates.reads is 9, want 10 to 6000 requests a minute`, `6:29: google.rates.writes is 0, want 1 to 600 requests a minute`}},
		{"rates beyond what Google takes", smallConfig + "google:\n  rates: {reads: 6001, writes: 601}\n", []string{
			`6:18: google.rates.reads is 6001, want 10 to 6000 requests a minute`, `6:32: google.rates.writes is 601, want 1 to 600 requests a minute`}},
		{"a reserve below zero, and one that is no number", smallConfig + "guardrails: {max_reverts: {reserve_percent: -1, per_actor_per_hour: ten}}\n", []string{
			`5:45: guardrails.max_reverts.reserve_percent is -1, want 1 to 100, or 0 to keep nothing for findings of high and critical severity`,
			`5:69: guardrails.max_reverts.per_actor_per_hour is "ten", want a whole number`}},
		{"a scan without a rest", smallConfig + "scan: {every: 10s}\n", []string{
			`5:15: scan.every is 10s, want at least 1m, or 0s to scan only when asked to`}},
		{"an empty audience and an empty scope", strings.NewReplacer("audience: https://r.example.com", `audience: ""`, "[projects/p]", "[]").Replace(smallConfig), []string{
			`1:18: scope.include is empty: name at least one of projects/P, folders/N, organizations/N`,
			`4:18: push.audience is empty: a token meant for any other service would do`}},
		{"scopes that are none", strings.Replace(smallConfig, "[projects/p]", "[p, folders/1/2], exclude: [project/p]", 1), []string{
			`1:19: scope.include: "p" is not projects/P, folders/N or organizations/N`,
			`1:22: scope.include: "folders/1/2" is not projects/P, folders/N or organizations/N`,
			`1:46: scope.exclude: "project/p" is not projects/P, folders/N or organizations/N`}},
		{"nothing at all", "", []string{
			`1:1: scope.include is empty: name at least one of projects/P, folders/N, organizations/N`,
			`1:1: identity is empty: the service account rescind runs as, so that it recognises its own changes`,
			`1:1: store is empty, want firestore://PROJECT/DATABASE, bolt:PATH or memory:`,
			`1:1: push.audience is empty: a token meant for any other service would do`,
			`1:1: push.service_account is empty: anybody could send events`}},
		{"certificates from afar in the clear", strings.Replace(smallConfig, "push: {", "push: {certs_url: http://keys.example.com, ", 1), []string{
			`4:19: push.certs_url: certs URL has scheme "http" and host "keys.example.com": want https, or a loopback address`}},
		{"IAP's certificates from afar in the clear, and pages on a path", smallConfig + "iap: {audience: x, certs_url: http://keys.example.com}\nbase_url: https://example.com/rescind\n", []string{
			`5:31: iap.certs_url: certs URL has scheme "http" and host "keys.example.com": want https, or a loopback address`,
			`6:11: base_url is "https://example.com/rescind", want https://HOST without a path (http only on this machine)`}},
		{"a route after one that takes all", smallConfig + slackStart + "  routes: [{channel: C1}, {match: 'true', channel: C2}]\n", []string{
			`9:11: slack.routes must end with a route without match: a finding that no route takes would be seen by nobody`,
			`9:12: slack.routes[0] matches everything, so the routes after it never apply`}},
		{"a digest that never comes", smallConfig + slackStart + "  digest_above: 601\n  routes: [{channel: C1}]\n", []string{
			`9:17: slack.digest_above is 601, want 1 to 600, or 0 for a message for each cause, however many`}},
		{"a Slack that cannot tell who clicks", smallConfig + "slack: {routes: [{channel: C1}]}\n", []string{
			`5:8: slack.bot_token is missing: cards could not be posted`,
			`5:8: slack.signing_secrets is empty: nothing could tell a click from a forgery`,
			`5:8: slack.team is empty: clicks from other workspaces could not be told apart`}},
		{"what this version has not", smallConfig + "slack: {mode: socket}\napprovals: {on_expiry: ask}\n", []string{
			`5:15: slack.mode is socket, which needs slack.app_token, and that is missing`,
			`6:24: approvals.on_expiry is "ask", want leave, revert or escalate`}},
		{"an escalation to nobody", smallConfig + "approvals: {escalation: {after: 30m}}\n", []string{
			`5:33: approvals.escalation.after is set, and nobody is there to page: set usergroup or pagerduty`}},
		{"a mention made of anything but an id", smallConfig + "approvals: {escalation: {usergroup: '!channel', pagerduty: {url: 'http://pd.example.com'}}}\n", []string{
			`5:37: approvals.escalation.usergroup is "!channel", want the id of a Slack user group, such as S01ONCALL`,
			`5:66: approvals.escalation.pagerduty.url: pagerduty: the url is "http://pd.example.com", want https://..., or http on this machine`}},
		{"people and accounts that are none", smallConfig + "approvals: {approvers: {users: {U1: ada@example.com}}}\nfallback_identity: {folders/1: a@b.c, projects/p: b}\n", []string{
			`5:37: approvals.approvers.users: U1 is "ada@example.com", want user:E-MAIL, as the audit log names people`,
			`6:32: fallback_identity: "folders/1" is not projects/P`,
			`6:51: fallback_identity of projects/p: "b" is not a service account's e-mail`}},
		{"accounts through which nobody can act", smallConfig + "approvals:\n  acts_for:\n    ada@example.com: {users: [user:ada@example.com]}\n" +
			"    serviceAccount:ci@ops.iam.gserviceaccount.com: {group: g@example.com}\n    a@ops.iam.gserviceaccount.com: {}\n    b@ops.iam.gserviceaccount.com: {users: [user:ada@example.com, bob@example.com], group: G <g@example.com>}\n" +
			"    c@ops.iam.gserviceaccount.com: {user: [x]}\n    d@ops.iam.gserviceaccount.com: {group: g@example.com}\n    D@ops.iam.gserviceaccount.com: {group: g@example.com}\n", []string{
			`7:22: approvals.acts_for: "ada@example.com" is not the e-mail of a service account, such as ci@ops.iam.gserviceaccount.com`,
			`8:52: approvals.acts_for: "serviceAccount:ci@ops.iam.gserviceaccount.com" is not the e-mail of a service account, such as ci@ops.iam.gserviceaccount.com`,
			`9:36: approvals.acts_for of a@ops.iam.gserviceaccount.com names nobody, want users or a group: leave the account out if it is not known who can act through it`,
			`10:67: approvals.acts_for of b@ops.iam.gserviceaccount.com: "bob@example.com" is not user:E-MAIL, as the audit log names people`,
			`10:92: approvals.acts_for of b@ops.iam.gserviceaccount.com: "G <g@example.com>" is not a group's address`,
			`11:36: approvals.acts_for of c@ops.iam.gserviceaccount.com names nobody, want users or a group: leave the account out if it is not known who can act through it`,
			`11:37: approvals.acts_for.c@ops.iam.gserviceaccount.com has an unknown key "user"; did you mean "users"?`,
			`12:36: approvals.acts_for: d@ops.iam.gserviceaccount.com is there twice, also as D@ops.iam.gserviceaccount.com`}},
		{"a Slack that somebody on the way could be", smallConfig + "slack: {api_url: http://slack.example.com/api/}\n", []string{
			`5:18: slack.api_url has scheme "http" and host "slack.example.com": want https, or a loopback address`}},
		{"a Slack that is nowhere", smallConfig + "slack: {api_url: slack.example.com}\n", []string{`5:18: slack.api_url is not a URL with a host`}},
		{"an alias", smallConfig + "base_url: &u https://x\niap: {audience: *u}\n", []string{
			`5:11: anchors are not allowed; write the value out where it is used`, `6:17: aliases are not allowed; write the value out`}},
		{"what is not YAML", "scope: {include: [\n", []string{`1:1: not YAML: did not find expected node content`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := fileOf(t, tt.text)
			_, err := Load(path)
			if err == nil {
				t.Fatal("it was taken")
			}
			got := strings.Split(strings.ReplaceAll(err.Error(), path+":", ""), "\n")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the secret is repeated:\n%s", err)
			}
		})
	}
}

func TestARouteThatDoesNotCompileIsRefused(t *testing.T) {
	path := fileOf(t, smallConfig+slackStart+"  routes: [{match: 'resource.project', channel: C1}, {match: 'sevrity == \"low\"', channel: C2}, {channel: C3}]\n")
	_, err := Load(path)
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, want := range []string{
		path + ":9:20: slack.routes[0].match: resource.project is string, want a bool\n",
		path + ":9:62: slack.routes[1].match: ", "undeclared reference to 'sevrity'",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in:\n%s", want, err)
		}
	}
}
