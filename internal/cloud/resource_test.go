package cloud

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestParseResourceReadsWhatStringWrites(t *testing.T) {
	for _, name := range []string{
		"//run.googleapis.com/projects/p/locations/europe-west1/services/api",
		"//run.googleapis.com/projects/p/locations/europe-west1/jobs/nightly",
		"//run.googleapis.com/projects/p/locations/europe-west1/workerPools/queue",
		"//cloudresourcemanager.googleapis.com/projects/pay-prod",
		"//cloudresourcemanager.googleapis.com/folders/4001",
		"//cloudresourcemanager.googleapis.com/organizations/77",
		"//iam.googleapis.com/projects/p/serviceAccounts/api@p.iam.gserviceaccount.com",
		"//orgpolicy.googleapis.com/folders/4001/policies/run.managed.requireInvokerIam",
		"//orgpolicy.googleapis.com/projects/p/policies/iam.disableServiceAccountKeyCreation",
	} {
		r, err := ParseResource(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := r.String(); got != name {
			t.Errorf("%s came back as %s", name, got)
		}
		if bare, err := ParseResource(strings.TrimPrefix(name, "//")); err != nil || bare != r {
			t.Errorf("without //: %v, %v; want %v", bare, err, r)
		}
	}
}

func TestParseResourceRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, name := range []string{
		"", "//", "run.googleapis.com", "//run.googleapis.com/projects/p",
		"//run.googleapis.com/projects//locations/l/services/s",
		"//run.googleapis.com/projects/p/locations/l/domainmappings/i",
		"//run.googleapis.com/projects/p/locations/l/services/s/revisions/r",
		"//run/projects/p/locations/l/services/s",
		"//run.googleapis.com.evil.example/projects/p/locations/l/services/s",
		"//cloudresourcemanager.googleapis.com/tagKeys/1",
		"projects/p/locations/l/services/s",
	} {
		if r, err := ParseResource(name); err == nil {
			t.Errorf("%q was read as %+v", name, r)
		} else if !strings.Contains(err.Error(), "want") {
			t.Errorf("%q: the error %q does not say what would be right", name, err)
		}
	}
}

func TestNamesThatShareAPrefixAreDifferentThings(t *testing.T) {
	a, _ := ParseContainer("folders/12")
	b, _ := ParseContainer("folders/123")
	if a == b {
		t.Error("folders/12 equals folders/123")
	}
	if p, q := ProjectResource("pay"), ProjectResource("pay-prod"); p == q {
		t.Error("pay equals pay-prod")
	}
}

func TestResourceIsTextInJSON(t *testing.T) {
	in := struct{ A, B Resource }{A: RunResource(RunJob, "p", "l", "j")}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"A":"//run.googleapis.com/projects/p/locations/l/jobs/j","B":""}`; string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
	out := in
	if err := json.Unmarshal(b, &out); err != nil || out != in {
		t.Errorf("read back %+v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`{"A":"nonsense"}`), &out); err == nil {
		t.Error("nonsense was read as a resource")
	}
}

func FuzzParseResource(f *testing.F) {
	f.Add("//run.googleapis.com/projects/p/locations/l/services/s")
	f.Add("orgpolicy.googleapis.com/folders/1/policies/c")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseResource(s)
		if err != nil {
			return
		}
		again, err := ParseResource(r.String())
		if err != nil || again != r {
			t.Errorf("%q was read as %+v, written as %q and read as %+v, %v", s, r, r.String(), again, err)
		}
	})
}
