package sim

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"github.com/rescind-dev/rescind/internal/assets"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestAssetSearchFindsWhatIsInItsScope(t *testing.T) {
	c := NewCloud(Options{})
	c.AddProject("shop", "5", "folders/1", "organizations/7")
	put := func(name, account string) {
		t.Helper()
		if err := c.PutService(&runpb.Service{Name: name, Template: &runpb.RevisionTemplate{ServiceAccount: account}}); err != nil {
			t.Fatal(err)
		}
	}
	put("projects/shop/locations/l/services/a", "x@shop.iam.gserviceaccount.com")
	put("projects/shop/locations/l/services/b", "y@shop.iam.gserviceaccount.com")
	s := &search{c}
	search := func(scope, query string, types ...string) (names []string) {
		t.Helper()
		out, err := s.SearchAssets(t.Context(), assets.Request{Scope: scope, Query: query, Types: types})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range out.Names {
			names = append(names, lastSegment(name))
		}
		return names
	}
	for scope, want := range map[string][]string{"organizations/7": {"b"}, "projects/5": {"b"}, "folders/1": {"b"}} {
		if diff := cmp.Diff(want, search(scope, `"y@shop.iam.gserviceaccount.com"`, "run.googleapis.com/(Service|Job)")); diff != "" {
			t.Errorf("in %s (-want +got):\n%s", scope, diff)
		}
	}
	if got := search("organizations/7", "", "run.googleapis.com/Job"); len(got) != 0 {
		t.Errorf("jobs %v, want none", got)
	}
	c.LagAssets(true)
	put("projects/shop/locations/l/services/c", "y@shop.iam.gserviceaccount.com")
	if got := search("organizations/7", ""); len(got) != 2 {
		t.Errorf("%v while the index lags, want two", got)
	}
	c.LagAssets(false)
	if got := search("organizations/7", ""); len(got) != 3 {
		t.Errorf("%v when it caught up, want three", got)
	}
	_, err := s.SearchAssets(t.Context(), assets.Request{Scope: "organizations/7", Types: []string{"run.googleapis.com/Nothing"}})
	if status.Code(err) != codes.InvalidArgument {
		t.Errorf("error is %v, want that there is no such type", err)
	}
}
