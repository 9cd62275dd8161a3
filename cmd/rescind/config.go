package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// config is rescind.yaml. docs/config.md explains every key; a file with an
// unknown one is refused.
type config struct {
	Policies         []string          `yaml:"policies"`
	Scope            scopeConfig       `yaml:"scope"`
	Identity         string            `yaml:"identity"`
	Store            string            `yaml:"store"`
	Push             pushConfig        `yaml:"push"`
	IAP              iapConfig         `yaml:"iap"`
	BaseURL          string            `yaml:"base_url"`
	AnswersTopic     string            `yaml:"answers_topic"`
	DecisionsTopic   string            `yaml:"decisions_topic"`
	AuditLog         string            `yaml:"audit_log"`
	Slack            slackConfig       `yaml:"slack"`
	Approvals        approvalsConfig   `yaml:"approvals"`
	Guardrails       guardrailsConfig  `yaml:"guardrails"`
	Scan             scanConfig        `yaml:"scan"`
	FallbackIdentity map[string]string `yaml:"fallback_identity"`
	Google           googleConfig      `yaml:"google"`
}

type scopeConfig struct {
	Include []string `yaml:"include"`
	Exclude []string `yaml:"exclude"`
}

type pushConfig struct {
	Audience       string `yaml:"audience"`
	ServiceAccount string `yaml:"service_account"`
	CertsURL       string `yaml:"certs_url"`
	AnswersAccount string `yaml:"answers_account"`
	SweepAccount   string `yaml:"sweep_account"`
}

type iapConfig struct {
	Audience string `yaml:"audience"`
	CertsURL string `yaml:"certs_url"`
}

type slackConfig struct {
	BotToken       secret        `yaml:"bot_token"`
	SigningSecrets []secret      `yaml:"signing_secrets"`
	Mode           string        `yaml:"mode"`
	APIURL         string        `yaml:"api_url"`
	Routes         []routeConfig `yaml:"routes"`
	Team           string        `yaml:"team"`
	FallbackAfter  duration      `yaml:"fallback_after"`
	RoundupAbove   int           `yaml:"digest_above"`
	AppToken       secret        `yaml:"app_token"`
	AppID          string        `yaml:"app_id"`
}

type routeConfig struct {
	Match   string `yaml:"match"`
	Channel string `yaml:"channel"`
}

type approvalsConfig struct {
	Approvers approversConfig `yaml:"approvers"`
	Quorum    quorumConfig    `yaml:"quorum"`
	ExpiresIn duration        `yaml:"expires_in"`
	OnExpiry  string          `yaml:"on_expiry"`
	MaxExempt maxExemptConfig `yaml:"max_exempt"`
	StepUp    []string        `yaml:"step_up"`

	Escalation escalationConfig `yaml:"escalation"`
}

type escalationConfig struct {
	Usergroup string          `yaml:"usergroup"`
	After     duration        `yaml:"after"`
	PagerDuty pagerDutyConfig `yaml:"pagerduty"`
}

type pagerDutyConfig struct {
	RoutingKey secret `yaml:"routing_key"`
	URL        string `yaml:"url"`
}

type approversConfig struct {
	Users           map[string]string `yaml:"users"`
	SlackUsergroups []string          `yaml:"slack_usergroups"`
	GoogleGroups    []string          `yaml:"google_groups"`
	Domains         []string          `yaml:"domains"`
}

type quorumConfig struct {
	Revert int `yaml:"revert"`
	Keep   int `yaml:"keep"`
	Exempt int `yaml:"exempt"`
	Undo   int `yaml:"undo"`
}

// maxExemptConfig is how long an exemption lasts at most, by severity.
type maxExemptConfig struct {
	Low      duration `yaml:"low"`
	Medium   duration `yaml:"medium"`
	High     duration `yaml:"high"`
	Critical duration `yaml:"critical"`
}

func (m maxExemptConfig) bySeverity() map[policies.Severity]time.Duration {
	return map[policies.Severity]time.Duration{
		policies.Low: time.Duration(m.Low), policies.Medium: time.Duration(m.Medium),
		policies.High: time.Duration(m.High), policies.Critical: time.Duration(m.Critical),
	}
}

