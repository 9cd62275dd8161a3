package cloud

import (
	"encoding/json"
	"slices"
	"strings"
)

// Widened reports whether the policy allows a value, or a member by its
// parameters, that the one before it did not. It is Known of two lists of values,
// or two sets of parameters, alone, and of these as far as no group of values
// ("in:", "under:") may decide.
func (c ConstraintChange) Widened(before ConstraintChange) Flag {
	switch {
	case c.Became != before.Became:
		return Flag{}
	case c.Became == PolicyHoldsValues:
		return widenedValues(before, c)
	case c.Became == PolicyHoldsParameters:
		return widenedParameters(before.Parameters, c.Parameters)
	}
	return Flag{}
}

// widenedValues compares lists. What is on neither is inherited on top of values
// that are not shown, or is what a list with nothing on it means: not known.
func widenedValues(before, after ConstraintChange) Flag {
	allows, denies := len(before.Allowed) > 0, len(before.Denied) > 0
	if allows != (len(after.Allowed) > 0) || !allows && denies != (len(after.Denied) > 0) || !allows && !denies {
		return Flag{}
	}
	isAllowed, isDenied := extra(before.Allowed, after.Allowed), extra(after.Denied, before.Denied)
	switch {
	case len(isAllowed)+len(isDenied) == 0:
		return KnownFlag(false)
	case allows && (denies || len(after.Denied) > 0): // what one list gains the other may take
		return Flag{}
	case grouped(isAllowed, before.Allowed), grouped(isDenied, after.Denied):
		return Flag{}
	}
	return KnownFlag(true)
}

// extra are those of the values that were not there, as they are without "is:".
func extra(were, are []string) []string {
	plain := func(s string) string { return strings.TrimPrefix(s, "is:") }
	return slices.DeleteFunc(slices.Clone(are), func(s string) bool {
		return slices.ContainsFunc(were, func(w string) bool { return plain(w) == plain(s) })
	})
}

// grouped reports whether a group may decide about the values that one list has
// and the other has not.
func grouped(more, than []string) bool {
	isGroup := func(s string) bool { return strings.HasPrefix(s, "in:") || strings.HasPrefix(s, "under:") }
	return len(more) > 0 && (slices.ContainsFunc(more, isGroup) || slices.ContainsFunc(than, isGroup))
}

// memberParameters are the parameters that list what is allowed, of
// iam.managed.allowedPolicyMembers; what another one means is not known.
// https://cloud.google.com/iam/docs/domain-restricted-sharing
var memberParameters = []string{"allowedMemberSubjects", "allowedPrincipalSets"}

func widenedParameters(before, after string) Flag {
	was, is := map[string]any{}, map[string]any{}
	if before == "" || after == "" || json.Unmarshal([]byte(before), &was) != nil || json.Unmarshal([]byte(after), &is) != nil {
		return Flag{}
	}
	out := KnownFlag(false)
	for _, name := range keysOf(was, is) {
		w, knownBefore := stringsOf(was[name])
		i, knownAfter := stringsOf(is[name])
		same := string(asJSON(was[name])) == string(asJSON(is[name]))
		switch {
		case same:
		case !slices.Contains(memberParameters, name) || !knownBefore || !knownAfter:
			return Flag{}
		case len(w) == 0 || len(i) == 0: // whether an empty list allows nobody or everybody is not known
			return Flag{}
		case len(extraOf(w, i)) > 0:
			out = KnownFlag(true)
		}
	}
	return out
}

func extraOf(were, are []string) []string {
	return slices.DeleteFunc(slices.Clone(are), func(s string) bool { return slices.Contains(were, s) })
}

func keysOf(ms ...map[string]any) (out []string) {
	for _, m := range ms {
		for k := range m {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func stringsOf(v any) (out []string, ok bool) {
	list, ok := v.([]any)
	for _, v := range list {
		s, isText := v.(string)
		out, ok = append(out, s), ok && isText
	}
	return out, ok
}

func asJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return b
}

// ParametersOf writes a rule's parameters as PolicyRule holds them.
func ParametersOf(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	return string(asJSON(m))
}
