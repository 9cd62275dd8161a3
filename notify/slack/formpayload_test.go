package slack_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify/slack"
)

// formJSON is a form as it comes back, with its reason, term and metadata.
func formJSON(callback, private, reason, term string) string {
	return `{"type":"view_submission","api_app_id":"A01","team":{"id":"T01"},"user":{"id":"U01","team_id":"T01"},"view":{"type":"modal",` +
		`"callback_id":"` + callback + `","private_metadata":"` + private + `","state":{"values":{` +
		`"reason":{"value":{"type":"plain_text_input","value":"` + reason + `"}},` +
		`"term":{"value":{"type":"static_select","selected_option":{"value":"` + term + `"}}}}}}}`
}

const goodMeta = "v1." + findingID + ".3.7f3a9c21.C01PAY.1795348800.000001"

func TestParseReadsAForm(t *testing.T) {
	got, err := slack.Parse(form(formJSON("rescind.exempt", goodMeta, "  "+why+" ", "8h")))
	want := slack.Interaction{
		Source: slack.FromForm, TeamID: "T01", AppID: "A01", UserID: "U01", UserTeamID: "T01", Channel: "C01PAY", MessageTS: "1795348800.000001",
		Choice: finding.ChooseExempt, FindingID: findingID, Revision: 3, Digest8: "7f3a9c21", Reason: why, For: 8 * time.Hour,
	}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func TestParseSaysWhatIsWrongWithAForm(t *testing.T) {
	for _, row := range []struct {
		name, callback, private, reason, term string
		wrong                                 []string // blocks; none: not one of our forms
	}{
		{"a reason that is too short", "rescind.keep", goodMeta, "ok", "", []string{"reason"}},
		{"a reason of spaces", "rescind.keep", goodMeta, strings.Repeat(" ", 20), "", []string{"reason"}},
		{"a reason that is too long", "rescind.undo", goodMeta, strings.Repeat("a", 501), "", []string{"reason"}},
		{"a time nobody offered", "rescind.exempt", goodMeta, why, "10y", []string{"term"}},
		{"no time and no reason", "rescind.exempt", goodMeta, "", "", []string{"reason", "term"}},
		{"a form for a revert, which takes none", "rescind.revert", goodMeta, why, "", nil},
		{"a form of another version", "rescind.keep", "v2" + goodMeta[2:], why, "", nil},
		{"metadata with more after it", "rescind.keep", goodMeta + ".x", why, "", nil},
		{"metadata without a card", "rescind.keep", "v1." + findingID + ".3.7f3a9c21", why, "", nil},
	} {
		_, err := slack.Parse(form(formJSON(row.callback, row.private, row.reason, row.term)))
		var mistakes *slack.FormError
		switch {
		case row.wrong == nil:
			if !errors.Is(err, slack.ErrButton) {
				t.Errorf("%s: %v, want ErrButton", row.name, err)
			}
		case !errors.As(err, &mistakes) || len(mistakes.Wrong) != len(row.wrong) || mistakes.Wrong[row.wrong[0]] == "":
			t.Errorf("%s: %v", row.name, err)
		}
	}
}
