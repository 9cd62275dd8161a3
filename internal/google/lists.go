package google

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"
	"golang.org/x/sync/errgroup"
	"google.golang.org/genproto/googleapis/cloud/location"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const (
	// listTimeout bounds one list to its last page; Cloud Run allows 1000
	// services a region.
	listTimeout = 30 * time.Second
	// regionsAtOnce bounds how many regions are listed side by side.
	regionsAtOnce = 16
)

// user is a workload, by its path, the account its template names, and the revisions
// that it gives requests or instances to by name.
type user struct {
	workload, account string
	pinned            []string
}

// users lists the workloads of one kind in a project, in all regions. What was
// found is returned with any error.
//
// The region "-" asks for all at once. The reference of v2 rules it out for
// services and worker pools, while a list of services can name regions it did
// not reach, which only makes sense for "-" (lists of jobs and worker pools
// have no such field). So it is tried, and a refusal leads to a list of every
// region.
func (c *Client) users(ctx context.Context, project string, k cloud.Kind) ([]user, error) {
	at := cloud.ProjectResource(project)
	found, err := c.usersIn(ctx, at.Path()+"/locations/-", k)
	if c.withoutRun(ctx, at, err) {
		return nil, nil
	}
	if status.Code(err) == codes.InvalidArgument {
		var regions []string
		if regions, err = c.regions(ctx, at.Path()); err != nil {
			return nil, explain(err, "list regions of", at, "run.locations.list")
		}
		found, err = c.usersOf(ctx, regions, k)
	}
	return found, explain(err, "list "+string(k)+"s of", at, permission(k, "list"))
}

// usersOf lists region by region.
func (c *Client) usersOf(ctx context.Context, regions []string, k cloud.Kind) ([]user, error) {
	var mu sync.Mutex
	var found []user
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(regionsAtOnce)
	for _, region := range regions {
		g.Go(func() error {
			users, err := c.usersIn(ctx, region, k)
			mu.Lock()
			defer mu.Unlock()
			found = append(found, users...)
			return err
		})
	}
	err := g.Wait()
	return found, err
}

func (c *Client) usersIn(ctx context.Context, parent string, k cloud.Kind) ([]user, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	switch k {
	case cloud.RunService:
		return c.serviceUsers(ctx, parent)
	case cloud.RunJob:
		return c.jobUsers(ctx, parent)
	case cloud.RunInstance:
		return c.instanceUsers(ctx, parent)
	}
	return c.workerPoolUsers(ctx, parent)
}

func (c *Client) serviceUsers(ctx context.Context, parent string) ([]user, error) {
	var found []user
	var unreached []string
	list := c.services().ListServices(ctx, &runpb.ListServicesRequest{Parent: parent})
	for s, err := range list.All() {
		if err != nil {
			return found, err
		}
		found = append(found, user{s.GetName(), s.GetTemplate().GetServiceAccount(), pinned(trafficOf(s))})
		unreached = append(unreached, unreachable(list.Response)...)
	}
	if unreached = distinct(append(unreached, unreachable(list.Response)...)); len(unreached) > 0 {
		return found, notReached(unreached)
	}
	return found, nil
}

func notReached(regions []string) error {
	return fmt.Errorf("regions not reached: %s", strings.Join(regions, ", "))
}

func unreachable(page any) []string {
	p, _ := page.(*runpb.ListServicesResponse)
	return p.GetUnreachable()
}

func (c *Client) jobUsers(ctx context.Context, parent string) ([]user, error) {
	var found []user
	for j, err := range c.jobs().ListJobs(ctx, &runpb.ListJobsRequest{Parent: parent}).All() {
		if err != nil {
			return found, err
		}
		found = append(found, user{j.GetName(), j.GetTemplate().GetTemplate().GetServiceAccount(), nil})
	}
	return found, nil
}

func (c *Client) workerPoolUsers(ctx context.Context, parent string) ([]user, error) {
	var found []user
	for p, err := range c.pools().ListWorkerPools(ctx, &runpb.ListWorkerPoolsRequest{Parent: parent}).All() {
		if err != nil {
			return found, err
		}
		found = append(found, user{p.GetName(), p.GetTemplate().GetServiceAccount(), pinned(splitsOf(p))})
	}
	return found, nil
}

// regions returns the paths of the regions that the project can use. The
// service is the one behind v1's projects.locations.list; v2 has no client for it.
func (c *Client) regions(ctx context.Context, project string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var out []string
	request := &location.ListLocationsRequest{Name: project}
	for {
		page, err := c.locations.ListLocations(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, l := range page.GetLocations() {
			out = append(out, project+"/locations/"+l.GetLocationId())
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return out, nil
		}
	}
}

// noInstances reports whether instances are not there for rescind: a preview, which not
// every API has, and whose permissions older installations do not hold. An account that
// only an instance runs as is then told by its deploys.
func noInstances(err error) bool {
	return status.Code(err) == codes.Unimplemented || status.Code(err) == codes.PermissionDenied
}

// instanceUsers lists instances, none where there are none for rescind.
func (c *Client) instanceUsers(ctx context.Context, parent string) ([]user, error) {
	var found []user
	for i, err := range c.instances().ListInstances(ctx, &runpb.ListInstancesRequest{Parent: parent}).All() {
		switch {
		case noInstances(err):
			return nil, nil
		case err != nil:
			return found, err
		}
		found = append(found, user{i.GetName(), i.GetServiceAccount(), nil})
	}
	return found, nil
}
