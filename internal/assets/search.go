package assets

import (
	"context"
	"net/url"
	"time"

	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

const (
	service = "google.cloud.asset.v1.AssetService"
	// Method is the search, as gRPC calls it.
	Method = "/" + service + "/SearchAllResources"
)

// Search asks for one page. Its error has the status that Google answered; what
// is unavailable is asked again until ctx ends, as Google's client does.
func Search(ctx context.Context, conn grpc.ClientConnInterface, r Request) (Page, error) {
	ctx = metadata.AppendToOutgoingContext(ctx, "x-goog-request-params", "scope="+url.QueryEscape(r.Scope))
	answer := &emptypb.Empty{}
	err := gax.Invoke(ctx, func(ctx context.Context, _ gax.CallSettings) error {
		return conn.Invoke(ctx, Method, r.message(), answer)
	}, gax.WithRetry(func() gax.Retryer {
		return gax.OnCodes([]codes.Code{codes.Unavailable}, gax.Backoff{Initial: 100 * time.Millisecond, Max: time.Minute, Multiplier: 1.3})
	}))
	if err != nil {
		return Page{}, err
	}
	return readPage(answer)
}

// Searcher answers searches, for a simulation.
type Searcher interface {
	SearchAssets(ctx context.Context, r Request) (Page, error)
}

// Register has the server answer searches.
func Register(s grpc.ServiceRegistrar, by Searcher) {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*Searcher)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "SearchAllResources", Handler: handle}},
	}, by)
}

func handle(by any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // gRPC has the order
	in := &emptypb.Empty{}
	if err := decode(in); err != nil {
		return nil, err
	}
	search := func(ctx context.Context, _ any) (any, error) {
		r, err := readRequest(in)
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		page, err := by.(Searcher).SearchAssets(ctx, r) //nolint:forcetypeassert // Register takes nothing else
		if err != nil {
			return nil, err
		}
		return page.message(), nil
	}
	if intercept == nil {
		return search(ctx, in)
	}
	return intercept(ctx, in, &grpc.UnaryServerInfo{Server: by, FullMethod: Method}, search)
}
