// Package telemetry counts and times what a process does, for whoever watches it from
// outside: by OTLP, as the standard OTEL_ variables of the environment say, and as a
// page that Prometheus reads on this machine.
//
// A nil Telemetry is one that nobody reads: all of its methods may be called, and do
// nothing. Labels have values that rescind or its operator chose, and nothing that
// strangers write in a log: each is one of a list that is fixed when the process starts.
// No resource, member, entry, header or secret gets here.
package telemetry
