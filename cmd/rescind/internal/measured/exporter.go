package measured

import (
	"context"

	"github.com/rescind-dev/rescind/internal/telemetry"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// exporter counts what became of findings, once it is durable where the trail
// goes: the one place that each event passes, whichever process made it. An event that is
// taken out twice, after a crash, counts twice.
type exporter struct {
	notify.Exporters
	to     *telemetry.Telemetry
	loaded map[string]bool
}

// Exporter is x, with what becomes of findings counted where anybody counts.
func Exporter(x notify.Exporters, set *policies.Set, t *telemetry.Telemetry) remediate.Exporter {
	if t == nil {
		return x
	}
	m := exporter{x, t, map[string]bool{}}
	for _, p := range set.Policies() {
		m.loaded[p.Name] = true
	}
	return m
}

// Export implements remediate.Exporter.
func (m exporter) Export(ctx context.Context, f finding.Finding, after int) error {
	err := m.Exporters.Export(ctx, f, after)
	if err == nil {
		m.count(f, after)
	}
	return err
}

func (m exporter) count(f finding.Finding, after int) {
	was := state.None
	for i, e := range f.Timeline {
		if came := e.State != was; came && i >= after {
			m.to.Came(string(e.State))
			if e.State == state.Reverted && !f.Change.Time.IsZero() {
				m.to.Reverted(e.At.Sub(f.Change.Time), len(f.Answers) > 0)
			}
		}
		was = e.State
	}
	if after == 0 {
		m.to.Begun(m.policy(f.Policy), string(f.Verdict), string(f.Severity))
	}
}

// policy is the name, where it is that of a policy that is loaded: another process may
// have others, and had a thousand.
func (m exporter) policy(name string) string {
	if m.loaded[name] {
		return name
	}
	return "other"
}
