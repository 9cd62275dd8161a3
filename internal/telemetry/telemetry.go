package telemetry

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Scope is the name that everything here is measured under.
const Scope = "github.com/rescind-dev/rescind"

// Options are what a Telemetry takes from where it runs.
type Options struct {
	Lookup  func(string) (string, bool) // of the environment
	Role    string                      // of the process
	Version string                      // of rescind
	Now     func() time.Time
	Log     *slog.Logger // told of what could not be sent, once a minute
}

// Telemetry is what a process counts, and where it goes. It may be used by several
// goroutines at once.
type Telemetry struct {
	now      func() time.Time
	page     *page // nil: Prometheus does not read it
	pageAt   string
	otlp     bool // metrics are sent
	meters   *sdkmetric.MeterProvider
	measures measures
	standing standing
	spans    *sdktrace.TracerProvider // nil: no traces are sent
	tracer   trace.Tracer
}

// New reads the environment and returns what it asks for: nil where that is nothing. An
// error names the variable, what it is and what would be right. It connects to nothing.
func New(ctx context.Context, o Options) (*Telemetry, error) {
	env, err := readEnvironment(o.Lookup)
	if err != nil || !env.any() {
		return nil, err
	}
	// The exporters tell this of what they could not send, and without it print that on
	// standard error, where a log in JSON has nothing else.
	otel.SetErrorHandler(newComplaints(o.Now, o.Log))
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "rescind"), attribute.String("service.version", o.Version),
		attribute.String("service.instance.id", rand.Text()), attribute.String("rescind.role", o.Role),
	), resource.WithFromEnv())
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w; want name=value, with commas in between", err)
	}
	t := &Telemetry{now: o.Now, otlp: env.otlpMetrics}
	opts := []sdkmetric.Option{sdkmetric.WithResource(about)}
	if env.otlpMetrics {
		e, err := otlpmetrichttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("export metrics by OTLP: %w", err)
		}
		opts = append(opts, sdkmetric.WithReader(sdkmetric.NewPeriodicReader(e)))
	}
	if env.prometheus != "" {
		t.page, t.pageAt = newPage(), env.prometheus
		opts = append(opts, sdkmetric.WithReader(t.page.reader))
	}
	if env.otlpTraces {
		e, err := otlptracehttp.New(ctx)
		if err != nil {
			return nil, fmt.Errorf("export traces by OTLP: %w", err)
		}
		t.spans = sdktrace.NewTracerProvider(sdktrace.WithResource(about), sdktrace.WithBatcher(e))
		t.tracer = t.spans.Tracer(Scope)
	}
	t.meters = sdkmetric.NewMeterProvider(opts...)
	if t.measures, err = newMeasures(t.meters.Meter(Scope), &t.standing, o.Now); err != nil {
		return nil, errors.Join(err, t.Close(ctx))
	}
	return t, nil
}

// Sends reports what is sent by OTLP.
func (t *Telemetry) Sends() (metrics, traces bool) {
	return t != nil && t.otlp, t.traces()
}

// Flush sends what was counted. On Cloud Run there is no CPU after a request, so that the
// request of the sweep does it. What could not be sent is sent with what comes next.
func (t *Telemetry) Flush(ctx context.Context) {
	if t == nil {
		return
	}
	if err := t.both(ctx, t.meters.ForceFlush, (*sdktrace.TracerProvider).ForceFlush); err != nil {
		otel.Handle(err)
	}
}

// Close sends what is left and returns once that is done, or ctx has ended.
func (t *Telemetry) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.both(ctx, t.meters.Shutdown, (*sdktrace.TracerProvider).Shutdown)
}

// both has metrics and traces sent at once, as either may wait for a collector that does
// not answer.
func (t *Telemetry) both(ctx context.Context, meters func(context.Context) error, spans func(*sdktrace.TracerProvider, context.Context) error) error {
	if t.spans == nil {
		return meters(ctx)
	}
	sent := make(chan error, 1)
	go func() { sent <- spans(t.spans, ctx) }()
	return errors.Join(meters(ctx), <-sent)
}

// complainEvery is how often the log is told that nothing can be sent: a collector that is
// down is asked again with each interval.
const complainEvery = time.Minute

// complaints takes what the exporters say to the log. It implements otel.ErrorHandler.
type complaints struct {
	now  func() time.Time
	log  *slog.Logger
	mu   sync.Mutex
	last time.Time
}

func newComplaints(now func() time.Time, log *slog.Logger) *complaints {
	return &complaints{now: now, log: log}
}

// Handle implements otel.ErrorHandler.
func (c *complaints) Handle(err error) {
	c.mu.Lock()
	now := c.now()
	due := now.Sub(c.last) >= complainEvery
	if due {
		c.last = now
	}
	c.mu.Unlock()
	if due {
		c.log.Warn("metrics or traces could not be sent", "error", err.Error())
	}
}
