package remediate_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/scan"
)

func TestAScanThatWasAskedForWaitsForItsTurn(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	for range 1000 { // what one region may be asked, and more
		if _, err := g.google.Policy(t.Context(), apiService); err != nil {
			break
		}
	}
	began := g.Clock()
	r, err := g.scanner.All(t.Context(), scan.Walk{
		Name: "all", Tops: []cloud.Resource{cloud.ProjectResource("pay-prod")}, Resumed: func(scan.Round) {}, Visit: func(scan.Visit) {},
	})
	g.must(err)
	if g.Clock().Equal(began) || r.Failed != 0 || r.Scanned != 4 {
		t.Errorf("it waited %s and came to %s; want that it waits and scans four", g.Clock().Sub(began), r)
	}
	if got := looks.taken(); !slices.Contains(got, apiPath) {
		t.Errorf("looked at %q, want the service among them", got)
	}
}

func TestASweepDoesNotWaitForItsTurn(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	for range 1000 { // what one region may be asked, and more
		if _, err := g.google.Policy(t.Context(), apiService); err != nil {
			break
		}
	}
	began := g.Clock()
	g.scanSome()
	if waited := g.Clock().Sub(began); waited > 10*time.Second {
		t.Errorf("waited %s", waited)
	}
	wantLooks(t, looks, wholeScope[:3]...)
	g.pass(time.Minute)
	g.scanSome()
	wantLooks(t, looks, wholeScope[2:]...)
}

func TestARequestThatIsGoneStopsAScanWithoutAFailure(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	ctx, cancel := context.WithCancel(t.Context())
	looks.then = func(cloud.Resource) { cancel() }
	if err := g.scanner.Some(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that it was told to stop", err)
	}
	wantLooks(t, looks, wholeScope[0])
	looks.then = nil
	g.scanSome()
	wantLooks(t, looks, wholeScope...)
	if r := g.round(); r.Failed != 0 || r.Ended.IsZero() {
		t.Errorf("round %+v, want one without failures", r)
	}
}

func TestAScanThatWasAskedForGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	tops := []cloud.Resource{cloud.OrganizationResource("77")}
	var resumed []scan.Round
	asked := func(ctx context.Context, fromStart bool) (scan.Round, error) {
		return g.scanner.All(ctx, scan.Walk{
			Name: "all", Tops: tops, FromStart: fromStart,
			Resumed: func(r scan.Round) { resumed = append(resumed, r) }, Visit: func(scan.Visit) {},
		})
	}
	stop := func(at string) {
		ctx, cancel := context.WithCancel(t.Context())
		looks.then = func(r cloud.Resource) {
			if r.Path() == at {
				cancel()
			}
		}
		if _, err := asked(ctx, false); !errors.Is(err, context.Canceled) {
			t.Fatalf("error is %v, want that it was told to stop", err)
		}
		looks.then = nil
		looks.taken()
	}
	stop(apiPath)
	r, err := asked(t.Context(), false)
	g.must(err)
	wantLooks(t, looks, wholeScope[2:]...)
	if len(resumed) != 1 || resumed[0].Scanned != 2 || r.Scanned != 10 {
		t.Errorf("went on from %+v, and came to %s", resumed, r)
	}
	_, err = asked(t.Context(), false) // the last one ended
	g.must(err)
	wantLooks(t, looks, wholeScope...)

	stop(apiPath)
	_, err = asked(t.Context(), true)
	g.must(err)
	wantLooks(t, looks, wholeScope...)

	stop(apiPath)
	g.pass(time.Hour)
	_, err = asked(t.Context(), false)
	g.must(err)
	wantLooks(t, looks, wholeScope...)
}

func TestOfTwoThatWereAskedForTheLaterGoesOn(t *testing.T) {
	t.Parallel()
	g, looks := scanning(t)
	all := scan.Walk{Name: "all", Tops: []cloud.Resource{cloud.OrganizationResource("77")},
		Resumed: func(scan.Round) {}, Visit: func(scan.Visit) {}}
	looks.then = func(r cloud.Resource) {
		looks.then = nil
		_, err := g.scanner.All(t.Context(), all)
		g.must(err)
	}
	if _, err := g.scanner.All(t.Context(), all); !errors.Is(err, scan.ErrTakenOver) {
		t.Errorf("error is %v, want that it was taken over", err)
	}
	wantLooks(t, looks, append([]string{hookPath}, wholeScope...)...)
}
