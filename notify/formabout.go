package notify

import (
	"fmt"
	"strconv"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Filled returns the form with what the finding is, and where it stands.
func (f Form) Filled(of finding.Finding) Form {
	f.About = []string{aboutOne(of), Clean(status(of))}
	return f
}

// WithPreview returns the form with what the exemption would have exempted.
func (f Form) WithPreview(p desk.Preview) Form {
	about := append(f.About[:len(f.About):len(f.About)], Clean(sentence("It covers "+short(p.Scope, maxPhrase))),
		"In the last 90 days it would have covered "+counted(p)+".")
	for _, e := range p.Examples {
		about = append(about, Clean(Clock(e.CreatedAt)+": "+who(e)+" "+verb(e.Change)+" "+where(e.Resource)+" ("+string(e.State)+")"))
	}
	f.About = about
	return f
}

func counted(p desk.Preview) string {
	if p.AtLeast {
		return "at least " + findings(p.Count)
	}
	return findings(p.Count)
}

func findings(n int) string {
	if n == 1 {
		return "1 finding"
	}
	return strconv.Itoa(n) + " findings"
}

// formNames is how many findings the form of a group names before it counts.
const formNames = 5

// FilledAll returns the form with what it answers: the group's findings that
// wait for an answer.
func (f Form) FilledAll(g group.Group, pending []finding.Finding) Form {
	f.About = []string{fmt.Sprintf("Of the %s on this card %s for an answer.", findings(len(g.Items)), waiting(len(pending)))}
	for n, of := range pending {
		if n == formNames {
			f.About = append(f.About, fmt.Sprintf("And %d more, which the card leads to.", len(pending)-n))
			break
		}
		f.About = append(f.About, aboutOne(of))
	}
	return f
}

func waiting(n int) string {
	switch n {
	case 0:
		return "none waits"
	case 1:
		return "1 waits"
	}
	return fmt.Sprintf("%d wait", n)
}

// aboutOne is what a finding is, in a line of a form.
func aboutOne(of finding.Finding) string {
	return Clean(sentence(phrase(of) + ": " + who(of) + " " + verb(of.Change) + " " + where(of.Resource) + at(of)))
}
