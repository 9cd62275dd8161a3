package telemetry

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// prometheusName is the name with what Prometheus expects at its end: its unit, and "total"
// where it only grows.
// https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
func prometheusName(m metricdata.Metrics) string {
	name := strings.ReplaceAll(m.Name, ".", "_")
	if m.Unit == "s" {
		name += "_seconds"
	}
	if _, ok := m.Data.(metricdata.Sum[int64]); ok {
		name += "_total"
	}
	return name
}

func head(w io.Writer, name, kind, what string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(what), name, kind)
}

// labels are those of a series; of a bucket with the bound of it.
func labels(set attribute.Set, bound string) string {
	var out []string
	for _, kv := range set.ToSlice() {
		out = append(out, string(kv.Key)+`="`+escape.Replace(kv.Value.String())+`"`)
	}
	if bound != "" {
		out = append(out, `le="`+bound+`"`)
	}
	if len(out) == 0 {
		return ""
	}
	return "{" + strings.Join(out, ",") + "}"
}

var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
