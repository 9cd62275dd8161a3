package assets

import (
	"context"
	"net"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/structpb"
)

// Google's own types are what is compared with; they are in tests alone.

func TestARequestIsGooglesOnTheWire(t *testing.T) {
	r := Request{Scope: "folders/1", Query: `"a@b"`, Types: []string{"run.googleapis.com/(Service|Job)", "x"}, PageSize: 7, PageToken: "t"}
	if got := r.message().GetScope(); got != r.Scope {
		t.Errorf("it is limited as one about %q, want %q", got, r.Scope)
	}
	wire, err := proto.Marshal(r.message())
	if err != nil {
		t.Fatal(err)
	}
	got := &assetpb.SearchAllResourcesRequest{}
	if err := proto.Unmarshal(wire, got); err != nil {
		t.Fatal(err)
	}
	want := &assetpb.SearchAllResourcesRequest{
		Scope: r.Scope, Query: r.Query, AssetTypes: r.Types, PageSize: r.PageSize, PageToken: r.PageToken,
		ReadMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	empty := &emptypb.Empty{}
	if err := proto.Unmarshal(wire, empty); err != nil {
		t.Fatal(err)
	}
	back, err := readRequest(empty)
	if diff := cmp.Diff(r, back); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestGooglesAnswerIsRead(t *testing.T) {
	wire, err := proto.Marshal(&assetpb.SearchAllResourcesResponse{
		Results: []*assetpb.ResourceSearchResult{
			{Name: "//a", AssetType: "t", AdditionalAttributes: &structpb.Struct{Fields: map[string]*structpb.Value{"n": structpb.NewNumberValue(1)}}},
			{Name: "//b"}, {},
		},
		NextPageToken: "more",
	})
	if err != nil {
		t.Fatal(err)
	}
	empty := &emptypb.Empty{}
	if err := proto.Unmarshal(wire, empty); err != nil {
		t.Fatal(err)
	}
	got, err := readPage(empty)
	if diff := cmp.Diff(Page{[]string{"//a", "//b", ""}, "more"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestAResultThatCannotBeReadIsAnError(t *testing.T) {
	m := newMessage(appendText(nil, resultsField, "\x0a\x7f"), "")
	if p, err := readPage(m.Empty); err == nil {
		t.Errorf("%v, want an error: the result is cut short", p)
	}
}

// searcher answers with the scope, and fails once for each in failures.
type searcher struct{ failures []codes.Code }

func (s *searcher) SearchAssets(_ context.Context, r Request) (Page, error) {
	if len(s.failures) > 0 {
		code := s.failures[0]
		s.failures = s.failures[1:]
		return Page{}, status.Error(code, "told to fail")
	}
	return Page{Names: []string{r.Scope}}, nil
}

func TestASearchOverGRPC(t *testing.T) {
	for _, tt := range []struct {
		name     string
		failures []codes.Code
		want     codes.Code
	}{
		{"is answered", nil, codes.OK},
		{"is made again where the API is unavailable", []codes.Code{codes.Unavailable}, codes.OK},
		{"keeps the status of a refusal", []codes.Code{codes.PermissionDenied}, codes.PermissionDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn := dial(t, &searcher{tt.failures})
			p, err := Search(t.Context(), conn, Request{Scope: "folders/1"})
			if status.Code(err) != tt.want || err == nil && cmp.Diff([]string{"folders/1"}, p.Names) != "" {
				t.Errorf("%v, %v; want %s", p, err, tt.want)
			}
		})
	}
}

func dial(t *testing.T, by Searcher) *grpc.ClientConn {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	Register(s, by)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	conn, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
