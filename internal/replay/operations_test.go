package replay_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// seen is what a person is told of who did what when.
type seen struct{ InsertID, Actor, Time, Verdict string }

func seenIn(r replay.Report) []seen {
	var out []seen
	for _, f := range r.Findings {
		if f.Policy == "no-default-service-account" {
			out = append(out, seen{f.InsertID, f.Actor, f.Time.Format("15:04"), string(f.Verdict)})
		}
	}
	return out
}

// The first half of an operation says who asked for what and when, the last how
// it ended. Together they are one finding, under the first.
// A service is there when its revision does not become ready.
func TestAnOperationThatBreaksOffIsNotSilent(t *testing.T) {
	end := func(code any) object {
		e := done("end", 2, "api", "")
		p := with(e["protoPayload"].(object), object{"status": object{"code": code, "message": "Revision 'api-00001-abc' is not ready."}})
		delete(p, "response")
		return with(e, object{"protoPayload": p})
	}
	for code, want := range map[any]int{13: 1, 9: 1, 14: 1, 7: 0, 3: 0, 6: 0} {
		r := replayedBy(t, replay.Config{}, lines(t, asked("begin", 1, "api", defaultAccount), end(code)))
		if len(r.Findings) != want || r.Summary.Failed != 1 {
			t.Errorf("code %v: %d findings, %d failed calls, want %d", code, len(r.Findings), r.Summary.Failed, want)
			continue
		}
		if want == 1 && (r.Findings[0].Decision == judge.Revert || !strings.Contains(strings.Join(r.Findings[0].Reasons, " "), "whether what was asked for is stored is not in the log")) {
			t.Errorf("code %v: %+v", code, r.Findings[0])
		}
	}
	if r := replayedBy(t, replay.Config{}, lines(t, asked("begin", 1, "api", worker), end(13))); len(r.Findings) > 0 {
		t.Errorf("an account of its own: %+v", r.Findings)
	}
}

func TestTheHalvesOfAnOperationAreOneFinding(t *testing.T) {
	const dev, nobody = "user:dev@example.com", "unknown"
	bad, good := defaultAccount, worker
	anonymous := asked("o", 1, "api", bad)
	anonymous["protoPayload"].(object)["authenticationInfo"] = object{}
	byRobot := done("p", 2, "api", bad)
	byRobot["protoPayload"].(object)["authenticationInfo"] = object{"principalEmail": "robot@x.iam.gserviceaccount.com"}
	short := with(done("s", 4, "api", bad), object{"operation": object{"id": "operations/short", "first": true, "last": true}})
	for _, tt := range []struct {
		name    string
		entries []object
		want    []seen
	}{
		{"both", []object{asked("o", 1, "api", bad), done("p", 2, "api", bad)}, []seen{{"o", dev, "10:01", "violation"}}},
		{"stored as another account than was asked for", []object{asked("o", 1, "api", good), done("p", 2, "api", bad)}, []seen{{"o", dev, "10:01", "violation"}}},
		{"asked for the default one, and stored as a good one", []object{asked("o", 1, "api", bad), done("p", 2, "api", good)}, nil},
		{"stored without saying as what", []object{asked("o", 1, "api", bad), done("p", 2, "api", "")}, []seen{{"o", dev, "10:01", "violation"}}},
		{"the first alone", []object{asked("o", 1, "api", bad)}, []seen{{"o", dev, "10:01", "violation"}}},
		{"the last alone", []object{done("p", 2, "api", bad)}, []seen{{"p", nobody, "10:02", "violation"}}},
		{"failed in the end", []object{asked("o", 1, "api", bad), failed(done("p", 2, "api", bad))}, nil},
		{"failed at once", []object{failed(asked("o", 1, "api", bad)), done("p", 2, "api", bad)}, nil},
		{"failed, read twice", []object{asked("o", 1, "api", bad), failed(done("p", 2, "api", bad)), asked("o", 1, "api", bad)}, nil},
		{"only the last names the caller", []object{anonymous, byRobot}, []seen{{"o", "serviceAccount:robot@x.iam.gserviceaccount.com", "10:01", "violation"}}},
		{"two operations", []object{asked("o", 1, "api", bad), done("q", 3, "web", bad)}, []seen{{"o", dev, "10:01", "violation"}, {"q", nobody, "10:03", "violation"}}},
		{"begun twice: the earlier is who began it", []object{asked("o", 1, "api", good), asked("n", 2, "api", bad)}, nil},
		{"ended twice: the later is how it ended", []object{done("p", 2, "api", bad), done("q", 3, "api", good)}, nil},
		{"a short one, of one entry that is both", []object{short}, []seen{{"s", nobody, "10:04", "violation"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			text := lines(t, tt.entries...)
			if diff := cmp.Diff(tt.want, seenIn(replayed(t, text))); diff != "" {
				t.Errorf("found (-want +got):\n%s", diff)
			}
			var apart []string
			for _, e := range tt.entries {
				apart = append([]string{lines(t, e)}, apart...)
			}
			if diff := cmp.Diff(tt.want, seenIn(replayed(t, apart...))); diff != "" {
				t.Errorf("found, with the halves in files of their own and the last first (-want +got):\n%s", diff)
			}
		})
	}
}

// An operation that ends after the time asked for was begun within it.
func TestAnOperationCountsFromItsBeginning(t *testing.T) {
	text := lines(t, asked("o", 5, "api", defaultAccount), done("p", 9, "api", defaultAccount))
	for _, tt := range []struct{ since, until, found int }{{4, 6, 1}, {5, 6, 1}, {6, 10, 0}, {0, 5, 0}} {
		r := replayedBy(t, replay.Config{Since: minute(tt.since), Until: minute(tt.until)}, text)
		if len(r.Findings) != tt.found || r.Summary.Outside != 1-tt.found {
			t.Errorf("from %d to %d: found %v, %d outside; want %d findings", tt.since, tt.until, told(r), r.Summary.Outside, tt.found)
		}
	}
}

// A half is a record, and the operation a change: both are told.
func TestHalvesAreCountedAsRecordsAndOnce(t *testing.T) {
	first, last := asked("o", 1, "api", worker), done("p", 2, "api", worker)
	s := replayed(t, lines(t, first, last, first), lines(t, last)).Summary
	if s.Records != 4 || s.Changes != 4 || s.Duplicates != 2 || s.Learned.Identities != 1 {
		t.Errorf("%d records, %d changes, %d read before, %d identities; want 4, 4, 2 and 1", s.Records, s.Changes, s.Duplicates, s.Learned.Identities)
	}
}
