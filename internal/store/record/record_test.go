package record_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestAFindingStartsWithItsFormat(t *testing.T) {
	b, _, err := record.Finding(finding.Finding{ID: "f1"})
	if err != nil {
		t.Fatal(err)
	}
	if b[0] != 2 || b[1] != '{' {
		t.Errorf("record starts with %q, want the byte 2 and a JSON object", b[:2])
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"an empty record":                  {"", "decode finding: the record is empty"},
		"a format that never was":          {"\x00{}", "decode finding: the record has format 0, and there is no such format"},
		"a record cut off in the middle":   {"\x01{\"id\":", "decode finding: unexpected EOF"},
		"nothing behind the format":        {"\x02", "decode finding: unexpected EOF"},
		"more behind the record":           {"\x02{\"id\":\"x\"}{}", "decode finding: there is something behind the value"},
		"a resource name that is not one ": {"\x01{\"resource\":\"x\"}", `decode finding: resource name "x": want`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := record.ReadFinding([]byte(tc.in))
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("got error %v, want %s", err, tc.want)
			}
		})
	}
}

// A release refuses what it would leave out, or never do, and says what that is.
func TestWhatALaterReleaseWroteIsRefusedByWhatIsNewInIt(t *testing.T) {
	for in, want := range map[string]string{
		"\x03{}":                                                   "it has format 3, this release reads up to 2",
		"\x02{\"owed_by\":\"x\"}":                                  `it has the field "owed_by"`,
		"\x01{\"plan\":{\"after\":1}}":                             `it has the field "after"`,
		"\x02{\"state\":\"owed\"}":                                 `it has the state "owed"`,
		"\x02{\"outbox\":[\"telex\"]}":                             `it has the effect "telex"`,
		"\x02{\"step_up\":\"passkey\"}":                            `it has the step_up "passkey"`,
		"\x02{\"verdict\":\"moot\"}":                               `it has the verdict "moot"`,
		"\x02{\"decision\":\"wait\"}":                              `it has the decision "wait"`,
		"\x02{\"severity\":\"fatal\"}":                             `it has the severity "fatal"`,
		"\x02{\"enforcement\":\"warn\"}":                           `it has the enforcement "warn"`,
		"\x02{\"change\":{\"verb\":\"patch\"}}":                    `it has the verb "patch"`,
		"\x02{\"change\":{\"half\":\"middle\"}}":                   `it has the half "middle"`,
		"\x02{\"change\":{\"deltas\":[{\"action\":\"REPLACE\"}]}}": `it has the delta "REPLACE"`,
		"\x02{\"answers\":[{\"choice\":\"snooze\",\"principal\":\"\",\"via\":\"\",\"at\":\"2026-11-29T12:00:00Z\",\"revision\":1,\"digest\":\"\"}]}": `it has the answer "snooze"`,
		"\x02{\"done\":[{\"step\":\"delete\",\"resource\":\"\",\"before\":{},\"after\":{}}]}":                                                        `it has the step "delete"`,
	} {
		_, err := record.ReadFinding([]byte(in))
		if !errors.Is(err, fault.ErrLater) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%q: got error %v, want one that a later release wrote it: %s", in, err, want)
		}
	}
	if _, err := record.ReadPause([]byte("\x01{\"scope\":\"projects/p\"}")); !errors.Is(err, fault.ErrLater) {
		t.Errorf("a pause with a scope: got error %v", err)
	}
	if _, err := record.ReadCell([]byte("\x02{}")); !errors.Is(err, fault.ErrLater) {
		t.Errorf("a cell of a later format: got error %v", err)
	}
}

// Otherwise the finding would be stored, and every list that holds it would
// fail from then on.
func TestAFindingThatWouldNotReadBackIsRefused(t *testing.T) {
	for name, f := range map[string]finding.Finding{
		"no id":                         {},
		"a resource without a location": {ID: "f1", Resource: cloud.RunResource(cloud.RunService, "p", "", "s")},
		"a year that JSON cannot hold":  {ID: "f1", CreatedAt: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := record.Finding(f); err == nil {
				t.Error("got no error")
			}
		})
	}
}

// What was stored once is read, and verified, for 400 days. Each file is as a release
// wrote it, and is never written anew: a change after which one does not verify would
// have every rescind that is upgraded say that its trail was tampered with.
func TestWhatEarlierReleasesStoredVerifiesStill(t *testing.T) {
	for name, seals := range map[string]bool{
		"linked": false, // before a hash held what the record says
		"sealed": true,
	} {
		b, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		f, err := record.ReadFinding(append([]byte{1}, b...))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.VerifyTrail(); err != nil || (f.Timeline.Seal() != "") != seals {
			t.Errorf("%s: %v; its last event seals %q", name, err, f.Timeline.Seal())
		}
	}
}

// A cell is given back as it reads, without being read.
func TestACellIsGivenBackAsItReads(t *testing.T) {
	zone := time.FixedZone("elsewhere", 3600)
	for _, c := range []cells.Cell{
		{Name: "a"},
		{Name: "<&> \u2028 ü 💥\x00", Revision: 3, Value: []byte{}},
		{Name: "b", Revision: 1 << 53, Value: []byte("{\"x\": \"<>\"}\xff"), KeepUntil: time.Now()},
		{Name: "c", Value: []byte("null"), KeepUntil: time.Date(2026, 11, 29, 1, 2, 3, 999_999_999, zone)},
	} {
		b, given, err := record.Cell(c)
		if err != nil {
			t.Fatal(err)
		}
		read, err := record.ReadCell(b)
		if err != nil || !reflect.DeepEqual(given, read) {
			t.Errorf("given back %+v, and it reads %+v, %v", given, read, err)
		}
	}
	if _, _, err := record.Cell(cells.Cell{Name: "\xff"}); err == nil {
		t.Error("a name that is no text is stored as another")
	}
}
