package google

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"cloud.google.com/go/run/apiv2/runpb"
)

// place is what a quota is counted by: a project and region, reads and writes
// apart. Requests that name neither share the zero one.
type place struct {
	project, region string
	write           bool
}

func (p place) limit() int {
	if p.write {
		return writesAMinute
	}
	return readsAMinute
}

// String names the place for a finding: "20 writes a minute in
// projects/p/locations/l".
func (p place) String() string {
	what := "reads"
	if p.write {
		what = "writes"
	}
	return fmt.Sprintf("%d %s a minute in %s", p.limit(), what, p.where())
}

func (p place) where() string {
	switch {
	case p.project == "":
		return "all that belongs to no project"
	case p.region == "":
		return "projects/" + p.project
	}
	return "projects/" + p.project + "/locations/" + p.region
}

func placeOf(method string, request any) place {
	project, region := locate(nameIn(request))
	verb := method[strings.LastIndex(method, "/")+1:]
	write := slices.ContainsFunc([]string{"Create", "Update", "Delete", "Set"}, func(v string) bool { return strings.HasPrefix(verb, v) })
	return place{project, region, write}
}

// nameIn is the resource name that a request is about.
func nameIn(request any) string {
	switch r := request.(type) {
	case *runpb.UpdateServiceRequest:
		return r.GetService().GetName()
	case *runpb.UpdateJobRequest:
		return r.GetJob().GetName()
	case *runpb.UpdateWorkerPoolRequest:
		return r.GetWorkerPool().GetName()
	case *loggingpb.ListLogEntriesRequest:
		return r.GetResourceNames()[0]
	case interface{ GetResource() string }:
		return r.GetResource()
	case interface{ GetParent() string }:
		return r.GetParent()
	case interface{ GetName() string }:
		return r.GetName()
	}
	return ""
}

// locate reads "projects/P/locations/L/...", either part of which may be
// missing.
func locate(name string) (project, region string) {
	p := strings.Split(name, "/")
	if len(p) >= 2 && p[0] == "projects" {
		project = p[1]
	}
	if len(p) >= 4 && p[2] == "locations" {
		region = p[3]
	}
	return project, region
}
