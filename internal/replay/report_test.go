package replay_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
)

// evil is what somebody may put into whatever part of an entry they choose: it
// clears a screen, begins lines, turns text around, ends a string.
const evil = "x\x1b[2J\r\nE\u009b1m\u202e\u2066\u2028\"}\n2026-11-20T10:00:00Z  high  violation\x00\x7f"

// written is a report in its three forms.
func written(t *testing.T, r replay.Report) (table, objects, summary string) {
	t.Helper()
	var a, b, c strings.Builder
	if err := errors.Join(replay.WriteTable(&a, r), replay.WriteJSONL(&b, r), r.Summary.WriteText(&c)); err != nil {
		t.Fatal(err)
	}
	return a.String(), b.String(), c.String()
}

func TestNothingOfAnEntrySteersATerminalOrBeginsALine(t *testing.T) {
	by := func(e object) object {
		e["protoPayload"].(object)["authenticationInfo"] = object{"principalEmail": evil}
		return e
	}
	unknown := call("u", 1, "run.googleapis.com", "google.cloud.run.v2.Services."+evil, evil, nil)
	nameless := call("n", 1, "run.googleapis.com", "google.cloud.run.v1.Services.SetIamPolicy"+evil, "", nil)
	text := lines(t, by(published("p"+evil, 5, "api")), by(deployed("d"+evil, 5, "api", defaultAccount)), deployed("o", 5, evil, defaultAccount), by(editor("e"+evil, 5, evil+"@x")), unknown, nameless,
		with(published("f", 1, "a"), object{"timestamp": evil})) + evil + "\n"
	r := replayed(t, text)
	r.Summary.Skipped = []string{evil}
	r.Summary.Refused = []replay.Problem{{Input: evil, Reason: evil}}
	for name, text := range steady(t, r) {
		if i := strings.IndexFunc(text, func(c rune) bool {
			return c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == 0x2028)
		}); i >= 0 {
			t.Errorf("the %s lets %q through:\n%q", name, text[i:i+4], text)
		}
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "2026-") && !strings.Contains(line, "no-") {
				t.Errorf("the %s has a line that an entry began: %q", name, line)
			}
		}
	}
	if len(r.Findings) < 2 || r.Summary.Unreadable == 0 {
		t.Fatalf("nothing to write: %+v", r)
	}
}

func steady(t *testing.T, r replay.Report) map[string]string {
	table, objects, summary := written(t, r)
	return map[string]string{"table": table, "jsonl": objects, "summary": summary}
}

// What a program reads is the finding, letter for letter.
func TestEachLineOfTheObjectsReadsBackAsItsFinding(t *testing.T) {
	strange := published("i", 0, "api")
	strange["protoPayload"].(object)["authenticationInfo"] = object{"principalEmail": "<ada&bob>@example.com" + evil}
	r := replayedBy(t, replay.Config{Policies: reverting(t), Facts: facts(t, enforcedFacts)}, lines(t, append(all(), strange)...))
	_, objects, _ := written(t, r)
	var back []replay.Finding
	for line := range strings.Lines(objects) {
		var f replay.Finding
		dec := json.NewDecoder(strings.NewReader(line))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&f); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		back = append(back, f)
	}
	if diff := cmp.Diff(r.Findings, back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if !strings.Contains(objects, `"actor":"<ada&bob>@`) {
		t.Error("what HTML would escape is escaped")
	}
}

// A name stands whole in the table however long it is: it is there to be copied.
func TestTheTableCutsNoName(t *testing.T) {
	long := strings.Repeat("a-very-long-name-", 20) + "z"
	r := replayed(t, lines(t, published("i", 5, long)))
	table, _, _ := written(t, r)
	for _, whole := range []string{r.Findings[0].Resource.String(), "user:dev@example.com", r.Findings[0].Method, "remove roles/run.invoker to allUsers"} {
		if !strings.Contains(table, whole) {
			t.Errorf("the table lacks %q:\n%s", whole, table)
		}
	}
	for line := range strings.Lines(table) {
		if len([]rune(line)) > 110 && !strings.Contains(line, long) {
			t.Errorf("a line of %d characters with nothing in it that must stand whole: %s", len([]rune(line)), line)
		}
	}
}

