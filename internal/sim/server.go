package sim

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/internal/sim/transcode"
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

// Handler answers the REST face and gcloud's. It may be used as an HTTP proxy:
// gcloud asks for "REGION-run.test", and the region is read from that host.
func (c *Cloud) Handler() http.Handler {
	rest := transcode.New(extraRules())
	c.register(rest)
	mux := http.NewServeMux()
	mux.Handle("/", rest)
	(&v1{c}).routes(mux)
	for pattern, h := range c.opt.Also {
		mux.Handle(pattern, h)
	}
	return mux
}

// extraRules are paths that no annotation names: Cloud Run has its operations
// under its own version, and gcloud calls older versions of Resource Manager
// whose requests and answers are the same.
func extraRules() map[string][]*annotations.HttpRule {
	return map[string][]*annotations.HttpRule{
		"google.longrunning.Operations.GetOperation": {transcode.Get("/v2/{name=projects/*/locations/*/operations/*}")},
		"google.cloud.resourcemanager.v3.Projects.GetIamPolicy": {
			transcode.Post("/v1/{resource=projects/*}:getIamPolicy"), transcode.Post("/v1beta1/{resource=projects/*}:getIamPolicy"),
		},
		"google.cloud.resourcemanager.v3.Projects.SetIamPolicy":      {transcode.Post("/v1/{resource=projects/*}:setIamPolicy")},
		"google.cloud.resourcemanager.v3.Folders.GetIamPolicy":       {transcode.Post("/v2/{resource=folders/*}:getIamPolicy")},
		"google.cloud.resourcemanager.v3.Folders.SetIamPolicy":       {transcode.Post("/v2/{resource=folders/*}:setIamPolicy")},
		"google.cloud.resourcemanager.v3.Organizations.GetIamPolicy": {transcode.Post("/v1/{resource=organizations/*}:getIamPolicy")},
		"google.cloud.resourcemanager.v3.Organizations.SetIamPolicy": {transcode.Post("/v1/{resource=organizations/*}:setIamPolicy")},
	}
}
