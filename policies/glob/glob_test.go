package glob

import (
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestGlobMatchesWholeNamesPartByPart(t *testing.T) {
	for _, tt := range []struct {
		s, pattern string
		want       bool
	}{
		{"projects/pay", "projects/pay", true},
		{"projects/pay-prod", "projects/pay", false},
		{"projects/pay", "projects/pay-prod", false},
		{"projects/pay-prod", "projects/pay*", true},
		{"projects/pay", "projects/*", true},
		{"projects/pay/services/s", "projects/*", false},
		{"projects/pay/services/s", "projects/*/services/*", true},
		{"a/b/c", "a*c", false},
		{"abcabc", "a*b*c", true},
		{"abcab", "a*b*c", false},
		{"", "", true},
		{"", "*", true},
		{"a", "", false},
		{"a.b", "a?b", false},
		{"a@x.com.evil.net", "*@x.com", false},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "*a*a*a*a*a*a*a*a*c", false},
	} {
		if got := Match(tt.s, tt.pattern); got != tt.want {
			t.Errorf("Match(%q, %q) = %t", tt.s, tt.pattern, got)
		}
	}
}

func TestDomainIsTheWholeDomain(t *testing.T) {
	for s, want := range map[string]string{
		"a@example.com":                              "example.com",
		"user:a@Example.COM":                         "example.com",
		"domain:example.com":                         "example.com",
		"a@b.com@evil.net":                           "evil.net",
		"a@a.com.evil.net":                           "a.com.evil.net",
		"deleted:user:a@example.com?uid=1234":        "example.com",
		"allUsers":                                   "",
		"principal://iam.googleapis.com/x/y":         "",
		"serviceAccount:a@p.iam.gserviceaccount.com": "p.iam.gserviceaccount.com",
	} {
		if got := cloud.DomainOf(s); got != want {
			t.Errorf("domain(%q) = %q, want %q", s, got, want)
		}
	}
}

// A glob says what the regular expression says that has "[^/]*" for each star,
// whatever else stands in the text or the pattern.
func TestGlobIsARegularExpressionOfStarsAlone(t *testing.T) {
	rnd := rand.New(rand.NewPCG(31, 32))
	text := func(letters []string) string {
		var b strings.Builder
		for range rnd.IntN(9) {
			b.WriteString(letters[rnd.IntN(len(letters))])
		}
		return b.String()
	}
	matched := 0
	for range 20_000 {
		s, pattern := text([]string{"a", "b", "/", ".", "\n", "é", "*"}), text([]string{"a", "b", "/", "*", "*", ".", "?", "[", "\\", "\n", "é"})
		expression := `(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `[^/]*`) + `$`
		want := regexp.MustCompile(expression).MatchString(s)
		if got := Match(s, pattern); got != want {
			t.Fatalf("Match(%q, %q) = %t", s, pattern, got)
		}
		if want {
			matched++
		}
	}
	if matched < 500 {
		t.Errorf("%d of the pairs match", matched)
	}
}

// The work is bounded by both lengths: a policy runs on names that strangers
// choose.
func TestAHostileGlobDoesNotTakeLong(t *testing.T) {
	s, pattern := strings.Repeat("a", 100_000), strings.Repeat("*a", 50)+"*b"
	allocations := testing.AllocsPerRun(1, func() {
		if Match(s, pattern) {
			t.Error("it matches")
		}
	})
	if allocations > 10 {
		t.Errorf("%.0f allocations", allocations)
	}
}

// Whoever compares domain() with a domain of theirs must not be told theirs
// for an address that only holds it somewhere.
func TestADomainIsNeverThatOfAnotherPartOfTheText(t *testing.T) {
	const own = "example.com"
	for _, s := range []string{
		"user:ada@example.com@evil.net", "user:ada@example.com.evil.net", "user:ada@example.com?uid=1@evil.net", "user:\"a@example.com\"@evil.net",
		"user:ada@evil.net", "user:ada@example.com\n@evil.net", "user:ada@evil.net?uid=example.com", "user:ada@evil.net?uid=@example.com.evil.net",
		"group:domain:example.com@evil.net", "user:@evil.net", "user:ada@\u0435xample.com", "user:ada@example.com.", "user:ada@ example.com",
		"domain:evil.net", "principal://iam.googleapis.com/projects/1/subject/ada@evil.net", "domain:example.com@evil.net", "serviceAccount:example.com@p.iam.gserviceaccount.com",
	} {
		if got := cloud.DomainOf(s); got == own {
			t.Errorf("domain(%q) is %s", s, got)
		}
	}
	for _, s := range []string{"user:ada@Example.COM", "deleted:user:ada@example.com?uid=1", "deleted:user:a?uid=2@example.com?uid=1", "group:all@example.com", "ada@example.com", "domain:EXAMPLE.com"} {
		if got := cloud.DomainOf(s); got != own {
			t.Errorf("domain(%q) is %s", s, got)
		}
	}
}
