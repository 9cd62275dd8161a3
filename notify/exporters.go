package notify

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Exporters is an Exporter that has each of them take all. One that fails keeps
// none of the others from it; they are given the same again.
type Exporters []remediate.Exporter

// Export implements remediate.Exporter.
func (x Exporters) Export(ctx context.Context, f finding.Finding, after int) error {
	var errs []error
	for _, e := range x {
		errs = append(errs, e.Export(ctx, f, after))
	}
	return errors.Join(errs...)
}

// ExportRecords implements remediate.Exporter.
func (x Exporters) ExportRecords(ctx context.Context, es []trail.Record) error {
	var errs []error
	for _, e := range x {
		errs = append(errs, e.ExportRecords(ctx, es))
	}
	return errors.Join(errs...)
}

// ExportRoots implements remediate.RootExporter, for those that are one.
func (x Exporters) ExportRoots(ctx context.Context, roots []trail.Root) error {
	var errs []error
	for _, e := range x {
		if e, ok := e.(remediate.RootExporter); ok {
			errs = append(errs, e.ExportRoots(ctx, roots))
		}
	}
	return errors.Join(errs...)
}

// AuditLog is an Exporter that writes each line of the trail with one function.
type AuditLog func(ctx context.Context, lines []trail.Line) error

// Export implements remediate.Exporter.
func (w AuditLog) Export(ctx context.Context, f finding.Finding, after int) error {
	return w(ctx, f.Lines(after))
}

// ExportRecords implements remediate.Exporter.
func (w AuditLog) ExportRecords(ctx context.Context, es []trail.Record) error {
	var lines []trail.Line
	for _, e := range es {
		lines = append(lines, e.Line())
	}
	return w(ctx, lines)
}

// ExportRoots implements remediate.RootExporter.
func (w AuditLog) ExportRoots(ctx context.Context, roots []trail.Root) error {
	var lines []trail.Line
	for _, r := range roots {
		lines = append(lines, r.Line())
	}
	return w(ctx, lines)
}

// LogTo writes the trail to the process's own log, a record a line, at the time
// of what it tells of. Cloud Run takes it to Cloud Logging, which shows one of
// several entries that have the same insertId and time:
// https://cloud.google.com/logging/docs/reference/v2/rest/v2/LogEntry
func LogTo(log *slog.Logger) AuditLog {
	return func(ctx context.Context, lines []trail.Line) error {
		if !log.Enabled(ctx, slog.LevelInfo) {
			return nil
		}
		var errs []error
		for _, l := range lines {
			r := slog.NewRecord(l.At, slog.LevelInfo, "audit", 0)
			r.AddAttrs(slog.String("logging.googleapis.com/insertId", l.InsertID())) //nolint:sloglint // the key is Cloud Logging's
			r.AddAttrs(attributes(l)...)
			errs = append(errs, log.Handler().Handle(ctx, r))
		}
		return errors.Join(errs...)
	}
}

// attributes are what the line says, under the keys of its JSON form.
func attributes(l trail.Line) []slog.Attr {
	out := []slog.Attr{slog.String("chain", l.Chain), slog.Int("n", l.N), slog.String("kind", l.Kind)}
	for _, a := range []struct{ key, value string }{
		{"finding", l.Finding}, {"policy", l.Policy}, {"resource", l.Resource}, {"who", l.Who}, {"via", l.Via},
		{"class", l.Class}, {"what", l.What}, {"plan", l.Plan}, {"hash", l.Hash},
	} {
		if a.value != "" {
			out = append(out, slog.String(a.key, a.value))
		}
	}
	if l.Count > 0 {
		out = append(out, slog.Int("count", l.Count))
	}
	return out
}

// Undelivered implements remediate.Fallback, for those that are one.
func (x Exporters) Undelivered(ctx context.Context, f finding.Finding) error {
	var errs []error
	for _, e := range x {
		if b, ok := e.(remediate.Fallback); ok {
			errs = append(errs, b.Undelivered(ctx, f))
		}
	}
	return errors.Join(errs...)
}
