package auditlog

import (
	"maps"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Sources are the names of services one of which is the serviceName of each entry that
// matters to policies on these kinds of resources: as a change of such a resource, as half
// of one, or for what a history shows beside. known is false where that cannot be told of
// a kind, and then any entry may matter.
//
// Facts come from all services that are read, whatever the policies are on: runtime
// identities and project numbers from deploys, constraints and moves of projects from
// Resource Manager and the Organization Policy service, what a role allows from IAM, and
// a method of Cloud Run that nobody knows is reported in any case. So the kinds decide
// whether there are such names, and not which.
func Sources(kinds []cloud.Kind) (services []string, known bool) {
	for _, k := range kinds {
		if len(sources[k]) == 0 {
			return nil, false
		}
	}
	return slices.Sorted(maps.Keys(readers)), true
}

// sources are the services that change a kind of resource. What a custom role allows is
// changed in IAM, and with it what is granted on its project or organization.
var sources = map[cloud.Kind][]string{
	cloud.RunService:     {runService, functionsService},
	cloud.RunJob:         {runService},
	cloud.RunWorkerPool:  {runService},
	cloud.RunInstance:    {runService},
	cloud.Project:        {resourceManager, iamService},
	cloud.Folder:         {resourceManager},
	cloud.Organization:   {resourceManager, iamService},
	cloud.ServiceAccount: {iamService},
	cloud.OrgPolicy:      {orgPolicyService, resourceManager},
}

// Filter is the filter of Cloud Logging that selects what rescind reads: the activity log
// of the services that matter. Sinks, exports and replay have the same.
func Filter() string {
	var names []string
	for _, s := range slices.Sorted(maps.Keys(readers)) {
		names = append(names, `"`+s+`"`)
	}
	return `log_id("cloudaudit.googleapis.com/activity") AND protoPayload.serviceName=(` + strings.Join(names, " OR ") + ")"
}
