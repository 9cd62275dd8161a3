package replay_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
)

// by is the entry as one that somebody else made.
func by(who string, e object) object {
	e["protoPayload"].(object)["authenticationInfo"] = object{"principalEmail": who + "@example.com"}
	return e
}

// noEditor takes Editor from the account again.
func noEditor(id string, at int, account string) object {
	e := editor(id, at, account)
	delta := e["protoPayload"].(object)["serviceData"].(object)["policyDelta"].(object)["bindingDeltas"].([]object)
	delta[0]["action"] = "REMOVE"
	return e
}

// A finding says with which change of the history its violation was over: by whom, and how
// long it had stood. What no entry shows is left open.
func TestAFindingSaysWhoEndedItsViolationAndWhen(t *testing.T) {
	shut := private("shut", 0, "api")
	open := func(id string, at int) object { return invokedBy(id, at, "alice", "allUsers") }
	for name, tt := range map[string]struct {
		finding string
		history []object
		want    *replay.Ending
	}{
		"the grant is taken away": {
			"a", []object{shut, open("a", 1), by("bob", private("b", 91, "api"))},
			&replay.Ending{By: "user:bob@example.com", Time: minute(91), After: 90 * 60, InsertID: "b"},
		},
		"another grant is taken away": {
			"a", []object{shut, invokedBy("a", 1, "alice", "allUsers", "user:c@example.com"), open("b", 91)}, nil,
		},
		"one of two grants is taken away, then the other": {
			"a", []object{shut, invokedBy("a", 1, "alice", "allUsers", "allAuthenticatedUsers"), open("b", 2), by("bob", private("c", 3, "api"))},
			&replay.Ending{By: "user:bob@example.com", Time: minute(3), After: 2 * 60, InsertID: "c"},
		},
		"it is put back later": {
			"a", []object{shut, open("a", 1), by("bob", private("b", 2, "api")), open("c", 3)},
			&replay.Ending{By: "user:bob@example.com", Time: minute(2), After: 60, InsertID: "b"},
		},
		"the call that takes it away fails": {
			"a", []object{shut, open("a", 1), failed(private("b", 2, "api"))}, nil,
		},
		"another service is closed":   {"a", []object{shut, open("a", 1), private("b", 2, "web")}, nil},
		"it was closed before":        {"a", []object{shut, open("a", 1)}, nil},
		"the service is deleted":      {"a", []object{shut, open("a", 1), by("bob", removed("b", 2))}, &replay.Ending{By: "user:bob@example.com", Time: minute(2), After: 60, InsertID: "b"}},
		"the check is turned on":      {"a", []object{unchecked("z", 0, "zoe", false), unchecked("a", 1, "alice", true), unchecked("b", 2, "bob", false)}, &replay.Ending{By: "user:bob@example.com", Time: minute(2), After: 60, InsertID: "b"}},
		"the check stays off":         {"a", []object{unchecked("z", 0, "zoe", false), unchecked("a", 1, "alice", true), unchecked("b", 2, "bob", true)}, nil},
		"another account is deployed": {"a", []object{deployed("a", 1, "api", ""), by("bob", deployed("b", 2, "api", worker))}, &replay.Ending{By: "user:bob@example.com", Time: minute(2), After: 60, InsertID: "b"}},
		"another default account is deployed": {
			"a", []object{deployed("a", 1, "api", ""), by("bob", deployed("b", 2, "api", defaultAccount))}, nil,
		},
		"the role is taken from the account": {
			"e", []object{deployed("d", 0, "api", worker), editor("e", 1, worker), by("bob", noEditor("b", 31, worker))},
			&replay.Ending{By: "user:bob@example.com", Time: minute(31), After: 30 * 60, InsertID: "b"},
		},
		"the constraint is enforced again": {
			"w", []object{constrained("s", 0, "projects/pay", object{"enforce": true}), constrained("w", 1, "projects/pay", object{"enforce": false}), by("bob", constrained("b", 2, "projects/pay", object{"enforce": true}))},
			&replay.Ending{By: "user:bob@example.com", Time: minute(2), After: 60, InsertID: "b"},
		},
		"the constraint is written as it is": {
			"w", []object{constrained("s", 0, "projects/pay", object{"enforce": true}), constrained("w", 1, "projects/pay", object{"enforce": false}), constrained("b", 2, "projects/pay", object{"enforce": false})}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := replayed(t, lines(t, tt.history...))
			found := false
			for _, f := range r.Findings {
				if f.InsertID != tt.finding {
					continue
				}
				found = true
				if f.Ended != nil {
					f.Ended.Method = ""
				}
				if diff := cmp.Diff(tt.want, f.Ended); diff != "" {
					t.Errorf("%s (-want +got):\n%s", f.Policy, diff)
				}
			}
			if !found {
				t.Fatalf("no finding of entry %s: %v", tt.finding, told(r))
			}
		})
	}
}

// What a change was made with is a hint that its caller gave; each has one word.
func TestAFindingSaysWhichToolItsUserAgentNames(t *testing.T) {
	for agent, want := range map[string]replay.Tool{
		"google-cloud-sdk gcloud/546.0.0 command/gcloud.run.deploy invocation-id/1f,gzip(gfe)":                 replay.Gcloud,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36,gzip(gfe),gzip(gfe)":               replay.Console,
		"google-api-go-client/0.5 Terraform/1.9.5 (+https://www.terraform.io) terraform-provider-google/6.1.0": replay.Terraform,
		"Pulumi/3.0 (https://www.pulumi.com) terraform-provider-google/6.1.0":                                  replay.Pulumi,
		"gemini-cli/1.2 google-cloud-sdk gcloud/546.0.0":                                                       replay.Agent,
		"google-api-go-client/0.5,gzip(gfe)":                                                                   replay.Library,
		"curl/8.5":                                                                                             replay.OtherTool,
		"":                                                                                                     replay.UnknownTool,
	} {
		e := published("a", 1, "api")
		if agent != "" {
			e["protoPayload"].(object)["requestMetadata"] = object{"callerSuppliedUserAgent": agent}
		}
		if got := replayed(t, lines(t, e)).Findings[0].Tool; got != want {
			t.Errorf("%q is %s, want %s", agent, got, want)
		}
	}
}
