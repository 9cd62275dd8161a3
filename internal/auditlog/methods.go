package auditlog

import (
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Which methods are changes, by the last word of their name, whatever the
// version. SetIamPolicy is one in each service that has a policy.

// method is a method of Cloud Run, taken apart.
type method struct {
	verb cloud.Verb
	kind cloud.Kind // empty for SetIamPolicy: the resource's name says
	// internal is true for the methods through which Cloud Functions writes
	// the service below a function. Their entries have no bodies.
	internal bool
}

var runVerbs = []struct {
	prefix string
	verb   cloud.Verb
}{{"Create", cloud.Create}, {"Replace", cloud.Replace}, {"Update", cloud.Update}, {"Delete", cloud.Delete}}

var runNouns = map[string]cloud.Kind{
	"service": cloud.RunService, "internalservice": cloud.RunService,
	"job": cloud.RunJob, "workerpool": cloud.RunWorkerPool, "instance": cloud.RunInstance,
}

// harmless are the methods of Cloud Run that change nothing a policy could be
// about: who may call a workload, and what it runs as, stay as they were. One
// that is neither here nor made of a verb and a noun is unknown.
var harmless = map[string]bool{
	"RunJob": true, "CancelExecution": true, "DeleteExecution": true, "DeleteTask": true, "DeleteRevision": true,
	"DeleteOperation": true, "WaitOperation": true, "CancelOperation": true, "SubmitBuild": true,
	"StartInstance": true, "StopInstance": true,
	"TestIamPermissions": true, "ExportImage": true, "ExportStatus": true, "ExportMetadata": true,
	"CreateDomainMapping": true, "ReplaceDomainMapping": true, "DeleteDomainMapping": true,
}

// functionVerbs are the methods of FunctionService that write the service below
// a function. Functions of the first generation own none.
var functionVerbs = map[string]cloud.Verb{
	"CreateFunction": cloud.Create, "UpdateFunction": cloud.Update, "DeleteFunction": cloud.Delete,
}

// The writes of an organization policy: Resource Manager's, which are the first
// version, and those of the service of its own.
var (
	orgPolicyV1Writes = []string{"SetOrgPolicy", "ClearOrgPolicy"}
	orgPolicyV2Writes = []string{"CreatePolicy", "UpdatePolicy", "DeletePolicy"}
)

// keyWrites make a key of a service account: Google's, or one whose public half the caller
// brings. CreateServiceAccountKey was seen in real entries; that the other looks alike is
// inferred.
var keyWrites = map[string]bool{"CreateServiceAccountKey": true, "UploadServiceAccountKey": true}

// customWrites define what a custom constraint means, and what becomes of it. No entry of
// them was seen: the names are those of the API.
var customWrites = map[string]cloud.PolicyForm{
	"CreateCustomConstraint": cloud.PolicyRedefined, "UpdateCustomConstraint": cloud.PolicyRedefined, "DeleteCustomConstraint": cloud.PolicyUndefined,
}

// tagWrites bind a tag or take it off. No entry of them was seen: the names are those of
// the API.
var tagWrites = []string{"CreateTagBinding", "DeleteTagBinding"}

// moves give a project or folder another parent, or may do so: the first version of
// Resource Manager has no other method for a project.
var moves = []string{"MoveProject", "MoveFolder", "UpdateProject"}

const setIamPolicy = "SetIamPolicy"

// setsIamPolicy compares without case: the IAM service writes SetIAMPolicy.
func setsIamPolicy(last string) bool { return strings.EqualFold(last, setIamPolicy) }

// parseMethod reads "google.cloud.run.v2.Services.UpdateService" by its last
// word, whatever the version: Google's own list of methods has no worker pool.
func parseMethod(last string) (method, bool) {
	if setsIamPolicy(last) {
		return method{verb: cloud.SetPolicy}, true
	}
	for _, v := range runVerbs {
		noun, ok := strings.CutPrefix(last, v.prefix)
		noun = strings.ToLower(noun)
		if kind := runNouns[noun]; ok && kind != "" {
			return method{v.verb, kind, noun == "internalservice"}, true
		}
	}
	return method{}, false
}

func isHarmless(last string) bool {
	return harmless[last] || strings.HasPrefix(last, "Get") || strings.HasPrefix(last, "List")
}

// methodWords splits a method at what separates its words: dots in most, a
// slash in gRPC's and system_event's, a dash in some of Resource Manager's.
func methodWords(method string) []string {
	return strings.FieldsFunc(method, func(r rune) bool { return r == '.' || r == '/' || r == '-' })
}

// lastWords returns the method's last word and the one before it.
func lastWords(method string) (group, last string) {
	w := methodWords(method)
	if len(w) > 0 {
		last = w[len(w)-1]
	}
	if len(w) > 1 {
		group = w[len(w)-2]
	}
	return group, last
}
