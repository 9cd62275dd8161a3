package slack_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
)

// home has somebody open the home tab, and returns it.
func (o *office) home(t *testing.T, user string) simslack.View {
	t.Helper()
	if err := o.OpenHome(t.Context(), user); err != nil {
		t.Fatal(err)
	}
	o.workLater(t)
	v, ok := o.Home(user)
	if !ok {
		t.Fatalf("no home tab was drawn:\n%s", o.logs.String())
	}
	return v
}

func TestTheHomeTabIsAnInbox(t *testing.T) {
	o := newOffice(t)
	if err := o.VerifyURL(t.Context()); err != nil {
		t.Fatal(err)
	}
	waits := publicService()
	mine := decided(publicService(), state.Kept)
	mine.Answers = []finding.Answer{{Principal: "user:ada@example.com", Choice: finding.ChooseKeep, At: noon}}
	ends := decided(publicService(), state.Exempted)
	ends.Exemption = &finding.Exemption{Until: noon.Add(24 * time.Hour)}
	later := ends
	later.Exemption = &finding.Exemption{Until: noon.Add(30 * 24 * time.Hour)}
	o.answers.all = []finding.Finding{waits, mine, ends, later}
	want := []string{
		"Waiting for a decision", "HIGH · anyone on the internet can invoke api · pay-prod",
		"Decided by you in the last 30 days", "KEPT · anyone on the internet can invoke api · pay-prod",
		"Exemptions that end within a week", "EXEMPTED · anyone on the internet can invoke api · pay-prod", "until 23 Nov 2026 12:00 UTC",
	}
	blocks := string(o.home(t, "U01").Blocks)
	for _, w := range want {
		if n := strings.Count(blocks, w); n != 1 {
			t.Errorf("%q stands there %d times", w, n)
		}
	}
	if got := string(o.home(t, "U02").Blocks); !strings.Contains(got, "There is nothing here for you: you are not among those who may answer.") || strings.Contains(got, "pay-prod") {
		t.Errorf("a stranger's:\n%s", got)
	}
}

func TestAHomeTabThatTravelsIsDrawnByTheWorker(t *testing.T) {
	tr := newTravelling(t)
	if err := tr.OpenHome(t.Context(), "U01"); err != nil {
		t.Fatal(err)
	}
	if _, drawn := tr.Home("U01"); drawn || len(tr.sent) != 1 {
		t.Fatalf("drawn %t, sent %d", drawn, len(tr.sent))
	}
	if err := tr.take(t, tr.sent...); err != nil {
		t.Fatal(err)
	}
	if _, drawn := tr.Home("U01"); !drawn {
		t.Error("it was not drawn")
	}
}

func TestWhatSlackTellsThatIsNothingOfOursIsAcknowledged(t *testing.T) {
	o := newOffice(t)
	o.handler = o.receiver.Events()
	for body, want := range map[string]int{
		`{"type":"event_callback","team_id":"T01","api_app_id":"A01","event":{"type":"message"}}`:                                 http.StatusOK,
		`{"type":"event_callback","team_id":"T99","api_app_id":"A01","event":{"type":"app_home_opened","tab":"home","user":"U"}}`: http.StatusOK,
		`{"type":"event_callback","event":{"type":"app_home_opened"}}`:                                                            http.StatusBadRequest,
		`nonsense`: http.StatusBadRequest,
	} {
		if got := o.post([]byte(body), signed(stampOf(noon), []byte(body), signingSecret), slack.EventsPath); got != want || len(o.later) != 0 {
			t.Errorf("%s: HTTP %d, want %d; %d errands", body, got, want, len(o.later))
		}
	}
}

// Whoever can write to the store must not be able to hide the inbox, nor leave anybody
// believing that it is all there is.
func TestARecordThatCannotBeReadHidesNoOtherFromPeople(t *testing.T) {
	o := newOffice(t)
	waits := publicService()
	o.answers.all = []finding.Finding{waits}
	o.answers.unread = fault.LeftOut([]error{fault.ErrLater, fault.ErrLater})
	const shown, told = "anyone on the internet can invoke api", "2 findings cannot be read here: a later release of rescind wrote them, or somebody changed them."
	if got := string(o.home(t, "U01").Blocks); !strings.Contains(got, shown) || !strings.Contains(got, told) {
		t.Errorf("home:\n%s", got)
	}
	if got := o.answerTo(t, "U01", "pending"); !strings.Contains(got, shown) || !strings.Contains(got, told) {
		t.Errorf("pending: %s", got)
	}
	o.answers.all = nil
	if got := o.answerTo(t, "U01", "pending"); got != told {
		t.Errorf("pending, and nothing can be read: %s", got)
	}
}
