package trail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/remediate/trail"
)

func TestALineIsReadFromEachFormOfACopy(t *testing.T) {
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	want := []trail.Line{{At: at, Chain: "finding/f", N: 2, Kind: "kept", Who: "user:ada@example.com", What: `kept: "as = agreed"`, Hash: "aa.bb"}}
	const fields = `"chain":"finding/f","n":2,"kind":"kept","who":"user:ada@example.com","what":"kept: \"as = agreed\"","hash":"aa.bb"`
	const text = `time=2026-11-20T03:00:00.000Z level=INFO msg=audit logging.googleapis.com/insertId=aa chain=finding/f n=2 kind=kept ` +
		`who=user:ada@example.com what="kept: \"as = agreed\"" hash=aa.bb`
	for name, copied := range map[string]string{
		"text":            "listening on :8080\n" + text + "\npanic: \"oh\n",
		"JSON":            `{"time":"2026-11-20T03:00:00Z","level":"INFO","msg":"sweep","n":"many"}` + "\n" + `{"time":"2026-11-20T03:00:00Z","msg":"audit",` + fields + "}\n",
		"both":            `{"time":"2026-11-20T03:00:00Z","msg":"audit",` + fields + "}\npanic: oh\n",
		"an array":        `[{"timestamp":"2026-11-20T03:00:00Z","jsonPayload":{"message":"audit",` + fields + `}},{"protoPayload":{"n":7}}]`,
		"entries in turn": "{\n\"timestamp\": \"2026-11-20T03:00:00Z\", \"jsonPayload\": {\"msg\": \"audit\", " + fields + "}}\n{\n}\n",
	} {
		got, err := trail.ReadCopy(strings.NewReader(copied))
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, d)
		}
	}
}

func TestADifferenceFromTheCopyIsNamed(t *testing.T) {
	is := trail.Line{Chain: "ledger/2026-11-20", N: 1, Kind: "paused", Who: "a", Hash: "h"}
	if d := is.Differs(is); d != "" {
		t.Errorf("it differs from itself: %s", d)
	}
	was := is
	was.Who, was.Hash = "b", "i"
	if d := is.Differs(was); d != `its who is "a", and "b" in the copy` || is.Place() != "record 1 of the ledger of 2026-11-20" {
		t.Errorf("%s: %s", is.Place(), d)
	}
}

func FuzzReadCopy(f *testing.F) {
	f.Add("msg=audit n=1 chain=\"a\" kind=b time=2026-11-20T03:00:00Z")
	f.Add(`[{"jsonPayload":{"msg":"audit","chain":"a","n":1,"kind":"k"}}]`)
	f.Fuzz(func(t *testing.T, s string) {
		lines, err := trail.ReadCopy(strings.NewReader(s))
		for _, l := range lines {
			if err == nil && (l.Chain == "" || l.N < 1) {
				t.Errorf("read %+v of %q", l, s)
			}
		}
	})
}
