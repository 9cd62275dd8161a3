package main

import (
	"bytes"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/notify/slack"
)

// slackApp is the manifest as Slack reads it; what is not here is refused.
// https://docs.slack.dev/reference/app-manifest
type slackApp struct {
	Display struct {
		Name        string
		Description string
	} `yaml:"display_information"`
	Features struct {
		Home struct {
			Home     bool `yaml:"home_tab_enabled"`
			Messages bool `yaml:"messages_tab_enabled"`
			ReadOnly bool `yaml:"messages_tab_read_only_enabled"`
		} `yaml:"app_home"`
		Bot struct {
			Name   string `yaml:"display_name"`
			Always bool   `yaml:"always_online"`
		} `yaml:"bot_user"`
		Commands []struct {
			Command, URL, Description string
			Hint                      string `yaml:"usage_hint"`
			Escape                    bool   `yaml:"should_escape"`
		} `yaml:"slash_commands"`
	}
	OAuth struct {
		Scopes struct{ Bot []string }
	} `yaml:"oauth_config"`
	Settings struct {
		Events struct {
			URL string   `yaml:"request_url"`
			Bot []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			Enabled bool   `yaml:"is_enabled"`
			URL     string `yaml:"request_url"`
		}
		Org    bool `yaml:"org_deploy_enabled"`
		Socket bool `yaml:"socket_mode_enabled"`
		Rotate bool `yaml:"token_rotation_enabled"`
	}
}

func readApp(t *testing.T, text []byte) slackApp {
	t.Helper()
	var m slackApp
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return m
}

func TestS14TheManifestAsksForTheseScopesAndNoMore(t *testing.T) {
	text, err := os.ReadFile("../../infra/slack-manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	m := readApp(t, text)
	scopes := slices.Clone(m.OAuth.Scopes.Bot)
	slices.Sort(scopes)
	want := []string{"channels:read", "chat:write", "commands", "groups:read", "im:write", "usergroups:read", "users:read", "users:read.email"}
	if d := cmp.Diff(want, scopes); d != "" {
		t.Errorf("scopes (-want +got):\n%s", d)
	}
	s := m.Settings
	if s.Org || s.Socket || s.Rotate || !s.Interactivity.Enabled || m.Features.Bot.Always || !m.Features.Home.Home {
		t.Errorf("settings %+v, features %+v", s, m.Features)
	}
	if d := cmp.Diff([]string{"app_home_opened"}, s.Events.Bot); d != "" {
		t.Errorf("events (-want +got):\n%s", d)
	}
	if len(m.Features.Commands) != 1 || m.Features.Commands[0].Command != "/rescind" {
		t.Fatalf("commands %+v", m.Features.Commands)
	}
	for at, path := range map[string]string{
		s.Interactivity.URL: slack.InteractionsPath, s.Events.URL: slack.EventsPath, m.Features.Commands[0].URL: slack.CommandsPath,
	} {
		u, err := url.Parse(at)
		if err != nil || u.Scheme != "https" || u.Path != path {
			t.Errorf("%s, want the path %s", at, path)
		}
	}
}

// least is a configuration with nothing of Slack in it yet, as it is when the app
// is made.
const least = `scope: {include: [projects/p]}
identity: r@ops.iam.gserviceaccount.com
store: "memory:"
push: {audience: https://r.example.com, service_account: push@ops.iam.gserviceaccount.com, answers_account: answers@ops.iam.gserviceaccount.com}
`

const socketMode = `slack: {mode: socket, app_token: {env: A}, bot_token: {env: B}, signing_secrets: [{env: S}], team: T1, routes: [{channel: C1}]}
`

func TestTheManifestIsFilledInFromTheConfiguration(t *testing.T) {
	always := []string{"chat:write", "commands", "im:write", "users:read", "users:read.email"}
	for _, tt := range []struct {
		name, config string
		args         []string
		origin       string // "": Socket Mode
		scopes       []string
	}{
		{"an address from the command line", least, []string{"--url", "https://slack.example.com"}, "https://slack.example.com", always},
		{"a service of its own", least + "answers_topic: projects/ops/topics/a\nbase_url: https://pages.example.com\n",
			[]string{"--url", "https://slack.example.com:8443"}, "https://slack.example.com:8443", always},
		{"one process at base_url", least + "base_url: https://one.example.com\n", nil, "https://one.example.com", always},
		{"user groups of approvers", least + "base_url: https://one.example.com\napprovals: {approvers: {slack_usergroups: [S01ONCALL]}}\n",
			nil, "https://one.example.com", slices.Insert(slices.Clone(always), 3, "usergroups:read")},
		{"Socket Mode", least + socketMode, nil, "", always},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "rescind.yaml")
			write(t, path, tt.config)
			code, out, errs := runCommand(t, "", append([]string{"slack", "manifest", "--config", path}, tt.args...)...)
			if code != exitOK {
				t.Fatalf("exit %d:\n%s", code, errs)
			}
			m := readApp(t, []byte(out))
			slices.Sort(m.OAuth.Scopes.Bot)
			if d := cmp.Diff(tt.scopes, m.OAuth.Scopes.Bot); d != "" {
				t.Errorf("scopes (-want +got):\n%s", d)
			}
			want := [3]string{}
			if tt.origin != "" {
				want = [3]string{tt.origin + slack.CommandsPath, tt.origin + slack.EventsPath, tt.origin + slack.InteractionsPath}
			}
			s := m.Settings
			if got := [3]string{m.Features.Commands[0].URL, s.Events.URL, s.Interactivity.URL}; got != want || s.Socket != (tt.origin == "") {
				t.Errorf("Slack posts to %q, Socket Mode %t, want %q", got, s.Socket, want)
			}
			if !s.Interactivity.Enabled || s.Org || s.Rotate || m.Features.Commands[0].Command != "/rescind" {
				t.Errorf("the rest is not as the template has it: %+v", m)
			}
			if strings.Contains(out, "rescind.example.com") {
				t.Errorf("an address of the template is left:\n%s", out)
			}
			if said := strings.Contains(errs, "base_url, https://one.example.com"); said != (tt.args == nil && tt.origin != "") {
				t.Errorf("stderr: %s", errs)
			}
		})
	}
}

func TestAManifestWithoutAnAddressIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, config string
		args         []string
		code         int
		want         string
	}{
		{"nothing says where", least, nil, exitFailed, "nothing in the configuration says where Slack reaches rescind: name it by --url https://HOST"},
		{"Slack's service is another one", least + "answers_topic: projects/ops/topics/a\nbase_url: https://p.example.com\n", nil, exitFailed, "answers_topic is set, so Slack reaches a service of its own"},
		{"an address and Socket Mode", least + socketMode, []string{"--url", "https://s.example.com"}, exitFailed, "slack.mode is socket, with which Slack posts nowhere"},
		{"base_url on this machine", least + "base_url: http://localhost:8080\n", nil, exitFailed, `base_url "http://localhost:8080" is not https://HOST`},
		{"not https", least, []string{"--url", "http://s.example.com"}, exitUsage, `--url: "http://s.example.com" is not https://HOST`},
		{"with a path", least, []string{"--url", "https://s.example.com/slack"}, exitUsage, "has more than https://HOST"},
		{"with a name and a password", least, []string{"--url", "https://u:p@s.example.com"}, exitUsage, "has more than https://HOST"},
		{"with a host that no DNS has", least, []string{"--url", "https://s\u202e.example.com"}, exitUsage, "has other characters than a host name"},
		{"no configuration", "", []string{"--config", ""}, exitUsage, "--config is missing"},
		{"an operand", least, []string{"x"}, exitUsage, `unexpected argument "x"`},
		{"a configuration that is wrong", "scop: {}\n", nil, exitFailed, `unknown key "scop"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "rescind.yaml")
			write(t, path, tt.config)
			code, out, errs := runCommand(t, "", append([]string{"slack", "manifest", "--config", path}, tt.args...)...)
			if code != tt.code || out != "" || !strings.Contains(errs, tt.want) {
				t.Errorf("exit %d, stdout %q, stderr:\n%s\nwant %d, %s", code, out, errs, tt.code, tt.want)
			}
		})
	}
}
