package slack_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/rescind-dev/rescind/notify/slack"
)

// answerTo has somebody write a command, and returns what they alone are told.
func (o *office) answerTo(t *testing.T, user, text string) string {
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
		if got := o.answerTo(t, row.user, row.text); !strings.Contains(got, row.want) {
			t.Errorf("%s: %q, want %q in it", row.name, got, row.want)
		}
	}
}

func TestACommandThatTravelsIsAnsweredByTheWorker(t *testing.T) {
	tr := newTravelling(t)
	tr.show(t, publicService())
	if got := tr.answerTo(t, "U01", "pending"); got != "Working on it…" {
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
func many() []finding.Finding {
	var out []finding.Finding
	for i := range 60 {
		f := publicService()
		f.ID = findingID[:24] + strconv.Itoa(22+i%5)
		f.Title, f.Message = strings.Repeat("<&>", 200), strings.Repeat("<!channel>", 100)
		f.Answers = []finding.Answer{{Principal: "user:ada@example.com", Choice: finding.ChooseKeep}}
		f.Exemption = &finding.Exemption{Until: noon.Add(time.Hour)}
		out = append(out, f)
	}
	return out
}

func TestS11ManyFindingsFitAnAnswerAndTheHomeTab(t *testing.T) {
	o := newOffice(t)
	o.answers.all = many()
	if got := o.answerTo(t, "U01", "pending"); !strings.HasSuffix(got, "and more") || strings.Contains(got, "<!channel>") {
		t.Errorf("%q", got)
	}
	home := o.home(t, "U01")
	if got := string(home.Blocks); !strings.Contains(got, "40 more findings") || strings.Contains(got, "<!channel>") {
		t.Errorf("home:\n%s", got)
	}
}
