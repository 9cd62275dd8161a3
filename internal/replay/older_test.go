package replay_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
)

// invokedBy is a write of the service's whole policy that leaves it with these members as
// its invokers.
func invokedBy(id string, at int, who string, members ...string) object {
	e := published(id, at, "api")
	p := e["protoPayload"].(object)
	p["authenticationInfo"] = object{"principalEmail": who + "@example.com"}
	p["response"] = object{"etag": "e", "bindings": []object{{"role": "roles/run.invoker", "members": members}}}
	return e
}

// unchecked is a whole write of the service that has the invoker check off, or on.
func unchecked(id string, at int, who string, off bool) object {
	e := deployed(id, at, "api", worker)
	p := e["protoPayload"].(object)
	p["authenticationInfo"] = object{"principalEmail": who + "@example.com"}
	if off {
		p["response"].(object)["metadata"].(object)["annotations"] = object{"run.googleapis.com/invoker-iam-disabled": "true"}
	}
	return e
}

func removed(id string, at int) object {
	return call(id, at, "run.googleapis.com", "google.cloud.run.v1.Services.DeleteService", "namespaces/pay/services/api", nil)
}

// An entry shows what was there before the call as well: each grant and each setting is
// found once, with the change that made it.
func TestWhatAnEntryShowsIsOfWhoeverMadeIt(t *testing.T) {
	created := deployed("new", 0, "api", "")
	shut := private("shut", 0, "api")
	for name, tt := range map[string]struct {
		history []object
		want    []string // insert ID and decision, but for findings about an account
	}{
		"another member is added": {
			[]object{shut, invokedBy("a", 1, "alice", "allUsers"), invokedBy("b", 2, "bob", "allUsers", "user:carol@example.com")},
			[]string{"a revert"},
		},
		"another member is taken away": {
			[]object{shut, invokedBy("a", 1, "alice", "allUsers", "user:carol@example.com"), invokedBy("b", 2, "bob", "allUsers")},
			[]string{"a revert"},
		},
		"the first entry shows it": {
			[]object{invokedBy("a", 1, "alice", "allUsers"), invokedBy("b", 2, "bob", "allUsers", "user:carol@example.com")},
			[]string{"a ask"},
		},
		"the service is new": {
			[]object{created, invokedBy("a", 1, "alice", "allUsers")},
			[]string{"a revert"},
		},
		"the service was deleted and made again": {
			[]object{shut, invokedBy("a", 1, "alice", "allUsers"), removed("gone", 2), deployed("new", 3, "api", ""), invokedBy("b", 4, "bob", "allUsers")},
			[]string{"a revert", "b revert"},
		},
		"the service was deleted, and nobody saw it made again": {
			[]object{shut, invokedBy("a", 1, "alice", "allUsers"), removed("gone", 2), invokedBy("b", 4, "bob", "allUsers")},
			[]string{"a revert", "b ask"},
		},
		"it was gone in between": {
			[]object{shut, invokedBy("a", 1, "alice", "allUsers"), invokedBy("m", 2, "mallory"), invokedBy("b", 3, "bob", "allUsers")},
			[]string{"a revert", "b revert"},
		},
		"another of the kind is added": {
			[]object{shut, invokedBy("a", 1, "alice", "allUsers"), invokedBy("b", 2, "bob", "allUsers", "allAuthenticatedUsers")},
			[]string{"a revert", "b revert"},
		},
		"it was no violation when it was made": {
			[]object{shut, constrained("c", 0, "projects/pay", off), invokedBy("a", 1, "alice", "allUsers"), constrained("d", 2, "projects/pay", on),
				invokedBy("b", 3, "bob", "allUsers", "user:carol@example.com"), invokedBy("e", 4, "erin", "allUsers")},
			[]string{"b ask"},
		},
		"the same entry twice": {
			[]object{shut, invokedBy("a", 1, "alice", "allUsers"), invokedBy("a", 1, "alice", "allUsers")},
			[]string{"a revert"},
		},
		"the invoker check was off": {
			[]object{unchecked("s", 0, "sue", false), unchecked("a", 1, "alice", true), unchecked("b", 2, "bob", true)},
			[]string{"a revert"},
		},
		"the invoker check is off in the first entry": {
			[]object{unchecked("a", 1, "alice", true), unchecked("b", 2, "bob", true)},
			[]string{"a ask"},
		},
		"the invoker check was on in between": {
			[]object{unchecked("s", 0, "sue", false), unchecked("a", 1, "alice", true), unchecked("m", 2, "mallory", false), unchecked("b", 3, "bob", true)},
			[]string{"a revert", "b revert"},
		},
	} {
		cfg := replay.Config{Policies: reverting(t), Facts: facts(t, enforcedFacts)}
		var got []string
		for _, f := range replayedBy(t, cfg, lines(t, tt.history...)).Findings {
			if f.Policy == "no-public-invoker" {
				got = append(got, fmt.Sprint(f.InsertID, " ", f.Decision))
			}
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// What stays has its finding with the change that made it, also where that is not asked for.
func TestWhatIsOlderThanTheTimeAskedForIsOfNobodyInIt(t *testing.T) {
	cfg := replay.Config{Policies: reverting(t), Facts: facts(t, enforcedFacts), Since: minute(2)}
	r := replayedBy(t, cfg, lines(t, private("shut", 0, "api"), invokedBy("a", 1, "alice", "allUsers"), invokedBy("b", 2, "bob", "allUsers", "user:carol@example.com")))
	if len(r.Findings) != 0 || r.Summary.Outside != 2 {
		t.Errorf("%v, %d outside; want nothing found and two", told(r), r.Summary.Outside)
	}
}

func TestAReasonSaysWhoMadeWhatIsOlder(t *testing.T) {
	cfg := replay.Config{Policies: reverting(t), Facts: facts(t, enforcedFacts)}
	r := replayedBy(t, cfg, lines(t, private("shut", 0, "api"), constrained("c", 0, "projects/pay", off), invokedBy("a", 1, "alice", "allUsers"),
		constrained("d", 2, "projects/pay", on), invokedBy("b", 3, "bob", "allUsers", "user:carol@example.com")))
	const want = "what violates is older: user:bob@example.com left it as it was; user:alice@example.com made it at 2026-11-20T10:01:00Z, when it was no violation"
	for _, f := range r.Findings {
		if f.InsertID == "b" && strings.Contains(strings.Join(f.Reasons, "\n"), want) {
			return
		}
	}
	t.Errorf("no finding of b says %q: %+v", want, r.Findings)
}
