package replay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const ranAs = "a@pay-prod.iam.gserviceaccount.com"

func deploy(minute int, id cloud.Identity) cloud.Change {
	return cloud.Change{
		Time: at(minute), Verb: cloud.Replace, Resource: service("api"),
		Workload: &cloud.Workload{Resource: service("api"), Identity: id},
	}
}

func TestRuntimeIdentitiesAreLearnedFromDeploysThatWereMade(t *testing.T) {
	firstHalf := deploy(1, cloud.KnownIdentity(ranAs))
	firstHalf.Half = cloud.FirstHalf
	asked := deploy(1, cloud.Identity{Knowledge: cloud.Unset})
	grant := cloud.Change{Verb: cloud.SetPolicy, Resource: service("api")}
	tests := []struct {
		name    string
		change  cloud.Change
		numbers numbers
		want    []string
	}{
		{"an account that was named", deploy(1, cloud.KnownIdentity(ranAs)), nil, []string{ranAs}},
		{"not one that was only asked for", firstHalf, nil, nil},
		{"the default one, by the project's number", asked, numbers{"12": "pay-prod"}, []string{"12-compute@developer.gserviceaccount.com"}},
		{"not the default one of nobody knows what", asked, nil, nil},
		{"not one that stayed as it was", deploy(1, cloud.Identity{Knowledge: cloud.Unchanged}), nil, nil},
		{"nothing from a grant", grant, nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for email := range learn([]cloud.Change{tt.change}, tt.numbers.with(nil)).identities {
				got = append(got, email)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("identities (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPreviousIsWhatTheWorkloadRanAsBefore(t *testing.T) {
	known, unchanged := cloud.KnownIdentity(ranAs), cloud.Identity{Knowledge: cloud.Unchanged}
	asked := deploy(3, cloud.KnownIdentity("asked@b"))
	asked.Half = cloud.FirstHalf
	gone := cloud.Change{Time: at(5), Verb: cloud.Delete, Resource: service("api")}
	changes := []cloud.Change{
		deploy(1, known), deploy(2, unchanged), asked, deploy(4, cloud.Identity{}), deploy(5, known), gone, deploy(6, known),
	}
	want := []cloud.Identity{{}, known, known, {}, {}, known, {}} // after asked it is unknown, whatever it was
	if diff := cmp.Diff(want, learn(changes, projects{}).previous); diff != "" {
		t.Errorf("previous (-want +got):\n%s", diff)
	}
}

func TestProjectNumbersAreLearnedFromStoredServices(t *testing.T) {
	entry := func(service, id, namespace string) []byte {
		return []byte(`{"resource":{"labels":{"project_id":"` + id + `"}},"protoPayload":{"serviceName":"` + service +
			`","response":{"metadata":{"namespace":"` + namespace + `"}}}}`)
	}
	const run = "run.googleapis.com"
	tests := []struct {
		name    string
		entries [][]byte
		want    string // of the number 12
	}{
		{"its namespace is the number", [][]byte{entry(run, "pay", "12")}, "pay"},
		{"not from another service", [][]byte{entry("container.googleapis.com", "pay", "12")}, "12"},
		{"not from a number twice", [][]byte{entry(run, "12", "12")}, "12"},
		{"not when two projects claim it", [][]byte{entry(run, "pay", "12"), entry(run, "evil", "12"), entry(run, "pay", "12")}, "12"},
		{"not from what is no text", [][]byte{[]byte(`{"resource":7,"protoPayload":{"response":{"metadata":{"namespace":12}}}}`)}, "12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := numbers{}
			for _, e := range tt.entries {
				n.learn(numberOf(e))
			}
			if got := n.with(nil).id("12"); got != tt.want {
				t.Errorf("project 12 is %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProjectsAreRenamedWhereverTheyStand(t *testing.T) {
	n := numbers{"12": "pay"}.with(nil)
	for _, path := range []string{
		"run.googleapis.com/projects/%s/locations/l/jobs/j", "cloudresourcemanager.googleapis.com/projects/%s",
		"iam.googleapis.com/projects/%s/serviceAccounts/a@b", "orgpolicy.googleapis.com/projects/%s/policies/c",
	} {
		got := n.resource(parse(t, path, "12"))
		if want := parse(t, path, "pay"); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	folder := cloud.FolderResource("12")
	if got := n.resource(folder); got != folder {
		t.Errorf("folder 12 became %+v", got)
	}
}

func parse(t *testing.T, format, project string) cloud.Resource {
	t.Helper()
	r, err := cloud.ParseResource(strings.ReplaceAll(format, "%s", project))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
