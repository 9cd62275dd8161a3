package finding

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// by is a finding of changes by these actors, and those they acted through.
func by(actors ...cloud.Actor) (f Finding) {
	for _, a := range actors {
		f = f.withActor(a)
	}
	return f
}

func TestWhoeverActedThroughSomebodyMadeTheChangeToo(t *testing.T) {
	f := by(cloud.Actor{Principal: "serviceAccount:ci@p.iam.gserviceaccount.com", Delegation: []string{"user:Ada@example.com"}})
	if !madeBy(f, ada) || madeBy(f, "user:bob@example.com") || unknown(f) {
		t.Errorf("made by ada %t, by bob %t, by an unknown %t", madeBy(f, ada), madeBy(f, "user:bob@example.com"), unknown(f))
	}
}

func TestAnActorIsThereOnceAndTooManyAreNobodyKnown(t *testing.T) {
	f := by(cloud.Actor{Principal: ada}, cloud.Actor{Principal: ada})
	if len(f.Actors) != 1 || unknown(f) {
		t.Errorf("actors are %v", f.Actors)
	}
	for i := range 2 * maxActors {
		f = f.withActor(cloud.Actor{Principal: fmt.Sprint("user:", i, "@example.com")})
	}
	if len(f.Actors) != maxActors+1 || !unknown(f) || !madeBy(f, ada) {
		t.Errorf("%d actors, an unknown one among them: %t", len(f.Actors), unknown(f))
	}
	long := by(cloud.Actor{Principal: "user:" + strings.Repeat("a", maxActor)})
	if len(long.Actors) != 1 || !unknown(long) {
		t.Errorf("a name without end is kept as %.50q", long.Actors[0].Principal)
	}
}

func TestAListIsAskedForByAnActorWithOrWithoutTheKind(t *testing.T) {
	f := by(cloud.Actor{Principal: "user:Ada@example.com"})
	for actor, want := range map[string]bool{"": true, ada: true, "ada@example.com": true, "bob@example.com": false, "ada": false, "user:Ada+x@example.com": true, "ada+2@example.com": true} {
		if got := f.ActedIn(actor); got != want {
			t.Errorf("%q acted: %t", actor, got)
		}
	}
}
