package replay_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
)

// numbered is the entry with another number of the project in its response.
func numbered(e object, number string) object {
	metadata := e["protoPayload"].(object)["response"].(object)["metadata"].(object)
	metadata["namespace"] = number
	return e
}

// An account runs something if any deploy of the history says so, before the
// grant or after it; what did not come about says nothing.
func TestEditorIsFoundOnAccountsThatTheHistoryShowsToRunSomething(t *testing.T) {
	const found, none = "g no-editor-on-runtime-identity violation", ""
	grant := editor("g", 5, worker)
	rehearsal := deployed("d", 1, "api", worker)
	rehearsal["protoPayload"].(object)["request"] = object{"dryRun": "all"}
	gone := call("x", 2, "run.googleapis.com", "google.cloud.run.v1.Services.DeleteService", "namespaces/pay/services/api", nil)
	for _, tt := range []struct {
		name    string
		entries []object
		want    string
	}{
		{"deployed before", []object{deployed("d", 1, "api", worker), grant}, found},
		{"deployed after", []object{grant, deployed("d", 9, "api", worker)}, found},
		{"deleted since", []object{deployed("d", 1, "api", worker), gone, grant}, found},
		{"never deployed", []object{grant}, none},
		{"deployed as another", []object{deployed("d", 1, "api", "x"+worker), grant}, none},
		{"a deploy that failed", []object{failed(deployed("d", 1, "api", worker)), grant}, none},
		{"a deploy that was rehearsed", []object{rehearsal, grant}, none},
		{"a deploy that was only asked for", []object{asked("o", 1, "api", worker), grant}, "g no-editor-on-runtime-identity unknown"},
		{"a deploy whose end is all that is known", []object{done("o", 1, "api", worker), grant}, found},
		{"a deploy that was stored as another", []object{asked("o", 1, "api", worker), done("p", 2, "api", "x"+worker), grant}, none},
		{"a deploy that failed in the end", []object{asked("o", 1, "api", worker), failed(done("p", 2, "api", worker)), grant}, none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := strings.Join(told(replayed(t, lines(t, tt.entries...))), "\n")
			if got != tt.want {
				t.Errorf("found %q, want %q", got, tt.want)
			}
		})
	}
}

// A deploy that names no account runs as the default one of its project, whose
// name is made of the project's number.
func TestTheDefaultAccountIsKnownByTheProjectsNumber(t *testing.T) {
	unnamed := func(number string) object { return numbered(deployed("d"+number, 1, "api", ""), number) }
	elsewhere := with(unnamed("12"), object{"insertId": "e", "resource": object{"labels": object{"project_id": "evil"}}})
	const file = "projects: [{id: pay, number: 12}]"
	for _, tt := range []struct {
		name    string
		facts   string
		entries []object
		known   bool
	}{
		{"the history shows the number", "", []object{unnamed("12")}, true},
		{"another entry shows it, later", "", []object{unnamed("pay"), numbered(deployed("n", 9, "web", worker), "12")}, true},
		{"the file says it", file, []object{unnamed("pay")}, true},
		{"nobody says it", "", []object{unnamed("pay")}, false},
		{"it is another", "", []object{unnamed("13")}, false},
		{"two projects claim it", "", []object{unnamed("12"), elsewhere}, false},
		{"two projects claim it, and the file says whose it is", file, []object{unnamed("12"), elsewhere}, true},
		{"the project has two of them", "", []object{unnamed("12"), unnamed("13")}, false},
		{"the project has two of them, and the file says which", file, []object{unnamed("13"), unnamed("12")}, true},
		{"the project has another by the history than by the file", file, []object{unnamed("13")}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for range 10 { // a map is walked in another order each time
				r := replayedBy(t, replay.Config{Facts: facts(t, tt.facts)}, lines(t, append(tt.entries, editor("g", 5, defaultAccount))...))
				if known := r.Summary.Found.Policies["no-editor-on-runtime-identity"] == 1; known != tt.known {
					t.Fatalf("Editor on it is found: %t, want %t: %v", known, tt.known, told(r))
				}
			}
		})
	}
}

func TestAProjectIsOneUnderItsIDAndItsNumber(t *testing.T) {
	byNumber := published("p", 5, "api")
	byNumber["protoPayload"].(object)["resourceName"] = "projects/12/locations/l/services/api"
	byNumber["resource"] = object{"labels": object{"project_id": "12"}}
	r := replayed(t, lines(t, byNumber), lines(t, deployed("d", 9, "web", worker)))
	if diff := cmp.Diff([]string{"p no-public-invoker violation"}, told(r)); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if len(r.Findings) == 1 && r.Findings[0].Project != "pay" {
		t.Errorf("in project %q", r.Findings[0].Project)
	}
	nameless := with(deployed("d", 9, "web", worker), object{"resource": object{"labels": object{"project_id": "12"}}})
	if n := replayed(t, lines(t, nameless)).Summary.Learned.Projects; n != 0 {
		t.Errorf("%d numbers are learned of an entry that has no id", n)
	}
	if diff := cmp.Diff(replay.Learned{Identities: 1, Projects: 1}, r.Summary.Learned); diff != "" {
		t.Errorf("learned (-want +got):\n%s", diff)
	}
}

// What a plan goes back to is what the history shows the workload to have run
// as before, wherever in the inputs that stands.
func TestThePlanGoesBackToTheAccountFromBefore(t *testing.T) {
	bad := deployed("bad", 5, "api", defaultAccount)
	undated := deployed("d", 0, "api", worker)
	delete(undated, "timestamp")
	for _, tt := range []struct {
		name    string
		entries []object
		want    string
	}{
		{"it ran as one", []object{bad, deployed("d", 1, "api", worker)}, worker},
		{"it ran as one since", []object{bad, deployed("d", 9, "api", worker)}, ""},
		{"another ran as one", []object{bad, deployed("d", 1, "web", worker)}, ""},
		{"it ran as one by an operation", []object{done("p", 2, "api", worker), bad, asked("o", 1, "api", worker)}, worker},
		{"it ran as one, nobody knows when", []object{undated, bad}, ""},
		{"it ran as one, and as nobody knows what since", []object{deployed("e", 1, "api", worker), undated, bad}, ""},
		{"one was only asked for", []object{asked("o", 1, "api", worker), bad}, ""},
		{"a deploy as one failed", []object{failed(deployed("d", 1, "api", worker)), bad}, ""},
		{"the latest is the default one as well", []object{deployed("d", 1, "api", worker), deployed("e", 2, "api", "pay@appspot.gserviceaccount.com"), bad}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, f := range replayed(t, lines(t, tt.entries...)).Findings {
				if f.InsertID != "bad" {
					continue
				}
				if len(f.Plan) != 1 || f.Plan[0].After.ServiceAccount != tt.want {
					t.Errorf("plan %v, want to go back to %q", f.Plan, tt.want)
				}
				return
			}
			t.Error("not found")
		})
	}
}
