package google

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"cloud.google.com/go/functions/apiv2/functionspb"
	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/logging/apiv2/loggingpb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	resourcemanager "cloud.google.com/go/resourcemanager/apiv3"
	run "cloud.google.com/go/run/apiv2"
	"github.com/rescind-dev/rescind/internal/google/caller"
	"github.com/rescind-dev/rescind/internal/google/runrest"
	"google.golang.org/api/option"
	transport "google.golang.org/api/transport/grpc"
	"google.golang.org/genproto/googleapis/cloud/location"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

const (
	cloudPlatform = "https://www.googleapis.com/auth/cloud-platform"
	// maxAnswer bounds one answer. gRPC's own 4 MiB is too small for a page
	// of services with many containers each.
	maxAnswer = 64 << 20
)

// connect makes one connection an API, shared by the API's clients: each
// handshake less is a faster start from zero.
func (c *Client) connect(ctx context.Context, o Options) error {
	runConn, err1 := c.dial(ctx, o, o.Endpoints.Run, "run.googleapis.com:443")
	resourceConn, err2 := c.dial(ctx, o, o.Endpoints.ResourceManager, "cloudresourcemanager.googleapis.com:443")
	orgConn, err3 := c.dial(ctx, o, o.Endpoints.OrgPolicy, "orgpolicy.googleapis.com:443")
	iamConn, err4 := c.dial(ctx, o, o.Endpoints.IAM, "iam.googleapis.com:443")
	assetConn, err5 := c.dial(ctx, o, o.Endpoints.Asset, "cloudasset.googleapis.com:443")
	logConn, err6 := c.dial(ctx, o, o.Endpoints.Logging, "logging.googleapis.com:443")
	functionsConn, err7 := c.dial(ctx, o, o.Endpoints.Functions, "cloudfunctions.googleapis.com:443")
	if err := errors.Join(err1, err2, err3, err4, err5, err6, err7); err != nil {
		return err
	}
	c.locations = location.NewLocationsClient(runConn)
	c.assets = assetConn
	c.functions = functionspb.NewFunctionServiceClient(functionsConn)
	c.services = lazily(ctx, run.NewServicesClient, runConn)
	c.jobs = lazily(ctx, run.NewJobsClient, runConn)
	c.pools = lazily(ctx, run.NewWorkerPoolsClient, runConn)
	c.instances = lazily(ctx, run.NewInstancesClient, runConn)
	c.rest = sync.OnceValues(func() (*runrest.Client, error) {
		return runrest.New(context.WithoutCancel(ctx), o.Endpoints.Run, o.Insecure)
	})
	c.revisions = lazily(ctx, run.NewRevisionsClient, runConn)
	c.executions = lazily(ctx, run.NewExecutionsClient, runConn)
	c.projects = lazily(ctx, resourcemanager.NewProjectsClient, resourceConn)
	c.folders = lazily(ctx, resourcemanager.NewFoldersClient, resourceConn)
	c.organizations = lazily(ctx, resourcemanager.NewOrganizationsClient, resourceConn)
	c.constraints = orgpolicypb.NewOrgPolicyClient(orgConn)
	c.roles = adminpb.NewIAMClient(iamConn)
	c.logs = loggingpb.NewLoggingServiceV2Client(logConn)
	return nil
}

// lazily makes a client over a connection when it is first used: all of them
// took 5 ms of CPU of each start, and most starts use two. With a connection that is
// there nothing is left that could fail but what this package hands over, so an
// error is a bug of its own.
func lazily[C any](
	ctx context.Context, create func(context.Context, ...option.ClientOption) (C, error), conn *grpc.ClientConn,
) func() C {
	ctx = context.WithoutCancel(ctx)
	return sync.OnceValue(func() C {
		c, err := create(ctx, option.WithGRPCConn(conn))
		if err != nil {
			panic("make a client over a connection: " + err.Error()) // tests make each: cannot happen
		}
		return c
	})
}

func (c *Client) dial(ctx context.Context, o Options, endpoint, googles string) (*grpc.ClientConn, error) {
	if o.Insecure && endpoint == "" {
		return c.unreachable(googles)
	}
	if o.Insecure && !caller.Loopback(endpoint) {
		return nil, fmt.Errorf("endpoint %q for %s: an insecure endpoint must be HOST:PORT on this machine", endpoint, googles)
	}
	if endpoint == "" {
		endpoint = googles
	}
	opts := []option.ClientOption{
		option.WithEndpoint(endpoint),
		option.WithGRPCDialOption(grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer))),
		option.WithGRPCDialOption(grpc.WithChainUnaryInterceptor(c.limits.intercept)),
	}
	for _, d := range o.DialOptions {
		opts = append(opts, option.WithGRPCDialOption(d))
	}
	dial := transport.Dial
	if o.Insecure {
		dial = transport.DialInsecure
	} else {
		opts = append(opts, option.WithScopes(cloudPlatform))
	}
	conn, err := dial(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", endpoint, err)
	}
	c.connections = append(c.connections, conn)
	return conn, nil
}

// errNoEndpoint says that an insecure configuration leaves an API out.
var errNoEndpoint = errors.New("no endpoint is configured")

// noEndpoint is errNoEndpoint with the status that Google's clients look for.
type noEndpoint struct{ *status.Status }

func (e noEndpoint) Error() string              { return e.Err().Error() }
func (e noEndpoint) GRPCStatus() *status.Status { return e.Status }
func (e noEndpoint) Is(target error) bool       { return target == errNoEndpoint }

// unreachable is a connection to an API that an insecure configuration leaves
// out. Every request on it is refused, for a stated reason: falling back to
// Google's own endpoint would mix a simulation with the real thing.
func (c *Client) unreachable(googles string) (*grpc.ClientConn, error) {
	refuse := func(context.Context, string, any, any, *grpc.ClientConn, grpc.UnaryInvoker, ...grpc.CallOption) error {
		return noEndpoint{status.Newf(codes.FailedPrecondition, "no endpoint is configured in place of %s", googles)}
	}
	conn, err := grpc.NewClient("passthrough:///none",
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithUnaryInterceptor(refuse))
	if err == nil {
		c.connections = append(c.connections, conn)
	}
	return conn, err
}
