package measured

import (
	"context"

	"github.com/rescind-dev/rescind/internal/telemetry"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
)

// Notifier counts what people are told.
type Notifier struct {
	*group.Notifier
	To *telemetry.Telemetry
}

// Notify implements remediate.Notifier.
func (m Notifier) Notify(ctx context.Context, f finding.Finding) (finding.Notice, error) {
	ctx, end := m.To.Span(ctx, "message notice")
	n, err := m.Notifier.Notify(ctx, f)
	end(err, f.ID)
	m.To.Message("notice", became(err))
	return n, err
}

// Announce implements remediate.Announcer.
func (m Notifier) Announce(ctx context.Context, text string, told []string) ([]string, error) {
	ctx, end := m.To.Span(ctx, "message announcement")
	told, err := m.Notifier.Announce(ctx, text, told)
	end(err)
	m.To.Message("announcement", became(err))
	return told, err
}

func became(err error) string {
	if err == nil {
		return telemetry.Shown
	}
	if _, limited := fault.NextTurn(err); limited {
		return telemetry.Waits
	}
	return telemetry.NotSent
}

// pager counts what on-call is told.
type pager struct {
	remediate.Pager
	to *telemetry.Telemetry
}

// Pagers are those, with what on-call is told counted.
func Pagers(ps []remediate.Pager, t *telemetry.Telemetry) []remediate.Pager {
	for i, p := range ps {
		ps[i] = pager{p, t}
	}
	return ps
}

// Page implements remediate.Pager.
func (m pager) Page(ctx context.Context, f finding.Finding) error {
	return m.told(ctx, "page", f, m.Pager.Page)
}

// Resolve implements remediate.Pager.
func (m pager) Resolve(ctx context.Context, f finding.Finding) error {
	return m.told(ctx, "resolve", f, m.Pager.Resolve)
}

func (m pager) told(ctx context.Context, what string, f finding.Finding, tell func(context.Context, finding.Finding) error) error {
	err := spanned(ctx, m.to, "message "+what, func(ctx context.Context) error { return tell(ctx, f) }, f.ID)
	m.to.Message(what+" "+m.Name(), became(err))
	return err
}
