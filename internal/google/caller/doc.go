// Package caller says who runs a command, as Google says it, and has tokens made for them:
// what it sends are credentials, so it sends them to Google, or to this machine.
package caller

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
)

// Loopback reports whether the endpoint is on this machine. "localhost" is
// taken at its word (RFC 6761); any other name could lead anywhere.
func Loopback(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return false
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

func accessToken(ctx context.Context, scope string) (string, error) {
	creds, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{scope}})
	if err != nil {
		return "", fmt.Errorf("find application default credentials (gcloud auth application-default login makes them): %w", err)
	}
	token, err := creds.Token(ctx)
	if err != nil {
		return "", fmt.Errorf("get an access token: %w", withoutBody(err))
	}
	return token.Value, nil
}

// straight follows no redirect: credentials would go where it leads.
func straight() *http.Client {
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Reader is a client that reads as the application default credentials, of that scope. It
// follows no redirect, and fetches a new token when one has ended.
func Reader(scope string) (*http.Client, error) {
	creds, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{scope}})
	if err != nil {
		return nil, fmt.Errorf("find application default credentials (gcloud auth application-default login makes them): %w", err)
	}
	c := straight()
	c.Transport = bearer{creds}
	return c, nil
}

// bearer sends a token with each request.
type bearer struct{ creds *auth.Credentials }

// RoundTrip implements http.RoundTripper.
func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := b.creds.Token(r.Context())
	if err != nil {
		return nil, fmt.Errorf("get an access token: %w", withoutBody(err))
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+token.Value)
	return http.DefaultTransport.RoundTrip(r)
}
