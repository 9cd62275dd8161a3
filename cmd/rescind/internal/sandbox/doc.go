// Package sandbox is a small world on this machine: a simulated Google Cloud and
// Slack, people with Google's own clients, the push of what the audit log says,
// and one rescind among them, put together as `rescind serve` puts it together.
//
// The demo plays its script in it, and tests have rescind do its work there: those
// of package process too, which one binary with these is linked for.
// Nobody outside can reach it: it listens on loopback addresses alone, and
// believes whoever calls.
package sandbox
