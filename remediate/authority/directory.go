package authority

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Standing says whether somebody is an approver. The zero Standing is that it
// could not be found out, which is neither: it admits nobody, and is no reason
// to tell anybody that they may not.
type Standing string

// The standings.
const (
	Undetermined Standing = ""
	Approver     Standing = "yes"
	NoApprover   Standing = "no"
)

// Membership is what the sources say of one principal, and on which grounds.
type Membership struct {
	Standing Standing
	Evidence []Evidence // one for every group that was looked at
}

// Evidence is what one source says of a principal. It holds no list of members:
// it is kept, as text, with what was decided.
type Evidence struct {
	Source   string // "Slack user group", "Google group"
	Group    string
	Standing Standing
	Members  int           // of the group; 0 where it was not counted
	Age      time.Duration // of what was read
	Note     string        // how far it goes, or why it failed
}

// String is a line for a log or a person.
func (e Evidence) String() string {
	s := e.Source + " " + e.Group + ": "
	switch e.Standing {
	case Approver:
		s += "a member"
	case NoApprover:
		s += "not a member"
	default:
		s += "could not be looked up"
	}
	var more []string
	if e.Note != "" {
		more = append(more, e.Note)
	}
	if e.Members > 0 {
		more = append(more, fmt.Sprintf("%d members", e.Members))
	}
	if e.Age > 0 {
		more = append(more, "read "+e.Age.Round(time.Second).String()+" before")
	}
	if len(more) > 0 {
		s += " (" + strings.Join(more, ", ") + ")"
	}
	return s
}

// Directory knows groups of people.
type Directory interface {
	// Approver says whether the principal ("user:ada@example.com") is an
	// approver. With fresh it reads anew; otherwise what it has may be five
	// minutes old. An error is as good as Undetermined.
	Approver(ctx context.Context, principal string, fresh bool) (Membership, error)
}

// Directories are several, of which one that says yes is enough. A no takes all
// of them: somebody whom one says no to while another fails may be an approver.
type Directories []Directory

// Approver asks each until one says yes.
func (ds Directories) Approver(ctx context.Context, principal string, fresh bool) (Membership, error) {
	return FirstYes(ds, func(d Directory) Membership { return ask(ctx, d, principal, fresh) }), nil
}

// FirstYes is what several say of somebody together: they are asked in turn until one
// says yes, which is enough. A no takes all of them.
func FirstYes[T any](of []T, say func(T) Membership) Membership {
	out := Membership{Standing: NoApprover}
	for _, one := range of {
		m := say(one)
		out.Evidence = append(out.Evidence, m.Evidence...)
		switch m.Standing {
		case Approver:
			out.Standing = Approver
			return out
		case NoApprover:
		default:
			out.Standing = Undetermined
		}
	}
	return out
}

// ask asks one directory. One that answers outside its words said nothing.
func ask(ctx context.Context, d Directory, principal string, fresh bool) Membership {
	m, err := d.Approver(ctx, principal, fresh)
	switch {
	case err != nil:
		return Membership{Evidence: append(m.Evidence, Evidence{Source: "look-up of", Group: principal, Note: err.Error()})}
	case m.Standing != Approver && m.Standing != NoApprover:
		m.Standing = Undetermined
	}
	return m
}

// lookup is what was asked of whom: whether the principal can act through the account,
// or, where that is empty, whether they are an approver.
type lookup struct{ account, principal string }

// resolved is the authority with all asked that an answer to the finding turns
// on: who answers, and who answered the same before. What is decided then is a
// pure function of it. A choice that raises the exposure is not decided on what
// was read some time ago.
func (au Authority) resolved(ctx context.Context, f finding.Finding, c finding.Choice, people ...string) Authority {
	for _, a := range f.Answers {
		if a.Choice == c {
			people = append(people, a.Principal)
		}
	}
	au.known = map[lookup]Membership{}
	for _, p := range people {
		at := lookup{"", finding.Canonical(p)}
		if _, done := au.known[at]; !done && p != "" && au.standing(p) == Undetermined {
			au.known[at] = ask(ctx, au.Directory, p, finding.Raises(c))
		}
	}
	if finding.Raises(c) {
		au.lookUpActing(ctx, f, people)
	}
	return au
}

