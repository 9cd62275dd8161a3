package functions_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/functions"
)

// gate is a key server that answers nobody while it is shut.
type gate struct {
	*httptest.Server
	hits atomic.Int32
	mu   sync.RWMutex
	shut chan struct{} // closed when it is opened; nil while it is open
}

func newGate(t *testing.T, keys http.Handler) *gate {
	g := &gate{}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.hits.Add(1)
		g.mu.RLock()
		shut := g.shut
		g.mu.RUnlock()
		if shut != nil {
			<-shut
		}
		keys.ServeHTTP(w, r)
	}))
	t.Cleanup(g.Close)
	t.Cleanup(g.open)
	return g
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = make(chan struct{})
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut != nil {
		close(g.shut)
		g.shut = nil
	}
}

// hit waits until the server was asked so often.
func (g *gate) hit(t *testing.T, n int32) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); g.hits.Load() < n; {
		if time.Now().After(end) {
			t.Fatalf("asked %d times, want %d", g.hits.Load(), n)
		}
	}
}

// soon fails the test if do does not end while nothing it could wait for does.
func soon(t *testing.T, what string, do func() error) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- do() }()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	case <-time.After(10 * time.Second):
		t.Errorf("%s: still waits", what)
	}
}

func TestS19KeysAreFetchedOnceForAllWhoWait(t *testing.T) {
	for name, verify := range map[string]func(t *testing.T, url string) func() error{
		"of IAP": func(t *testing.T, url string) func() error {
			v := newIAP(t, url, at(came))
			return func() error { _, err := v.Verify(t.Context(), asserting(assertion(nil)), came); return err }
		},
		"of OpenID Connect": func(t *testing.T, url string) func() error {
			o := newOIDC(t, url, at(issued))
			return func() error { return o.Verify(t.Context(), token(good())) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			keys := newIAPCerts(t).Config.Handler
			if name != "of IAP" {
				keys = newKeyServer(t).Config.Handler
			}
			g := newGate(t, keys)
			g.close()
			do := verify(t, g.URL)
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					if err := do(); err != nil {
						t.Error(err)
					}
				})
			}
			g.hit(t, 1)
			g.open()
			all.Wait()
			if n := g.hits.Load(); n > 2 { // somebody may have come after all the others had theirs
				t.Errorf("fetched %d times for fifty who waited at once", n)
			}
		})
	}
}

func TestS19AFailureToFetchKeysIsRememberedForAWhile(t *testing.T) {
	var hits atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer s.Close()
	now := came
	v := newIAP(t, s.URL, func() time.Time { return now })
	for range 100 {
		if _, err := v.Verify(t.Context(), asserting(assertion(nil)), came); err == nil || errors.Is(err, functions.ErrInvalidToken) {
			t.Fatalf("error %v, want one of fetching keys", err)
		}
	}
	if n := hits.Load(); n != 1 {
		t.Errorf("a server that is down was asked %d times at once", n)
	}
	now = now.Add(5 * time.Second)
	_, _ = v.Verify(t.Context(), asserting(assertion(nil)), came)
	if n := hits.Load(); n != 2 {
		t.Errorf("it was asked %d times, want once more after a while", n)
	}
}

func TestS19ASlowKeyServerAndMadeUpKeysDelayNoGoodPage(t *testing.T) {
	for name, later := range map[string]time.Duration{"soon": time.Minute, "when the keys are to be freshened": 31 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, newIAPCerts(t).Config.Handler)
			var mu sync.Mutex
			now := came
			v := newIAP(t, g.URL, func() time.Time { mu.Lock(); defer mu.Unlock(); return now })
			page := func() error { _, err := v.Verify(t.Context(), asserting(assertion(nil)), came); return err }
			if err := page(); err != nil {
				t.Fatal(err)
			}
			g.close()
			mu.Lock()
			now = now.Add(later)
			mu.Unlock()
			madeUp := signES256(otherIAPKey(), header("ES256", "k9"), visit(nil))
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() { _, _ = v.Verify(t.Context(), asserting(madeUp), came) })
			}
			g.hit(t, 2)
			for range 3 {
				soon(t, "a good page", page)
			}
			g.open()
			all.Wait()
		})
	}
}

func TestS19KeysThatComeSlowlyAreKeptAllTheSame(t *testing.T) {
	g := newGate(t, newIAPCerts(t).Config.Handler)
	var since atomic.Int64
	read := make(chan struct{}, 9)
	v, err := functions.NewIAP(functions.IAPConfig{Audience: iapAudience, CertsURL: g.URL,
		Client: &http.Client{Transport: whole{read}}, Now: func() time.Time { return came.Add(time.Duration(since.Load())) }})
	if err != nil {
		t.Fatal(err)
	}
	page := func(ctx context.Context) error {
		_, err := v.Verify(ctx, asserting(assertion(nil)), came)
		return err
	}
	if err := page(t.Context()); err != nil {
		t.Fatal(err)
	}
	<-read
	g.close()
	since.Store(int64(31 * time.Minute))
	soon(t, "a page while fresh keys are fetched", func() error { return page(t.Context()) })
	g.hit(t, 2)
	g.open()
	<-read
	g.close() // for whoever asks from now on
	since.Store(int64(61 * time.Minute))
	for end := time.Now().Add(10 * time.Second); ; {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		err := page(ctx)
		cancel()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("an hour after the first keys: %v; want the fresh ones", err)
		}
	}
}

// whole is a transport that tells when an answer was read and closed.
type whole struct{ read chan<- struct{} }

func (w whole) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err == nil {
		resp.Body = &closing{resp.Body, w.read}
	}
	return resp, err
}

type closing struct {
	io.ReadCloser
	closed chan<- struct{}
}

func (c *closing) Close() error {
	err := c.ReadCloser.Close()
	c.closed <- struct{}{}
	return err
}
