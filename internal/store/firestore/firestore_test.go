package firestore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	native "cloud.google.com/go/firestore"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/emulator"
	"github.com/rescind-dev/rescind/internal/store/firestore"
	"github.com/rescind-dev/rescind/internal/store/storetest"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.UTC)

func create(t *testing.T, s *firestore.Store, f finding.Finding) finding.Finding {
	t.Helper()
	f, err := s.Create(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func field(t *testing.T, c *native.Client, path, name string) any {
	t.Helper()
	doc, err := c.Doc(path).Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return doc.Data()[name]
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) remediate.Store {
		s, _ := open(t, newProject())
		return s
	})
}

func TestInstancesThatShareADatabaseLoseNoUpdate(t *testing.T) {
	const writers = 8
	project := newProject()
	first, _ := open(t, project)
	second, _ := open(t, project)
	create(t, first, finding.Finding{ID: "f1"})
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			s := []*firestore.Store{first, second}[i%2]
			if err := attempt(t.Context(), s, "f1"); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err := second.Finding(t.Context(), "f1")
	if err != nil || got.Attempts != writers || got.Revision != writers+1 {
		t.Errorf("%d attempts at revision %d, %v, want %d at %d", got.Attempts, got.Revision, err, writers, writers+1)
	}
}

// attempt counts one attempt more, however often it takes.
func attempt(ctx context.Context, s *firestore.Store, id string) error {
	for {
		f, err := s.Finding(ctx, id)
		if err != nil {
			return err
		}
		f.Attempts++
		if _, err = s.Update(ctx, f); !errors.Is(err, fault.ErrConflict) {
			return err
		}
	}
}

func TestOfRacingSightingsTheLatestIsKept(t *testing.T) {
	const racers = 20
	s, _ := open(t, newProject())
	seen := func(i int) remediate.Sighting {
		return remediate.Sighting{Email: "a@p.iam.gserviceaccount.com", At: noon.Add(time.Duration(i))}
	}
	if err := s.LearnIdentity(t.Context(), seen(-1)); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			if err := s.LearnIdentity(t.Context(), seen(i)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got, err := s.Identity(t.Context(), seen(0).Email); err != nil || got != seen(racers-1) {
		t.Errorf("kept %v, %v, want %v", got, err, seen(racers-1))
	}
}

// loseAnswers lets each commit take effect, and then loses the first answer:
// the library tries again by itself and meets its own write.
func loseAnswers(lost *int) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		err := invoke(ctx, method, req, reply, cc, opts...)
		if err == nil && strings.HasSuffix(method, "/Commit") && *lost == 0 {
			*lost++
			return status.Error(codes.Unavailable, "the answer was lost")
		}
		return err
	}
}

func TestAWriteWhoseAnswerWasLostIsNoLostRace(t *testing.T) {
	var lost int
	s, _ := open(t, newProject(), dialled(t, emulator.Firestore.Use(t), grpc.WithUnaryInterceptor(loseAnswers(&lost))))
	f := create(t, s, finding.Finding{ID: "f1"})
	if f.Revision != 1 || lost != 1 {
		t.Fatalf("created at revision %d, %d answers lost, want 1 and 1", f.Revision, lost)
	}
	lost = 0
	f, err := s.Update(t.Context(), f)
	if err != nil || f.Revision != 2 || lost != 1 {
		t.Fatalf("updated to revision %d, %v, %d answers lost, want 2 and 1", f.Revision, err, lost)
	}
	if got, err := s.Finding(t.Context(), "f1"); err != nil || got.Revision != 2 {
		t.Errorf("stored at revision %d, %v, want 2", got.Revision, err)
	}
	lost = 0
	if err := s.LearnIdentity(t.Context(), remediate.Sighting{Email: "a@b", At: noon}); err != nil || lost != 1 {
		t.Errorf("learn: %v, %d answers lost", err, lost)
	}
	lost = 0
	if p, err := s.SetPause(t.Context(), desk.Pause{On: true}); err != nil || p.Revision != 1 || lost != 1 {
		t.Errorf("pause: revision %d, %v, %d answers lost", p.Revision, err, lost)
	}
	lost = 0
	if err := s.MarkHandled(t.Context(), "c1", noon); err != nil || lost != 1 {
		t.Errorf("mark: %v, %d answers lost", err, lost)
	}
}

