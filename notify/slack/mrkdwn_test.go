package slack_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/notify"
)

// status draws a message with this status, and returns what Slack gets of it.
func status(t *testing.T, s string) string {
	t.Helper()
	_, rest, ok := strings.Cut(string(draw(t, notify.Message{Finding: findingID, Headline: "HIGH", Status: s, Text: "x"}).Blocks), `"type":"mrkdwn","text":"`)
	text, _, end := strings.Cut(rest, `","verbatim":true`)
	if !ok || !end {
		t.Fatalf("no status in %s", rest)
	}
	return strings.NewReplacer(`\u0026`, "&", `\"`, `"`).Replace(text)
}

func TestS10WhatStrangersWroteIsNoFormatting(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"plain text", "anyone can invoke service api, project pay-prod", "anyone can invoke service api, project pay-prod"},
		{"bold", "approved by *everybody*", "approved by ∗everybody∗"},
		{"bold that would end ours", "x* y", "x∗ y"},
		{"struck out", "~this is bad~", "∼this is bad∼"},
		{"code", "`ok`", "'ok'"},
		{"italics", "_ok_ and (_ok_)", "＿ok＿ and (＿ok＿)"},
		{"an underscore within a word", "iam.service_accounts.actAs", "iam.service_accounts.actAs"},
		{"underscores at its ends", "__init__", "＿＿init＿＿"},
		{"a quotation", ">> said ada", "›› said ada"},
		{"a comparison", "a > b", "a &gt; b"},
		{"an emoji", "done :white_check_mark:", "done ∶white_check_mark:"},
		{"emoji in a row", ":a:b:", "∶a∶b:"},
		{"an emoji of signs", ":+1: :100:", "∶+1: ∶100:"},
		{"a time of day", "at 12:00:30 UTC", "at 12:00:30 UTC"},
		{"a principal", "user:jo@example.com: fine", "user:jo@example.com: fine"},
		{"a resource", "//run.googleapis.com/projects/p/locations/l/services/s", "//run.googleapis.com/projects/p/locations/l/services/s"},
		{"a mention", "<!channel> & <@U01>", "&lt;!channel&gt; &amp; &lt;@U01&gt;"},
		{"an escape", "&lt;!here&gt;", "&amp;lt;!here&amp;gt;"},
		{"a date", "<!date^0^{date}|x>", "&lt;!date^0^{date}|x&gt;"},
		{"nothing", " \n ", "–"},
	} {
		if got := status(t, row.in); got != row.want {
			t.Errorf("%s: %q reads %q, want %q", row.name, row.in, got, row.want)
		}
	}
}

func TestATextIsCutBetweenCharactersAndSaysThatItWas(t *testing.T) {
	for _, piece := range []string{"a", "&", "𝕏", "*", "_a", ":x:"} {
		long := status(t, strings.Repeat(piece, 3000))
		if n := len([]rune(long)); n > 800 || !strings.HasSuffix(long, "…") || strings.HasSuffix(long, "&…") {
			t.Errorf("%q, many times: %d characters, to %q", piece, n, long[len(long)-12:])
		}
		short := status(t, strings.Repeat(piece, 100))
		if strings.HasSuffix(short, "…") {
			t.Errorf("%q, a hundred times: is cut", piece)
		}
	}
}
