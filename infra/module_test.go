package infra_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

func TestEveryVariableIsDescribedTypedAndValidated(t *testing.T) {
	n := 0
	for _, b := range module(t, ".") {
		if !b.is("variable", "") {
			continue
		}
		n++
		if d, _ := text(b.Block, "description"); !strings.HasSuffix(strings.TrimSpace(d), ".") {
			t.Errorf("%s has the description %q, want sentences", b, d)
		}
		kind := b.Body.Attributes["type"]
		if kind == nil {
			t.Errorf("%s has no type", b)
			continue
		}
		for _, v := range nested(b.Block, "validation") {
			if len(strings.Join(literals(v.Body.Attributes["error_message"].Expr), "")) < 30 {
				t.Errorf("%s has a validation that does not say what would be right", b)
			}
		}
		// A bool has two values, and each has a meaning.
		if name := keyword(kind.Expr); name != "bool" && len(nested(b.Block, "validation")) == 0 {
			t.Errorf("%s takes any %s", b, name)
		}
	}
	if n < 20 {
		t.Errorf("%d variables, want all of the module", n)
	}
}

// keyword is a type that is one word, such as bool.
func keyword(e hclsyntax.Expression) string {
	if s, ok := e.(*hclsyntax.ScopeTraversalExpr); ok {
		return s.Traversal.RootName()
	}
	return "value"
}

func TestEveryOutputIsDescribed(t *testing.T) {
	for _, b := range module(t, ".") {
		if d, _ := text(b.Block, "description"); b.is("output", "") && d == "" {
			t.Errorf("%s has no description", b)
		}
	}
}

var (
	basicRole = regexp.MustCompile(`^roles/(owner|editor|viewer|admin|writer|reader)$`)
	actsAs    = regexp.MustCompile(`^(roles/iam\.(serviceAccount|workloadIdentity)|iam\.serviceAccounts\.(actAs|get\w*Token|sign|implicitDelegation)|iam\.serviceAccountKeys)`)
)

func TestNoBasicRoleIsGiven(t *testing.T) {
	for _, b := range module(t, ".") {
		for _, s := range literals(b.Body) {
			if basicRole.MatchString(s) {
				t.Errorf("%s names %s", b, s)
			}
		}
	}
}

// The right to act as an account is given on that account alone: on a project it
// would be for all of its accounts, whoever makes them.
func TestNobodyMayActAsAllAccountsOfAProject(t *testing.T) {
	given := 0
	for _, b := range module(t, ".") {
		if b.is("variable", "") {
			continue
		}
		onOne := b.is("resource", "google_service_account_iam_") || b.is("data", "google_iam_policy") && b.Labels[1] == "act_as"
		for _, s := range literals(b.Body) {
			if !actsAs.MatchString(s) {
				continue
			}
			if given++; !onOne {
				t.Errorf("%s names %s, which belongs to one account", b, s)
			}
		}
	}
	if given == 0 {
		t.Error("nobody may act as anybody: does the test still look at the right place?")
	}
}

func TestNoSubscriptionExpiresAndEveryPushHasItsDeadLetters(t *testing.T) {
	for _, b := range resources(t, "google_pubsub_subscription") {
		if b.Labels[0] != "google_pubsub_subscription" {
			continue
		}
		expires := nested(b.Block, "expiration_policy")
		if len(expires) != 1 {
			t.Errorf("%s has no expiration_policy, and expires after 31 days without a subscriber", b)
		} else if ttl, ok := text(expires[0], "ttl"); !ok || ttl != "" {
			t.Errorf("%s expires after %q", b, ttl)
		}
		dead := b.Labels[1] == "dead"
		if kept, _ := text(b.Block, "message_retention_duration"); dead && kept != "2678400s" {
			t.Errorf("%s keeps messages for %q, want 2678400s, the most there is", b, kept)
		}
		if !dead && len(nested(b.Block, "dead_letter_policy")) != 1 {
			t.Errorf("%s drops what is not taken", b)
		}
	}
}

func TestEveryCallOfTheWorkerHasATokenOfAnAccountForOneAudience(t *testing.T) {
	calls := 0
	for _, b := range resources(t, "google_") {
		for _, kind := range []string{"push_config", "http_target"} {
			for _, to := range nested(b.Block, kind) {
				calls++
				tokens := nested(to, "oidc_token")
				if len(tokens) != 1 || tokens[0].Body.Attributes["service_account_email"] == nil || tokens[0].Body.Attributes["audience"] == nil {
					t.Errorf("%s has a %s without an oidc_token of an account for an audience", b, kind)
				}
				if len(nested(to, "no_wrapper")) > 0 {
					t.Errorf("%s unwraps its messages, so that a publisher says when they were published", b)
				}
			}
		}
	}
	if calls < 3 {
		t.Errorf("%d calls, want those of events, answers, dead letters and sweeps", calls)
	}
}

// What may publish, call or act is said in full: a member would be one among those
// that somebody else gave the same.
func TestWhoMayPublishCallOrActIsSaidInFull(t *testing.T) {
	for _, b := range resources(t, "google_") {
		for _, kind := range []string{"google_pubsub_topic_iam_member", "google_pubsub_subscription_iam_member", "google_cloud_run_v2_service_iam_member", "google_iap_web_cloud_run_service_iam_member"} {
			if b.Labels[0] == kind {
				t.Errorf("%s leaves others in place, want a binding", b)
			}
		}
	}
}

func TestTheServicesThatAreWatchedAreThoseThatAreRead(t *testing.T) {
	var have []string
	for _, b := range module(t, ".") {
		if a := b.Body.Attributes["watched"]; b.Type == "locals" && a != nil {
			have = literals(a.Expr)
		}
	}
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^\t\w+ += "(\w+\.googleapis\.com)"$`).FindAllStringSubmatch(read(t, "../internal/auditlog/services.go"), -1) {
		want = append(want, m[1])
	}
	slices.Sort(want)
	if len(want) < 5 || !slices.Equal(want, have) {
		t.Errorf("the sinks have %q, and internal/auditlog reads %q", have, want)
	}
}

func TestEveryAlertHasAPlaybookAndEveryPlaybookAnAlert(t *testing.T) {
	index := read(t, "../docs/playbooks/README.md")
	pages := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^      page += "([\w-]+)"$`).FindAllStringSubmatch(read(t, "alerts.tf"), -1) {
		pages[m[1]] = true
		page := read(t, filepath.Join("../docs/playbooks", m[1]+".md"))
		if !strings.HasPrefix(page, "# "+m[1]+"\n\n**It means**") || !strings.Contains(page, "\n**At risk**") || !strings.Contains(page, "\n1. ") {
			t.Errorf("docs/playbooks/%s.md does not say what it means, what is at risk and what to do", m[1])
		}
		if !strings.Contains(index, "| ["+m[1]+"]("+m[1]+".md) | ") {
			t.Errorf("docs/playbooks/README.md does not list %s", m[1])
		}
	}
	there, err := os.ReadDir("../docs/playbooks")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		if name := strings.TrimSuffix(f.Name(), ".md"); name != "README" && !pages[name] {
			t.Errorf("no alert leads to docs/playbooks/%s", f.Name())
		}
	}
	if len(pages) < 7 {
		t.Errorf("%d alerts: is this test still looking for them?", len(pages))
	}
}
