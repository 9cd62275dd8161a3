package page_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/page"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var (
	stylePattern = regexp.MustCompile(`(?s)<style>.*?</style>`)
	tokenPattern = regexp.MustCompile(`name="token" value="[^"]*"`)
)

func golden(t *testing.T, name, got string) {
	t.Helper()
	got = tokenPattern.ReplaceAllString(stylePattern.ReplaceAllString(got, "<style>…</style>"), `name="token" value="…"`)
	path := filepath.Join("testdata", name+".html")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("page (-want +got):\n%s", d)
	}
}

func TestAPageReadsAsAgreedInEveryState(t *testing.T) {
	for _, state := range state.All() {
		t.Run(string(state), func(t *testing.T) {
			s := newSite(t)
			f := in(state)
			s.put(f)
			golden(t, string(state), s.open(ada, "/findings/"+f.ID).page.Body.String())
		})
	}
}

func TestAPageSaysAllThatIsRecorded(t *testing.T) {
	s := newSite(t)
	f := in(state.Reverted)
	u := in(state.Undone)
	u.Why, u.CreatedAt = "undone: what the revert changed is as it was before", noon.Add(8*time.Minute)
	s.put(f, u)
	text := s.open(bob, "/findings/"+f.ID).text()
	wants(t, text, "Signed in as <strong>"+bob,
		"jo@example.com", "service api in europe-west1, project pay-prod", "22 Nov 2026 12:00:00 UTC", "google.cloud.run.v1.Services.SetIamPolicy",
		"anyone on the internet can invoke api", "run.managed.requireInvokerIam is enforced",
		`<span class="sign">- </span>roles/run.invoker to allUsers</del>`, "All of it was written, or may have been.", "An undo would change (plan "+f.UndoPlan().Digest[:8],
		`<span class="sign">+ </span>roles/run.invoker to allUsers</ins>`, f.Plan.Digest,
		"What was done", f.Why, "gcloud run services remove-iam-policy-binding api --region=europe-west1 --project=pay-prod --member=allUsers",
		"<strong>revert</strong> by user:ada@example.com <span class=\"dim\">via iap:accounts.google.com:1 on plan "+f.Plan.Digest[:8],
		`<a href="/findings/`+u.ID+`">`, u.Why, "approve by folders/4001", "//run.googleapis.com/projects/pay-prod/locations/europe-west1/services/api")
	wants(t, s.open(bob, "/findings/"+u.ID).text(), `Undo of</dt><dd class="exact"><a href="/findings/`+f.ID+`">`)
	wants(t, s.open(bob, "/findings/"+f.ID+"?said=%3Cb%3Ehello").text(), "<main") // an address has no words of its own
	if text := s.open(bob, "/findings/"+f.ID+"?said=hello").text(); strings.Contains(text, "hello") {
		t.Error("the page says what its address told it to")
	}
}

func TestAQuestionSaysUntilWhenAndWhatSilenceDoes(t *testing.T) {
	s := newSite(t, func(c *page.Config) { c.OnExpiry = remediate.RevertOnExpiry })
	s.put(question())
	wants(t, s.open(ada, "/findings/"+findingA).text(), `<dt>If nobody answers</dt><dd><time datetime="2026-11-22T13:00:00Z">22 Nov 2026 13:00:00 UTC</time>: the change is reverted</dd>`)
}

