package sandbox

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/functions"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// startRescind starts the simulated Slack, the key server and the receiver,
// and tells each where the others are.
func (w *World) startRescind(ctx context.Context, policies string, log *slog.Logger) error {
	w.Slack = simslack.New(simslack.Config{ //nolint:gosec // the secrets of a simulation
		Token: "xoxb-demo", SigningSecret: "demo-signing-secret", Team: team, App: "A0DEMO", Now: time.Now,
		Users: []simslack.User{
			{ID: "U0ADA", Name: "ada", Email: "ada@example.com"},
			{ID: "U0BOB", Name: "bob", Email: "bob@example.com"},
			{ID: "U0EVE", Name: "eve", Email: "eve@example.com"},
		},
	})
	slackURL, err := w.serve(ctx, w.Slack.Handler())
	if err != nil {
		return err
	}
	receiver, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	base := "http://" + receiver.Addr().String()
	w.Slack.Connect(slackURL, base+"/slack/interactions")
	w.Slack.ConnectApp(base+"/slack/commands", base+"/slack/events")
	w.Pusher = w.signer.At(base + "/events")
	keys, err := w.serve(ctx, w.Pusher.JWKS())
	if err != nil {
		return err
	}
	c, err := w.config(policies, slackURL, keys)
	if err != nil {
		return err
	}
	if err := w.startIAP(ctx, &c); err != nil {
		return err
	}
	w.Config = c
	w.App, err = process.NewApp(ctx, c, process.Options{
		Lookup: Secrets, Now: time.Now, Wait: process.Wait, Rushed: true, Notes: slackURL + "/",
		Dial: []grpc.DialOption{grpc.WithPerRPCCredentials(Bearer(Self))},
		Saw:  w.saw, Count: w.feed.counted, Log: log,
	})
	if err != nil {
		return err
	}
	if err := w.App.ReadBaseline(ctx); err != nil { // or what comes now might have been there before
		return err
	}
	w.working.Go(func() { _ = w.App.Serve(ctx, receiver, sweepEvery) })
	return nil
}

// Policies sets one built-in to each enforcement.
const Policies = `# What the demo sets on top of the built-in policies, which only report.
apiVersion: rescind/v1
policies:
  - name: no-public-invoker
    enforcement: revert
  - name: no-default-service-account
    enforcement: approve
`

// config is the configuration a user would write for this world.
func (w *World) config(policies, slackURL, keysURL string) (config.Config, error) {
	file := filepath.Join(w.dir, "policies.yaml")
	if err := os.WriteFile(file, []byte(policies), 0o600); err != nil {
		return config.Config{}, err
	}
	c := config.Default()
	c.Policies = []string{file}
	c.Scope.Include = []string{"organizations/77"}
	c.Identity = Self
	c.Store = "bolt:" + filepath.Join(w.dir, "state.db")
	c.Push = config.Push{Audience: audience, ServiceAccount: pusherAccount, AnswersAccount: AnswersAccount, CertsURL: keysURL}
	c.Slack = config.Slack{
		BotToken: config.Secret{Env: "SLACK_BOT_TOKEN"}, SigningSecrets: []config.Secret{{Env: "SLACK_SIGNING_SECRET"}},
		Mode: "http", APIURL: slackURL + "/api/", Team: team, Routes: []config.Route{{Channel: Channel}},
	}
	c.Approvals.Approvers.Users = map[string]string{"U0ADA": "user:ada@example.com", "U0BOB": "user:bob@example.com"}
	c.Scan.Every = 0 // it would come before the events that the demo shows
	c.FallbackIdentity = map[string]string{"projects/pay-prod": "run-default@pay-prod.iam.gserviceaccount.com"}
	c.Google.Insecure, c.Google.Endpoints = true, config.Endpoints{Run: w.SimAddr, IAM: w.SimAddr, ResourceManager: w.SimAddr, OrgPolicy: w.SimAddr, Asset: w.SimAddr, Logging: w.SimAddr, Functions: w.SimAddr}
	return c, c.Validate()
}

// Secrets looks up those of the simulated workspace, as environment variables.
func Secrets(name string) (string, bool) {
	v, ok := map[string]string{"SLACK_BOT_TOKEN": "xoxb-demo", "SLACK_SIGNING_SECRET": "demo-signing-secret"}[name] //nolint:gosec // the secrets of a simulation
	return v, ok
}

// serve serves h on a free loopback port and returns its base URL.
func (w *World) serve(ctx context.Context, h http.Handler) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := functions.NewServer("", h)
	w.servers = append(w.servers, s)
	w.running.Go(func() { _ = s.Serve(l) }) // ends with Close
	return "http://" + l.Addr().String(), nil
}

// Bearer names the caller to the simulated cloud, which believes it.
type Bearer string

// GetRequestMetadata sends the e-mail as the token.
func (b Bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity is false: all of it is on this machine.
func (Bearer) RequireTransportSecurity() bool { return false }
