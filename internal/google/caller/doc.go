// Package caller says who runs a command, as Google says it, and has tokens made for them:
// what it sends are credentials, so it sends them to Google, or to this machine.
package caller

import "net"

// Loopback reports whether the endpoint is on this machine. "localhost" is
// taken at its word (RFC 6761); any other name could lead anywhere.
func Loopback(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return false
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
