package trail_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// sealed is the trail of f, each of its events stored by itself with a seal of its own.
func sealed() (t trail.Timeline) {
	for i, e := range reverted() {
		t = t.With("f", e).Sealed("f", i, strings.Repeat(string(rune('a'+i)), 64), "")
	}
	return t
}

func TestI8AHashHoldsWhatTheRecordSaid(t *testing.T) {
	is := sealed()
	if err := is.Verify("f", state.Reverted); err != nil || is.Seal() != strings.Repeat("d", 64) {
		t.Fatalf("verify: %v; sealed %q", err, is.Seal())
	}
	for at := range is[3].Hash {
		other := slices.Clone(is)
		h := []byte(other[3].Hash)
		h[at] ^= 1
		other[3].Hash = string(h)
		if other.Verify("f", state.Reverted) == nil {
			t.Errorf("verifies with the hash %s", h)
		}
	}
	without := slices.Clone(is)
	without[3].Hash, _, _ = strings.Cut(without[3].Hash, ".")
	if without.Verify("f", state.Reverted) == nil {
		t.Error("verifies without its seal")
	}
}

// Neighbouring releases run side by side: one that seals nothing writes on a trail
// that has seals, and the other way round.
func TestATrailIsWrittenByNeighboursInTurn(t *testing.T) {
	var both trail.Timeline
	for i, e := range reverted() {
		if both = both.With("f", e); i%2 == 1 {
			both = both.Sealed("f", i, strings.Repeat("a", 64), "")
		}
	}
	if err := both.Verify("f", state.Reverted); err != nil {
		t.Error(err)
	}
	if both[:3].Seal() != "" {
		t.Errorf("an event of the older release is said to seal %q", both[:3].Seal())
	}
}

func TestI8ARecordThatWasChangedBesideItsTrailIsToldByTheNextEvent(t *testing.T) {
	is := sealed().With("f", trail.Event{State: state.Reverted, What: "undone"})
	is = is.Sealed("f", 4, strings.Repeat("e", 64), strings.Repeat("f", 64))
	err := is.Verify("f", state.Reverted)
	if err == nil || !strings.Contains(err.Error(), "breaks before event 5: the record had been changed without an event") {
		t.Errorf("verify: %v", err)
	}
	is[4].Hash = strings.TrimSuffix(is[4].Hash, "."+strings.Repeat("f", 64))
	if err := is.Verify("f", state.Reverted); err == nil || !strings.Contains(err.Error(), "breaks at event 5") {
		t.Errorf("with what was found taken out: %v", err)
	}
}

func TestEventsThatWithDidNotAddAreNotSealed(t *testing.T) {
	is := reverted()
	is[3].Hash = strings.Repeat("0", 64)
	if got := is.Sealed("f", 3, strings.Repeat("a", 64), ""); got[3].Hash != is[3].Hash {
		t.Errorf("a made-up hash became %s", got[3].Hash)
	}
}

func TestALineIsNamedByTheLinkOfItsHash(t *testing.T) {
	l := trail.Line{Chain: "finding/f", N: 1, Hash: strings.Repeat("a", 64) + "." + strings.Repeat("b", 64)}
	if got := l.InsertID(); got != strings.Repeat("a", 64) {
		t.Errorf("it is named %s", got)
	}
}
