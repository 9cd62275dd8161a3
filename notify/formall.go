package notify

import (
	"fmt"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// formNames is how many findings the form of a group names before it counts.
const formNames = 5

// FilledAll returns the form with what it answers: the group's findings that
// wait for an answer.
func (f Form) FilledAll(g remediate.Group, pending []finding.Finding) Form {
	f.About = []string{fmt.Sprintf("Of the %d findings on this card %s for an answer.", len(g.Items), waiting(len(pending)))}
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
