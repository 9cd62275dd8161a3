package main

import (
	"os"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/auditlog"
)

// Whoever exports by one filter and has a sink with another would not see the same.
func TestThereIsOneLogFilter(t *testing.T) {
	filter := auditlog.Filter()
	if !strings.Contains(replayUsage, filter) {
		t.Errorf("rescind help replay lacks the filter %s", filter)
	}
	for _, file := range []string{"../../README.md", "../../docs/replay.md", "../../docs/install.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), filter) {
			t.Errorf("%s lacks the filter %s", file, filter)
		}
	}
	sink, err := os.ReadFile("../../infra/sink.tf")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(sink), "watched = [")
	list, _, _ = strings.Cut(list, "]")
	services, _ := auditlog.Sources(nil)
	for _, s := range services {
		if !strings.Contains(list, `"`+s+`"`) {
			t.Errorf("infra/sink.tf does not watch %s", s)
		}
	}
	if n := strings.Count(list, ".googleapis.com"); n != len(services) {
		t.Errorf("infra/sink.tf watches %d services, want %d", n, len(services))
	}
}
