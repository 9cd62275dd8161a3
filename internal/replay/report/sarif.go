package report

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

// The parts of SARIF 2.1.0 that a report has.
// https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID       string       `json:"id"`
		Short    sarifMessage `json:"shortDescription"`
		Defaults sarifLevel   `json:"defaultConfiguration"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifResult struct {
		RuleID       string             `json:"ruleId"`
		RuleIndex    int                `json:"ruleIndex"`
		Kind         string             `json:"kind"`
		Level        string             `json:"level"`
		Baseline     string             `json:"baselineState,omitempty"`
		Message      sarifMessage       `json:"message"`
		Locations    []sarifLocation    `json:"locations"`
		Fingerprints map[string]string  `json:"partialFingerprints"`
		Suppressions []sarifSuppression `json:"suppressions,omitempty"`
		Properties   map[string]any     `json:"properties"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
		Kind string `json:"kind"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Status        string `json:"status"`
		Justification string `json:"justification"`
	}
)

// writeSARIF writes the findings as results of one run. What a result is about is its
// logical location; its artifact is the resource's name, for there is no file.
func writeSARIF(w io.Writer, r replay.Report, o Options) error { return sarifOf(r, o).write(w) }

func sarifOf(r replay.Report, o Options) sarifLog {
	run := sarifRun{
		Tool:    sarifTool{sarifDriver{Name: "rescind", Version: o.Version, Rules: []sarifRule{}}},
		Results: []sarifResult{},
	}
	s := r.Summary
	in := sarifInvocation{Successful: len(s.Refused) == 0 && !s.ReadNothing() && s.Stopped == ""}
	if s.ReadNothing() {
		in.Notifications = append(in.Notifications, sarifNotification{"error", sarifMessage{replay.OneLine(s.Nothing())}})
	}
	for _, p := range s.Refused {
		in.Notifications = append(in.Notifications, sarifNotification{"error", sarifMessage{replay.OneLine(p.String())}})
	}
	run.Invocations = []sarifInvocation{in}
	rules := map[string]int{}
	for i := range r.Findings {
		f := &r.Findings[i]
		at, known := rules[f.Policy]
		if !known {
			at = len(run.Tool.Driver.Rules)
			rules[f.Policy] = at
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{f.Policy, sarifMessage{f.Policy}, sarifLevel{level(f.Severity)}})
		}
		run.Results = append(run.Results, resultOf(f, at))
	}
	return sarifLog{"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", "2.1.0", []sarifRun{run}}
}

func (l sarifLog) write(w io.Writer) error {
	if err := json.NewEncoder(w).Encode(l); err != nil { // which escapes what HTML could obey
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// resultOf is a finding: a failure, or where it depends on something unknown, a thing to
// review. An exempt one is there, and suppressed.
func resultOf(f *replay.Finding, rule int) sarifResult {
	name := replay.OneLine(f.Resource.String())
	out := sarifResult{
		RuleID: f.Policy, RuleIndex: rule, Kind: "fail", Level: level(f.Severity),
		Message:      sarifMessage{message(f)},
		Fingerprints: map[string]string{"rescindFinding/v1": fingerprint(f)},
		Locations: []sarifLocation{{
			Physical: sarifPhysical{sarifArtifact{(&url.URL{Path: strings.TrimPrefix(name, "//")}).String()}},
			Logical:  []sarifLogical{{name, "resource"}},
		}},
		Properties: map[string]any{
			"actor": replay.OneLine(f.Actor), "time": f.Time.Format(time.RFC3339Nano), "insertId": replay.OneLine(f.InsertID), "method": replay.OneLine(f.Method),
			"enforcement": f.Enforcement, "decision": f.Decision, "verdict": f.Verdict, "tool": f.Tool, "plan": sentences(f), "ended": endingOf(f),
		},
	}
	switch f.Verdict {
	case policies.Unknown:
		out.Kind, out.Level = "review", "none"
	case policies.Exempt:
		out.Suppressions = []sarifSuppression{{"external", "accepted", replay.OneLine(strings.Join(f.Reasons, "; "))}}
	}
	return out
}

// endingOf is how the violation ended, in words that steer nothing; nil where that is not known.
func endingOf(f *replay.Finding) any {
	if f.Ended == nil {
		return nil
	}
	e := *f.Ended
	e.By, e.InsertID, e.Method = replay.OneLine(e.By), replay.OneLine(e.InsertID), replay.OneLine(e.Method)
	return e
}

// message is what was found and why, never empty.
func message(f *replay.Finding) string {
	if len(f.Reasons) == 0 {
		return f.Policy
	}
	return replay.OneLine(strings.Join(f.Reasons, ". "))
}

func sentences(f *replay.Finding) []string {
	out := []string{}
	for _, s := range f.Plan {
		out = append(out, replay.OneLine(s.String()))
	}
	return out
}

// fingerprint tells the finding from every other, in whichever run.
func fingerprint(f *replay.Finding) string {
	h := sha256.New()
	for _, part := range []string{f.Policy, f.Resource.String(), f.InsertID, f.Time.Format(time.RFC3339Nano), f.Actor} {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func level(s policies.Severity) string {
	return []string{"note", "warning", "error", "error"}[max(slices.Index(severities, s), 0)]
}
