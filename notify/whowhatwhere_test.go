package notify_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
)

// resources are one of each kind, and one that nothing is known of.
func resources() []cloud.Resource {
	out := []cloud.Resource{{}}
	for _, k := range cloud.Kinds() {
		r := cloud.Resource{Kind: k, Name: "thing"}
		switch {
		case k.Workload():
			r.Project, r.Location = "pay-prod", "europe-west1"
		case k == cloud.Project:
			r.Project = "thing"
		case k == cloud.ServiceAccount:
			r.Project = "pay-prod"
		case k == cloud.OrgPolicy:
			r.Parent = "folders/123"
		}
		out = append(out, r)
	}
	return out
}

// fact is the card's fact of that name.
func fact(m notify.Message, name string) string {
	for _, f := range m.Fields {
		if f.Name == name {
			return f.String()
		}
	}
	return ""
}

func TestWhatWasDoneToWhatAndWhereReadsAsAgreed(t *testing.T) {
	var got strings.Builder
	for _, r := range resources() {
		for _, v := range []cloud.Verb{cloud.Create, cloud.Replace, cloud.Update, cloud.Delete, cloud.SetPolicy, cloud.SetOrg, cloud.CreateKey, ""} {
			f := publicService()
			f.Resource, f.Change.Resource, f.Change.Verb, f.Change.Method = r, r, v, ""
			m := notify.Card(f, options)
			said := "jo@example.com " + strings.SplitN(fact(m, "What"), " the ", 2)[0]
			if !strings.Contains(m.Text, said) {
				t.Errorf("%s: the facts say %q, and aloud it is %s", r, said, m.Text)
			}
			fmt.Fprintf(&got, "%-12s %-56s | %s\n", v, fact(m, "What"), fact(m, "Where"))
		}
	}
	golden(t, "says_what_and_where", got.String())
}

func TestEveryResourceHasAPlaceInTheHeadline(t *testing.T) {
	for _, r := range resources()[1:] {
		f := publicService()
		f.Resource = r
		parts := strings.Split(notify.Card(f, options).Headline, " · ")
		if place := parts[len(parts)-1]; len(parts) != 3 || place == "" || place != r.Project && place != r.Path() {
			t.Errorf("%s: the headline is %q", r, parts)
		}
	}
}

func TestWhoIsNamedAsTheLogNamesThem(t *testing.T) {
	for want, actors := range map[string][]cloud.Actor{
		"jo@example.com": {{Principal: "user:jo@example.com"}},
		"serviceAccount:ci@x.iam.gserviceaccount.com":             {{Principal: "serviceAccount:ci@x.iam.gserviceaccount.com"}},
		"somebody the log does not name":                          {{Principal: cloud.UnknownActor}},
		"somebody the log does not name, ada@example.com":         {{}, {Principal: "user:ada@example.com"}},
		"principal://iam.googleapis.com/x/subject/y through a, b": {{Principal: "principal://iam.googleapis.com/x/subject/y", Delegation: []string{"a", "b"}}},
	} {
		f := publicService()
		f.Actors = actors
		if got := fact(notify.Card(f, options), "Who"); got != want {
			t.Errorf("who: %q, want %q", got, want)
		}
	}
	left := publicService()
	left.Change.ID += finding.LeftAsItWas
	if got := fact(notify.Card(left, options), "Who"); got != "jo@example.com (left it as it was)" {
		t.Errorf("who, of what was there before: %q", got)
	}
	f := publicService() // from before others could join it
	f.Actors = nil
	if got := fact(notify.Card(f, options), "Who"); got != "jo@example.com" {
		t.Errorf("who, of a finding without actors: %q", got)
	}
}

// The card has a field for where a workload is: its whole name would fill a line.
func TestAWorkloadSpelledOutIsSaidInAWordAndNoOtherIs(t *testing.T) {
	other := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "web")
	for _, row := range []struct {
		name string
		r    cloud.Resource
		text string
		want string
	}{
		{"its full name", service, "anyone can invoke " + service.String() + " now", "anyone can invoke service api now"},
		{"its path", service, "read policy of " + service.Path() + ": unavailable", "read policy of service api: unavailable"},
		{"both", service, service.String() + " and " + service.Path(), "service api and service api"},
		{"another one", service, "as " + other.String() + " does", "as " + other.String() + " does"},
		{"a project, whose name begins others", cloud.ProjectResource("pay"), "projects/pay and projects/pay-prod", "projects/pay and projects/pay-prod"},
	} {
		f := publicService()
		f.Resource, f.Message, f.Reasons = row.r, row.text, []string{row.text + "!"}
		m := notify.Card(f, options)
		if m.Wrong != row.want || m.Why[0] != row.want+"!" {
			t.Errorf("%s: %q because %q, want %q", row.name, m.Wrong, m.Why, row.want)
		}
		f = in(state.Failed)
		f.Resource, f.Why = row.r, row.text
		if s := notify.Card(f, options).Status; !strings.HasSuffix(strings.ToLower(s), strings.ToLower(row.want)+".") {
			t.Errorf("%s: the status is %q", row.name, s)
		}
	}
}

func TestWhatIsWrongStandsOnACardOnceAndEachReasonOnce(t *testing.T) {
	f := publicService()
	f.Message = "anyone can invoke " + service.String()
	f.Reasons = []string{"anyone can invoke " + service.Path(), "the check is off", "the check is off", f.Message, "and nobody knows why"}
	m := notify.Card(f, options)
	if got := strings.Join(m.Why, "|"); got != "the check is off|and nobody knows why" {
		t.Errorf("why: %s", got)
	}
	if n := strings.Count(m.Text, "nyone can invoke"); n != 1 {
		t.Errorf("read aloud it is said %d times: %s", n, m.Text)
	}
}

func TestASentenceHasOneFullStopAndItsCapital(t *testing.T) {
	for why, want := range map[string]string{
		"the resource is gone":   "The resource is gone.",
		"the resource is gone.":  "The resource is gone.",
		"is it gone?":            "Is it gone?",
		"ärger mit dem Zugriff!": "Ärger mit dem Zugriff!",
	} {
		f := in(state.Superseded)
		f.Why = why
		if s := notify.Card(f, options).Status; s != "Superseded: what this was about is no longer so. "+want {
			t.Errorf("%q reads %q", why, s)
		}
	}
}
