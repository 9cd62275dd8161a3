package finding

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAJudgementIsDecidedAsItSays(t *testing.T) {
	f := in(state.None)
	f.Decision = judge.Revert
	if got := f.Decided(noon, time.Hour); !got.Automatic || !got.ExpiresAt.IsZero() {
		t.Errorf("reverted unasked: automatic %t, expires at %s", got.Automatic, got.ExpiresAt)
	}
	f.Decision = judge.Ask
	if got := f.Decided(noon, time.Hour); got.Automatic || !got.ExpiresAt.Equal(noon.Add(time.Hour)) || !got.DueAt.Equal(noon.Add(NotifyLease)) {
		t.Errorf("asked: automatic %t, expires at %s, due at %s", got.Automatic, got.ExpiresAt, got.DueAt)
	}
}

func TestWhatWaitsIsLookedAtWhenItSaysOrOnceTheChangeHasHadTimeToShow(t *testing.T) {
	if got := in(state.None).Deferred(noon.Add(time.Hour), noon, "grace"); !got.DueAt.Equal(noon.Add(time.Hour)) || got.Owes(Notify) {
		t.Errorf("due at %s, owes %v", got.DueAt, got.Outbox)
	}
	if got := in(state.None).Deferred(time.Time{}, noon, "half"); !got.DueAt.Equal(noon.Add(showsWithin)) {
		t.Errorf("due at %s", got.DueAt)
	}
}

// seen is a waiting finding that people already know something of.
func seen() Finding {
	f := in(state.Waiting)
	f.Revision, f.Group, f.PagedAt, f.Published = 7, "g", noon.Add(-time.Minute), 1
	f.Surfaces, f.Joined = []Surface{{ID: "1.1"}}, []string{"c2"}
	f.Actors = append(f.Actors, cloud.Actor{Principal: ada})
	f.UndeliveredSince, f.Undelivered, f.FellBack = noon.Add(-time.Minute), true, true
	f.Outbox = []Effect{PageBy("pagerduty")}
	return f
}

func TestALaterLookKeepsWhatPeopleSawAndDidSoFar(t *testing.T) {
	was := seen()
	next := judgedNext(was, judge.Ask, policies.Unknown)
	next.ID = "other"
	is := was.Rejudged(next, state.ByTimer)
	if is.ID != was.ID || is.Revision != 7 || !is.CreatedAt.Equal(was.CreatedAt) || is.Group != "g" || !is.PagedAt.Equal(was.PagedAt) || is.Published != 1 {
		t.Errorf("it is %q at revision %d of %s, in %q", is.ID, is.Revision, is.CreatedAt, is.Group)
	}
	if len(is.Actors) != 2 || len(is.Joined) != 1 || len(is.Surfaces) != 1 || !is.Undelivered || !is.FellBack || is.UndeliveredSince.IsZero() {
		t.Errorf("actors %v, joined %v, shown at %v, undelivered %t", is.Actors, is.Joined, is.Surfaces, is.Undelivered)
	}
	if is.Verdict != policies.Unknown || is.State != state.Pending || !is.Owes(PageBy("pagerduty")) || !is.Owes(Notify) {
		t.Errorf("it is %s by verdict %s, and owes %v", is.State, is.Verdict, is.Outbox)
	}
	if err := is.Extends(was); err != nil {
		t.Error(err)
	}
}

func TestTheSameChangeAgainJoinsUntilThereAreTooMany(t *testing.T) {
	f := in(state.Pending)
	for i := range maxJoined + 20 {
		c := cloud.Change{ID: fmt.Sprint("c", i+2), Method: "SetIamPolicy", Actor: cloud.Actor{Principal: fmt.Sprint("user:", i%3, "@example.com")}}
		f = f.JoinedBy(c, noon.Add(time.Duration(i)*time.Second))
	}
	if len(f.Joined) != maxJoined || f.Joined[0] != "c2" || len(f.Actors) != 4 || len(f.Timeline) != maxJoined+1 {
		t.Errorf("%d joined, %d actors, %d events", len(f.Joined), len(f.Actors), len(f.Timeline))
	}
	if f.State != state.Pending || !f.Owes(Notify) || !strings.Contains(f.Why, "the same change again, by user:") {
		t.Errorf("it is %s (%s), and owes %v", f.State, f.Why, f.Outbox)
	}
	full := f.JoinedBy(cloud.Change{ID: "c999", Actor: cloud.Actor{Principal: ada}}, noon)
	if !madeBy(full, ada) {
		t.Error("whoever made it once more may keep it")
	}
}

func TestANameTakesThePlaceOfNobodyAndIsNewsOnce(t *testing.T) {
	f := in(state.Pending)
	f.Change.Actor.Principal = cloud.UnknownActor
	f.Actors = []cloud.Actor{f.Change.Actor}
	half := cloud.Change{ID: f.Change.ID, Actor: cloud.Actor{Principal: ada}}
	named, news := f.Attributed(half, noon)
	if !news || unknown(named) || !madeBy(named, ada) || named.Change.Actor.Principal != ada || !named.Owes(Notify) {
		t.Errorf("named (%t): actors %v, owes %v", news, named.Actors, named.Outbox)
	}
	if _, news := named.Attributed(half, noon); news {
		t.Error("the same name is news twice")
	}
	if _, news := named.Attributed(cloud.Change{ID: f.Change.ID, Actor: cloud.Actor{Principal: cloud.UnknownActor}}, noon); news {
		t.Error("nobody is news")
	}
	other, news := f.Attributed(cloud.Change{ID: "c2", Actor: cloud.Actor{Principal: ada}}, noon)
	if !news || !unknown(other) || !madeBy(other, ada) {
		t.Errorf("the name of another change (%t) takes the place of whoever made this one: %v", news, other.Actors)
	}
	if len(f.Actors) != 1 || !unknown(f) {
		t.Error("the finding before was changed")
	}
}

func TestTheEndOfWhatNobodyWasToldOfIsToldToNobody(t *testing.T) {
	untold := in(state.Pending)
	untold.Outbox = []Effect{Notify}
	if got := untold.Superseded(state.ByEvent, noon, "fixed"); got.Owes(Notify) || got.State != state.Superseded {
		t.Errorf("it is %s and owes %v", got.State, got.Outbox)
	}
	for name, told := range map[string]func(*Finding){
		"on a card":  func(f *Finding) { f.Surfaces = []Surface{{ID: "1.1"}} },
		"in a group": func(f *Finding) { f.Group = "g" },
	} {
		f := in(state.Pending)
		if told(&f); !slices.Contains(f.Superseded(state.ByEvent, noon, "fixed").Outbox, Notify) {
			t.Errorf("shown %s, its end is not", name)
		}
	}
}
