package telemetry

import (
	"context"
	"encoding/binary"
	"net/http"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Receiving has next work in the trace that a request names, so that its lines in the log
// and its spans stand with it. A request that names none begins one, where traces are sent.
func (t *Telemetry) Receiving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if came := cameIn(r.Header); came.IsValid() {
			ctx = trace.ContextWithRemoteSpanContext(ctx, came)
		}
		if !t.traces() {
			if ctx != r.Context() {
				r = r.WithContext(ctx)
			}
			next.ServeHTTP(w, r)
			return
		}
		ctx, span := t.tracer.Start(ctx, "receive", trace.WithSpanKind(trace.SpanKindServer))
		defer span.End()
		r = r.WithContext(ctx)
		status := &statusWriter{w, http.StatusOK}
		next.ServeHTTP(status, r)
		if r.Pattern != "" { // one of ours; the path itself is whatever somebody asked for
			span.SetName("receive " + r.Pattern)
		}
		span.SetAttributes(attribute.Int("http.response.status_code", status.code))
		if status.code >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	})
}

// statusWriter remembers the status that was answered.
type statusWriter struct {
	http.ResponseWriter
	code int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(code int) {
	w.code = code
	w.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// cameIn is the span that a request comes from: by W3C's header, or else by Google's.
// https://www.w3.org/TR/trace-context/
// https://cloud.google.com/trace/docs/trace-context
func cameIn(h http.Header) trace.SpanContext {
	if h.Get("Traceparent") != "" {
		ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(h))
		if s := trace.SpanContextFromContext(ctx); s.IsValid() {
			return s.WithTraceState(trace.TraceState{}) // others' notes, for others
		}
	}
	v := h.Get("X-Cloud-Trace-Context")
	if v == "" {
		return trace.SpanContext{}
	}
	id, rest, _ := strings.Cut(v, "/")
	span, options, _ := strings.Cut(rest, ";")
	traceID, err1 := trace.TraceIDFromHex(strings.ToLower(id))
	n, err2 := strconv.ParseUint(span, 10, 64)
	if err1 != nil || err2 != nil {
		return trace.SpanContext{}
	}
	var spanID trace.SpanID
	binary.BigEndian.PutUint64(spanID[:], n)
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.TraceFlags(0).WithSampled(options == "o=1"), Remote: true,
	})
}

func (t *Telemetry) traces() bool { return t != nil && t.tracer != nil }

// Span begins a span of that name below the one of ctx. The function it returns ends it,
// with the findings that it was about; of an error the span has that there was one, and
// the log its text.
func (t *Telemetry) Span(ctx context.Context, name string) (context.Context, func(err error, findings ...string)) {
	if !t.traces() {
		return ctx, func(error, ...string) {}
	}
	ctx, span := t.tracer.Start(ctx, name)
	return ctx, func(err error, findings ...string) {
		if len(findings) > 0 {
			span.SetAttributes(attribute.StringSlice("rescind.findings", findings))
		}
		if err != nil {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}