type guardrailsConfig struct {
	MaxReverts  maxRevertsConfig `yaml:"max_reverts"`
	MaxEventAge duration         `yaml:"max_event_age"`
	Fight       fightConfig      `yaml:"fight"`
	Grace       duration         `yaml:"grace"`
	// ConfirmEntry has the log entry behind a revert looked up in Cloud Logging.
	ConfirmEntry bool `yaml:"confirm_entry"`
}

type maxRevertsConfig struct {
	PerPolicy  int `yaml:"per_policy_per_hour"`
	PerProject int `yaml:"per_project_per_hour"`
	Total      int `yaml:"total_per_hour"`
}

type fightConfig struct {
	SameChange int      `yaml:"same_change"`
	Within     duration `yaml:"within"`
}

type scanConfig struct {
	Every duration `yaml:"every"`
}

type googleConfig struct {
	Endpoints   endpointsConfig `yaml:"endpoints"`
	Insecure    bool            `yaml:"insecure"`
	UserInfoURL string          `yaml:"userinfo_url"`
}

type endpointsConfig struct {
	Run             string `yaml:"run"`
	IAM             string `yaml:"iam"`
	ResourceManager string `yaml:"resourcemanager"`
	OrgPolicy       string `yaml:"orgpolicy"`
	Asset           string `yaml:"asset"`
	Logging         string `yaml:"logging"`
	CloudIdentity   string `yaml:"cloudidentity"`
}

// defaultConfig holds what a file leaves out. The limits are those of the
// documentation; nothing here makes rescind do more than a policy asks for.
func defaultConfig() config {
	return config{
		Slack: slackConfig{Mode: "http", FallbackAfter: duration(10 * time.Minute), RoundupAbove: 20},
		Approvals: approvalsConfig{
			Quorum:    quorumConfig{Revert: 1, Keep: 1, Exempt: 2, Undo: 1},
			ExpiresIn: duration(time.Hour),
			OnExpiry:  string(remediate.LeaveOnExpiry),
			MaxExempt: maxExemptConfig{
				Low: duration(720 * time.Hour), Medium: duration(720 * time.Hour), High: duration(720 * time.Hour), Critical: duration(168 * time.Hour),
			},
		},
		Guardrails: guardrailsConfig{
			MaxReverts:  maxRevertsConfig{PerPolicy: 20, PerProject: 10, Total: 50},
			MaxEventAge: duration(15 * time.Minute),
			Fight:       fightConfig{SameChange: 3, Within: duration(24 * time.Hour)},
		},
		Scan: scanConfig{Every: duration(time.Hour)},
	}
}

// loadConfig reads, completes and checks a configuration file. Its error holds
// everything that is wrong with the file, a line each, in the file's order.
func loadConfig(path string) (config, error) {
	c := defaultConfig()
	data, err := os.ReadFile(path)
	if err != nil {
		return config{}, fmt.Errorf("read configuration: %w", err)
	}
	file, err := strictyaml.Decode(path, data, &c)
	if err != nil {
		return config{}, err
	}
	for _, p := range c.problems() {
		file.ProblemAt(p.key, "%s", p.text)
	}
	if err := file.Err(); err != nil {
		return config{}, err
	}
	c.relativeTo(filepath.Dir(path))
	return c, nil
}

// relativeTo makes every path in the configuration relative to the directory
// it stands in, wherever rescind is started.
func (c *config) relativeTo(dir string) {
	for i, p := range c.Policies {
		c.Policies[i] = relativeTo(dir, p)
	}
	if p, ok := strings.CutPrefix(c.Store, "bolt:"); ok && p != "" {
		c.Store = "bolt:" + relativeTo(dir, p)
	}
	c.Slack.BotToken.relativeTo(dir)
	c.Slack.AppToken.relativeTo(dir)
	c.Approvals.Escalation.PagerDuty.RoutingKey.relativeTo(dir)
	for i := range c.Slack.SigningSecrets {
		c.Slack.SigningSecrets[i].relativeTo(dir)
	}
}

func relativeTo(dir, p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(dir, p)
}

// LogValue shows the configuration without its secrets.
func (c config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Any("scope_include", c.Scope.Include), slog.Any("scope_exclude", c.Scope.Exclude),
		slog.String("identity", c.Identity), slog.String("store", c.Store),
		slog.Any("policies", c.Policies), slog.String("push_service_account", c.Push.ServiceAccount),
	)
}
