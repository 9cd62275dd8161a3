package fact

import (
	"fmt"
	"strings"
	"time"
)

// What names the unknown in a sentence: "whether X is enforced for P".
func (q Question) What() string {
	switch q.Kind {
	case ConstraintEnforced:
		return "whether " + q.Name + " is enforced for " + q.Project
	case RuntimeIdentity:
		return "whether a Cloud Run workload runs as " + q.runner()
	case RoleInvokes:
		return "whether " + q.Name + " can invoke Cloud Run"
	case Ancestors:
		return "what the ancestors of " + q.Name + " are"
	case ConstraintAllows:
		return "whether " + q.Name + " allows " + q.Value + " for " + q.Project
	case ConstraintHeld:
		return "whether " + q.Name + " is enforced at " + q.Value
	case ConstraintInherited:
		return "whether " + q.Name + " is enforced at " + q.Value + " by what it inherits"
	case ConstraintConditional:
		return "whether a policy of " + q.Name + " at " + q.Value + " or above asks for tags"
	case ConstraintAbout:
		return "what the custom constraint " + q.Name + " is about"
	case ServicesBelow:
		return "which services of " + q.Name + " " + q.Value + " no longer covers"
	case ProjectNumber:
		return "whether " + q.Value + " is the number of " + q.Project
	case HoldsBasicRole:
		return "whether " + q.Name + " holds a basic role on its project or above"
	case AccountGranted:
		return "whether " + q.Name + " grants " + q.Value + " anything"
	case OrganizationDomain:
		return "whether accounts of " + q.Value + " belong to " + q.Name
	}
	return string(q.Kind) + " " + q.Name
}

// Sentence states a known fact with where it came from.
func (f Fact) Sentence(q Question) string {
	from := f.Source
	if !f.At.IsZero() {
		from = strings.TrimPrefix(from+", "+f.At.UTC().Format(time.RFC3339), ", ")
	}
	if from == "" {
		return f.claim(q)
	}
	return f.claim(q) + " (" + from + ")"
}

func (f Fact) claim(q Question) string {
	say := func(yes, no string) string {
		if f.Value {
			return yes
		}
		return no
	}
	switch q.Kind {
	case ConstraintEnforced:
		return q.Name + say(" is enforced for ", " is not enforced for ") + q.Project
	case RuntimeIdentity:
		return say("a Cloud Run workload runs as ", "no Cloud Run workload runs as ") + q.runner()
	case RoleInvokes:
		return q.Name + say(" can invoke Cloud Run", " cannot invoke Cloud Run")
	case Ancestors:
		if len(f.List) == 0 {
			return q.Name + " has no ancestors"
		}
		return q.Name + " is in " + strings.Join(f.List, ", ")
	case ConstraintAllows:
		return q.Name + say(" allows ", " does not allow ") + q.Value + " for " + q.Project
	case ConstraintHeld:
		return q.Name + say(" is enforced at ", " is not enforced at ") + q.Value
	case ConstraintInherited:
		return q.Value + say(" inherits that ", " does not inherit that ") + q.Name + " is enforced"
	case ConstraintConditional:
		return say("a", "no") + " policy of " + q.Name + " at " + q.Value + " or above asks for tags"
	case ConstraintAbout:
		return q.Name + " is about " + strings.Join(f.List, ", ")
	case ProjectNumber:
		return q.Value + say(" is the number of ", " is not the number of ") + q.Project
	case HoldsBasicRole:
		return q.Name + say(" holds", " does not hold") + " a basic role on its project or above"
	case AccountGranted:
		return q.Name + say(" grants ", " does not grant ") + q.Value + " anything"
	case OrganizationDomain:
		return "accounts of " + q.Value + say(" belong to ", " do not belong to ") + q.Name
	}
	return fmt.Sprintf("%s %s: %t", q.Kind, q.Name, f.Value)
}

// runner is the account that the question is about, or one in the group.
func (q Question) runner() string {
	if group, ok := strings.CutPrefix(q.Name, "group:"); ok {
		return "an account in the group " + group
	}
	return q.Name
}
