package sim

import (
	"net"
	"net/http"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

// One address serves the Go clients, Terraform and gcloud, as the demo needs.
func TestOneListenerAnswersGRPCAndREST(t *testing.T) {
	c, _ := seeded(t, Options{})
	addr := serve(t, c)
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(t, err)
	defer conn.Close()
	s, err := runpb.NewServicesClient(conn).GetService(t.Context(), &runpb.GetServiceRequest{Name: serviceName})
	must(t, err)
	_, overREST := regional(t, "http://"+addr, "GET", "/v2/"+serviceName, nil)
	_, overV1 := regional(t, "http://"+addr, "GET", v1Service, nil)
	if overREST["etag"] != s.Etag || dig(overV1, "metadata", "resourceVersion") != version(s.Etag) {
		t.Errorf("the etag is %s, %v over REST and %v in v1", s.Etag, overREST["etag"], dig(overV1, "metadata", "resourceVersion"))
	}
	if _, err := runpb.NewServicesClient(conn).GetService(t.Context(), &runpb.GetServiceRequest{Name: location + "/services/none"}); status.Code(err) != codes.NotFound {
		t.Errorf("over gRPC: %v", err)
	}
}

func TestWhatIsClosedServesNoMore(t *testing.T) {
	c, _ := seeded(t, Options{})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	served := make(chan error, 1)
	go func() { served <- c.Serve(l) }()
	res, err := http.Get("http://" + l.Addr().String() + "/v2/" + serviceName)
	must(t, err)
	res.Body.Close()
	must(t, c.Close())
	if err := <-served; err != nil {
		t.Errorf("ended with %v", err)
	}
	again, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	if err := c.Serve(again); err != nil {
		t.Errorf("served after the close: %v", err)
	}
	if conn, err := net.Dial("tcp", again.Addr().String()); err == nil {
		conn.Close()
		t.Error("a listener handed over after the close is open")
	}
}