// That there are no findings says what was read, and where that is nothing, it says that.
func TestNoFindingsSayWhatWasRead(t *testing.T) {
	quiet := published("q", 1, "api")
	quiet["timestamp"], quiet["protoPayload"].(object)["response"] = "2026-11-23T10:00:00Z", object{"etag": "x"}
	later := published("r", 1, "api")
	later["timestamp"], later["protoPayload"].(object)["response"] = "2026-11-20T10:00:00Z", object{"etag": "x"}
	table, objects, _ := written(t, replayed(t, lines(t, quiet, later)+"oops\n"))
	want := "No findings in what was read: 1 input, 3 records, 2 changes, of 2026-11-20T10:00:00Z to 2026-11-23T10:00:00Z, " +
		"and none of 2 days in between (2026-11-21, 2026-11-22); 1 record could NOT be read\n"
	if table != want || objects != "" {
		t.Errorf("%q and %q, want %q", table, objects, want)
	}
	table, objects, _ = written(t, replayed(t, "oops\n"))
	if table != "nothing could be read: 1 input, 1 record, none of them a log entry\n" || objects != `{"problem":"nothing could be read: 1 input, 1 record, none of them a log entry"}`+"\n" {
		t.Errorf("%q and %q", table, objects)
	}
}

// The most reverts in an hour, and the first of such hours, are what guardrails.max_reverts has to allow for.
func TestTheSummaryCountsTheBusiestHour(t *testing.T) {
	var entries []object
	for i, m := range []int{1, 59, 60, 61, 119, 120, 185, 186, 187} { // minutes after ten o'clock
		service := fmt.Sprint("api-", i)
		entries = append(entries, private("was "+service, 0, service), published(string(rune('a'+i)), m, service))
	}
	r := replayedBy(t, replay.Config{Policies: reverting(t), Facts: facts(t, enforcedFacts)}, lines(t, entries...))
	if got := r.Summary.Found; got.PeakReverts != 3 || !got.PeakHour.Equal(minute(60)) || got.Decisions["revert"] != 9 {
		t.Errorf("%d of %d reverts from %s, want 3 of 9 from 11:00", got.PeakReverts, got.Decisions["revert"], got.PeakHour.Format(time.TimeOnly))
	}
}

// A broken file is told by its first broken lines, and by how many they are.
func TestTheSummaryLocatesTheFirstOfTheUnreadableRecords(t *testing.T) {
	r := replayed(t, strings.Repeat("oops\n", 12))
	if s := r.Summary; s.Unreadable != 12 || len(s.Located) != 10 || s.Located[9].Line != 10 {
		t.Errorf("%d unreadable, located %v", s.Unreadable, s.Located)
	}
	if _, _, summary := written(t, r); !strings.Contains(summary, "12 unreadable records:\n  a:1: ") || !strings.Contains(summary, "\n  and 2 more\n") {
		t.Errorf("summary:\n%s", summary)
	}
}

// Of a container's policy the entry shows all that was there before as well, so
// that without what was added nothing is claimed of it.
func TestAPolicyOfAProjectIsJudgedByWhatWasAdded(t *testing.T) {
	without, broken := editor("w", 5, defaultAccount), editor("b", 5, defaultAccount)
	delete(without["protoPayload"].(object), "serviceData")
	broken["protoPayload"].(object)["serviceData"] = object{"policyDelta": object{"bindingDeltas": "many"}}
	r := replayed(t, lines(t, deployed("d", 1, "api", worker), without, broken, editor("e", 5, worker)))
	want := []string{"b no-editor-on-runtime-identity unknown", "e no-editor-on-runtime-identity violation"}
	got := slices.DeleteFunc(told(r), func(s string) bool { return !strings.Contains(s, "no-editor") })
	if diff := cmp.Diff(want, got); diff != "" || r.Summary.WithoutDelta != 1 {
		t.Errorf("%d without a delta, found (-want +got):\n%s", r.Summary.WithoutDelta, diff)
	}
}

// FuzzReplay puts bytes of all kinds behind a history: whatever they are, every
// record is accounted for, what was found before them is still found, and no
// report steers a terminal.
func FuzzReplay(f *testing.F) {
	f.Add([]byte("oops"))
	f.Add([]byte("[" + lines(f, public(2)...)))
	f.Add([]byte(lines(f, all()...)))
	f.Add([]byte(asArray(f, lines(f, all()...))))
	f.Add([]byte(`{"logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","protoPayload":{"serviceName":"run.googleapis.com","methodName":"` + "\u202e" + `"}}`))
	before := lines(f, published("sure", 5, "sure"))
	f.Fuzz(func(t *testing.T, text []byte) {
		r := replayed(t, before+string(text))
		found := false
		for _, finding := range r.Findings {
			found = found || finding.Resource.Name == "sure"
		}
		if !found && r.Summary.Learned.Constraints == 0 {
			t.Errorf("an entry before it is lost: %v", told(r))
		}
		for name, text := range steady(t, r) {
			if bytes.ContainsFunc([]byte(text), func(c rune) bool { return c != '\n' && unicode.IsControl(c) }) {
				t.Errorf("the %s has control characters: %q", name, text)
			}
		}
	})
}
