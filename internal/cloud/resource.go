package cloud

import (
	"fmt"
	"strings"
)

// Kind says what a resource is, in the words of a policy's `on:` list.
type Kind string

// The kinds rescind knows. The zero Kind belongs to no resource.
const (
	RunService     Kind = "run.service"
	RunJob         Kind = "run.job"
	RunWorkerPool  Kind = "run.workerPool"
	RunInstance    Kind = "run.instance"
	Project        Kind = "project"
	Folder         Kind = "folder"
	Organization   Kind = "organization"
	ServiceAccount Kind = "serviceAccount"
	OrgPolicy      Kind = "orgPolicy"
)

// Kinds lists every kind, in the order of the documentation.
func Kinds() []Kind {
	return []Kind{RunService, RunJob, RunWorkerPool, RunInstance, Project, Folder, Organization, ServiceAccount, OrgPolicy}
}

// Workload reports whether a resource of this kind runs code as a service account.
func (k Kind) Workload() bool { return runCollectionOf[k] != "" }

// Reached reports whether a resource of this kind has an address of its own, and so an
// invoker check and an ingress.
func (k Kind) Reached() bool { return k == RunService || k == RunInstance }

// Container reports whether a resource of this kind holds other resources,
// and so an allow policy that they inherit.
func (k Kind) Container() bool { return k == Project || k == Folder || k == Organization }

// Holds are the kinds of what lies right in a container of this kind, and are looked
// through in this order; none for anything else. Organization policies and service accounts
// are not looked through.
func (k Kind) Holds() []Kind {
	switch k {
	case Project:
		return []Kind{RunService, RunJob, RunWorkerPool, RunInstance}
	case Folder, Organization:
		return []Kind{Project, Folder}
	}
	return nil
}

// Resource is a parsed full resource name. It is comparable, so two names of
// one thing are equal exactly when the thing is the same: scopes and
// exemptions compare Resources, never string prefixes.
type Resource struct {
	Kind Kind
	// Project is the project id ("pay-prod"), or its number where only that
	// is known; empty for folders, organizations and their org policies.
	Project string
	// Location is the Cloud Run region; empty elsewhere.
	Location string
	// Name is the last part: the workload's name, the project id, the folder
	// or organization number, the service account's e-mail, the constraint.
	Name string
	// Parent is set for an OrgPolicy only: "projects/p", "folders/1" or
	// "organizations/2".
	Parent string
}

var runCollections = map[string]Kind{"services": RunService, "jobs": RunJob, "workerPools": RunWorkerPool, "instances": RunInstance}
var runCollectionOf = map[Kind]string{RunService: "services", RunJob: "jobs", RunWorkerPool: "workerPools", RunInstance: "instances"}

// RunResource names a Cloud Run service, job, worker pool or instance.
func RunResource(k Kind, project, location, name string) Resource {
	return Resource{Kind: k, Project: project, Location: location, Name: name}
}

// ProjectResource names a project by its id (or number, where only that is known).
func ProjectResource(id string) Resource { return Resource{Kind: Project, Project: id, Name: id} }

// FolderResource names a folder by its number.
func FolderResource(n string) Resource { return Resource{Kind: Folder, Name: n} }

// OrganizationResource names an organization by its number.
func OrganizationResource(n string) Resource { return Resource{Kind: Organization, Name: n} }

// String is the full resource name, "//service/path"; empty for the zero Resource.
func (r Resource) String() string {
	host := map[Kind]string{
		RunService: "run", RunJob: "run", RunWorkerPool: "run", RunInstance: "run",
		Project: "cloudresourcemanager", Folder: "cloudresourcemanager", Organization: "cloudresourcemanager",
		ServiceAccount: "iam", OrgPolicy: "orgpolicy",
	}[r.Kind]
	if host == "" {
		return ""
	}
	return "//" + host + ".googleapis.com/" + r.Path()
}