// standing is the principal's. Somebody who was not asked about is undetermined.
func (au Authority) standing(principal string) Standing {
	switch {
	case principal == "", au.Only != nil && !names(au.Only, principal):
		return NoApprover
	case au.listed(principal):
		return Approver
	case au.Directory == nil:
		return NoApprover
	}
	return au.known[lookup{"", finding.Canonical(principal)}].Standing
}

// standingOn is the principal's where the choice is about the finding: where it raises
// the exposure, an author of a change has none, and no account has.
func (au Authority) standingOn(f finding.Finding, c finding.Choice, principal string) Standing {
	s := au.standing(principal)
	switch {
	case !finding.Raises(c) || s == NoApprover:
		return s
	case finding.AccountOf(principal) != "":
		return NoApprover
	}
	switch au.authored(f, principal).standing {
	case NoApprover:
		return s
	case Approver:
		return NoApprover
	}
	return Undetermined
}

// listed reports whether the configuration names the principal as an approver.
func (au Authority) listed(principal string) bool { return names(au.Approvers, principal) }

// names reports whether the list has the principal, in whatever case. A mail that
// only may be that of somebody on it is not on it.
func names(list map[string]bool, principal string) bool {
	for p, may := range list {
		if may && principal != "" && finding.Canonical(p) == finding.Canonical(principal) {
			return true
		}
	}
	return false
}

// mayName reports whether the list has somebody who may be the principal.
func mayName(list map[string]bool, principal string) bool {
	for p, may := range list {
		if may && finding.SamePerson(p, principal) {
			return true
		}
	}
	return false
}

// grounds are what makes the principal an approver, and somebody else than whoever
// made the change, where that was looked up.
func (au Authority) grounds(f finding.Finding, principal string) string {
	var out []string
	if au.listed(principal) {
		out = append(out, "named in the configuration")
	}
	for _, account := range append([]string{""}, au.acting(f)...) {
		for _, e := range au.known[lookup{account, finding.Canonical(principal)}].Evidence {
			out = append(out, e.String())
		}
	}
	return strings.Join(out, "; ")
}

// admitsPerson says why the principal may answer nothing at all, or nil.
func (au Authority) admitsPerson(principal string) error {
	if au.Misconfigured != "" {
		return finding.RefuseAs(finding.ClassMisconfigured, "the configuration of the approvers is wrong (%s), and nobody may answer until it is mended", au.Misconfigured)
	}
	switch au.standing(principal) {
	case Approver:
		return nil
	case NoApprover:
		return finding.RefuseAs(finding.ClassNotApprover, "%s is not an approver", principal)
	}
	return finding.RefuseAs(finding.ClassUndetermined, "whether %s may answer could not be looked up; that is not a no%s", principal, au.failures(principal))
}

// failures says what went wrong in looking the principal up.
func (au Authority) failures(principal string) string {
	return failed(au.known[lookup{"", finding.Canonical(principal)}])
}

// failed says in brackets what went wrong in a look-up; empty where nothing is known.
func failed(m Membership) string {
	var out []string
	for _, e := range m.Evidence {
		if e.Standing == Undetermined {
			out = append(out, e.String())
		}
	}
	if len(out) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", strings.Join(out, "; "))
}

// doubt says why it cannot be told whether an answer by the principal counts; still
// says it of whether they still are an approver.
func (au Authority) doubt(f finding.Finding, c finding.Choice, principal, still string) string {
	if by := au.authored(f, principal); finding.Raises(c) && by.standing == Undetermined {
		return by.why
	}
	return still + au.failures(principal)
}
