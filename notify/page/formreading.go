package page

import (
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// maxForm is far above the form with the longest reason.
const maxForm = 16 << 10

// decision is what a form says.
type decision struct {
	Choice   finding.Choice
	Revision int64  // of the record that the page showed
	Digest   string // of the plan that it showed
	Reason   string
	Term     string // the name of a notify.Term; only with ChooseExempt
	token    string
}

var digestForm = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

var errForm = errors.New("the form is not one of these pages'")

// readForm reads a form strictly: every field once at most, none that is not
// ours. What is wrong with a reason or a term is for people to read, and left to
// the desk.
func readForm(body []byte) (decision, error) {
	fields, err := url.ParseQuery(string(body))
	if err != nil {
		return decision{}, errForm
	}
	for name, values := range fields {
		if len(values) != 1 || !utf8.ValidString(values[0]) ||
			!slices.Contains([]string{"choice", "revision", "digest", "reason", "term", "token"}, name) {
			return decision{}, errForm
		}
	}
	d := decision{
		Choice: finding.Choice(fields.Get("choice")), Digest: fields.Get("digest"),
		// Browsers send a line break as two characters.
		Reason: strings.TrimSpace(strings.ReplaceAll(fields.Get("reason"), "\r\n", "\n")),
		Term:   fields.Get("term"), token: fields.Get("token"),
	}
	d.Revision, err = strconv.ParseInt(fields.Get("revision"), 10, 64)
	if err != nil || d.Revision < 0 || !digestForm.MatchString(d.Digest) || !known(d.Choice) {
		return decision{}, errForm
	}
	return d, nil
}

func known(c finding.Choice) bool {
	return c == finding.ChooseRevert || c == finding.ChooseKeep || c == finding.ChooseExempt || c == finding.ChooseUndo
}

// encode is the decision as it travels: without the token, which is the
// browser's and of no use to anybody else.
func (d decision) encode() []byte {
	fields := url.Values{
		"choice": {string(d.Choice)}, "revision": {strconv.FormatInt(d.Revision, 10)}, "digest": {d.Digest}, "reason": {d.Reason},
	}
	if d.Term != "" {
		fields.Set("term", d.Term)
	}
	return []byte(fields.Encode())
}

// answer is the decision as this person's, given at a time.
func (d decision) answer(v Visitor, at time.Time) finding.Answer {
	a := finding.Answer{
		Choice: d.Choice, Principal: v.Principal, Via: "iap:" + v.Subject, Reason: d.Reason, Revision: d.Revision, Digest: d.Digest,
	}
	for _, t := range notify.Terms() {
		if d.Choice == finding.ChooseExempt && t.Name == d.Term {
			a.Until = at.Add(t.For)
		}
	}
	return a
}
