package sim

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
)

// Serve answers gRPC (HTTP/2 without TLS) and REST on one listener until
// Close; it then returns nil.
func (c *Cloud) Serve(l net.Listener) error {
	g := grpc.NewServer()
	c.RegisterGRPC(g)
	rest := c.Handler()
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
				g.ServeHTTP(w, r)
				return
			}
			rest.ServeHTTP(w, r)
		}),
		Protocols:         new(http.Protocols),
		ReadHeaderTimeout: 10 * time.Second,
	}
	s.Protocols.SetHTTP1(true)
	s.Protocols.SetUnencryptedHTTP2(true)
	if !c.serving(s) {
		return l.Close()
	}
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// serving remembers a server for Close; false after it.
func (c *Cloud) serving(s *http.Server) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.servers = append(c.servers, s)
	return true
}

// Close ends every Serve, waiting up to five seconds for calls under way.
func (c *Cloud) Close() error {
	c.mu.Lock()
	c.closed = true
	servers := c.servers
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var errs []error
	for _, s := range servers {
		if s.Shutdown(ctx) != nil { // clients hold their connections open
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(errs...)
}
