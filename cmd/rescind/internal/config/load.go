package config

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/policies/files"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// Default holds what a file leaves out. The limits are those of the
// documentation; nothing here makes rescind do more than a policy asks for.
func Default() Config {
	return Config{
		Slack: Slack{Mode: "http", FallbackAfter: Duration(10 * time.Minute), RoundupAbove: 20},
		Approvals: Approvals{
			Quorum:    Quorum{Revert: 1, Keep: 1, Exempt: 2, Undo: 1},
			ExpiresIn: Duration(time.Hour),
			OnExpiry:  string(remediate.LeaveOnExpiry),
			MaxExempt: MaxExempt{
				Low: Duration(720 * time.Hour), Medium: Duration(720 * time.Hour), High: Duration(720 * time.Hour), Critical: Duration(168 * time.Hour),
			},
		},
		Guardrails: Guardrails{
			MaxReverts:  MaxReverts{PerPolicy: 20, PerProject: 10, PerActor: 10, Total: 50, ReservePercent: 25},
			MaxEventAge: Duration(15 * time.Minute),
			Fight:       Fight{SameChange: 3, Within: Duration(24 * time.Hour)},
		},
		Scan:   Scan{Every: Duration(time.Hour)},
		Google: Google{Rates: Rates(google.DefaultRates), Owed: owed.Default},
	}
}

// Load reads, completes and checks a configuration file, or with "env:NAME" what the
// environment variable NAME holds. Its error holds
// everything that is wrong with the file, a line each, in the file's order.
func Load(path string) (Config, error) { return load(path, Config.check) }

// LimitsOf are the limits on automatic reverts of the configuration file at the path, and for
// no path those that a file leaves out.
func LimitsOf(path string) (MaxReverts, error) {
	if path == "" {
		return Default().Guardrails.MaxReverts, nil
	}
	c, err := Load(path)
	return c.Guardrails.MaxReverts, err
}

// LoadForAnswers is Load for a process that serves /answers, which takes more.
func LoadForAnswers(path string) (Config, error) {
	return load(path, func(c Config, k *checks) {
		c.check(k)
		c.checkAnswers(k)
	})
}

func load(path string, check func(Config, *checks)) (Config, error) {
	c := Default()
	data, err := read(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	file, err := strictyaml.Decode(path, data, &c)
	if err != nil {
		return Config{}, err
	}
	k := &checks{}
	check(c, k)
	for _, p := range k.found {
		file.ProblemAt(p.key, "%s", p.text)
	}
	if err := file.Err(); err != nil {
		return Config{}, err
	}
	c.relativeTo(filepath.Dir(path))
	return c, nil
}

// read returns the content of the file, or of the variable NAME for "env:NAME": a
// container without a place for files has one.
func read(path string) ([]byte, error) {
	name, ok := strings.CutPrefix(path, "env:")
	if !ok {
		return os.ReadFile(path)
	}
	text := os.Getenv(name)
	if text == "" {
		return nil, fmt.Errorf("environment variable %s is not set, want rescind.yaml itself in it", name)
	}
	return []byte(text), nil
}

// relativeTo makes every path in the configuration relative to the directory
// it stands in, wherever rescind is started.
func (c *Config) relativeTo(dir string) {
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
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Any("scope_include", c.Scope.Include), slog.Any("scope_exclude", c.Scope.Exclude),
		slog.String("identity", c.Identity), slog.String("store", c.Store),
		slog.Any("policies", c.Policies), slog.String("push_service_account", c.Push.ServiceAccount),
	)
}

// LoadPolicies compiles the built-in policies with those at the paths on top.
func LoadPolicies(paths []string) (*policies.Set, error) {
	read, err := files.Read(paths...)
	if err != nil {
		return nil, err
	}
	return policies.Load(read...)
}
