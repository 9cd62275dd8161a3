package google

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
)

const cart = "projects/shop/locations/us-east1/services/cart"

// searching is a world with a service in another project that runs as stranger,
// which no list of the account's own project or of the change's shows, and what
// the Client logged.
func searching(t *testing.T) (*world, *bytes.Buffer) {
	t.Helper()
	w := newWorld(t, sim.Options{})
	w.AddProject("shop", "5", "folders/4001")
	w.run(t, cart, stranger)
	log := &bytes.Buffer{}
	addr := w.client.connections[0].Target()
	w.client = w.connectWith(t, addr, func(o *Options) {
		o.Endpoints.Asset, o.SearchIn = addr, []cloud.Resource{cloud.OrganizationResource("77")}
		o.Log = slog.New(slog.NewTextHandler(log, nil))
	})
	return w, log
}

// run has a service run as the account.
func (w *world) run(t *testing.T, name, account string) {
	t.Helper()
	must(t, w.PutService(&runpb.Service{Name: name, Template: &runpb.RevisionTemplate{ServiceAccount: account}}))
}

func TestAnAccountThatRunsElsewhereIsFoundByAssetSearch(t *testing.T) {
	w, _ := searching(t)
	got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger))
	if want := "found by Asset search and read: //run.googleapis.com/" + cart; !got.Known || !got.Value || got.Source != want {
		t.Errorf("%+v, want %s", got, want)
	}
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, "idle@pay-prod.iam.gserviceaccount.com")); !got.Known || got.Value {
		t.Errorf("%+v, want no: neither lists nor search know it", got)
	}
}

func TestWhatAssetSearchNamesIsReadBeforeItIsBelieved(t *testing.T) {
	for name, change := range map[string]func(*world){
		"it runs as another by now": func(w *world) { w.run(t, cart, apiAccount) },
		"it is gone":                func(w *world) { w.answer("Services/GetService", notThere) },
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := searching(t)
			w.LagAssets(true)
			change(w)
			if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger)); !got.Known || got.Value {
				t.Errorf("%+v, want no", got)
			}
		})
	}
	w, _ := searching(t)
	w.Fail("GetService", 1, codes.PermissionDenied)
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger)); got.Known || !strings.Contains(got.Why, "run.services.get") {
		t.Errorf("%+v, want unknown: what was found could not be read", got)
	}
}

func notThere(any) (any, error) { return nil, status.Error(codes.NotFound, "not there") }

func TestThatAssetSearchDoesNotNameAWorkloadSaysNothing(t *testing.T) {
	w, _ := searching(t)
	w.LagAssets(true)
	must(t, w.PutJob(&runpb.Job{Name: job.Path(), Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{ServiceAccount: "new@pay-prod.iam.gserviceaccount.com"}}}))
	got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, "new@pay-prod.iam.gserviceaccount.com"))
	if !got.Known || !got.Value || !strings.HasPrefix(got.Source, "listed: ") {
		t.Errorf("%+v, want yes: it is listed, and the index is only behind", got)
	}
}

func TestWithoutAssetSearchTheListsDecideAndTheLogSaysSoOnce(t *testing.T) {
	disabled, err := status.New(codes.PermissionDenied, "Cloud Asset API has not been used in project 5 before or it is disabled.").
		WithDetails(&errdetails.ErrorInfo{Reason: "SERVICE_DISABLED", Domain: "googleapis.com", Metadata: map[string]string{"service": "cloudasset.googleapis.com"}})
	must(t, err)
	for name, set := range map[string]func(*world){
		"the API is disabled":          func(w *world) { w.FailWith("SearchAllResources", 100, disabled.Err()) },
		"the permission is missing":    func(w *world) { w.Fail("SearchAllResources", 100, codes.PermissionDenied) },
		"no endpoint is configured":    func(w *world) { w.client = w.connectWith(t, w.client.connections[0].Target(), w.withoutAsset) },
		"the endpoint has no such API": func(w *world) { w.Fail("SearchAllResources", 100, codes.Unimplemented) },
	} {
		t.Run(name, func(t *testing.T) {
			w, log := searching(t)
			w.log = log
			set(w)
			for _, account := range []string{stranger, "idle@pay-prod.iam.gserviceaccount.com"} {
				if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, account)); !got.Known || got.Value {
					t.Errorf("%+v, want no, by the lists alone", got)
				}
			}
			if n := strings.Count(log.String(), "Asset search is not available"); n != 1 {
				t.Errorf("said %d times, want once:\n%s", n, log.String())
			}
		})
	}
}

// withoutAsset leaves the API out.
func (w *world) withoutAsset(o *Options) {
	o.SearchIn, o.Log = []cloud.Resource{cloud.OrganizationResource("77")}, slog.New(slog.NewTextHandler(w.log, nil))
}

func TestASearchThatFailsOtherwiseLeavesItUnknown(t *testing.T) {
	w, _ := searching(t)
	w.Fail("SearchAllResources", 1, codes.Internal)
	got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger))
	if got.Known || !strings.Contains(got.Why, "search //cloudresourcemanager.googleapis.com/organizations/77") {
		t.Errorf("%+v, want unknown, saying what was searched", got)
	}
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, apiAccount)); !got.Value {
		t.Errorf("%+v, want yes: it is listed", got)
	}
}

func TestASearchThatNamesTooManyIsUnknownUnlessOneOfThemRunsAsIt(t *testing.T) {
	w, _ := searching(t)
	w.LagAssets(true)
	many := func(any) (any, error) {
		out := &assetpb.SearchAllResourcesResponse{}
		for i := range maxHits + 1 {
			out.Results = append(out.Results, &assetpb.ResourceSearchResult{Name: fmt.Sprintf("//run.googleapis.com/projects/shop/locations/l/services/s%d", i)})
		}
		return out, nil
	}
	w.answer("AssetService/SearchAllResources", many)
	got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger))
	if got.Known || !strings.Contains(got.Why, "more than 20 workloads name") {
		t.Errorf("%+v, want unknown", got)
	}
	w.run(t, "projects/shop/locations/l/services/s7", stranger)
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger)); !got.Value {
		t.Errorf("%+v, want yes", got)
	}
}
