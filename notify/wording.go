package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/rescind-dev/rescind/policies"
)

// short keeps a phrase that strangers may make endless from pushing what comes
// after it off the card. It cuts between characters.
func short(s string, max int) string {
	n := 0
	for i := range s {
		if n++; n > max {
			return s[:i] + "…"
		}
	}
	return s
}

// maxPhrase is how much of a policy's message, or of a reason, a sentence takes.
const maxPhrase = 300

// sentence gives a phrase its capital and its full stop.
func sentence(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return ""
	}
	return period(string(unicode.ToUpper(r)) + s[n:])
}

func period(s string) string {
	if strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// Clock writes a moment the one way all texts do.
func Clock(t time.Time) string { return t.UTC().Format("2 Jan 2006 15:04 UTC") }

// maxHeadline is how much of what is wrong a headline takes: with the place and
// the severity it is to fit Slack's 150 characters.
const maxHeadline = 90

// phrase is what is wrong in one line. A policy's title says what ought to be,
// which over a finding reads as if it were so.
func phrase(f finding.Finding) string { return short(plain(f, wrong(f)), maxPhrase) }

// plain says the finding's workload in a word, where a policy's message or an
// error spells it out: the card has a field for where it is.
func plain(f finding.Finding, s string) string {
	return named(f, kind(f.Resource)+" "+f.Resource.Name, s)
}

// named says a name in place of the finding's workload, where that is spelled out.
func named(f finding.Finding, name, s string) string {
	if !f.Resource.Kind.Workload() {
		return s // "projects/pay" begins the names of others
	}
	return strings.NewReplacer(f.Resource.String(), name, f.Resource.Path(), name).Replace(s)
}

func wrong(f finding.Finding) string {
	switch {
	case f.Verdict == policies.Unknown:
		return "rescind could not tell whether this violates " + f.Policy
	case f.Verdict == policies.Exempt:
		return "exempt from " + f.Policy
	case f.Message != "":
		return f.Message
	}
	return "violates " + f.Policy
}

func severity(f finding.Finding) string {
	if f.Severity == "" {
		return "unrated"
	}
	return string(f.Severity)
}

// Unread says of a list that so many findings, at least one, are left out of it, as they
// cannot be read: it must not seem to be all there is.
func Unread(n int) string {
	if n == 1 {
		return "1 finding cannot be read here: a later release of rescind wrote it, or somebody changed it."
	}
	return fmt.Sprintf("%d findings cannot be read here: a later release of rescind wrote them, or somebody changed them.", n)
}
