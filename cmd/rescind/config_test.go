package main

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// fullConfig has every key there is. It loads; what has no effect yet is warned
// of at the start.
const fullConfig = `policies: [policies/]
scope: {include: [organizations/77], exclude: [projects/break-glass]}
identity: rescind-worker@ops.iam.gserviceaccount.com
store: bolt:state.db
push: {audience: https://rescind.example.com/events, service_account: push@ops.iam.gserviceaccount.com, certs_url: ""}
iap: {audience: ""}
base_url: https://rescind.example.com
answers_topic: projects/ops/topics/rescind-answers
decisions_topic: projects/ops/topics/rescind-decisions
slack:
  bot_token: {env: SLACK_BOT_TOKEN}
  signing_secrets: [{env: SLACK_SIGNING_SECRET}, {file: secrets/old}]
  mode: http
  api_url: ""
  routes: [{match: 'resource.project.startsWith("pay-")', channel: C01PAY}, {channel: C01SEC}]
  team: T0123
approvals:
  approvers: {users: {U01: user:ada@example.com}, slack_usergroups: [S01ONCALL], google_groups: []}
  quorum: {revert: 1, keep: 2, exempt: 2, undo: 1}
  expires_in: 1h
  on_expiry: leave
guardrails:
  max_reverts: {per_policy_per_hour: 20, per_project_per_hour: 10, total_per_hour: 50}
  max_event_age: 15m
  fight: {same_change: 3, within: 24h}
  grace: 0s
  confirm_entry: false
scan: {every: 1h}
fallback_identity: {projects/pay-prod: run-default@pay-prod.iam.gserviceaccount.com}
google:
  endpoints: {run: "", iam: "", resourcemanager: "", orgpolicy: "", asset: "", logging: ""}
  insecure: false
`

func TestAConfigurationWithEveryKeyLoads(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rescind.yaml")
	write(t, path, fullConfig)
	got, err := loadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig() // most of the file's values are the defaults
	want.Policies = []string{filepath.Join(dir, "policies")}
	want.Scope = scopeConfig{Include: []string{"organizations/77"}, Exclude: []string{"projects/break-glass"}}
	want.Identity = "rescind-worker@ops.iam.gserviceaccount.com"
	want.Store = "bolt:" + filepath.Join(dir, "state.db")
	want.Push = pushConfig{Audience: "https://rescind.example.com/events", ServiceAccount: "push@ops.iam.gserviceaccount.com"}
	want.BaseURL = "https://rescind.example.com"
	want.AnswersTopic, want.DecisionsTopic = "projects/ops/topics/rescind-answers", "projects/ops/topics/rescind-decisions"
	want.Slack = slackConfig{
		BotToken: secret{Env: "SLACK_BOT_TOKEN"}, SigningSecrets: []secret{{Env: "SLACK_SIGNING_SECRET"}, {File: filepath.Join(dir, "secrets/old")}},
		Mode: "http", Team: "T0123", FallbackAfter: duration(10 * time.Minute), RoundupAbove: 20,
		Routes: []routeConfig{{Match: `resource.project.startsWith("pay-")`, Channel: "C01PAY"}, {Channel: "C01SEC"}},
	}
	want.Approvals.Approvers = approversConfig{
		Users: map[string]string{"U01": "user:ada@example.com"}, SlackUsergroups: []string{"S01ONCALL"}, GoogleGroups: []string{},
	}
	want.Approvals.Quorum.Keep = 2
	want.FallbackIdentity = map[string]string{"projects/pay-prod": "run-default@pay-prod.iam.gserviceaccount.com"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	wantIdle := []string{
		"base_url: cards have links, and iap.audience is empty, so that the pages they lead to answer 404",
	}
	if diff := cmp.Diff(wantIdle, got.notYet()); diff != "" {
		t.Errorf("without effect (-want +got):\n%s", diff)
	}
}

// smallConfig has what has no default.
const smallConfig = `scope: {include: [projects/p]}
identity: rescind@ops.iam.gserviceaccount.com
store: "memory:"
push: {audience: https://r.example.com, service_account: push@ops.iam.gserviceaccount.com}
`

func TestWhatAFileLeavesOutKeepsItsDefault(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rescind.yaml")
	write(t, path, smallConfig+"guardrails: {max_event_age: 5m}\napprovals:\n")
	got, err := loadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	want := defaultConfig().Guardrails
	want.MaxEventAge = duration(5 * time.Minute)
	if diff := cmp.Diff(want, got.Guardrails); diff != "" {
		t.Errorf("guardrails (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(defaultConfig().Approvals, got.Approvals); diff != "" {
		t.Errorf("approvals (-want +got):\n%s", diff)
	}
}

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
		{"a duration that is none", smallConfig + "approvals: {expires_in: 1 hour}\nguardrails: {grace: -1s, max_event_age: 15}\n", []string{
			`5:25: approvals.expires_in is "1 hour", want a duration like 15m or 24h`, `6:21: guardrails.grace is "-1s", want a duration like 15m or 24h`,
			`6:41: guardrails.max_event_age is "15", want a duration like 15m or 24h`}},
		{"limits of zero", smallConfig + "approvals: {expires_in: 0s, quorum: {revert: 0}}\nguardrails: {max_event_age: 0s, max_reverts: {total_per_hour: 0}}\n", []string{
			`5:25: approvals.expires_in is 0s: a question would expire before anyone reads it`,
			`5:46: approvals.quorum.revert is 0, want at least 1`,
			`6:29: guardrails.max_event_age is 0s, want a duration above zero`,
			`6:63: guardrails.max_reverts.total_per_hour is 0, want at least 1; to revert nothing unasked, set policies to approve`}},
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
		{"an alias", smallConfig + "base_url: &u https://x\niap: {audience: *u}\n", []string{
			`5:11: anchors are not allowed; write the value out where it is used`, `6:17: aliases are not allowed; write the value out`}},
		{"what is not YAML", "scope: {include: [\n", []string{`1:1: not YAML: did not find expected node content`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "rescind.yaml")
			write(t, path, tt.text)
			_, err := loadConfig(path)
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
	path := filepath.Join(t.TempDir(), "rescind.yaml")
	write(t, path, smallConfig+slackStart+"  routes: [{match: 'resource.project', channel: C1}, {match: 'sevrity == \"low\"', channel: C2}, {channel: C3}]\n")
	_, err := loadConfig(path)
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

func TestASecretComesFromItsPlaceOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "token"), "s3cret\n")
	write(t, filepath.Join(dir, "empty"), "\n")
	env := func(name string) (string, bool) { return map[string]string{"SET": "s3cret"}[name], name != "UNSET" }
	for _, tt := range []struct {
		name    string
		from    secret
		want    string
		problem string
	}{
		{"a variable", secret{Env: "SET"}, "s3cret", ""},
		{"a file, without its last newline", secret{File: filepath.Join(dir, "token")}, "s3cret", ""},
		{"an unset variable", secret{Env: "UNSET"}, "", "environment variable UNSET is not set"},
		{"an empty variable", secret{Env: "EMPTY"}, "", "environment variable EMPTY is not set"},
		{"an empty file", secret{File: filepath.Join(dir, "empty")}, "", "empty is empty"},
		{"a missing file", secret{File: filepath.Join(dir, "none")}, "", "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.from.read(env)
			if got != tt.want {
				t.Errorf("read %q, want %q", got, tt.want)
			}
			if (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("error %v, want %q", err, tt.problem)
			}
		})
	}
}

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// Every YAML block of docs/config.md is a whole file, or goes on top of the
// smallest one.
func TestTheSamplesOfTheConfigDocsLoad(t *testing.T) { loadSamples(t, "../../docs/config.md", 3) }

