package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// page is what Prometheus reads. It is written here, as Prometheus's own client would make
// the program a megabyte larger for it.
type page struct{ reader *sdkmetric.ManualReader }

func newPage() *page { return &page{sdkmetric.NewManualReader()} }

// contentType is that of the text format.
// https://prometheus.io/docs/instrumenting/exposition_formats/
const contentType = "text/plain; version=0.0.4; charset=utf-8"

// ServeHTTP answers GET /metrics to whoever asks this machine by one of its own names: a
// page in a browser here could else read it under a name of its own.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !ownName(r.Host) {
		http.Error(w, "want the host 127.0.0.1, ::1 or localhost", http.StatusForbidden)
		return
	}
	var all metricdata.ResourceMetrics
	if err := p.reader.Collect(r.Context(), &all); err != nil {
		http.Error(w, "nothing could be collected", http.StatusServiceUnavailable)
		return
	}
	var b bytes.Buffer
	for _, s := range all.ScopeMetrics {
		for _, m := range s.Metrics {
			writeMetric(&b, m)
		}
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(b.Bytes())
}

func ownName(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return host == "localhost" || net.ParseIP(strings.Trim(host, "[]")).IsLoopback()
}

// ServePage serves GET /metrics for Prometheus until ctx ends, where the environment asks
// for it; else it returns at once. The error is that it cannot listen.
func (t *Telemetry) ServePage(ctx context.Context) (stopped func(), address string, err error) {
	if t == nil || t.page == nil {
		return func() {}, "", nil
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", t.pageAt)
	if err != nil {
		return nil, "", fmt.Errorf("listen for Prometheus: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", t.page)
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve(l) }()
	return func() { _ = s.Close(); <-ended }, l.Addr().String(), nil
}

func writeMetric(w io.Writer, m metricdata.Metrics) {
	name := prometheusName(m)
	switch d := m.Data.(type) {
	case metricdata.Sum[int64]:
		head(w, name, "counter", m.Description)
		for _, p := range d.DataPoints {
			fmt.Fprintf(w, "%s%s %d\n", name, labels(p.Attributes, ""), p.Value)
		}
	case metricdata.Gauge[int64]:
		head(w, name, "gauge", m.Description)
		for _, p := range d.DataPoints {
			fmt.Fprintf(w, "%s%s %d\n", name, labels(p.Attributes, ""), p.Value)
		}
	case metricdata.Gauge[float64]:
		head(w, name, "gauge", m.Description)
		for _, p := range d.DataPoints {
			fmt.Fprintf(w, "%s%s %s\n", name, labels(p.Attributes, ""), number(p.Value))
		}
	case metricdata.Histogram[float64]:
		head(w, name, "histogram", m.Description)
		for _, p := range d.DataPoints {
			writeHistogram(w, name, p)
		}
	}
}

// writeHistogram writes one series. Prometheus counts what is at most as much as a bound.
func writeHistogram(w io.Writer, name string, p metricdata.HistogramDataPoint[float64]) {
	var below uint64
	for i, n := range p.BucketCounts {
		below += n
		bound := "+Inf"
		if i < len(p.Bounds) {
			bound = number(p.Bounds[i])
		}
		fmt.Fprintf(w, "%s_bucket%s %d\n", name, labels(p.Attributes, bound), below)
	}
	fmt.Fprintf(w, "%s_sum%s %s\n%s_count%s %d\n", name, labels(p.Attributes, ""), number(p.Sum), name, labels(p.Attributes, ""), p.Count)
}
