package sim

import (
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// workload is one stored service, job or worker pool.
type workload struct {
	kind      *kind
	name      name
	obj       object
	revisions []*revision // oldest first
	pending   *operation  // still working on it
}

// requireInvokerIam is the managed constraint that keeps the invoker check on.
// https://cloud.google.com/run/docs/securing/managing-access
const requireInvokerIam = "run.managed.requireInvokerIam"

// edit is one write to a workload, whichever face asked for it.
type edit struct {
	kind         *kind
	name         string
	etag         string // the caller's; empty is a blind write
	create       bool   // the workload must not exist yet
	allowMissing bool   // an update may create
	validateOnly bool
	seed         bool // was there before the organization's constraints
	// next makes the new object from the stored one, which is empty on a
	// create.
	next func(stored object) (object, error)
}

func notFound(name string) error {
	return status.Errorf(codes.NotFound, "Resource '%s' was not found", name)
}

// workloadID is what a new workload may be called.
var workloadID = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,47}[a-z0-9])?$`)

// find returns a stored workload of a kind.
func (c *Cloud) find(k *kind, full string) (*workload, error) {
	n, ok := c.parseName(full)
	if !ok || n.collection != k.collection {
		return nil, status.Errorf(codes.InvalidArgument, "Invalid %s name %q", k.noun, full)
	}
	w := c.workloads[n.String()]
	if w == nil {
		return nil, notFound(full)
	}
	return w, nil
}

// apply does one edit and returns the operation that carries it out.
func (c *Cloud) apply(who caller, e edit) (*operation, error) {
	w, err := c.target(e)
	if err != nil {
		return nil, err
	}
	c.finish(w.pending)
	next, err := e.next(proto.Clone(w.obj).(object))
	if err != nil {
		return nil, err
	}
	c.complete(w, next)
	if err := c.constrained(w, next); err != nil && !e.seed {
		return nil, err
	}
	rev, err := c.revisionFor(w, next)
	if err != nil {
		return nil, err
	}
	c.stamp(who, w, next, rev)
	if e.validateOnly {
		return c.newOperation(nil, next), nil
	}
	if w.obj.GetUid() != "" {
		c.lags(w.kind.collection+" "+w.name.String(), w.obj)
	}
	w.obj = next
	if rev != nil {
		w.addRevision(rev)
	}
	c.workloads[w.name.String()] = w
	return c.newOperation(w, nil), nil
}

// target is the workload an edit is for: the stored one, or a new one.
func (c *Cloud) target(e edit) (*workload, error) {
	w, err := c.find(e.kind, e.name)
	switch {
	case err == nil && e.create:
		return nil, status.Errorf(codes.AlreadyExists, "Resource '%s' already exists.", e.name)
	case err == nil && e.etag != "" && e.etag != w.obj.GetEtag():
		return nil, status.Errorf(codes.Aborted, "Conflict for resource '%s': version '%s' was specified but current version is '%s'.",
			e.name, e.etag, w.obj.GetEtag())
	case status.Code(err) == codes.NotFound && (e.create || e.allowMissing):
		n, _ := c.parseName(e.name)
		if !workloadID.MatchString(n.id) {
			return nil, status.Errorf(codes.InvalidArgument, "Invalid %s id %q: lower-case letters, digits and hyphens, under 50 characters.", e.kind.noun, n.id)
		}
		if c.containers["projects/"+n.project] == nil {
			return nil, notFound("projects/" + n.project)
		}
		return &workload{kind: e.kind, name: n, obj: e.kind.empty()}, nil
	}
	return w, err
}

// list returns a kind's workloads in "projects/P/locations/L", by name; the
// location "-" is every one.
func (c *Cloud) list(k *kind, parent string) ([]*workload, error) {
	p := strings.Split(parent, "/")
	if len(p) != 4 || p[0] != "projects" || p[2] != "locations" {
		return nil, status.Errorf(codes.InvalidArgument, "Invalid parent %q", parent)
	}
	project := c.projectID(p[1])
	if c.containers["projects/"+project] == nil {
		return nil, notFound("projects/" + p[1])
	}
	var out []*workload
	for _, w := range c.workloads {
		if w.kind == k && w.name.project == project && (p[3] == "-" || p[3] == w.name.location) {
			out = append(out, w)
		}
	}
	slices.SortFunc(out, func(a, b *workload) int { return strings.Compare(a.name.String(), b.name.String()) })
	return out, nil
}

// name is a workload's place: "projects/P/locations/L/services/S".
type name struct {
	project, location, collection, id string
}

func (n name) String() string { return n.parent() + "/" + n.collection + "/" + n.id }

func (n name) parent() string { return "projects/" + n.project + "/locations/" + n.location }

// parseName reads a workload's relative resource name. A project number is
// taken for the project it belongs to, as Google Cloud does.
func (c *Cloud) parseName(s string) (name, bool) { return splitName(c.canonical(s)) }

// nameOf is parseName for those who do not hold the lock, and for one kind.
func (c *Cloud) nameOf(k *kind, s string) (name, error) {
	n, ok := splitName(c.resolve(s))
	if !ok || n.collection != k.collection {
		return name{}, status.Errorf(codes.InvalidArgument, "Invalid %s name %q", k.noun, s)
	}
	return n, nil
}

func splitName(s string) (name, bool) {
	p := strings.Split(s, "/")
	if len(p) != 6 || p[0] != "projects" || p[2] != "locations" {
		return name{}, false
	}
	for _, part := range p {
		if part == "" || part == "-" { // "-" is every one, in lists only
			return name{}, false
		}
	}
	return name{p[1], p[3], p[4], p[5]}, true
}
