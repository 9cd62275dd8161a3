package google

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// needs is what each call of Google Cloud takes, as the page of its method says it. An
// update of a workload also takes iam.serviceAccounts.actAs on the account that it runs
// as, and the switch of the invoker check two permissions more.
var needs = map[string][]string{
	"cloud.asset.v1.AssetService/SearchAllResources":         {"cloudasset.assets.searchAllResources"},
	"cloud.functions.v2.FunctionService/GetFunction":         {"cloudfunctions.functions.get"},
	"cloud.location.Locations/ListLocations":                 {"run.locations.list"},
	"cloud.orgpolicy.v2.OrgPolicy/CreatePolicy":              {"orgpolicy.policies.create"},
	"cloud.orgpolicy.v2.OrgPolicy/DeletePolicy":              {"orgpolicy.policies.delete"},
	"cloud.orgpolicy.v2.OrgPolicy/GetCustomConstraint":       {"orgpolicy.customConstraints.get"},
	"cloud.orgpolicy.v2.OrgPolicy/GetEffectivePolicy":        {"orgpolicy.policy.get"},
	"cloud.orgpolicy.v2.OrgPolicy/GetPolicy":                 {"orgpolicy.policy.get"},
	"cloud.resourcemanager.v3.Folders/GetFolder":             {"resourcemanager.folders.get"},
	"cloud.resourcemanager.v3.Folders/GetIamPolicy":          {"resourcemanager.folders.getIamPolicy"},
	"cloud.resourcemanager.v3.Folders/ListFolders":           {"resourcemanager.folders.list"},
	"cloud.resourcemanager.v3.Folders/SetIamPolicy":          {"resourcemanager.folders.setIamPolicy"},
	"cloud.resourcemanager.v3.Organizations/GetIamPolicy":    {"resourcemanager.organizations.getIamPolicy"},
	"cloud.resourcemanager.v3.Organizations/SetIamPolicy":    {"resourcemanager.organizations.setIamPolicy"},
	"cloud.resourcemanager.v3.Organizations/GetOrganization": {"resourcemanager.organizations.get"},
	"cloud.resourcemanager.v3.Projects/GetIamPolicy":         {"resourcemanager.projects.getIamPolicy"},
	"cloud.resourcemanager.v3.Projects/GetProject":           {"resourcemanager.projects.get"},
	"cloud.resourcemanager.v3.Projects/ListProjects":         {"resourcemanager.projects.list"},
	"cloud.resourcemanager.v3.Projects/SetIamPolicy":         {"resourcemanager.projects.setIamPolicy"},
	"cloud.run.v2.Executions/ListExecutions":                 {"run.executions.list"},
	"cloud.run.v2.Instances/GetInstance":                     {"run.instances.get"},
	"cloud.run.v2.Instances/ListInstances":                   {"run.instances.list"},
	"cloud.run.v2.Jobs/GetIamPolicy":                         {"run.jobs.getIamPolicy"},
	"cloud.run.v2.Jobs/GetJob":                               {"run.jobs.get"},
	"cloud.run.v2.Jobs/ListJobs":                             {"run.jobs.list"},
	"cloud.run.v2.Jobs/SetIamPolicy":                         {"run.jobs.setIamPolicy"},
	"cloud.run.v2.Jobs/UpdateJob":                            {"run.jobs.update", "iam.serviceAccounts.actAs"},
	"cloud.run.v2.Revisions/GetRevision":                     {"run.revisions.get"},
	"cloud.run.v2.Revisions/ListRevisions":                   {"run.revisions.list"},
	"cloud.run.v2.Services/GetIamPolicy":                     {"run.services.getIamPolicy"},
	"cloud.run.v2.Services/GetService":                       {"run.services.get"},
	"cloud.run.v2.Services/ListServices":                     {"run.services.list"},
	"cloud.run.v2.Services/SetIamPolicy":                     {"run.services.setIamPolicy"},
	"cloud.run.v2.Services/UpdateService":                    {"run.services.update", "run.services.create", "iam.serviceAccounts.actAs", "artifactregistry.repositories.downloadArtifacts"},
	"cloud.run.v2.WorkerPools/GetIamPolicy":                  {"run.workerpools.getIamPolicy"},
	"cloud.run.v2.WorkerPools/GetWorkerPool":                 {"run.workerpools.get"},
	"cloud.run.v2.WorkerPools/ListWorkerPools":               {"run.workerpools.list"},
	"cloud.run.v2.WorkerPools/SetIamPolicy":                  {"run.workerpools.setIamPolicy"},
	"cloud.run.v2.WorkerPools/UpdateWorkerPool":              {"run.workerpools.update", "iam.serviceAccounts.actAs"},
	"iam.admin.v1.IAM/GetIamPolicy":                          {"iam.serviceAccounts.getIamPolicy"},
	"iam.admin.v1.IAM/GetRole":                               {"iam.roles.get"},
	"iam.admin.v1.IAM/SetIamPolicy":                          {"iam.serviceAccounts.setIamPolicy"},
	"logging.v2.LoggingServiceV2/ListLogEntries":             {"logging.logEntries.list"},
	"longrunning.Operations/GetOperation":                    {"run.operations.get"},
}

// called is every method that any test here had the client call, as the simulated cloud
// was asked for it.
var called sync.Map

// TestMain compares what was called with needs, once every test has run: a call whose
// permission nobody wrote down is refused in production alone.
func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	all := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
	if missing := unlike(all); code == 0 && len(missing) > 0 {
		fmt.Println(strings.Join(missing, "\n"))
		code = 1
	}
	os.Exit(code)
}

// unlike says where what was called and needs differ; what was not called only where
// all tests ran.
func unlike(all bool) (out []string) {
	var asked []string
	called.Range(func(k, _ any) bool {
		method := strings.TrimPrefix(fmt.Sprint(k), "/google.")
		if asked = append(asked, method); needs[method] == nil {
			out = append(out, method+" is called, and needs_test.go does not say what it takes")
		}
		return true
	})
	for _, method := range slices.Sorted(maps.Keys(needs)) {
		if all && !slices.Contains(asked, method) {
			out = append(out, "needs_test.go has "+method+", which no test called")
		}
	}
	return out
}

// infra compares the roles of the Terraform module with the same page.
func TestThePermissionsPageHasWhatCallsTakeAndNothingElse(t *testing.T) {
	raw, err := os.ReadFile("../../docs/permissions.md")
	if err != nil {
		t.Fatal(err)
	}
	page, _, _ := strings.Cut(string(raw), "\n## To tell others\n")
	want := slices.Concat(slices.Collect(maps.Values(needs))...)
	permission := regexp.MustCompile("`([a-z]+\\.[A-Za-z]+\\.[A-Za-z]+)`")
	var have []string
	for _, m := range permission.FindAllStringSubmatch(regexp.MustCompile(`\([^)]*\)`).ReplaceAllString(page, ""), -1) {
		if have = append(have, m[1]); !slices.Contains(want, m[1]) {
			t.Errorf("docs/permissions.md wants %s, which no call takes", m[1])
		}
	}
	for _, p := range want {
		if !slices.Contains(have, p) {
			t.Errorf("a call takes %s, and docs/permissions.md does not say so", p)
		}
	}
}
