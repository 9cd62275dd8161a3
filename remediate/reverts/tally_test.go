package reverts_test

import (
	"testing"

	"github.com/rescind-dev/rescind/remediate/reverts"
)

func TestATallySaysWhatCountsBesideARevertAndInWhichOrder(t *testing.T) {
	t.Parallel()
	g := newRig(t, 9)
	g.allow("z", 1)
	g.allow("a", 4)
	err := g.Change(t.Context(), func(tally *reverts.Tally) []reverts.Entry {
		if ours, others := tally.Beside("z0", reverts.Policy("no-public-invoker")), tally.Beside("z0", reverts.Policy("another")); ours != 4 || others != 0 {
			t.Errorf("%d and %d beside the first, want 4 of its policy and none of another", ours, others)
		}
		if all := tally.All(); len(all) != 5 || all[0].Finding != "z0" || all[4].Finding != "a3" {
			t.Errorf("all are %v, want five, oldest first", all)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
