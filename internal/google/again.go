package google

import (
	"context"
	"net/url"
	"time"

	"github.com/googleapis/gax-go/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
)

// Of APIs that are called for one thing or two the generated client is left out:
// each adds all that its API can to the program, 200 KB or more. What it does for a
// request is here: a header, and the same retries.

// routed says in the request's header what it is about.
func routed(ctx context.Context, field, value string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "x-goog-request-params", field+"="+url.QueryEscape(value))
}

// retries is when a request is made again, and how soon.
type retries struct {
	backoff gax.Backoff
	on      []codes.Code
}

// Those of Google's clients.
var (
	publishRetries = retries{gax.Backoff{Initial: 100 * time.Millisecond, Max: time.Minute, Multiplier: 4}, []codes.Code{
		codes.Aborted, codes.Canceled, codes.Internal, codes.ResourceExhausted, codes.Unknown, codes.Unavailable, codes.DeadlineExceeded,
	}}
	orgPolicyRetries = retries{gax.Backoff{Initial: time.Second, Max: 10 * time.Second, Multiplier: 1.3}, []codes.Code{
		codes.Unavailable, codes.DeadlineExceeded,
	}}
	loggingRetries = retries{gax.Backoff{Initial: 100 * time.Millisecond, Max: time.Minute, Multiplier: 1.3}, []codes.Code{
		codes.DeadlineExceeded, codes.Internal, codes.Unavailable,
	}}
)

// again makes a request again as the retries say, until ctx ends.
func again[Request, Response any](
	r retries, do func(context.Context, Request, ...grpc.CallOption) (Response, error),
) func(context.Context, Request, ...gax.CallOption) (Response, error) {
	return func(ctx context.Context, q Request, _ ...gax.CallOption) (out Response, err error) {
		err = gax.Invoke(ctx, func(ctx context.Context, _ gax.CallSettings) (err error) {
			out, err = do(ctx, q)
			return err
		}, gax.WithRetry(func() gax.Retryer { return gax.OnCodes(r.on, r.backoff) }))
		return out, err
	}
}
