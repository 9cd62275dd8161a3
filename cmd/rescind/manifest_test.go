package main

import (
	"net/url"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/notify/slack"
)

// manifest is the app's, as Slack reads it; what is not here is refused.
// https://docs.slack.dev/reference/app-manifest
type manifest struct {
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

func TestS14TheManifestAsksForTheseScopesAndNoMore(t *testing.T) {
	f, err := os.Open("../../infra/slack-manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var m manifest
	dec := yaml.NewDecoder(f)
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil {
		t.Fatal(err)
	}
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