// choices are the answers that the page has a form for.
func (v *visit) choices() []string {
	var out []string
	for c := range v.forms() {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

func TestAPageHasAFormForExactlyTheAnswersThatCount(t *testing.T) {
	unanswerable := question()
	unanswerable.Plan = judge.NewPlan(nil, "what violates is not known")
	expired := question()
	expired.ExpiresAt = noon
	old := in(state.Reverted)
	old.EndedAt = noon.Add(-25 * time.Hour)
	unnamed := in(state.Reverted) // it ran as the default account because none was named
	unnamed.Done = []judge.Step{{Kind: policies.RestoreIdentity, Resource: service, After: judge.StepState{ServiceAccount: "api@pay-prod.iam.gserviceaccount.com"}}}
	undo := in(state.Undone)
	undo.State, undo.EndedAt, undo.ExpiresAt = state.Pending, time.Time{}, noon.Add(time.Hour)
	for _, tc := range []struct {
		name string
		f    []finding.Finding
		want []string
	}{
		{"a question", []finding.Finding{question()}, []string{"exempt", "keep", "revert"}},
		{"a question without a plan", []finding.Finding{unanswerable}, []string{"exempt", "keep"}},
		{"a question whose time is over", []finding.Finding{expired}, nil},
		{"a report", []finding.Finding{in(state.Reported)}, []string{"revert"}},
		{"a revert", []finding.Finding{in(state.Reverted)}, []string{"undo"}},
		{"a revert of the day before", []finding.Finding{old}, nil},
		{"a revert whose undo would have to write what nobody named", []finding.Finding{unnamed}, nil},
		{"a revert with an undo under way", []finding.Finding{in(state.Reverted), undo}, nil},
		{"a revert that was undone", []finding.Finding{in(state.Reverted), in(state.Undone)}, nil},
		{"an undo that waits for another person", []finding.Finding{undo}, []string{"undo"}},
		{"one that was kept", []finding.Finding{in(state.Kept)}, nil},
		{"one being reverted", []finding.Finding{in(state.Applying)}, nil},
	} {
		s := newSite(t)
		s.put(tc.f...)
		if got := s.open(ada, "/findings/"+tc.f[0].ID).choices(); !slices.Equal(got, tc.want) {
			t.Errorf("%s: forms for %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestEveryAnswerHasTheHeadersThatKeepItToItself(t *testing.T) {
	s := newSite(t)
	s.put(question())
	for _, path := range []string{"/findings", "/findings/" + findingA, "/findings/aaaaaaaaaaaaaaaaaaaaaaaaaa", "/findings/nonsense", "/findings?state=nonsense"} {
		w := s.do(s.request(ada, "GET", path, nil))
		h := w.Header()
		csp := h.Get("Content-Security-Policy")
		if !regexp.MustCompile(`^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$`).MatchString(csp) {
			t.Errorf("%s: policy %q", path, csp)
		}
		got := []string{h.Get("X-Content-Type-Options"), h.Get("Referrer-Policy"), h.Get("Cache-Control"), h.Get("Content-Type")}
		if d := cmp.Diff([]string{"nosniff", "no-referrer", "no-store", "text/html; charset=utf-8"}, got); d != "" {
			t.Errorf("%s: headers (-want +got):\n%s", path, d)
		}
		if body := stylePattern.ReplaceAllString(w.Body.String(), ""); regexp.MustCompile(`(?i)<script|style=| on[a-z]+=|https?://|<img|<link|url\(`).MatchString(body) {
			t.Errorf("%s: a script, a style or something from elsewhere in:\n%s", path, body)
		}
	}
}

func TestAPageHasOneHeadingLandmarksAndALabelForEveryField(t *testing.T) {
	s := newSite(t)
	s.put(question())
	for _, path := range []string{"/findings", "/findings/" + findingA} {
		body := s.open(ada, path).page.Body.String()
		if n := strings.Count(body, "<h1>"); n != 1 {
			t.Errorf("%s: %d first headings", path, n)
		}
		wants(t, body, `<html lang="en">`, `<main id="main">`, `<nav aria-label=`, `<a class="skip" href="#main">`)
		for _, m := range regexp.MustCompile(`<(?:textarea|select|input)[^>]* id="([^"]+)"`).FindAllStringSubmatch(body, -1) {
			wants(t, body, `<label for="`+m[1]+`">`)
		}
		for _, m := range regexp.MustCompile(`aria-(?:labelledby|describedby)="([^"]+)"`).FindAllStringSubmatch(body, -1) {
			wants(t, body, ` id="`+m[1]+`"`)
		}
	}
}

func TestAFindingThatIsNotThereIsSaidSo(t *testing.T) {
	s := newSite(t)
	for _, id := range []string{"aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "..%2F..%2Fpause", strings.Repeat("a", 27), "ABCDEFGHIJKLMNOPQRSTUVWX27"} {
		w := s.do(s.request(ada, "GET", "/findings/"+id, nil))
		if w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "There is no finding of this id") {
			t.Errorf("%s: %d", id, w.Code)
		}
	}
}

// hostile fills every string of a finding that somebody else wrote.
func hostile(text string) finding.Finding {
	f := in(state.Reverted)
	f.Policy, f.Title, f.Message, f.EnforcedBy, f.Why, f.Reasons = text, text, text, text, text, []string{text}
	name := strings.ReplaceAll(text, "/", "|") // no store takes another path
	f.Resource.Name, f.Resource.Project, f.Resource.Location = name, name, name
	f.Change.Actor.Principal, f.Change.Method, f.Change.Resource = text, text, f.Resource
	f.Actors = []cloud.Actor{{Principal: text, Delegation: []string{text}}}
	f.Plan.Steps[0].Resource = f.Resource
	f.Plan.Steps[0].Before.Grants = []cloud.Grant{{Role: text, Member: cloud.Member(text), Condition: cloud.Condition{Title: text, Expression: text}}}
	f.Done = f.Plan.Steps
	f.Answers[0].Principal, f.Answers[0].Via, f.Answers[0].Reason, f.Answers[0].Digest = text, text, text, text
	f.Timeline = []trail.Event{{At: noon, State: state.Reverted, Who: text, What: text}}
	return f
}

var tagPattern, valuePattern = regexp.MustCompile(`<[^>]*>`), regexp.MustCompile(`="[^"]*"`)

// shape is the markup of a page: its tags with the names of their attributes.
func shape(body string) string {
	tags := tagPattern.FindAllString(stylePattern.ReplaceAllString(body, ""), -1)
	return valuePattern.ReplaceAllString(strings.Join(tags, "\n"), `=""`)
}

func FuzzWhateverStrangersWriteStaysText(f *testing.F) {
	for _, s := range []string{"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "a\u202eb", "all\u200bUsers", "\x1b[31m", "</pre><ins>+ x</ins>",
		"line\nbreak", "{{.Token}}", "javascript:alert(1)", "\xff\xfe", "'--", "&lt;b&gt;", "\u2028\u3164"} {
		f.Add(s)
	}
	pages := func(t *testing.T, text string) []string {
		s := newSite(t)
		s.put(hostile(text))
		return []string{s.open(ada, "/findings/"+findingA).page.Body.String(), s.open(ada, "/findings").page.Body.String()}
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 9 { // so that digests are cut, and words left out, alike
			text += strings.Repeat("x", 9)
		}
		want := pages(t, fmt.Sprintf("%0*d", 12, 0))
		for i, body := range pages(t, text) {
			for _, line := range strings.Split(body, "\n") {
				if clean := notify.Clean(line); clean != line {
					t.Errorf("a character that hides or turns text in %q", line)
				}
			}
			if d := cmp.Diff(shape(want[i]), shape(body)); d != "" {
				t.Errorf("the text changed the markup (-want +got):\n%s", d)
			}
		}
	})
}
