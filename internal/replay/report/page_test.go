package report

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
)

// The page's own policy names what is in it, byte for byte, and allows nothing else.
func TestThePageAllowsItsOwnScriptAndStyleAlone(t *testing.T) {
	page := writtenAs(t, "html", invented(9), Options{Limits: limits})
	policy := html.UnescapeString(regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)[1])
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("the policy is %q", policy)
	}
	for _, element := range []string{"script", "style"} {
		found := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
		if len(found) != 1 {
			t.Fatalf("%d elements of %s, want one", len(found), element)
		}
		sum := sha256.Sum256([]byte(found[0][1]))
		if !strings.Contains(policy, element+"-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") {
			t.Errorf("the policy does not name what is in %s: %s", element, policy)
		}
	}
}

// Nothing is fetched, and no attribute runs or styles anything: the policy would forbid it.
func TestThePageNeedsNothingButItself(t *testing.T) {
	page := writtenAs(t, "html", strange(), Options{Limits: limits})
	markup := regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>`).ReplaceAllString(page, "")
	if found := regexp.MustCompile(`<[a-z]+(?:\s+[a-zA-Z0-9-]+(?:="[^"]*")?)*?\s+(src|href|style|on[a-z]+)=`).FindString(markup); found != "" {
		t.Errorf("the page has %q", found)
	}
	if strings.Contains(page, "<img") || strings.Contains(page, "alert(1)</script>") {
		t.Error("what a stranger wrote is markup")
	}
}

func TestAPageOfFiftyThousandFindingsIsBelowThirtyMegabytes(t *testing.T) {
	if n := len(writtenAs(t, "html", invented(50_000), Options{Limits: limits})); n > 30e6 {
		t.Errorf("%d bytes", n)
	}
}

// Days without an entry are told, as what is in the history may be less than what happened.
func TestThePageTellsWhichDaysHaveNoEntry(t *testing.T) {
	r := invented(30)
	for _, d := range []int{3, 4, 5, 9} {
		r.Summary.Gaps = append(r.Summary.Gaps, r.Summary.First.AddDate(0, 0, d))
	}
	r.Summary.WithoutEntry = 4
	page := writtenAs(t, "html", r, Options{Limits: limits})
	if want := "4 days within the time without any entry (2026-09-02 to 2026-09-04, 2026-09-08)"; !strings.Contains(page, want) {
		t.Errorf("the page lacks %q", want)
	}
	if n := strings.Count(page, `<rect class="gap"`); n != 4 { // two gaps, in two charts
		t.Errorf("%d gaps are drawn, want 4", n)
	}
}

// BenchmarkAMillionFindings measures what a report of them takes beside the findings themselves.
func BenchmarkAMillionFindings(b *testing.B) {
	r := invented(1_000_000)
	for _, format := range []string{"html", "table", "jsonl"} {
		b.Run(format, func(b *testing.B) {
			runtime.GC()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var bytes counter
			first := time.Duration(0)
			for b.Loop() {
				start := time.Now()
				bytes = counter{first: func() { first = time.Since(start) }}
				if err := Write(&bytes, format, r, Options{Width: 80, Limits: limits}); err != nil {
					b.Fatal(err)
				}
			}
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.Sys)/1e6, "MB-of-the-process")
			b.ReportMetric(float64(before.HeapAlloc)/1e6, "MB-of-findings")
			b.ReportMetric(float64(bytes.n)/1e6, "MB-written")
			b.ReportMetric(first.Seconds(), "s-to-the-first-byte")
		})
	}
}

// counter counts what is written to it, and tells when the first byte is.
type counter struct {
	n     int
	first func()
}

var _ io.Writer = &counter{}

func (c *counter) Write(p []byte) (int, error) {
	if c.n == 0 {
		c.first()
	}
	c.n += len(p)
	return len(p), nil
}

// An entry may have any time, or none: a page of two thousand years has as many bars as any.
func TestAPageOfAnyTimeIsDrawn(t *testing.T) {
	r := invented(3)
	r.Findings[0].Time, r.Findings[1].Time = time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}
	r.Summary.First, r.Summary.Last = r.Findings[0].Time, time.Date(9998, 1, 1, 0, 0, 0, 0, time.UTC)
	if n := strings.Count(writtenAs(t, "html", r, Options{Limits: limits}), "<rect class="); n < 2 || n > 20 {
		t.Errorf("%d bars", n)
	}
}
