package google

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"cloud.google.com/go/asset/apiv1/assetpb"
	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// clocked is limits under a clock that only moves when someone waits.
type clocked struct {
	*limits
	now time.Time
}

func newClocked() *clocked {
	c := &clocked{now: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)}
	c.limits = newLimits(DefaultRates, func() time.Time { return c.now }, func(ctx context.Context, d time.Duration) error {
		c.now = c.now.Add(d)
		return ctx.Err()
	})
	return c
}

var here = place{"projects/pay-prod", "europe-west1", true}

// send makes one request, coming again whenever it is told to.
func (c *clocked) send(t *testing.T, at place) time.Time {
	t.Helper()
	for {
		hold, err := c.reserve(at, maxHold)
		var busy *fault.BusyError
		switch {
		case errors.As(err, &busy):
			if busy.After <= maxHold {
				t.Fatalf("sent away for %s, which it should have held the request for", busy.After)
			}
			c.now = c.now.Add(busy.After)
			continue
		case err != nil:
			t.Fatal(err)
		}
		c.now = c.now.Add(hold)
		return c.now
	}
}

func TestNoMinuteHasMoreWritesThanTheLimit(t *testing.T) {
	c := newClocked()
	var sent []time.Time
	for i := range 100 {
		if i%7 == 0 {
			c.now = c.now.Add(1300 * time.Millisecond) // not all at once
		}
		sent = append(sent, c.send(t, here))
	}
	wantSpread(t, sent, DefaultRates.Writes)
	if took := sent[99].Sub(sent[0]); took > 6*time.Minute {
		t.Errorf("100 writes took %s, want about 5 minutes", took)
	}
}

// wantSpread fails where any minute holds more than limit of the times.
func wantSpread(t *testing.T, sent []time.Time, limit int) {
	t.Helper()
	for i := limit; i < len(sent); i++ {
		if d := sent[i].Sub(sent[i-limit]); d < time.Minute {
			t.Fatalf("requests %d to %d came within %s", i-limit, i, d)
		}
	}
}

func TestThoseSentAwayAreToldToComeOneAfterTheOther(t *testing.T) {
	c := newClocked()
	for range DefaultRates.Writes {
		c.send(t, here)
	}
	var told []time.Duration
	for range 3 {
		_, err := c.reserve(here, maxHold)
		var busy *fault.BusyError
		if !errors.As(err, &busy) {
			t.Fatalf("error is %v, want it held back", err)
		}
		told = append(told, busy.After)
	}
	if want := []time.Duration{60 * time.Second, 63 * time.Second, 66 * time.Second}; !slices.Equal(told, want) {
		t.Errorf("told to come again in %v, want %v", told, want)
	}
}

func TestOneRegionDoesNotHoldUpAnotherNorWritesReads(t *testing.T) {
	c := newClocked()
	for range DefaultRates.Writes {
		c.send(t, here)
	}
	began := c.now
	for _, at := range []place{{"projects/pay-prod", "us-east1", true}, {"projects/hooks", "europe-west1", true}, {"projects/pay-prod", "europe-west1", false}} {
		c.send(t, at)
	}
	if c.now != began {
		t.Errorf("held up for %s", c.now.Sub(began))
	}
}

func TestOneContainerDoesNotHoldUpAnother(t *testing.T) {
	c := newClocked()
	folder := place{container: "folders/1"}
	for range DefaultRates.Reads {
		c.send(t, folder)
	}
	began := c.now
	for _, at := range []place{{container: "folders/2"}, {container: "organizations/77"}, {container: "projects/pay-prod"}, {}} {
		c.send(t, at)
	}
	if c.now != began {
		t.Errorf("held up for %s", c.now.Sub(began))
	}
	if c.send(t, folder); c.now.Equal(began) {
		t.Error("the folder itself is read more often than the rate says")
	}
}

func TestRatesAreThoseThatAreConfigured(t *testing.T) {
	shared := memory.New()
	for name, c := range map[string]*clocked{"alone": newClocked(), "with a store": sharing(2, shared)[1]} {
		c.rates = Rates{Reads: 40, Writes: 50}
		for _, at := range []place{here, {container: here.container, region: here.region}} {
			allowed := c.rates.of(at)
			for range allowed {
				if held, err := c.turn(t.Context(), at); held != 0 || err != nil {
					t.Fatalf("%s: held for %s, %v, within %s", name, held, err, c.rates.limiting(at))
				}
			}
			var busy *fault.BusyError
			if _, err := c.turn(t.Context(), at); !errors.As(err, &busy) || !strings.Contains(busy.Where, fmt.Sprint(allowed, " ")) {
				t.Errorf("%s: error is %v, want that %s are all", name, err, c.rates.limiting(at))
			}
		}
		var told []time.Duration
		for range 2 {
			var busy *fault.BusyError
			_, err := c.turn(t.Context(), here)
			errors.As(err, &busy)
			told = append(told, busy.After)
		}
		if gap := told[1] - told[0]; gap > limitWindow/50+time.Second/10 {
			t.Errorf("%s: told to come %s after each other, want about %s", name, gap, limitWindow/50)
		}
	}
}

