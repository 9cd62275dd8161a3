package sim

import (
	"cmp"
	"net/http"
	"sync"
	"time"

	"cloud.google.com/go/functions/apiv2/functionspb"
	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/logging/apiv2/loggingpb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/rescind-dev/rescind/internal/assets"
	"google.golang.org/grpc"
)

// Options say how a Cloud behaves. The zero Options are usable.
type Options struct {
	// Now is the clock of every timestamp; time.Now where nil.
	Now func() time.Time
	// Emit is handed every audit-log entry as JSON, one at a time and in the
	// order of the writes, without the model's lock: it may call back into
	// the Cloud. An entry may arrive after the call it tells of returned.
	Emit func(entry []byte)
	// DefaultPrincipal made the calls that name nobody (a bearer token that is
	// no e-mail address); "dev@example.com" where empty.
	DefaultPrincipal string
	// Also is what else is served over REST, by its pattern; nil for nothing.
	Also map[string]http.Handler
	// OperationPolls is how often a long-running operation, or the resource
	// it works on, must be looked at before it is done. At 0 it is done when
	// the call returns.
	OperationPolls int
	// PinnedNameRefusesAll makes every update of a workload whose template
	// names its revision fall into the revision-name trap, also one that
	// touches no template field: reports on the real API differ on that.
	PinnedNameRefusesAll bool
}

// Cloud is the simulated Google Cloud. Its methods may be called concurrently.
type Cloud struct {
	opt Options

	mu          sync.Mutex
	seq         int64 // numbers everything that needs a new name
	containers  map[string]*container
	workloads   map[string]*workload
	policies    map[string]*iampb.Policy       // allow policies by relative resource name
	orgPolicies map[string]*orgpolicypb.Policy // by "projects/p/policies/c"
	customs     map[string]*orgpolicypb.CustomConstraint
	roles       map[string]*adminpb.Role
	operations  map[string]*operation
	functions   map[string]*functionspb.Function // by full relative name
	faults      []*fault
	unstartable map[string]bool               // identities whose revisions never become ready
	tags        map[string]string             // of images, see MoveTag
	accounts    map[string]bool               // service accounts, "projects/p/serviceAccounts/EMAIL"
	executions  map[string][]*runpb.Execution // of jobs, by the job's name
	neverFinish bool                          // see NeverFinish
	lag         int                           // see LagReads
	stale       map[string]*staleRead
	indexed     []asset // see LagAssets
	unindexed   bool
	logged      [][]byte // entries that can be listed, see logging.go
	logLag      time.Duration

	servers []*http.Server
	closed  bool

	entries  [][]byte // written under mu, waiting to be emitted
	emitting bool
}

// NewCloud returns an empty Cloud that knows Google's predefined roles.
func NewCloud(o Options) *Cloud {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Emit == nil {
		o.Emit = func([]byte) {}
	}
	if o.DefaultPrincipal == "" {
		o.DefaultPrincipal = "dev@example.com"
	}
	return &Cloud{
		opt:         o,
		containers:  map[string]*container{},
		workloads:   map[string]*workload{},
		policies:    map[string]*iampb.Policy{},
		orgPolicies: map[string]*orgpolicypb.Policy{},
		customs:     map[string]*orgpolicypb.CustomConstraint{},
		roles:       predefinedRoles(),
		operations:  map[string]*operation{},
		functions:   map[string]*functionspb.Function{},
		unstartable: map[string]bool{},
		tags:        map[string]string{},
		accounts:    map[string]bool{},
		executions:  map[string][]*runpb.Execution{},
		stale:       map[string]*staleRead{},
	}
}

// RegisterGRPC adds the gRPC face to a server that is not yet serving.
func (c *Cloud) RegisterGRPC(s *grpc.Server) {
	c.register(s)
	adminpb.RegisterIAMServer(s, &iamAdmin{c: c}) // an older generator's: it takes nothing but a server
}

func (c *Cloud) register(s grpc.ServiceRegistrar) {
	runpb.RegisterServicesServer(s, &services{c: c})
	runpb.RegisterJobsServer(s, &jobs{c: c})
	runpb.RegisterWorkerPoolsServer(s, &workerPools{c: c})
	runpb.RegisterInstancesServer(s, &instances{c: c})
	runpb.RegisterRevisionsServer(s, &revisions{c: c})
	runpb.RegisterExecutionsServer(s, &executions{c: c})
	functionspb.RegisterFunctionServiceServer(s, &functions{read: c.read, named: func(name string) *functionspb.Function {
		return c.functions[c.canonical(name)]
	}})
	longrunningpb.RegisterOperationsServer(s, &operations{c: c})
	resourcemanagerpb.RegisterProjectsServer(s, &projects{c: c})
	resourcemanagerpb.RegisterFoldersServer(s, &folders{c: c})
	resourcemanagerpb.RegisterOrganizationsServer(s, &organizations{c: c})
	orgpolicypb.RegisterOrgPolicyServer(s, &orgPolicies{c: c})
	assets.Register(s, &search{c})
	loggingpb.RegisterLoggingServiceV2Server(s, &logs{c: c})
}

// next returns a number nobody had before. The caller holds the lock.
func (c *Cloud) next() int64 {
	c.seq++
	return c.seq
}

// read runs one reading call, by its full method name.
func (c *Cloud) read(method string, do func() error) error {
	c.mu.Lock()
	defer c.unlock()
	if err := c.fault(method, false); err != nil {
		return err
	}
	return do()
}

// write runs one changing call and tells the audit log of it, also when it
// was refused: Google Cloud logs those with a status and no response. After a
// call that succeeded and was logged come the functions of then.
func (c *Cloud) write(who caller, r *record, do func() error, then ...func()) error {
	c.mu.Lock()
	defer c.unlock()
	method := cmp.Or(r.call, r.method)
	err := c.fault(method, false)
	if err == nil {
		err = do()
	}
	c.log(who, r, err)
	if err != nil {
		return err
	}
	for _, f := range then {
		f()
	}
	if r.rehearsal {
		return nil
	}
	return c.fault(method, true)
}

// unlock lets go of the model and emits what was logged meanwhile. Only one
// caller emits; it also takes along what an entry's own receiver causes, so
// that a receiver which writes back does not wait for itself.
func (c *Cloud) unlock() {
	if c.emitting {
		c.mu.Unlock()
		return
	}
	c.emitting = true
	for len(c.entries) > 0 {
		e := c.entries[0]
		c.entries = c.entries[1:]
		c.mu.Unlock()
		c.opt.Emit(e)
		c.mu.Lock()
	}
	c.emitting = false
	c.mu.Unlock()
}