func TestAFindingThatFirestoreHasNoRoomForIsRefusedWithItsSize(t *testing.T) {
	s, _ := open(t, newProject())
	f := create(t, s, finding.Finding{ID: "f1", Message: strings.Repeat("x", 1_000_000)})
	f.Message += strings.Repeat("x", 100_000)
	_, err := s.Update(t.Context(), f)
	if err == nil || !strings.HasPrefix(err.Error(), "update finding f1: it takes 1100") ||
		!strings.HasSuffix(err.Error(), "bytes, and Firestore has room for 1032192") {
		t.Errorf("got error %v", err)
	}
	if got, err := s.Finding(t.Context(), "f1"); err != nil || got.Revision != 1 || len(got.Message) != 1_000_000 {
		t.Errorf("stored at revision %d, %v", got.Revision, err)
	}
}

func TestNamesThatFirestoreForbidsCanBeKept(t *testing.T) {
	s, _ := open(t, newProject())
	names := []string{".", "..", "__id__", "a/b", "~", "é", "\xff", "A", "a b", strings.Repeat("x", 2000), strings.Repeat("x", 2001)}
	for _, name := range names {
		if _, err := s.Finding(t.Context(), name); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("find %.20q: got error %v, want not found", name, err)
		}
		f := create(t, s, finding.Finding{ID: name, Policy: name, State: state.Pending, CreatedAt: noon})
		if _, err := s.Finding(t.Context(), name); err != nil {
			t.Errorf("find %.20q: %v", name, err)
		}
		got, err := s.Findings(t.Context(), finding.Query{Policy: f.Policy, States: []state.State{f.State}})
		if err != nil || len(got) != 1 {
			t.Errorf("of policy %.20q: %d findings, %v, want 1", name, len(got), err)
		}
	}
	if _, err := s.Finding(t.Context(), ""); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("find nothing: got error %v, want not found", err)
	}
}

func TestTimesThatNoRecordCanHaveComeBeforeAndAfterAllThatCan(t *testing.T) {
	s, _ := open(t, newProject())
	create(t, s, finding.Finding{ID: "f1", CreatedAt: noon, DueAt: noon})
	for year, before := range map[int]bool{-1: true, 10000: false} {
		at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		since, err := s.Findings(t.Context(), finding.Query{Since: at})
		if err != nil || (len(since) == 1) != before {
			t.Errorf("since %s: %d findings, %v", at, len(since), err)
		}
		due, err := s.Due(t.Context(), at, 0)
		if err != nil || (len(due) == 1) == before {
			t.Errorf("due at %s: %d findings, %v", at, len(due), err)
		}
	}
}

func TestAResourceOfAnotherProjectHasNoFindings(t *testing.T) {
	s, _ := open(t, newProject())
	r := cloud.RunResource(cloud.RunService, "p", "l", "s")
	create(t, s, finding.Finding{ID: "f1", Resource: r})
	for project, want := range map[string]int{"p": 1, "q": 0} {
		got, err := s.Findings(t.Context(), finding.Query{Resource: r, Project: project})
		if err != nil || len(got) != want {
			t.Errorf("of project %s: %d findings, %v, want %d", project, len(got), err, want)
		}
	}
}

func TestWhatEndedCarriesWhenFirestoreMayDeleteIt(t *testing.T) {
	s, c := open(t, newProject())
	expires := func() any { return field(t, c, "findings/f1", "expire_at") }
	f := create(t, s, finding.Finding{ID: "f1", State: state.Pending})
	if got := expires(); got != nil {
		t.Errorf("an open finding expires at %v", got)
	}
	f.State, f.EndedAt = state.Reported, noon
	f, err := s.Update(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	want := noon.AddDate(0, 0, 400).Truncate(time.Microsecond)
	if d := cmp.Diff(want, expires()); d != "" {
		t.Errorf("an ended finding expires (-want +got):\n%s", d)
	}
	f.State = state.Approved // as an operator may have it, after all
	if _, err := s.Update(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if got := expires(); got != nil {
		t.Errorf("a finding that was taken up again expires at %v", got)
	}

	if err := s.MarkHandled(t.Context(), "c1", noon); err != nil {
		t.Fatal(err)
	}
	want = noon.AddDate(0, 0, 35).Truncate(time.Microsecond)
	if d := cmp.Diff(want, field(t, c, "handled/c1", "expire_at")); d != "" {
		t.Errorf("a handled change expires (-want +got):\n%s", d)
	}
}

func TestADocumentWithoutARecordIsAnError(t *testing.T) {
	s, c := open(t, newProject())
	if _, err := c.Doc("findings/f1").Create(t.Context(), map[string]any{"layout": 1}); err != nil {
		t.Fatal(err)
	}
	want := "finding f1: document f1 holds no record"
	if _, err := s.Finding(t.Context(), "f1"); fmt.Sprint(err) != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}
