package config

import (
	"time"

	"github.com/rescind-dev/rescind/policies"
)

// Config is rescind.yaml. docs/config.md explains every key; a file with an
// unknown one is refused.
type Config struct {
	Policies         []string          `yaml:"policies"`
	Scope            Scope             `yaml:"scope"`
	Identity         string            `yaml:"identity"`
	Store            string            `yaml:"store"`
	Push             Push              `yaml:"push"`
	IAP              IAP               `yaml:"iap"`
	BaseURL          string            `yaml:"base_url"`
	AnswersTopic     string            `yaml:"answers_topic"`
	DecisionsTopic   string            `yaml:"decisions_topic"`
	AuditLog         string            `yaml:"audit_log"`
	Slack            Slack             `yaml:"slack"`
	Approvals        Approvals         `yaml:"approvals"`
	Guardrails       Guardrails        `yaml:"guardrails"`
	Scan             Scan              `yaml:"scan"`
	FallbackIdentity map[string]string `yaml:"fallback_identity"`
	Google           Google            `yaml:"google"`
	Organizations    []Organization    `yaml:"organizations"`
}

// Domains are all domains of the accounts of each organization that is listed
// ("organizations/77"), in lower case.
func (c Config) Domains() map[string][]string { return domainsOf(c.Organizations) }

// Scope is where rescind looks: projects/P, folders/N and organizations/N, and
// what of them it leaves alone.
type Scope struct {
	Include []string `yaml:"include"`
	Exclude []string `yaml:"exclude"`
}

// Push says whose requests are taken for events, answers and sweeps.
type Push struct {
	Audience       string `yaml:"audience"`
	ServiceAccount string `yaml:"service_account"`
	CertsURL       string `yaml:"certs_url"`
	AnswersAccount string `yaml:"answers_account"`
	SweepAccount   string `yaml:"sweep_account"`
}

// IAP is what the pages know people by; without an audience there are no pages.
type IAP struct {
	Audience string `yaml:"audience"`
	CertsURL string `yaml:"certs_url"`
}

// Slack is the workspace where people are told and asked; the zero Slack is none.
type Slack struct {
	BotToken       Secret   `yaml:"bot_token"`
	SigningSecrets []Secret `yaml:"signing_secrets"`
	Mode           string   `yaml:"mode"`
	APIURL         string   `yaml:"api_url"`
	Routes         []Route  `yaml:"routes"`
	Team           string   `yaml:"team"`
	FallbackAfter  Duration `yaml:"fallback_after"`
	RoundupAbove   int      `yaml:"digest_above"`
	AppToken       Secret   `yaml:"app_token"`
	AppID          string   `yaml:"app_id"`
}

// Route sends the findings that Match holds for to a channel. Match is an
// expression in CEL, and empty for all.
type Route struct {
	Match   string `yaml:"match"`
	Channel string `yaml:"channel"`
}

// Approvals is who answers, how many it takes, and how long a question waits.
type Approvals struct {
	Approvers Approvers `yaml:"approvers"`
	Quorum    Quorum    `yaml:"quorum"`
	ExpiresIn Duration  `yaml:"expires_in"`
	OnExpiry  string    `yaml:"on_expiry"`
	MaxExempt MaxExempt `yaml:"max_exempt"`
	StepUp    []string  `yaml:"step_up"`
	// ActsFor is by the e-mail of a service account.
	ActsFor map[string]ActsFor `yaml:"acts_for"`

	Escalation Escalation `yaml:"escalation"`
}

// Escalation is who is paged, and After how long without an answer; 0 is when
// somebody asks for it.
type Escalation struct {
	Usergroup string    `yaml:"usergroup"`
	After     Duration  `yaml:"after"`
	PagerDuty PagerDuty `yaml:"pagerduty"`
}

// PagerDuty is a service of theirs; an empty URL is their own.
type PagerDuty struct {
	RoutingKey Secret `yaml:"routing_key"`
	URL        string `yaml:"url"`
}

