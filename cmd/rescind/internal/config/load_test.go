package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
  max_reverts: {per_policy_per_hour: 20, per_project_per_hour: 10, per_actor_per_hour: 10, total_per_hour: 50, reserve_percent: 25}
  max_event_age: 15m
  fight: {same_change: 3, within: 24h}
  grace: 0s
  confirm_entry: false
scan: {every: 1h}
fallback_identity: {projects/pay-prod: run-default@pay-prod.iam.gserviceaccount.com}
organizations: [{id: "77", domains: [Example.com, example.org]}, {id: 78, domains: [example.net]}]
google:
  endpoints: {run: "", iam: "", resourcemanager: "", orgpolicy: "", asset: "", logging: ""}
  rates: {reads: 600, writes: 25}
  insecure: false
`

func TestAConfigurationWithEveryKeyLoads(t *testing.T) {
	path := fileOf(t, fullConfig)
	dir := filepath.Dir(path)
	got, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	want := Default() // most of the file's values are the defaults
	want.Google.Rates = Rates{Reads: 600, Writes: 25}
	want.Policies = []string{filepath.Join(dir, "policies")}
	want.Scope = Scope{Include: []string{"organizations/77"}, Exclude: []string{"projects/break-glass"}}
	want.Identity = "rescind-worker@ops.iam.gserviceaccount.com"
	want.Store = "bolt:" + filepath.Join(dir, "state.db")
	want.Push = Push{Audience: "https://rescind.example.com/events", ServiceAccount: "push@ops.iam.gserviceaccount.com"}
	want.BaseURL = "https://rescind.example.com"
	want.AnswersTopic, want.DecisionsTopic = "projects/ops/topics/rescind-answers", "projects/ops/topics/rescind-decisions"
	want.Slack = Slack{
		BotToken: Secret{Env: "SLACK_BOT_TOKEN"}, SigningSecrets: []Secret{{Env: "SLACK_SIGNING_SECRET"}, {File: filepath.Join(dir, "secrets/old")}},
		Mode: "http", Team: "T0123", FallbackAfter: Duration(10 * time.Minute), RoundupAbove: 20,
		Routes: []Route{{Match: `resource.project.startsWith("pay-")`, Channel: "C01PAY"}, {Channel: "C01SEC"}},
	}
	want.Approvals.Approvers = Approvers{
		Users: map[string]string{"U01": "user:ada@example.com"}, SlackUsergroups: []string{"S01ONCALL"}, GoogleGroups: []string{},
	}
	want.Approvals.Quorum.Keep = 2
	want.FallbackIdentity = map[string]string{"projects/pay-prod": "run-default@pay-prod.iam.gserviceaccount.com"}
	want.Organizations = []Organization{{ID: "77", Domains: []string{"Example.com", "example.org"}}, {ID: "78", Domains: []string{"example.net"}}}
	if diff := cmp.Diff(map[string][]string{"organizations/77": {"example.com", "example.org"}, "organizations/78": {"example.net"}}, got.Domains()); diff != "" {
		t.Errorf("domains (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	wantIdle := []string{
		"base_url: cards have links, and iap.audience is empty, so that the pages they lead to answer 404",
	}
	if diff := cmp.Diff(wantIdle, got.WithoutEffect()); diff != "" {
		t.Errorf("without effect (-want +got):\n%s", diff)
	}
}

// Where /answers is served a file with every key is not enough: this one has no
// account of its own for what is pushed there.
func TestAFileWithEveryKeyLacksAnAccountForAnswersWhereTheyAreTaken(t *testing.T) {
	const want = "want the account of the push subscription of answers_topic, and of nothing else"
	for name, tt := range map[string]struct{ account, problem string }{
		"none":                    {"", "5:7: push.answers_account is empty and answers_topic is set: " + want},
		"an empty one":            {`answers_account: ""`, "5:25: push.answers_account is empty and answers_topic is set: " + want},
		"the one of events":       {"answers_account: push@ops.iam.gserviceaccount.com", "5:25: push.answers_account is push.service_account: whoever may push events could push answers; " + want},
		"that in capitals":        {"answers_account: PUSH@ops.iam.gserviceaccount.com", "5:25: push.answers_account is push.service_account: whoever may push events could push answers; " + want},
		"another":                 {"answers_account: answers@ops.iam.gserviceaccount.com", ""},
		"none, without a topic":   {"", ""},
		"the same, with no topic": {"answers_account: push@ops.iam.gserviceaccount.com", ""},
	} {
		text := fullConfig
		if strings.HasSuffix(name, "topic") {
			text = strings.Replace(text, "answers_topic: projects/ops/topics/rescind-answers\n", "", 1)
		}
		if tt.account != "" {
			text = strings.Replace(text, "push: {", "push: {"+tt.account+", ", 1)
		}
		path := fileOf(t, text)
		if _, err := Load(path); err != nil {
			t.Errorf("%s: no process but one that takes answers needs it: %v", name, err)
		}
		got := ""
		if _, err := LoadForAnswers(path); err != nil {
			got = strings.TrimPrefix(err.Error(), path+":")
		}
		if got != tt.problem {
			t.Errorf("%s: %q, want %q", name, got, tt.problem)
		}
	}
}

// fileOf is a rescind.yaml that holds the text.
func TestAConfigurationMayStandInTheEnvironment(t *testing.T) {
	t.Setenv("RESCIND_YAML", smallConfig+"policies: [mine]\n")
	c, err := Load("env:RESCIND_YAML")
	if err != nil || len(c.Policies) != 1 || c.Policies[0] != "mine" {
		t.Errorf("policies %q (%v), want those of the working directory", c.Policies, err)
	}
	t.Setenv("RESCIND_YAML", smallConfig+"guardrail: {}\n")
	if _, err := Load("env:RESCIND_YAML"); err == nil || !strings.HasPrefix(err.Error(), `env:RESCIND_YAML:5:1: the file has an unknown key "guardrail"`) {
		t.Errorf("the error is %v", err)
	}
	t.Setenv("RESCIND_YAML", "")
	if _, err := Load("env:RESCIND_YAML"); err == nil || err.Error() != "read configuration: environment variable RESCIND_YAML is not set, want rescind.yaml itself in it" {
		t.Errorf("the error is %v", err)
	}
}

func fileOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rescind.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// smallConfig has what has no default.
const smallConfig = `scope: {include: [projects/p]}
identity: rescind@ops.iam.gserviceaccount.com
store: "memory:"
push: {audience: https://r.example.com, service_account: push@ops.iam.gserviceaccount.com}
`

func TestWhatAFileLeavesOutKeepsItsDefault(t *testing.T) {
	got, err := Load(fileOf(t, smallConfig+"guardrails: {max_event_age: 5m}\napprovals:\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default().Guardrails
	want.MaxEventAge = Duration(5 * time.Minute)
	if diff := cmp.Diff(want, got.Guardrails); diff != "" {
		t.Errorf("guardrails (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Default().Approvals, got.Approvals); diff != "" {
		t.Errorf("approvals (-want +got):\n%s", diff)
	}
}

func TestASecretComesFromItsPlaceOrNotAtAll(t *testing.T) {
	env := func(name string) (string, bool) { return map[string]string{"SET": "s3cret"}[name], name != "UNSET" }
	for _, tt := range []struct {
		name    string
		from    Secret
		want    string
		problem string
	}{
		{"a variable", Secret{Env: "SET"}, "s3cret", ""},
		{"a file, without its last newline", Secret{File: fileOf(t, "s3cret\n")}, "s3cret", ""},
		{"an unset variable", Secret{Env: "UNSET"}, "", "environment variable UNSET is not set"},
		{"an empty variable", Secret{Env: "EMPTY"}, "", "environment variable EMPTY is not set"},
		{"an empty file", Secret{File: fileOf(t, "\n")}, "", "rescind.yaml is empty"},
		{"a missing file", Secret{File: filepath.Join(t.TempDir(), "none")}, "", "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.from.Read(env)
			if got != tt.want {
				t.Errorf("read %q, want %q", got, tt.want)
			}
			if (err == nil) != (tt.problem == "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("error %v, want %q", err, tt.problem)
			}
		})
	}
}
