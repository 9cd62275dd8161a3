package functions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// checkCertsURL refuses keys that somebody on the way could exchange: whoever
// chooses the keys chooses who may post events.
func checkCertsURL(s string) error {
	if s == "" {
		return nil
	}
	if err := CheckPrivate(s); err != nil {
		return fmt.Errorf("certs URL %w", err)
	}
	return nil
}

// CheckPrivate returns an error unless nobody on the way to the URL can read or
// change what is sent: it is https, or http to a loopback address. The error is the
// rest of a sentence that begins with what the URL is.
func CheckPrivate(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		return errors.New("is not a URL with a host")
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme == "https" || u.Scheme == "http" && loopback {
		return nil
	}
	return fmt.Errorf("has scheme %q and host %q: want https, or a loopback address", u.Scheme, u.Hostname())
}

// keysError says that the keys could not be had, so that no token can be
// judged now. idtoken returns it like any other error; its type is how a
// passing failure is told from a bad token.
type keysError struct{ err error }

func (e *keysError) Error() string { return "fetch keys: " + e.err.Error() }
func (e *keysError) Unwrap() error { return e.err }

// keyClient returns a copy of c, or a client of our own, which fetches keys once
// for all who wait, and whose every failure is a keysError.
func keyClient(c *http.Client, now func() time.Time) *http.Client {
	if c == nil {
		c = &http.Client{Timeout: fetchTimeout}
	}
	out := *c
	if out.Transport == nil {
		out.Transport = http.DefaultTransport
	}
	out.Transport = &keyTransport{base: out.Transport, now: now, under: map[string]*fetch{}, failed: map[string]*fetch{}}
	return &out
}

const (
	// maxKeys is far above any key set (Google's has about 2 KiB).
	maxKeys = 1 << 20
	// fetchTimeout bounds what a key server that hangs can cost who waits.
	fetchTimeout = 10 * time.Second
	// failureLasts is for how long a fetch that failed is not tried again: whoever
	// makes up tokens must not keep us at a key server that is down.
	failureLasts = 5 * time.Second
)

// keyTransport fetches a URL once for all who want it at the moment. No lock is
// held while it does: who needs nothing fetched does not wait.
type keyTransport struct {
	base http.RoundTripper
	now  func() time.Time

	mu     sync.Mutex
	under  map[string]*fetch // that somebody is at, by URL
	failed map[string]*fetch // of late
}

// fetch is one answer of a key server, to be read once done is closed.
type fetch struct {
	done   chan struct{}
	header http.Header
	body   []byte
	err    error
	at     time.Time // when it ended
}

// RoundTrip answers with the keys, or with a keysError.
func (t *keyTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, &keysError{err}
	}
	f, ours := t.join(r.URL.String())
	if ours {
		// It outlives a request that waits no longer, by fetchTimeout at most:
		// others may wait for the same keys.
		go t.get(f, r)
	}
	select {
	case <-f.done:
	case <-r.Context().Done():
		return nil, &keysError{r.Context().Err()}
	}
	if f.err != nil {
		return nil, f.err
	}
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: f.header.Clone(),
		Body: io.NopCloser(bytes.NewReader(f.body)), ContentLength: int64(len(f.body)), Request: r,
	}, nil
}

// join returns the fetch of the URL that is under way, or failed a moment ago; or a
// new one, which is then ours to make.
func (t *keyTransport) join(url string) (f *fetch, ours bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f := t.failed[url]; f != nil && t.now().Sub(f.at) < failureLasts {
		return f, false
	}
	if f := t.under[url]; f != nil {
		return f, false
	}
	f = &fetch{done: make(chan struct{})}
	t.under[url] = f
	return f, true
}

// get makes the fetch. It goes on when whoever began it hangs up: others wait.
func (t *keyTransport) get(f *fetch, r *http.Request) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), fetchTimeout)
	defer cancel()
	f.header, f.body, f.err = t.keys(r.Clone(ctx))
	t.mu.Lock()
	defer t.mu.Unlock()
	url := r.URL.String()
	f.at = t.now()
	delete(t.under, url)
	delete(t.failed, url)
	if f.err != nil {
		t.failed[url] = f
	}
	close(f.done)
}

// keys reads the answer to its end, so that nothing is left to fail later. It
// refuses redirects too: they could lead to where checkCertsURL forbids.
func (t *keyTransport) keys(r *http.Request) (http.Header, []byte, error) {
	resp, err := t.base.RoundTrip(r)
	if err != nil {
		return nil, nil, &keysError{err}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, &keysError{fmt.Errorf("status %d", resp.StatusCode)}
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxKeys))
	if err != nil {
		return nil, nil, &keysError{err}
	}
	var set struct{ Keys []json.RawMessage }
	if json.Unmarshal(b, &set) != nil || len(set.Keys) == 0 {
		return nil, nil, &keysError{errors.New("the answer is no JSON Web Key Set")}
	}
	return resp.Header, b, nil
}