func TestTheSamplesOfTheSlackDocsLoad(t *testing.T) { loadSamples(t, "../../docs/slack.md", 3) }

func loadSamples(t *testing.T, file string, atLeast int) {
	t.Helper()
	doc, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	blocks := yamlBlock.FindAllStringSubmatch(string(doc), -1)
	if len(blocks) < atLeast {
		t.Fatalf("%d samples, want at least %d", len(blocks), atLeast)
	}
	for _, b := range blocks {
		text := b[1]
		if !strings.Contains(text, "identity: ") {
			base := smallConfig
			if strings.Contains(text, "push:") { // a block that has its own
				base = base[:strings.Index(base, "push:")]
			}
			text = base + text
		}
		path := filepath.Join(t.TempDir(), "rescind.yaml")
		write(t, path, text)
		if _, err := loadConfig(path); err != nil {
			t.Errorf("%s\n%s", err, b[1])
		}
	}
}

func TestTheConfigDocsExplainEveryKey(t *testing.T) {
	doc, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	keys := configKeys("", reflect.TypeFor[config]())
	if len(keys) < 40 {
		t.Fatalf("%d keys, want all of them: %q", len(keys), keys)
	}
	for _, key := range keys {
		if !strings.Contains(string(doc), "`"+key+"`") {
			t.Errorf("docs/config.md does not explain `%s`", key)
		}
	}
}

// configKeys lists the keys a file may have, "scope.include", those of a list's
// elements as "slack.routes.match".
func configKeys(path string, t reflect.Type) []string {
	if t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[secret]() {
		return []string{path}
	}
	var keys []string
	for f := range t.Fields() {
		keys = append(keys, configKeys(strings.TrimPrefix(path+"."+f.Tag.Get("yaml"), "."), f.Type)...)
	}
	return keys
}

// everything is the block of docs/config.md that has all keys.
func everything(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(doc), "Everything, with the defaults")
	block := yamlBlock.FindStringSubmatch(after)
	if !ok || block == nil {
		t.Fatal("docs/config.md has no block with everything")
	}
	return block[1]
}

func TestTheBlockWithEverythingHasEveryKeyAndTheDefaults(t *testing.T) {
	text := everything(t)
	var tree any
	if err := yaml.Unmarshal([]byte(text), &tree); err != nil {
		t.Fatal(err)
	}
	for _, key := range configKeys("", reflect.TypeFor[config]()) {
		if !hasKey(tree, strings.Split(key, ".")) {
			t.Errorf("the block lacks %s", key)
		}
	}
	path := filepath.Join(t.TempDir(), "rescind.yaml")
	write(t, path, text)
	got, err := loadConfig(path)
	if err != nil {
		t.Fatal(err)
	}
	sameDefaults(t, "", reflect.ValueOf(defaultConfig()), reflect.ValueOf(got))
}

// hasKey follows a key into maps, and into any element of a list.
func hasKey(tree any, key []string) bool {
	if len(key) == 0 {
		return true
	}
	switch v := tree.(type) {
	case map[string]any:
		below, ok := v[key[0]]
		return ok && hasKey(below, key[1:])
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return hasKey(e, key) })
	}
	return false
}

// sameDefaults compares what has a default with what the block says it is.
func sameDefaults(t *testing.T, path string, want, got reflect.Value) {
	t.Helper()
	if want.Kind() == reflect.Struct {
		for i := range want.NumField() {
			sameDefaults(t, path+"."+want.Type().Field(i).Name, want.Field(i), got.Field(i))
		}
		return
	}
	if !want.IsZero() && !reflect.DeepEqual(want.Interface(), got.Interface()) {
		t.Errorf("%s is %v in the block, and %v by default", path, got, want)
	}
}
