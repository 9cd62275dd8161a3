package auditlog

import (
	"cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// anyLocation stands in for a region that the entry does not name, as "-" does
// in Google's own names. The change is not lost, and the workload can be found
// by listing; but no write can be addressed to it.
const anyLocation = "-"

// named is what the bodies say of a workload's name: full names, names alone,
// and regions, best first.
type named struct {
	names     []name
	bare      []string
	locations []string
}

// workloadName names the workload of an entry: by resourceName if that is
// whole, else by what the bodies and the labels add. v1 leaves the region to
// the labels, and a v2 create may leave the name to the request.
func (e *envelope) workloadName(k cloud.Kind, n named) (cloud.Resource, bool) {
	names := append([]name{parseName(e.Payload.ResourceName)}, n.names...)
	labels := e.Resource.Labels
	locations := []string{names[0].location, part(labels["location"]), part(labels["region"])}
	for _, l := range e.Payload.ResourceLocation.Current {
		locations = append(locations, part(l))
	}
	var projects, last []string
	for _, nm := range names {
		projects = append(projects, nm.project)
		locations = append(locations, nm.location)
		last = append(last, nm.workload(k))
	}
	locations = append(append(locations, n.locations...), anyLocation)
	last = append(append(last, n.bare...), part(labels[nameLabels[k]]))
	r := cloud.RunResource(k, e.projectOf(projects...), cmp.Or(locations...), cmp.Or(last...))
	return r, r.Project != "" && r.Name != ""
}

// nameLabels are the labels of the monitored resources that Cloud Run logs to.
var nameLabels = map[cloud.Kind]string{
	cloud.RunService: "service_name", cloud.RunJob: "job_name", cloud.RunWorkerPool: "worker_pool_name",
	cloud.RunInstance: "instance_name", // inferred
}
