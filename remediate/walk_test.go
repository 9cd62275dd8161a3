package remediate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/scan"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/grpc/codes"
)

// lookedAt is a PolicyClient that takes down whose policies were read, and calls
// then after each.
type lookedAt struct {
	remediate.PolicyClient
	mu   sync.Mutex
	at   []string
	then func(cloud.Resource)
}

func (l *lookedAt) Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	l.mu.Lock()
	l.at = append(l.at, r.Path())
	l.mu.Unlock()
	p, err := l.PolicyClient.Policy(ctx, r)
	if l.then != nil {
		l.then(r)
	}
	return p, err
}

func (l *lookedAt) taken() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.at
	l.at = nil
	return out
}

// scanning is a rig that scans an organization with three projects each hour.
func scanning(t *testing.T, change ...func(*setup)) (*rig, *lookedAt) {
	t.Helper()
	looks := &lookedAt{}
	g := newRig(t, set{public: policies.Approve}, append([]func(*setup){func(c *setup) {
		looks.PolicyClient, c.IAM = c.IAM, looks
		c.Inventory, c.ScanEvery = c.Facts.(scan.Inventory), time.Hour
	}}, change...)...)
	g.cloud.AddFolder("4002", "folders/4001")
	g.cloud.AddProject("pay-dev", "264172533002", "folders/4002", "folders/4001", "organizations/77")
	g.cloud.AddProject("hooks", "264172533003", "organizations/77")
	g.cloud.AddProject("elsewhere", "264172533004", "organizations/78")
	g.must(g.cloud.PutService(&runpb.Service{Name: hookPath, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
	return g, looks
}

const hookPath = "projects/hooks/locations/us-east1/services/hook"

// wholeScope is all that a round of scanning goes through, in its order.
var wholeScope = []string{
	hookPath, "projects/hooks", apiPath, jobPath, poolPath, "projects/pay-prod",
	"projects/pay-dev", "folders/4002", "folders/4001", "organizations/77",
}

func (g *rig) scanSome() {
	g.t.Helper()
	g.must(g.scanner.Some(g.t.Context()))
}

func wantLooks(t *testing.T, looks *lookedAt, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, looks.taken()); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
}

func TestTheSweepScansAllOfTheScopeOnceAnHour(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	g.scanSome()
	wantLooks(t, looks, wholeScope...)
	g.pass(59 * time.Minute)
	g.scanSome()
	wantLooks(t, looks)
	g.pass(time.Minute)
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	g.scanSome()
	wantLooks(t, looks, wholeScope...)
	open, err := g.Store.Findings(t.Context(), finding.Query{})
	g.must(err)
	if len(open) != 1 {
		t.Fatalf("%d findings, want one", len(open))
	}
	g.want(open[0], state.Pending, "found by a scan")
}

func TestAScanOfTheSweepCanBeTurnedOff(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t, func(c *setup) { c.ScanEvery = 0 })
	g.scanSome()
	wantLooks(t, looks)
}

// Each look takes four seconds: a sweep comes as far as it may, and the next one
// goes on there, also when that is more than an hour after the round began.
func TestASweepScansASliceAndTheNextOneGoesOn(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	slow := func(cloud.Resource) { g.pass(4 * time.Second) }
	looks.then = slow
	for _, slice := range [][]string{wholeScope[:5], wholeScope[5:]} {
		g.scanSome()
		wantLooks(t, looks, slice...)
		g.pass(2 * time.Hour)
	}
	g.scanSome() // the next round
	wantLooks(t, looks, wholeScope[:5]...)
}

func TestTwoThatSweepAtOnceScanEachResourceOnce(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	looks.then = func(r cloud.Resource) {
		if r.Path() != hookPath {
			return
		}
		looks.then = nil
		g.scanSome() // another instance, in the middle of the first one's
	}
	g.scanSome()
	wantLooks(t, looks, wholeScope...)

	g.pass(time.Hour)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if err := g.scanner.Some(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got := looks.taken()
	slices.Sort(got)
	want := slices.Sorted(slices.Values(wholeScope))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
}

// deadCells is a store that takes no cell once the process is dead.
type deadCells struct {
	remediate.Store
	dead *bool
}

func (s deadCells) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if *s.dead {
		return cells.Cell{}, errors.New("dead")
	}
	return s.Store.SetCell(ctx, c)
}

func TestAProcessThatDiesInAScanIsTakenOverAndOneResourceRepeatedAtMost(t *testing.T) {
	t.Parallel()
	dead := false
	g, looks := scanning(t, func(c *setup) { c.Store = deadCells{c.Store, &dead} })
	looks.then = func(r cloud.Resource) { dead = r.Path() == apiPath }
	if err := g.scanner.Some(t.Context()); err == nil {
		t.Error("it did not notice that its store was gone")
	}
	wantLooks(t, looks, wholeScope[:3]...)
	dead, looks.then = false, nil
	g.scanSome() // the dead one may still be at it
	wantLooks(t, looks)
	g.pass(5 * time.Minute)
	g.scanSome()
	wantLooks(t, looks, wholeScope[2:]...)
}

func TestWhoeverLostARoundLeavesIt(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	looks.then = func(r cloud.Resource) {
		if r.Path() == hookPath {
			looks.then = nil
			g.pass(6 * time.Minute) // longer than the lease
			g.scanSome()
		}
	}
	g.scanSome()
	wantLooks(t, looks, append([]string{hookPath}, wholeScope...)...)
}

func TestWhatCannotBeScannedIsSaidOnceARoundAndTheRestIsScanned(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	g, looks := scanning(t, func(c *setup) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	g.cloud.Fail("ListJobs", 1, codes.PermissionDenied)
	g.cloud.Fail("Services.GetIamPolicy", 1, codes.PermissionDenied)
	g.scanSome()
	wantLooks(t, looks, wholeScope...)
	for _, want := range []string{"run.jobs.list", "run.services.getIamPolicy", "failed=2", "scanned=10"} {
		if n := strings.Count(log.String(), want); n != 1 {
			t.Errorf("%q is there %d times in the log, want once:\n%s", want, n, log.String())
		}
	}
}

// round is the stored one of the sweep.
func (g *rig) round() (r scan.Round) {
	g.t.Helper()
	c, err := g.Store.Cell(g.t.Context(), "scan")
	g.must(err)
	g.must(json.Unmarshal(c.Value, &r))
	return r
}

func TestWhatTheScopeExcludesIsNotGoneInto(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t, func(c *setup) {
		c.Scope.Exclude = []cloud.Resource{cloud.FolderResource("4001")}
	})
	g.scanSome()
	wantLooks(t, looks, hookPath, "projects/hooks", "organizations/77")
}

func TestWhatTheScopeNamesTwiceIsScannedOnce(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t, func(c *setup) {
		c.Scope.Include = append(c.Scope.Include, cloud.FolderResource("4002"), cloud.ProjectResource("hooks"))
	})
	g.scanSome()
	got := looks.taken()
	slices.Sort(got)
	if diff := cmp.Diff(slices.Sorted(slices.Values(wholeScope)), got); diff != "" {
		t.Errorf("looked at (-want +got):\n%s", diff)
	}
}

func TestAScanGoesOnAfterAPlaceThatCannotBeRead(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	for _, value := range []string{"{", `{"stack":[{"container":"//cloudresourcemanager.googleapis.com/projects/p","listing":"folder"}]}`} {
		c, err := g.Store.Cell(t.Context(), "scan")
		g.must(err)
		c.Value = []byte(value)
		_, err = g.Store.SetCell(t.Context(), c)
		g.must(err)
		g.scanSome()
		wantLooks(t, looks, wholeScope...)
	}
}

func TestAScanClosesWhatWasFixedWithoutAnEvent(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	f := g.scanOne(apiService)
	g.editPolicy(apiPath, func(p *iampb.Policy) { p.Bindings = nil })
	g.scanNone(apiService)
	g.want(g.stored(f.ID), state.Superseded, "live state no longer shows it")
	if want := []state.State{state.Pending, state.Superseded}; !cmp.Equal(g.told.states, want) {
		t.Errorf("people were told %v, want %v", g.told.states, want)
	}
}
