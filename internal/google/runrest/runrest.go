package runrest

import (
	"context"
	"fmt"
	"net/url"

	"google.golang.org/api/option"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google/rest"
)

// maxAnswer bounds one answer.
const maxAnswer = 4 << 20

// Client reads single resources of Cloud Run.
type Client struct{ api *rest.Client }

// New returns a Client for the endpoint, "host:port", or Google's own where it is empty. An
// insecure one goes without TLS and credentials. It makes no call.
func New(ctx context.Context, endpoint string, insecure bool) (*Client, error) {
	if insecure {
		return &Client{rest.Insecure(endpoint, maxAnswer)}, nil
	}
	opts := []option.ClientOption{option.WithScopes("https://www.googleapis.com/auth/cloud-platform")}
	if endpoint != "" {
		opts = append(opts, option.WithEndpoint("https://"+endpoint+"/"))
	}
	api, err := rest.New(ctx, "run", maxAnswer, opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to Cloud Run over REST: %w", err)
	}
	return &Client{api}, nil
}

// Preview is what only REST shows of a workload.
type Preview struct {
	AgentIdentity bool // its template asks for an agent identity
	SSH           bool
}

// Preview reads it, of any workload. Field names: the run/v2 discovery document of October 2026.
func (c *Client) Preview(ctx context.Context, r cloud.Resource) (Preview, error) {
	type template struct {
		Identity struct {
			Type string `json:"identityType"`
		} `json:"workloadIdentityConfig"`
	}
	var live struct {
		SSH      bool `json:"sshEnabled"`
		Template struct {
			template
			Task template `json:"template"` // a job's
		} `json:"template"`
	}
	err := c.api.Get(ctx, "v2/"+r.Path(), nil, &live)
	const agent = "IDENTITY_TYPE_AGENT_IDENTITY"
	return Preview{live.Template.Identity.Type == agent || live.Template.Task.Identity.Type == agent, live.SSH}, err
}

// Policy reads the allow policy of an instance, at the version that shows conditions. It
// cannot be written: nothing here can.
func (c *Client) Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	var p struct {
		Version  int32  `json:"version"`
		Etag     string `json:"etag"`
		Bindings []struct {
			Role      string         `json:"role"`
			Members   []cloud.Member `json:"members"`
			Condition struct {
				Title       string `json:"title"`
				Description string `json:"description"`
				Expression  string `json:"expression"`
				Location    string `json:"location"`
			} `json:"condition"`
		} `json:"bindings"`
	}
	if err := c.api.Get(ctx, "v2/"+r.Path()+":getIamPolicy", url.Values{"options.requestedPolicyVersion": {"3"}}, &p); err != nil {
		return cloud.AllowPolicy{}, err
	}
	out := cloud.AllowPolicy{Version: p.Version, Etag: p.Etag}
	for _, b := range p.Bindings {
		out.Bindings = append(out.Bindings, cloud.Binding{Role: b.Role, Members: b.Members, Condition: cloud.Condition(b.Condition)})
	}
	return out, nil
}
