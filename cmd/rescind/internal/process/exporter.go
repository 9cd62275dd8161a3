package process

import (
	"context"
	"net/url"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
)

// newExporter is where the audit trail goes beside the store: to this process's
// log, or to the log that the configuration names, and to the feed.
func (a *App) newExporter(ctx context.Context, c config.Config, o Options) (remediate.Exporter, error) {
	out := notify.Exporters{notify.LogTo(o.Log)}
	if c.AuditLog != "" {
		log, err := google.OpenAuditLog(ctx, c.AuditLog, google.Options{
			Endpoints: google.Endpoints{Logging: c.Google.Endpoints.Logging}, Insecure: c.Google.Insecure, DialOptions: o.Dial,
		})
		if err != nil {
			return nil, err
		}
		a.closers = append(a.closers, log)
		out[0] = notify.AuditLog(log.Write)
	}
	if c.DecisionsTopic != "" {
		topic, err := google.OpenTopic(ctx, c.DecisionsTopic)
		if err != nil {
			return nil, err
		}
		a.closers = append(a.closers, topic)
		out = append(out, notify.Feed{Source: feedSource(c), To: topic})
	}
	return measured.Exporter(out, a.policies, o.Telemetry), nil
}

// feedSource names this rescind in its events: by where its pages are, or else
// by its identity.
func feedSource(c config.Config) string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	return "//iam.googleapis.com/projects/-/serviceAccounts/" + url.PathEscape(c.Identity)
}