// Approvers are people by their Slack id, groups whose members may answer, and
// the mail domains that name somebody. With OnlyListed nobody else may answer than
// those people, and where there are groups, those of them who are in one.
type Approvers struct {
	Users           map[string]string `yaml:"users"`
	SlackUsergroups []string          `yaml:"slack_usergroups"`
	GoogleGroups    []string          `yaml:"google_groups"`
	Domains         []string          `yaml:"domains"`
	OnlyListed      bool              `yaml:"only_listed"`
}

// ActsFor is who can act through a service account: people by their principal, and
// the members of a Google group.
type ActsFor struct {
	Users []string `yaml:"users"`
	Group string   `yaml:"group"`
}

// Quorum is how many people each answer takes.
type Quorum struct {
	Revert int `yaml:"revert"`
	Keep   int `yaml:"keep"`
	Exempt int `yaml:"exempt"`
	Undo   int `yaml:"undo"`
}

// MaxExempt is how long an exemption lasts at most, by severity.
type MaxExempt struct {
	Low      Duration `yaml:"low"`
	Medium   Duration `yaml:"medium"`
	High     Duration `yaml:"high"`
	Critical Duration `yaml:"critical"`
}

func (m MaxExempt) bySeverity() map[policies.Severity]time.Duration {
	return map[policies.Severity]time.Duration{
		policies.Low: time.Duration(m.Low), policies.Medium: time.Duration(m.Medium),
		policies.High: time.Duration(m.High), policies.Critical: time.Duration(m.Critical),
	}
}

// Guardrails bound what is done without a person.
type Guardrails struct {
	MaxReverts  MaxReverts `yaml:"max_reverts"`
	MaxEventAge Duration   `yaml:"max_event_age"`
	Fight       Fight      `yaml:"fight"`
	Grace       Duration   `yaml:"grace"`
	// ConfirmEntry has the log entry behind a finding looked up in Cloud Logging.
	ConfirmEntry bool `yaml:"confirm_entry"`
}

// MaxReverts is how many automatic reverts there are in an hour at most, and how
// much of that is kept for findings of high and critical severity.
type MaxReverts struct {
	PerPolicy      int `yaml:"per_policy_per_hour"`
	PerProject     int `yaml:"per_project_per_hour"`
	PerActor       int `yaml:"per_actor_per_hour"`
	Total          int `yaml:"total_per_hour"`
	ReservePercent int `yaml:"reserve_percent"`
}

// Fight is how often the same change is reverted within a time before rescind
// asks.
type Fight struct {
	SameChange int      `yaml:"same_change"`
	Within     Duration `yaml:"within"`
}

// Scan is how often all that is live is judged; every 0 is when it is asked for.
type Scan struct {
	Every Duration `yaml:"every"`
}

// Google is how its services are reached. What is empty is their own address.
type Google struct {
	Endpoints   Endpoints `yaml:"endpoints"`
	Insecure    bool      `yaml:"insecure"`
	UserInfoURL string    `yaml:"userinfo_url"`
	Rates       Rates     `yaml:"rates"`
	// Owed is how many changes may be in the store that are still to be judged.
	Owed int `yaml:"owed"`
}

// Rates are how many requests a minute each project and region is sent, and each
// folder and organization.
type Rates struct {
	Reads  int `yaml:"reads"`
	Writes int `yaml:"writes"`
}

// Endpoints are addresses of Google's services, HOST:PORT, or a URL for what
// speaks HTTP.
type Endpoints struct {
	Run             string `yaml:"run"`
	IAM             string `yaml:"iam"`
	ResourceManager string `yaml:"resourcemanager"`
	OrgPolicy       string `yaml:"orgpolicy"`
	Asset           string `yaml:"asset"`
	Logging         string `yaml:"logging"`
	Functions       string `yaml:"functions"`
	CloudIdentity   string `yaml:"cloudidentity"`
	IAMCredentials  string `yaml:"iamcredentials"`
}
