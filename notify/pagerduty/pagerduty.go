// Package pagerduty pages through the Events API v2 of PagerDuty
// (https://developer.pagerduty.com/docs/events-api-v2).
//
// It promises that a finding has one incident, however often it is paged for;
// that PagerDuty is told what a finding is and where, and never a plan or a
// payload; and that no error or log holds the routing key.
//
// It makes one call and tries none again: what failed is owed, and remediate
// asks again. That somebody acknowledged an incident it does not come to know.
package pagerduty

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// events is where PagerDuty takes events.
const events = "https://events.pagerduty.com/v2/enqueue"

// timeout bounds one call.
const timeout = 5 * time.Second

// maxSummary is PagerDuty's bound, in characters.
const maxSummary = 1024

// Key is a routing key. It prints as nothing that could be used.
type Key string

// String hides the key.
func (Key) String() string { return "[routing key]" }

// LogValue hides the key.
func (Key) LogValue() slog.Value { return slog.StringValue("[routing key]") }

// Config is what a Pager needs.
type Config struct {
	RoutingKey Key
	URL        string // empty for PagerDuty's own
	// Card is how a finding is told of: its link, and what silence does.
	Card notify.Options
}

// Pager triggers one incident a finding, and resolves it when the finding ends.
type Pager struct {
	key    Key
	url    string
	card   notify.Options
	client *http.Client
}

var _ remediate.Pager = (*Pager)(nil)

// New returns a Pager, or an error that says what the config lacks.
func New(c Config) (*Pager, error) {
	if c.RoutingKey == "" {
		return nil, errors.New("pagerduty: the routing key is empty")
	}
	if c.URL == "" {
		c.URL = events
	}
	if err := CheckURL(c.URL); err != nil {
		return nil, err
	}
	// The key travels in the body, and must not follow a redirect elsewhere.
	client := &http.Client{Timeout: timeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Pager{c.RoutingKey, c.URL, c.Card, client}, nil
}

// CheckURL refuses an address that would show the routing key to a network.
func CheckURL(s string) error {
	u, err := url.Parse(s)
	local := err == nil && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")
	if err != nil || u.Host == "" || u.Scheme != "https" && !(u.Scheme == "http" && local) {
		return fmt.Errorf("pagerduty: the url is %q, want https://..., or http on this machine", s)
	}
	return nil
}

// Name implements remediate.Pager.
func (*Pager) Name() string { return "pagerduty" }

type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"`
	DedupKey   string   `json:"dedup_key"`
	Client     string   `json:"client,omitempty"`
	Payload    *payload `json:"payload,omitempty"`
	Links      []link   `json:"links,omitempty"`
}

type payload struct {
	Summary   string    `json:"summary"`
	Source    string    `json:"source"`
	Severity  string    `json:"severity"`
	Timestamp time.Time `json:"timestamp"`
	Class     string    `json:"class,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

// severities are PagerDuty's words for ours.
var severities = map[policies.Severity]string{policies.Critical: "critical", policies.High: "error", policies.Medium: "warning", policies.Low: "info"}

// Page triggers the finding's incident. To trigger it again adds to it.
func (p *Pager) Page(ctx context.Context, f finding.Finding) error {
	m := notify.Card(f, p.card)
	e := event{RoutingKey: string(p.key), Action: "trigger", DedupKey: f.ID, Client: "rescind", Payload: &payload{
		Summary: cut(m.Headline+": "+m.Status, maxSummary), Source: source(f), Severity: "error", Timestamp: f.CreatedAt.UTC(), Class: notify.Clean(f.Policy),
	}}
	if s, ok := severities[f.Severity]; ok {
		e.Payload.Severity = s
	}
	if m.Link != "" {
		e.Links = []link{{m.Link, "The finding"}}
	}
	return p.send(ctx, f, e)
}

// source is what PagerDuty wants for every incident, also of a resource that is
// not known.
func source(f finding.Finding) string {
	return cmp.Or(notify.Clean(f.Resource.Path()), "an unknown resource")
}

// Resolve resolves the finding's incident.
func (p *Pager) Resolve(ctx context.Context, f finding.Finding) error {
	return p.send(ctx, f, event{RoutingKey: string(p.key), Action: "resolve", DedupKey: f.ID})
}

func (p *Pager) send(ctx context.Context, f finding.Finding, e event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("page about finding %s: %w", f.ID, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("page about finding %s: the url cannot be read", f.ID)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return fmt.Errorf("page about finding %s: PagerDuty does not answer", f.ID)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted { // its body may quote the request
		return fmt.Errorf("page about finding %s: PagerDuty answers HTTP %d", f.ID, res.StatusCode)
	}
	return nil
}

func cut(s string, max int) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= max {
		return string(r)
	}
	return string(r[:max-1]) + "…"
}
