package condition

import (
	"strings"
	"testing"
	"time"
)

func TestAConditionThatNarrowsNothingIsTold(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for _, always := range []string{
		"", "true", " (true) ", "!false", "1 == 1", "'a' != 'b'", "2 > 1 && true", "true || resource.name == 'x'",
		"resource.matchTag('77/env', 'dev') || true", "!(false && request.auth.claims.x)", "resource.name == resource.name",
		"resource.name.startsWith('')", "resource.name.endsWith(\"\") && true", "resource.type.contains('')",
		"request.time > timestamp('2020-01-01T00:00:00Z')", "timestamp('2020-01-01T00:00:00Z') <= request.time",
		"request.time != timestamp('2020-01-01T00:00:00Z')", "!(request.time < timestamp('2020-01-01T00:00:00Z'))",
		"resource.name == 'x' ? true : true", "false ? resource.name == 'x' : true", "request.time >= request.time",
		"duration('1h') < duration('2h')",
	} {
		if !AlwaysTrue(always, now) {
			t.Errorf("%q is not told to hold always", always)
		}
	}
	for _, narrows := range []string{
		"false", "resource.name == 'x'", "resource.name.startsWith('a')", "request.time < timestamp('2030-01-01T00:00:00Z')",
		"request.time > timestamp('2030-01-01T00:00:00Z')", "request.time < timestamp('2020-01-01T00:00:00Z')", "true && resource.name == 'x'",
		"resource.matchTag('77/env', 'dev')", "resource.name != resource.name", "resource.name < resource.name",
		"!(", "1", "'true'", "true ? resource.name == 'x' : true", "resource.name", "false || resource.type == 'y'",
		"resource.name == 'x' ? true : false", "request.time == timestamp('2020-01-01T00:00:00Z')", "[1].exists(x, x == resource.n)",
		"startsWith('')", strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200) + strings.Repeat(" ", maxLength),
	} {
		if AlwaysTrue(narrows, now) {
			t.Errorf("%q is told to hold always", narrows)
		}
	}
}

// Whoever may grant writes conditions.
func FuzzAlwaysTrue(f *testing.F) {
	f.Add("true || resource.name == 'x'")
	f.Add("request.time > timestamp('2020-01-01T00:00:00Z')")
	f.Fuzz(func(t *testing.T, expression string) {
		now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
		if AlwaysTrue(expression, now) && !AlwaysTrue(expression, now.Add(time.Hour)) {
			t.Errorf("%q holds from a moment on, and not from a later one", expression)
		}
	})
}
