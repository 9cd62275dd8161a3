package slack_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// says has somebody write a command, and returns what they alone are told.
func (o *office) says(t *testing.T, user, text string) string {
	t.Helper()
	before := len(o.Notes())
	if err := o.Command(t.Context(), user, "C01PAY", "/rescind", text); err != nil {
		t.Fatal(err)
	}
	notes := o.Notes()
	if len(notes) != before+1 || notes[before].User != user {
		t.Fatalf("%s: notes %v", text, notes[before:])
	}
	return notes[before].Text
}

func TestACommandAnswersThePersonAlone(t *testing.T) {
	o := newOffice(t)
	o.show(t, publicService())
	for _, row := range []struct{ name, user, text, want string }{
		{"help", "U02", "", "`/rescind pending` lists"},
		{"help, by name", "U02", "help", "`/rescind resume [REASON]`"},
		{"what waits", "U01", "pending", "*HIGH · anyone on the internet can invoke api · pay-prod* Pending your decision until 22 Nov 2026 13:00 UTC"},
		{"a finding", "U01", "show " + findingID, "12:00:00 UTC pending: asked"},
		{"a finding there is not", "U01", "show <!channel>", "There is no finding &lt;!channel&gt;."},
		{"a command there is not", "U01", "explode now", "There is no command explode.\n`/rescind pending`"},
		{"a stranger, of what waits", "U02", "pending", "you are not among those who may answer."},
		{"somebody of another team", "U03", "pending", "This can be asked from rescind's own Slack workspace only."},
		{"a pause without a reason", "U01", "pause", "Not done: pausing takes a reason."},
		{"a pause for no time", "U01", "pause for ever because", "For how long?"},
		{"a pause that is too long", "U01", "pause for 48h a release", "Not done: a pause lasts at most 24h, not 48h."},
		{"a pause by a stranger", "U02", "pause for 4h a release", "you are not among those who may answer."},
		{"a resume where there is no pause", "U01", "resume", "Not done: rescind is not paused."},
		{"a pause", "U01", "pause for 4h a <b>release", "rescind is paused until 2026-11-22T16:00:00Z by user:ada@example.com: a &lt;b&gt;release."},
		{"its end", "U01", "resume it is done", "rescind works again: resumed by user:ada@example.com: it is done."},
		{"a pause that says nothing of its time", "U01", "pause a release", "rescind is paused until 2026-11-23T12:00:00Z"},
	} {
		if got := o.says(t, row.user, row.text); !strings.Contains(got, row.want) {
			t.Errorf("%s: %q, want %q in it", row.name, got, row.want)
		}
	}
}

func TestACommandThatTravelsIsAnsweredByTheWorker(t *testing.T) {
	tr := newTravelling(t)
	tr.show(t, publicService())
	if got := tr.says(t, "U01", "pending"); got != "Working on it…" {
		t.Errorf("at once: %q", got)
	}
	if err := tr.take(t, tr.sent...); err != nil {
		t.Fatal(err)
	}
	if notes := tr.Notes(); len(notes) != 2 || !strings.Contains(notes[1].Text, "*HIGH · anyone on the internet can invoke api · pay-prod*") {
		t.Errorf("notes %v", notes)
	}
}

func TestS1ACommandThatSlackDidNotSignIsRefused(t *testing.T) {
	o := newOffice(t)
	o.handler = o.receiver.Commands()
	body := []byte("command=%2Frescind&text=pause+now+please&team_id=T01&api_app_id=A01&user_id=U01&channel_id=C01")
	if got := o.post(body, signed(stampOf(noon), body, "guess"), slack.CommandsPath); got != http.StatusUnauthorized {
		t.Errorf("HTTP %d", got)
	}
	for _, bad := range []string{"", "command=%2Fother&team_id=T01&api_app_id=A01&user_id=U01&channel_id=C01", string(body) + "&user_id=U03", "%zz"} {
		if got := o.post([]byte(bad), signed(stampOf(noon), []byte(bad), signingSecret), slack.CommandsPath); got != http.StatusBadRequest {
			t.Errorf("%q: HTTP %d", bad, got)
		}
	}
}

// many answers with as many findings as it takes to be too long for Slack.
func many() []remediate.Finding {
	var out []remediate.Finding
	for i := range 60 {
		f := publicService()
		f.ID = findingID[:24] + strconv.Itoa(22+i%5)
		f.Title, f.Message = strings.Repeat("<&>", 200), strings.Repeat("<!channel>", 100)
		f.Answers = []remediate.Answer{{Principal: "user:ada@example.com", Choice: remediate.ChooseKeep}}
		f.Exemption = &remediate.Exemption{Until: noon.Add(time.Hour)}
		out = append(out, f)
	}
	return out
}

func TestS11ManyFindingsFitAnAnswerAndTheHomeTab(t *testing.T) {
	o := newOffice(t)
	o.answers.all = many()
	if got := o.says(t, "U01", "pending"); !strings.HasSuffix(got, "and more") || strings.Contains(got, "<!channel>") {
		t.Errorf("%q", got)
	}
	home := o.home(t, "U01")
	if got := string(home.Blocks); !strings.Contains(got, "40 more findings") || strings.Contains(got, "<!channel>") {
		t.Errorf("home:\n%s", got)
	}
}

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
	mine := decided(publicService(), remediate.Kept)
	mine.Answers = []remediate.Answer{{Principal: "user:ada@example.com", Choice: remediate.ChooseKeep, At: noon}}
	ends := decided(publicService(), remediate.Exempted)
	ends.Exemption = &remediate.Exemption{Until: noon.Add(24 * time.Hour)}
	later := ends
	later.Exemption = &remediate.Exemption{Until: noon.Add(30 * 24 * time.Hour)}
	o.answers.all = []remediate.Finding{waits, mine, ends, later}
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