func TestWhatSharesAQuotaSharesALimit(t *testing.T) {
	in := place{"projects/pay-prod", "europe-west1", true}
	for _, tt := range []struct {
		method  string
		request any
		want    place
	}{
		{"/google.cloud.run.v2.Services/UpdateService", &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: service.Path()}}, in},
		{"/google.cloud.run.v2.Jobs/UpdateJob", &runpb.UpdateJobRequest{Job: &runpb.Job{Name: job.Path()}}, in},
		{"/google.cloud.run.v2.WorkerPools/UpdateWorkerPool", &runpb.UpdateWorkerPoolRequest{WorkerPool: &runpb.WorkerPool{Name: pool.Path()}}, in},
		{"/google.cloud.run.v2.Services/SetIamPolicy", &iampb.SetIamPolicyRequest{Resource: service.Path()}, in},
		{"/google.cloud.run.v2.Services/GetIamPolicy", &iampb.GetIamPolicyRequest{Resource: service.Path()}, place{"projects/pay-prod", "europe-west1", false}},
		{"/google.cloud.run.v2.Revisions/ListRevisions", &runpb.ListRevisionsRequest{Parent: service.Path()}, place{"projects/pay-prod", "europe-west1", false}},
		{"/google.longrunning.Operations/GetOperation", &longrunningpb.GetOperationRequest{Name: "projects/pay-prod/locations/europe-west1/operations/1"}, place{"projects/pay-prod", "europe-west1", false}},
		{"/google.cloud.resourcemanager.v3.Projects/SetIamPolicy", &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod"}, place{"projects/pay-prod", "", true}},
		{"/google.cloud.resourcemanager.v3.Folders/GetFolder", &resourcemanagerpb.GetFolderRequest{Name: "folders/4001"}, place{"folders/4001", "", false}},
		{"/google.cloud.resourcemanager.v3.Projects/ListProjects", &resourcemanagerpb.ListProjectsRequest{Parent: "organizations/77"}, place{"organizations/77", "", false}},
		{"/google.cloud.orgpolicy.v2.OrgPolicy/GetEffectivePolicy", &orgpolicypb.GetEffectivePolicyRequest{Name: "folders/4001/policies/x"}, place{"folders/4001", "", false}},
		{"/google.cloud.asset.v1.AssetService/SearchAllResources", &assetpb.SearchAllResourcesRequest{Scope: "organizations/77"}, place{"organizations/77", "", false}},
		{"/google.iam.admin.v1.IAM/GetRole", &adminpb.GetRoleRequest{Name: "organizations/77/roles/x"}, place{"organizations/77", "", false}},
		{"/google.iam.admin.v1.IAM/GetRole", &adminpb.GetRoleRequest{Name: "roles/x"}, place{}},
		{"/google.cloud.resourcemanager.v3.Folders/SetIamPolicy", &iampb.SetIamPolicyRequest{Resource: "folders/4001"}, place{"folders/4001", "", true}},
	} {
		if got := placeOf(tt.method, tt.request); got != tt.want {
			t.Errorf("%s counts for %+v, want %+v", tt.method, got, tt.want)
		}
	}
}

func TestWhereGoogleIsExhaustedItIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	for name, tt := range map[string]struct {
		details []*errdetails.RetryInfo
		want    time.Duration
	}{
		"as it says":              {[]*errdetails.RetryInfo{{RetryDelay: durationpb.New(40 * time.Second)}}, 40 * time.Second},
		"a while, unless it says": {nil, exhaustedPause},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			s := status.New(codes.ResourceExhausted, "Quota exceeded")
			for _, d := range tt.details {
				var err error
				s, err = s.WithDetails(d)
				must(t, err)
			}
			p, err := w.client.Policy(t.Context(), service)
			must(t, err)
			w.FailWith("Services.SetIamPolicy", 1, s.Err())
			if err := w.client.SetPolicy(t.Context(), service, p); status.Code(err) != codes.ResourceExhausted {
				t.Fatalf("error is %v, want Google's", err)
			}
			err = w.client.SetPolicy(t.Context(), service, p)
			var busy *fault.BusyError
			if !errors.As(err, &busy) || busy.After != tt.want {
				t.Fatalf("error is %v, want one that says to come again in %s", err, tt.want)
			}
			wantError(t, err, fault.ErrUnwritten)
			if n := w.count("Services/SetIamPolicy"); n != 1 {
				t.Errorf("%d requests were sent, want one", n)
			}
			w.now = w.now.Add(tt.want)
			must(t, w.client.SetPolicy(t.Context(), service, p))
		})
	}
}

// Names in logs are strangers': they must not fill the memory.
func TestPlacesThatWereLeftAreForgotten(t *testing.T) {
	c := newClocked()
	for i := range maxPlaces {
		c.send(t, place{container: string(rune('a' + i%26)), region: time.Duration(i).String()})
	}
	c.now = c.now.Add(2 * time.Minute)
	c.send(t, here)
	if n := len(c.places); n != 1 {
		t.Errorf("%d places are remembered, want one", n)
	}
}

func TestAnEndedContextIsNotHeld(t *testing.T) {
	w := newWorld(t, sim.Options{})
	at := placeOf("/google.cloud.run.v2.Services/GetService", &runpb.GetServiceRequest{Name: service.Path()})
	for range DefaultRates.Reads {
		_, err := w.client.limits.reserve(at, maxHold)
		must(t, err)
	}
	w.now = w.now.Add(limitWindow - time.Second)
	ctx, cancel := context.WithCancel(t.Context())
	w.waiting = func(ctx context.Context, _ int) error { cancel(); return ctx.Err() }
	_, err := w.client.Serving(ctx, cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api"))
	if status.Code(err) != codes.Canceled || w.count("Services/GetService") != 0 {
		t.Errorf("error is %v after %d requests, want none sent", err, w.count("Services/GetService"))
	}
}
