package cloud

import (
	"encoding/json"
	"maps"
	"reflect"
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
	plain := func(value string) string { return strings.TrimPrefix(value, "is:") } // which says nothing
	isAllowed, isDenied := extra(before.Allowed, after.Allowed, plain), extra(after.Denied, before.Denied, plain)
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

// extra are those of the values that were not there, compared as the function reads
// them.
func extra(were, are []string, as func(string) string) []string {
	return slices.DeleteFunc(slices.Clone(are), func(s string) bool {
		return slices.ContainsFunc(were, func(w string) bool { return as(w) == as(s) })
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
	names := maps.Clone(was)
	maps.Copy(names, is)
	for name := range names {
		w, knownBefore := stringsOf(was[name])
		i, knownAfter := stringsOf(is[name])
		switch {
		case reflect.DeepEqual(was[name], is[name]):
		case !slices.Contains(memberParameters, name) || !knownBefore || !knownAfter:
			return Flag{}
		case len(w) == 0 || len(i) == 0: // whether an empty list allows nobody or everybody is not known
			return Flag{}
		case len(extra(w, i, asWritten)) > 0:
			out = KnownFlag(true)
		}
	}
	return out
}

func asWritten(s string) string { return s }

func stringsOf(v any) (out []string, ok bool) {
	list, ok := v.([]any)
	for _, v := range list {
		s, isText := v.(string)
		out, ok = append(out, s), ok && isText
	}
	return out, ok
}

// ParametersOf writes a rule's parameters as PolicyRule holds them.
func ParametersOf(m map[string]any) string {
	if len(m) == 0 {
		return ""
	}
	b, err := json.Marshal(m)
	if err != nil { // no such value is in a message that was read
		return ""
	}
	return string(b)
}
