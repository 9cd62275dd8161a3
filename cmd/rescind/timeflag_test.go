package main

import (
	"strings"
	"testing"
	"time"
)

func TestATimeIsReadAsPeopleWriteIt(t *testing.T) {
	now := time.Date(2026, 11, 29, 18, 30, 0, 0, time.FixedZone("", 3600))
	for in, want := range map[string]string{
		"2026-11-20T10:00:00Z": "2026-11-20T10:00:00Z", "2026-11-20T10:00:00+02:00": "2026-11-20T08:00:00Z", "2026-11-20": "2026-11-20T00:00:00Z",
		"2026-11-20T10:00": "2026-11-20T10:00:00Z", "2026-11-20 10:00:01": "2026-11-20T10:00:01Z",
		"30d": "2026-10-30T17:30:00Z", "2w": "2026-11-15T17:30:00Z", "12h": "2026-11-29T05:30:00Z", "1h30m": "2026-11-29T16:00:00Z",
		"today": "2026-11-29T00:00:00Z", "Yesterday": "2026-11-28T00:00:00Z", "now": "2026-11-29T17:30:00Z",
	} {
		if got, err := momentOf(in, now); err != nil || got.UTC().Format(time.RFC3339) != want {
			t.Errorf("%s: %v, %v; want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "soon", "20.11.2026", "2026-13-01", "-3d", "0d", "d", "30", "1.5d", "30dd", "99999999d", "last week"} {
		if got, err := momentOf(in, now); err == nil || !strings.Contains(err.Error(), "want a time like 2026-11-20T10:00:00Z") {
			t.Errorf("%q is %v, %v", in, got, err)
		}
	}
}
