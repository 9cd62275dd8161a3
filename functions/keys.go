package functions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// checkCertsURL refuses keys that somebody on the way could exchange: whoever
// chooses the keys chooses who may post events.
func checkCertsURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return errors.New("certs URL is not a URL with a host")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && loopback {
		return nil
	}
	return fmt.Errorf("certs URL has scheme %q and host %q: want https, or a loopback address", u.Scheme, u.Hostname())
}

// keysError says that the keys could not be had, so that no token can be
// judged now. idtoken returns it like any other error; its type is how a
// passing failure is told from a bad token.
type keysError struct{ err error }

func (e *keysError) Error() string { return "fetch keys: " + e.err.Error() }
func (e *keysError) Unwrap() error { return e.err }

// keyClient returns a copy of c, or a client of our own, whose every failure
// is a keysError.
func keyClient(c *http.Client) *http.Client {
	if c == nil {
		c = &http.Client{Timeout: 10 * time.Second}
	}
	out := *c
	if out.Transport == nil {
		out.Transport = http.DefaultTransport
	}
	out.Transport = keyTransport{out.Transport}
	return &out
}

// maxKeys is far above any key set (Google's has about 2 KiB).
const maxKeys = 1 << 20

type keyTransport struct{ base http.RoundTripper }

// RoundTrip reads the answer to its end, so that nothing is left to fail later.
// It refuses redirects too: they could lead to where checkCertsURL forbids.
func (t keyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, &keysError{err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, &keysError{fmt.Errorf("status %d", resp.StatusCode)}
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxKeys))
	if err != nil {
		return nil, &keysError{err}
	}
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(b, &set) != nil || len(set.Keys) == 0 {
		return nil, &keysError{errors.New("the answer is no JSON Web Key Set")}
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	return resp, nil
}
