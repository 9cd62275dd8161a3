package google

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/iterator"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// inventoryPage is how many names one page of an inventory holds: a scan keeps a
// page for every level of folders.
const inventoryPage = 50

// List implements scan.Inventory. Projects and folders that are being
// deleted are left out. Regions that a list of services names as not reached
// are an error, beside what was found.
func (c *Client) List(ctx context.Context, in cloud.Resource, k cloud.Kind, page string) ([]cloud.Resource, string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch above := in.Kind == cloud.Folder || in.Kind == cloud.Organization; {
	case above && k == cloud.Project:
		found, next, err := c.projectsIn(ctx, in, page)
		return found, next, explain(err, "list projects of", in, "resourcemanager.projects.list")
	case above && k == cloud.Folder:
		found, next, err := c.foldersIn(ctx, in, page)
		return found, next, explain(err, "list folders of", in, "resourcemanager.folders.list")
	case k.Workload() && in.Kind == cloud.Project:
		return c.workloadsIn(ctx, in, k, page)
	}
	return nil, "", fmt.Errorf("list %ss of %s: there is no such list", k, in)
}

func (c *Client) projectsIn(ctx context.Context, in cloud.Resource, page string) (out []cloud.Resource, next string, err error) {
	it := c.projects().ListProjects(ctx, &resourcemanagerpb.ListProjectsRequest{Parent: in.Path(), PageSize: inventoryPage, PageToken: page})
	next, err = onePage(it, func(p *resourcemanagerpb.Project) error {
		if p.GetState() == resourcemanagerpb.Project_ACTIVE {
			out = append(out, cloud.ProjectResource(p.GetProjectId()))
		}
		return nil
	})
	return out, next, err
}

func (c *Client) foldersIn(ctx context.Context, in cloud.Resource, page string) (out []cloud.Resource, next string, err error) {
	it := c.folders().ListFolders(ctx, &resourcemanagerpb.ListFoldersRequest{Parent: in.Path(), PageSize: inventoryPage, PageToken: page})
	next, err = onePage(it, func(f *resourcemanagerpb.Folder) error {
		r, ok := cloud.ParseContainer(f.GetName())
		if ok && f.GetState() == resourcemanagerpb.Folder_ACTIVE {
			out = append(out, r)
		}
		return nil
	})
	return out, next, err
}

// workloadsIn lists all regions at once, or, where that is refused (see users),
// one after the other. The page then begins with the regions that are left:
// "europe-west1,us-east1 TOKEN".
func (c *Client) workloadsIn(ctx context.Context, in cloud.Resource, k cloud.Kind, page string) ([]cloud.Resource, string, error) {
	explained := func(err error) error { return explain(err, "list "+string(k)+"s of", in, permission(k, "list")) }
	regions, token, byRegion := strings.Cut(page, " ")
	if byRegion {
		left := strings.Split(regions, ",")
		found, next, err := c.workloadPage(ctx, in.Path()+"/locations/"+left[0], k, token)
		return found, afterRegion(left, next), explained(err) // the other regions are not lost with it
	}
	found, next, err := c.workloadPage(ctx, in.Path()+"/locations/-", k, page)
	if c.withoutRun(ctx, in, err) {
		return nil, "", nil
	}
	if page != "" || status.Code(err) != codes.InvalidArgument {
		return found, next, explained(err)
	}
	all, err := c.regions(ctx, in.Path())
	if err != nil {
		return nil, "", explain(err, "list regions of", in, "run.locations.list")
	}
	return nil, afterRegion(append([]string{""}, all...), ""), nil
}

// afterRegion is the page after one of the first of the regions.
func afterRegion(left []string, next string) string {
	if next == "" {
		left = left[1:]
	}
	if len(left) == 0 {
		return ""
	}
	names := make([]string, len(left))
	for i, region := range left {
		names[i] = region[strings.LastIndex(region, "/")+1:]
	}
	return strings.Join(names, ",") + " " + next
}

func (c *Client) workloadPage(ctx context.Context, parent string, k cloud.Kind, page string) (out []cloud.Resource, next string, err error) {
	began := c.now()
	take := func(name string, live proto.Message) error {
		r, err := cloud.ParseResource("//run.googleapis.com/" + name)
		if err == nil {
			out = append(out, r)
			c.listed.keep(r.Path(), live, began)
		}
		return err
	}
	switch k {
	case cloud.RunService:
		it := c.services().ListServices(ctx, &runpb.ListServicesRequest{Parent: parent, PageSize: inventoryPage, PageToken: page})
		next, err = onePage(it, func(s *runpb.Service) error { return take(s.GetName(), s) })
		if unreached := unreachable(it.Response); err == nil && len(unreached) > 0 {
			err = notReached(unreached)
		}
	case cloud.RunJob:
		it := c.jobs().ListJobs(ctx, &runpb.ListJobsRequest{Parent: parent, PageSize: inventoryPage, PageToken: page})
		next, err = onePage(it, func(j *runpb.Job) error { return take(j.GetName(), j) })
	case cloud.RunInstance:
		it := c.instances().ListInstances(ctx, &runpb.ListInstancesRequest{Parent: parent, PageSize: inventoryPage, PageToken: page})
		next, err = onePage(it, func(i *runpb.Instance) error { return take(i.GetName(), i) })
		if noInstances(err) {
			return nil, "", nil
		}
	default:
		it := c.pools().ListWorkerPools(ctx, &runpb.ListWorkerPoolsRequest{Parent: parent, PageSize: inventoryPage, PageToken: page})
		next, err = onePage(it, func(p *runpb.WorkerPool) error { return take(p.GetName(), p) })
	}
	return out, next, err
}

// pages is what Google's clients return for a list.
type pages[T any] interface {
	Next() (T, error)
	PageInfo() *iterator.PageInfo
}

// onePage takes what the first answer that holds anything has, and returns where
// the next one begins, empty after the last.
func onePage[T any](it pages[T], take func(T) error) (next string, err error) {
	for {
		item, err := it.Next()
		switch {
		case errors.Is(err, iterator.Done):
			return "", nil
		case err != nil:
			return "", err
		}
		if err := take(item); err != nil {
			return "", err
		}
		if it.PageInfo().Remaining() == 0 {
			return it.PageInfo().Token, nil
		}
	}
}
