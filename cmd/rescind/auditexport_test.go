package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// offline checks an excerpt in a file, far from any store.
func offline(t *testing.T, text string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "trail.jsonl")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return runCommand(t, "", append([]string{"audit", "verify", "--offline", file}, args...)...)
}

func TestWhatIsExportedVerifiesWithoutTheStore(t *testing.T) {
	b, day := swept(t)
	all := b.ran("audit export")
	now := time.Now().UTC().Format(time.RFC3339Nano)
	for name, tt := range map[string]struct{ text, want string }{
		"all":             {all, "7 events of 2 findings and 3 records of the ledger; 0 findings from before there were hashes\n1 roots cover"},
		"one finding":     {b.ran("audit export", "--finding", askedID), "4 events of 1 findings and 0 records"},
		"today":           {b.ran("audit export", "--since", day+"T00:00:00Z"), "3 records of the ledger"},
		"nothing yet":     {b.ran("audit export", "--since", now, "--until", "2099-01-01T00:00:00Z"), "0 events of 0 findings"},
		"before anything": {b.ran("audit export", "--until", "2020-01-01T00:00:00Z"), "0 events of 0 findings"},
	} {
		code, out, errs := offline(t, tt.text)
		if code != exitOK || !strings.Contains(out, tt.want) {
			t.Errorf("%s: exit %d, %s%s, want %s", name, code, out, errs, tt.want)
		}
	}
	if code, out, errs := runCommand(t, all, "audit", "verify", "--offline", "-", "--format", "json"); code != exitOK || !strings.Contains(out, `"whole": true`) {
		t.Errorf("from standard input: exit %d, %s%s", code, out, errs)
	}
	b.fails(exitUsage, "--offline checks what is in the file", "audit verify", "--offline", "x")
}

// forged is the excerpt with its lines as change leaves them, and an end that fits.
func forged(t *testing.T, text string, change func(lines []map[string]any) []map[string]any) string {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(text) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, v)
	}
	var out strings.Builder
	lines = change(lines[:len(lines)-1])
	for _, v := range lines {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(b, '\n'))
	}
	sum := sha256.Sum256([]byte(out.String()))
	fmt.Fprintf(&out, `{"end":{"lines":%d,"sha256":%q}}`+"\n", len(lines), hex.EncodeToString(sum[:]))
	return out.String()
}

func TestI8WhatWasDoneToAnExportIsFound(t *testing.T) {
	b, day := swept(t)
	text := b.ran("audit export")
	of := func(v map[string]any, kind, field string) any {
		part, ok := v[kind].(map[string]any)
		if !ok {
			return nil
		}
		return part[field]
	}
	without := func(is func(map[string]any) bool) func([]map[string]any) []map[string]any {
		return func(lines []map[string]any) []map[string]any { return slices.DeleteFunc(lines, is) }
	}
	each := func(is func(map[string]any) bool, do func(map[string]any)) func([]map[string]any) []map[string]any {
		return func(lines []map[string]any) []map[string]any {
			for _, v := range lines {
				if is(v) {
					do(v)
				}
			}
			return lines
		}
	}
	event := func(n float64) func(map[string]any) bool {
		return func(v map[string]any) bool {
			return of(v, "line", "chain") == "finding/"+exemptedID && of(v, "line", "n") == n
		}
	}
	entry := func(n float64) func(map[string]any) bool {
		return func(v map[string]any) bool { return of(v, "line", "chain") == "ledger/"+day && of(v, "line", "n") == n }
	}
	root := func(v map[string]any) bool { return v["root"] != nil }
	isRecord := func(v map[string]any) bool { return of(v, "record", "finding") == exemptedID }
	set := func(kind, field string, to any) func(map[string]any) {
		return func(v map[string]any) { v[kind].(map[string]any)[field] = to }
	}
	for _, tt := range []struct {
		name   string
		change func([]map[string]any) []map[string]any
		says   string
	}{
		{"who answered is another", each(event(2), set("line", "who", "user:eve@example.com")), "breaks at event 2"},
		{"the policy is another", each(event(2), set("line", "policy", "another")), "event 2 of finding " + exemptedID},
		{"an event is gone", without(event(2)), "breaks at event 2"},
		{"the last event is gone", without(event(3)), exemptedID},
		{"a finding is gone", without(func(v map[string]any) bool {
			return of(v, "line", "finding") == askedID && of(v, "line", "kind") != "refused"
		}),
			"a root holds finding " + askedID + " with 4 events, and it is not in the excerpt"},
		{"the record is gone", without(isRecord), "the record of finding " + exemptedID + " is missing"},
		{"the answers are others", each(isRecord, func(v map[string]any) {
			set("record", "sealed", strings.Replace(of(v, "record", "sealed").(string), "user:kim@", "user:eve@", 1))(v)
		}), "the record of finding " + exemptedID + " is not as event 3 left it"},
		{"a record of the ledger is another", each(entry(2), set("line", "what", "nothing")), "the ledger of " + day + " breaks at record 2"},
		{"the last record of the ledger is gone", without(entry(3)), "record 3 of the ledger of " + day + " is missing"},
		{"the ledger is gone", without(func(v map[string]any) bool { return of(v, "line", "chain") == "ledger/"+day }),
			"a root holds the ledger of " + day + " with 3 records"},
		{"a root holds something else", each(root, func(v map[string]any) { first(v["root"].(map[string]any)["heads"])["n"] = 7 }), "root 1 is not as it was written"},
	} {
		code, _, errs := offline(t, forged(t, text, tt.change))
		if code != exitFailed || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: exit %d, stderr %q; want exit 1, saying %q", tt.name, code, errs, tt.says)
		}
	}
	if code, _, errs := offline(t, forged(t, text, func(l []map[string]any) []map[string]any { return l })); code != exitOK {
		t.Errorf("with nothing changed: %s", errs)
	}
}

func TestAnExportThatIsNotWholeIsRefused(t *testing.T) {
	b, _ := swept(t)
	text := b.ran("audit export")
	lines := slices.Collect(strings.Lines(text))
	for name, tt := range map[string]struct{ text, says string }{
		"empty":                {"", "it was cut off"},
		"cut off":              {strings.Join(lines[:len(lines)-1], ""), "it was cut off"},
		"one line less":        {strings.Join(slices.Delete(slices.Clone(lines), 2, 3), ""), "some are missing or were changed"},
		"one more":             {text + lines[1], "is after the end"},
		"of a later version":   {strings.Replace(text, `"version":1`, `"version":2`, 1), "this rescind reads 1"},
		"a field that is none": {`{"export":{"version":1},"x":1}` + "\n", `unknown field "x"`},
		"no JSON":              {"x\n", "line 1"},
	} {
		if code, out, errs := offline(t, tt.text); code != exitFailed || !strings.Contains(errs, tt.says) || out != "" {
			t.Errorf("%s: exit %d, %s%s, want %s", name, code, out, errs, tt.says)
		}
	}
}
