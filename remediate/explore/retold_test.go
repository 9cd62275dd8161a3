package explore_test

import "testing"

// Stories that broke a rule once.
var retold = map[string]string{
	"a group's message whose record could not be written does not leave its findings": "a group; mallory makes api public; event 1 comes; " +
		"mallory makes web public; event 2 comes; ada clicks revert on 1 [without effect fails call 20]",
	"an undo that nobody confirmed does not keep the same change from being asked about": "made by an account; mallory makes api public; event 1 comes; " +
		"ada clicks revert on 1; ada clicks undo on 1; 1h0m0s pass; a sweep; eve makes api public again; event 3 comes",
	"a group's message that was drawn too late is drawn once more": "a group; mallory makes api public; event 1 comes; " +
		"mallory makes web public; event 2 comes; ada clicks revert on 1 [before call 19: 1h0m0s pass + a sweep]",
}

func TestStoriesThatBrokeARuleOnceDoNotAnyMore(t *testing.T) {
	for name, story := range retold {
		t.Run(name, func(t *testing.T) { retell(t, story) })
	}
}
