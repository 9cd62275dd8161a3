package google

import (
	"fmt"
	"slices"
	"strings"

	"cloud.google.com/go/logging/apiv2/loggingpb"
	"cloud.google.com/go/run/apiv2/runpb"
)

// place is what requests are counted by: a project, folder or organization, and in a
// project a region; reads and writes apart. Requests that name none, such as those
// about predefined roles, share the zero one.
type place struct {
	container, region string
	write             bool
}

// Rates are how many requests a minute one place is sent.
type Rates struct {
	Reads  int // by each process
	Writes int // by all processes with one store
}

// DefaultRates leave a project half of its reads of Cloud Run, and a third of its writes:
// young projects were seen to have 600 and 30 a minute and region.
var DefaultRates = Rates{Reads: 300, Writes: 20}

// MinRates let a revert through each minute.
var MinRates = Rates{Reads: 10, Writes: 1}

// MaxRates are what the IAM API takes of one client.
// https://cloud.google.com/iam/quotas
var MaxRates = Rates{Reads: 6000, Writes: 600}

func (r Rates) of(at place) int {
	if at.write {
		return r.Writes
	}
	return r.Reads
}

// limiting names the rate for a finding: "20 writes a minute in
// projects/p/locations/l".
func (r Rates) limiting(at place) string {
	what := "reads"
	if at.write {
		what = "writes"
	}
	return fmt.Sprintf("%d %s a minute in %s", r.of(at), what, at.where())
}

func (p place) where() string {
	switch {
	case p.container == "":
		return "all that belongs to no project, folder or organization"
	case p.region == "":
		return p.container
	}
	return p.container + "/locations/" + p.region
}

func placeOf(method string, request any) place {
	container, region := locate(nameIn(request))
	verb := method[strings.LastIndex(method, "/")+1:]
	write := slices.ContainsFunc([]string{"Create", "Update", "Delete", "Set"}, func(v string) bool { return strings.HasPrefix(verb, v) })
	return place{container, region, write}
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
	case interface{ GetScope() string }:
		return r.GetScope()
	case interface{ GetResource() string }:
		return r.GetResource()
	case interface{ GetParent() string }:
		return r.GetParent()
	case interface{ GetName() string }:
		return r.GetName()
	}
	return ""
}

// locate reads "projects/P/locations/L/...", "folders/N/..." and "organizations/N/...".
func locate(name string) (container, region string) {
	p := strings.Split(name, "/")
	if len(p) < 2 || !slices.Contains([]string{"projects", "folders", "organizations"}, p[0]) {
		return "", ""
	}
	if len(p) >= 4 && p[0] == "projects" && p[2] == "locations" {
		region = p[3]
	}
	return p[0] + "/" + p[1], region
}
