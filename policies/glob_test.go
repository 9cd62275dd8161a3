package policies

import "testing"

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
		if got := glob(tt.s, tt.pattern); got != tt.want {
			t.Errorf("glob(%q, %q) = %t", tt.s, tt.pattern, got)
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
		if got := domainOf(s); got != want {
			t.Errorf("domain(%q) = %q, want %q", s, got, want)
		}
	}
}
