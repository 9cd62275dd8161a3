package replay

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/policies"
)

// BenchmarkDecodeAndEvaluate compares reading and judging a SetIamPolicy entry
// of Cloud Run with reading it by encoding/json into a map, turn and turn
// about, so that a noisy machine is noisy for both.
func BenchmarkDecodeAndEvaluate(b *testing.B) {
	entry := setIamPolicyEntry(b)
	set, err := policies.Load()
	if err != nil {
		b.Fatal(err)
	}
	facts := policies.Facts{
		{Kind: policies.ConstraintEnforced, Name: invokerIAM, Project: "pay-prod"}: {Known: true, Value: true, Source: "facts.yaml"},
	}
	var plain, decode, ours time.Duration
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		var m map[string]any
		if err := json.Unmarshal(entry, &m); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		c, err := auditlog.Decode(entry)
		if err != nil {
			b.Fatal(err)
		}
		decode += time.Since(middle)
		if rs := set.Evaluate(policies.Input{Change: c, Facts: facts, Now: c.Time}); len(rs) != 1 {
			b.Fatalf("%d results, want 1", len(rs))
		}
		plain += middle.Sub(start)
		ours += time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(plain), "ratio")
	b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "judged-ns/op")
	b.ReportMetric(float64(decode.Nanoseconds())/float64(b.N), "decode-ns/op")
	b.ReportMetric(float64(plain.Nanoseconds())/float64(b.N), "map-ns/op")
}

// setIamPolicyEntry is one entry of the commands' samples.
func setIamPolicyEntry(b *testing.B) []byte {
	b.Helper()
	text, err := os.ReadFile("../../cmd/rescind/testdata/replay/v1/entries.jsonl")
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if strings.Contains(line, `"insertId":"v1d"`) || strings.Contains(line, `"insertId": "v1d"`) {
			return []byte(line)
		}
	}
	b.Fatal("no SetIamPolicy entry among the samples")
	return nil
}
