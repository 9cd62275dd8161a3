package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// TracedLog is a log of which each line names the trace and span that it was written in, as
// Cloud Logging wants them. The project is where its traces are.
// https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
func TracedLog(next slog.Handler, project string) slog.Handler {
	return tracedLog{next, "projects/" + project + "/traces/"}
}

type tracedLog struct {
	slog.Handler
	prefix string
}

// Handle implements slog.Handler.
func (h tracedLog) Handle(ctx context.Context, r slog.Record) error {
	if s := trace.SpanContextFromContext(ctx); s.IsValid() {
		r = r.Clone()
		//nolint:sloglint // the keys are Cloud Logging's
		r.AddAttrs(
			slog.String("logging.googleapis.com/trace", h.prefix+s.TraceID().String()),
			slog.String("logging.googleapis.com/spanId", s.SpanID().String()),
			slog.Bool("logging.googleapis.com/trace_sampled", s.IsSampled()),
		)
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h tracedLog) WithAttrs(as []slog.Attr) slog.Handler {
	return tracedLog{h.Handler.WithAttrs(as), h.prefix}
}

// WithGroup implements slog.Handler.
func (h tracedLog) WithGroup(name string) slog.Handler {
	return tracedLog{h.Handler.WithGroup(name), h.prefix}
}
