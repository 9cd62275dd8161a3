package record_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestAFindingStartsWithItsFormat(t *testing.T) {
	b, _, err := record.Finding(finding.Finding{ID: "f1"})
	if err != nil {
		t.Fatal(err)
	}
	if b[0] != 1 || b[1] != '{' {
		t.Errorf("record starts with %q, want the byte 1 and a JSON object", b[:2])
	}
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	for name, tc := range map[string]struct{ in, want string }{
		"an empty record":                  {"", "decode finding: the record is empty"},
		"a format of a later rescind":      {"\x02{}", "decode finding: the record has format 2, this rescind reads 1"},
		"a record cut off in the middle":   {"\x01{\"id\":", "decode finding: unexpected end of JSON input"},
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