// Path is the relative resource name the API takes: "projects/p/locations/l/services/s".
func (r Resource) Path() string {
	switch r.Kind {
	case RunService, RunJob, RunWorkerPool, RunInstance:
		return "projects/" + r.Project + "/locations/" + r.Location + "/" + runCollectionOf[r.Kind] + "/" + r.Name
	case Project:
		return "projects/" + r.Name
	case Folder:
		return "folders/" + r.Name
	case Organization:
		return "organizations/" + r.Name
	case ServiceAccount:
		return "projects/" + r.Project + "/serviceAccounts/" + r.Name
	case OrgPolicy:
		return r.Parent + "/policies/" + r.Name
	}
	return ""
}

// Collection is the plural path segment of a workload ("services"), empty elsewhere.
func (r Resource) Collection() string { return runCollectionOf[r.Kind] }

// MarshalText writes the full resource name.
func (r Resource) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what MarshalText wrote; empty text is the zero Resource.
func (r *Resource) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*r = Resource{}
		return nil
	}
	got, err := ParseResource(string(b))
	if err == nil {
		*r = got
	}
	return err
}

// ParseResource reads a full resource name, with or without the leading "//".
// It is strict: a name it does not know, or with an empty part, is an error
// that says what was read.
func ParseResource(s string) (Resource, error) {
	host, path, ok := strings.Cut(strings.TrimPrefix(s, "//"), "/")
	if !ok {
		return Resource{}, fmt.Errorf("resource name %q: want SERVICE.googleapis.com/PATH", s)
	}
	r, ok := parsePath(strings.TrimSuffix(host, ".googleapis.com"), strings.Split(path, "/"))
	if !ok || !strings.HasSuffix(host, ".googleapis.com") {
		return Resource{}, fmt.Errorf("resource name %q: want run.googleapis.com/projects/P/locations/L/{services,jobs,workerPools,instances}/N, "+
			"cloudresourcemanager.googleapis.com/{projects/P,folders/N,organizations/N}, iam.googleapis.com/projects/P/serviceAccounts/E "+
			"or orgpolicy.googleapis.com/{projects/P,folders/N,organizations/N}/policies/C", s)
	}
	return r, nil
}

func parsePath(service string, p []string) (Resource, bool) {
	for _, part := range p {
		if part == "" {
			return Resource{}, false
		}
	}
	switch {
	case service == "run" && len(p) == 6 && p[0] == "projects" && p[2] == "locations":
		k, ok := runCollections[p[4]]
		return RunResource(k, p[1], p[3], p[5]), ok
	case service == "cloudresourcemanager" && len(p) == 2:
		return ParseContainer(p[0] + "/" + p[1])
	case service == "iam" && len(p) == 4 && p[0] == "projects" && p[2] == "serviceAccounts":
		return Resource{Kind: ServiceAccount, Project: p[1], Name: p[3]}, true
	case service == "orgpolicy" && len(p) == 4 && p[2] == "policies":
		parent, ok := ParseContainer(p[0] + "/" + p[1])
		return Resource{Kind: OrgPolicy, Project: parent.Project, Name: p[3], Parent: parent.Path()}, ok
	}
	return Resource{}, false
}

// Container returns the project, folder or organization that r is or lies in; false
// where none is known.
func (r Resource) Container() (Resource, bool) {
	switch {
	case r.Kind.Container():
		return r, true
	case r.Project != "":
		return ProjectResource(r.Project), true
	}
	return ParseContainer(r.Parent)
}

// ParseContainers reads each name as ParseContainer does, and leaves out what is none.
func ParseContainers(names []string) []Resource {
	var out []Resource
	for _, n := range names {
		if r, ok := ParseContainer(n); ok {
			out = append(out, r)
		}
	}
	return out
}

// ParseContainer reads "projects/P", "folders/N" or "organizations/N", the
// form scopes and ancestors are written in.
func ParseContainer(s string) (Resource, bool) {
	collection, name, ok := strings.Cut(s, "/")
	if !ok || name == "" || strings.Contains(name, "/") {
		return Resource{}, false
	}
	switch collection {
	case "projects":
		return ProjectResource(name), true
	case "folders":
		return FolderResource(name), true
	case "organizations":
		return OrganizationResource(name), true
	}
	return Resource{}, false
}
