package telemetry

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// environment is what the standard variables ask for. Those that are not read here, such
// as headers, intervals and timeouts, are read by the exporters.
// https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
type environment struct {
	otlpMetrics bool
	otlpTraces  bool
	prometheus  string // HOST:PORT of this machine; "" for no page
}

func (e environment) any() bool { return e.otlpMetrics || e.otlpTraces || e.prometheus != "" }

// readEnvironment returns all that is wrong. Without a variable that asks for it nothing is
// exported, where the standard has it sent to port 4318 of this machine.
func readEnvironment(lookup func(string) (string, bool)) (environment, error) {
	get := func(name string) string {
		if v, ok := lookup(name); ok {
			return strings.TrimSpace(v)
		}
		return ""
	}
	if strings.EqualFold(get("OTEL_SDK_DISABLED"), "true") {
		return environment{}, nil
	}
	var e environment
	metrics, err1 := chosen(get, "METRICS", "otlp", "prometheus")
	traces, err2 := chosen(get, "TRACES", "otlp")
	e.otlpMetrics, e.otlpTraces = slices.Contains(metrics, "otlp"), slices.Contains(traces, "otlp")
	var err3 error
	if slices.Contains(metrics, "prometheus") {
		e.prometheus, err3 = pageAddress(get)
	}
	return e, errors.Join(err1, err2, err3)
}

// chosen is where a signal goes, out of the ways there are: where the variable says, or else
// by OTLP if that has an endpoint.
func chosen(get func(string) string, signal string, ways ...string) ([]string, error) {
	name := "OTEL_" + signal + "_EXPORTER"
	var out []string
	for _, way := range strings.Split(get(name), ",") {
		switch way = strings.TrimSpace(way); {
		case way == "" || way == "none":
		case slices.Contains(ways, way):
			out = append(out, way)
		default:
			return nil, fmt.Errorf("%s is %q, want %s or none", name, way, strings.Join(ways, ", "))
		}
	}
	endpoint := ""
	for _, at := range []string{"OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"} {
		if get(at) != "" {
			endpoint = at
			break
		}
	}
	if get(name) == "" && endpoint != "" {
		out = []string{"otlp"}
	}
	if !slices.Contains(out, "otlp") {
		return out, nil
	}
	return out, checkOTLP(get, signal, endpoint)
}

// checkOTLP says what is wrong with the endpoint, which the exporter would find out with each
// request that it sends.
func checkOTLP(get func(string) string, signal, endpoint string) error {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_" + signal + "_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		switch v := get(name); v {
		case "", "http/protobuf":
		default:
			return fmt.Errorf("%s is %q, want http/protobuf: collectors listen for that on port 4318", name, v)
		}
	}
	if endpoint == "" {
		return nil // port 4318 of this machine
	}
	u, err := url.Parse(get(endpoint))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s is no URL of a collector, want one like https://collector.example.com:4318", endpoint)
	}
	if u.User != nil || u.RawQuery != "" { // what cannot be sent is logged with the URL
		return fmt.Errorf("%s has a user, a password or a query in it, which the log would show: want the address alone, and what is secret in OTEL_EXPORTER_OTLP_HEADERS", endpoint)
	}
	return nil
}

// pageAddress is where Prometheus reads, on this machine alone: whoever can read the page sees
// when the reverts of an hour are used up, and when rescind is paused.
func pageAddress(get func(string) string) (string, error) {
	const hostVariable, portVariable = "OTEL_EXPORTER_PROMETHEUS_HOST", "OTEL_EXPORTER_PROMETHEUS_PORT"
	host, port := get(hostVariable), get(portVariable)
	if host == "" || host == "localhost" {
		host = "127.0.0.1"
	}
	if !net.ParseIP(host).IsLoopback() {
		return "", fmt.Errorf("%s is %q, want localhost, 127.0.0.1 or ::1: the page asks nobody who they are. "+
			"Have a collector beside rescind read it, or send metrics by OTLP", hostVariable, host)
	}
	if port == "" {
		port = "9464"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "", fmt.Errorf("%s is %q, want a port such as 9464", portVariable, port)
	}
	return net.JoinHostPort(host, port), nil
}
