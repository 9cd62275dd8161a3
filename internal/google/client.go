package google

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"cloud.google.com/go/functions/apiv2/functionspb"
	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/logging/apiv2/loggingpb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	resourcemanager "cloud.google.com/go/resourcemanager/apiv3"
	run "cloud.google.com/go/run/apiv2"
	"github.com/googleapis/gax-go/v2"
	"google.golang.org/genproto/googleapis/cloud/location"
	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google/runrest"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
)

// callTimeout bounds every request. Google's clients set no deadline on
// GetIamPolicy and SetIamPolicy, and retry some reads for a minute.
const callTimeout = 10 * time.Second

// Endpoints name where each API is served, as "host:port"; an empty one is
// Google's own.
type Endpoints struct {
	Run             string
	IAM             string
	ResourceManager string
	OrgPolicy       string
	Asset           string
	Logging         string
	Functions       string
}

// Options are what a Client needs. The zero Options reach Google with the
// application default credentials.
type Options struct {
	Endpoints Endpoints
	// Insecure reaches the endpoints without TLS or credentials. They must be
	// on this machine; an API whose endpoint is not named refuses every request.
	Insecure bool
	// DialOptions are added to every connection, for instance to name the
	// caller to a simulated cloud.
	DialOptions []grpc.DialOption
	// Identities are the accounts that workloads were seen to run as; nil
	// for none.
	Identities remediate.IdentityStore
	// Turns is where the turns of writes are kept that processes share, so that
	// all together stay within the limit; nil for this process alone.
	Turns cells.Store
	// Rates are within MinRates and MaxRates; a zero one is that of DefaultRates.
	Rates Rates
	// SearchIn are the projects, folders and organizations that Asset search is
	// asked about, where it is available; none for no search.
	SearchIn []cloud.Resource
	// ServiceAccounts returns those in a Google group, with an error where others may be in
	// it; nil where groups are not read.
	ServiceAccounts func(ctx context.Context, group string) ([]string, error)
	// Domains are all domains of the accounts of an organization ("organizations/77"),
	// where they are known: Google shows the primary one alone.
	Domains map[string][]string
	// Saw is told of every call over gRPC, once it was answered or not sent; nil for nobody.
	Saw func(Call)
	Log *slog.Logger     // nil for none
	Now func() time.Time // nil for time.Now
	// Wait pauses between two looks at a running operation, and before a
	// request that has to keep to the limits, and returns early with ctx's
	// error; nil for a real pause.
	Wait func(ctx context.Context, d time.Duration) error
}

// Client implements remediate.PolicyClient, remediate.WorkloadClient,
// remediate.ConstraintClient, remediate.FactsClient, scan.Inventory and
// remediate.EntryClient. It may be used by several goroutines at once.
type Client struct {
	services      func() *run.ServicesClient
	jobs          func() *run.JobsClient
	pools         func() *run.WorkerPoolsClient
	instances     func() *run.InstancesClient
	rest          func() (*runrest.Client, error) // for what the others do not have
	revisions     func() *run.RevisionsClient
	executions    func() *run.ExecutionsClient
	locations     location.LocationsClient
	projects      func() *resourcemanager.ProjectsClient
	folders       func() *resourcemanager.FoldersClient
	organizations func() *resourcemanager.OrganizationsClient
	constraints   orgpolicypb.OrgPolicyClient
	roles         adminpb.IAMClient
	assets        grpc.ClientConnInterface // for package assets
	logs          loggingpb.LoggingServiceV2Client
	functions     functionspb.FunctionServiceClient

	connections []*grpc.ClientConn
	identities  remediate.IdentityStore
	searchIn    []cloud.Resource
	domains     map[string][]string
	inGroup     func(context.Context, string) ([]string, error)
	// withoutSearch says once that there is no Asset search.
	withoutSearch sync.Once
	log           *slog.Logger
	readings      *readings
	listed        listings
	limits        *limits
	now           func() time.Time
	wait          func(context.Context, time.Duration) error
}

// New returns a Client. It connects to nothing yet: what cannot be reached
// shows at the first request.
func New(ctx context.Context, o Options) (*Client, error) {
	c := &Client{identities: o.Identities, searchIn: o.SearchIn, domains: o.Domains, inGroup: o.ServiceAccounts, log: o.Log, now: o.Now, wait: o.Wait}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.wait == nil {
		c.wait = gax.Sleep
	}
	c.readings = newReadings(c.now)
	rates := Rates{Reads: cmp.Or(o.Rates.Reads, DefaultRates.Reads), Writes: cmp.Or(o.Rates.Writes, DefaultRates.Writes)}
	c.limits = newLimits(rates, c.now, c.wait)
	c.limits.shared = o.Turns
	if o.Saw != nil {
		c.limits.saw = o.Saw
	}
	if err := c.connect(ctx, o); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Close closes the connections.
func (c *Client) Close() error {
	var errs []error
	for _, conn := range c.connections {
		errs = append(errs, conn.Close())
	}
	return errors.Join(errs...)
}

// call makes one request under the deadline that Google's clients leave out.
func call[Request, Response any](
	ctx context.Context,
	do func(context.Context, Request, ...gax.CallOption) (Response, error),
	request Request,
) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return do(ctx, request)
}
