package notify_test

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/policies"
)

// published are the texts of a finding that an event may hold: who and what, by
// name and by hash. What is added to a finding one day is not among them.
var published = regexp.MustCompile(`^\.(ID|Policy|Severity|Decision|UndoOf|Change\.Actor\.Principal|Resource\.[A-Za-z]+|Timeline\[[0-9]+\]\.(State|Who|Plan|Hash))$`)

// marked has every text of the finding name the place where it stands.
func marked() finding.Finding {
	f := finding.Finding{Timeline: make([]trail.Event, 3)}
	fill(&f, func(path string, _ bool) (string, bool) { return "<" + path + ">", true })
	return f
}

var mark = regexp.MustCompile(`<(\.[A-Za-z0-9.\[\]]+)>`)

func TestI8NoEventHoldsWhatIsNotAName(t *testing.T) {
	p := &topic{}
	feed := notify.Feed{Source: "https://rescind.example.com", To: p}
	if err := errors.Join(feed.Export(t.Context(), marked(), 0), feed.Undelivered(t.Context(), marked())); err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for i, e := range p.events {
		attributes, err := json.Marshal(p.attributes[i])
		if err != nil {
			t.Fatal(err)
		}
		// As JSON has them < and > are \u003c and \u003e.
		all := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(e.Data()) + e.ID() + e.Subject() + e.Source() + e.Type() + string(attributes))
		for _, m := range mark.FindAllStringSubmatch(all, -1) {
			if found[m[1]] = true; !published.MatchString(m[1]) {
				t.Errorf("event %s holds %s:\n%s", e.ID(), m[1], e.Data())
			}
		}
	}
	for _, want := range []string{".ID", ".Policy", ".Change.Actor.Principal", ".Timeline[2].Who", ".Timeline[2].Hash", ".UndoOf"} {
		if !found[want] {
			t.Errorf("no event holds %s, so this looked in the wrong place", want)
		}
	}
}

// A payload's text may come by way of anything that people or policies wrote: an
// environment value stands in none of it.
func TestI8NoEventOfAnyFindingHoldsAnEnvironmentValue(t *testing.T) {
	const secret = "hunter2-DATABASE_URL"
	r := rand.New(rand.NewPCG(5, 6))
	states := state.All()
	for range 200 {
		f := finding.Finding{
			ID: "f1", Policy: "no-public-invoker", Severity: policies.High, Resource: service, State: states[r.IntN(len(states))],
			Message: secret, Title: secret, Why: secret, Reasons: []string{secret}, EnforcedBy: secret,
			Plan: judge.NewPlan([]judge.Step{{Kind: policies.RestoreConstrain, Resource: service, Before: judge.StepState{OrgPolicy: secret}}}, secret),
		}
		f.Done = f.Plan.Steps
		f.Change.Method, f.Change.ID = secret, secret
		for n := range 1 + r.IntN(6) {
			f.Timeline = append(f.Timeline, trail.Event{At: noon, State: states[r.IntN(len(states))], What: secret, Via: secret, N: n + 1, Plan: f.Plan.Digest})
		}
		f.Answers = []finding.Answer{{Principal: ada, Reason: secret, Via: secret}}
		p := &topic{}
		feed := notify.Feed{Source: "//x", To: p}
		after := r.IntN(len(f.Timeline) + 1)
		if err := errors.Join(feed.Export(t.Context(), f, after), feed.Undelivered(t.Context(), f)); err != nil {
			t.Fatal(err)
		}
		if b, err := json.Marshal(p.events); err != nil || strings.Contains(string(b), "hunter2") || strings.Contains(string(b), "DATABASE") {
			t.Fatalf("%v: published\n%s", err, b)
		}
		changes := 0
		for i, e := range f.Timeline {
			if i >= after && (i == 0 || f.Timeline[i-1].State != e.State) {
				changes++
			}
		}
		if len(p.events) != changes+1 { // and that nobody could be told
			t.Errorf("%d events of %d changes of state", len(p.events)-1, changes)
		}
	}
}

func TestAnEventThatCannotBeMadeOrPublishedIsNamedAndTheOthersGoOut(t *testing.T) {
	p := &topic{failing: errors.New("the topic is gone")}
	err := notify.Feed{Source: "//x", To: p}.Export(t.Context(), decided(), 0)
	for _, want := range []string{"publish event f1-1: the topic is gone", "publish event f1-3: the topic is gone", "publish event f1-4: the topic is gone"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	err = notify.Feed{To: &topic{}}.Export(t.Context(), decided(), 3) // no source
	if err == nil || !strings.HasPrefix(err.Error(), "make event f1-4: ") {
		t.Errorf("without a source: %v", err)
	}
	if err := (notify.Feed{Source: "//x", To: &topic{}}).Undelivered(t.Context(), finding.Finding{ID: "f1", UndeliveredSince: time.Now()}); err != nil {
		t.Errorf("of a finding without a timeline: %v", err)
	}
}
