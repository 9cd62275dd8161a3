package auditlog

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Whatever is decoded to something that counts has one of the names, and the sources of
// its kind are among them.
func TestNothingCountsThatNamesNoSource(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	names, known := Sources(nil)
	if !known || len(names) < 5 {
		t.Fatalf("sources %v", names)
	}
	counted := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Decode(raw)
		if errors.Is(err, ErrNotChange) || errors.Is(err, ErrUnreadable) {
			continue
		}
		counted++
		var e struct {
			Payload struct {
				ServiceName string `json:"serviceName"`
			} `json:"protoPayload"`
		}
		if err := json.Unmarshal(raw, &e); err != nil || !slices.Contains(names, e.Payload.ServiceName) {
			t.Errorf("%s counts, and is of %q: %v", file, e.Payload.ServiceName, err)
		}
		if k := c.Resource.Kind; k != "" && c.Verb != cloud.DefineRole && !slices.Contains(sources[k], c.Service) {
			t.Errorf("%s is a change of a %s by %s, which is none of its sources", file, k, c.Service)
		}
	}
	if counted < 20 {
		t.Errorf("%d fixtures count", counted)
	}
}

func TestAKindWithoutASourceHasAnyEntryMatter(t *testing.T) {
	t.Parallel()
	if _, known := Sources([]cloud.Kind{cloud.RunService, "bucket"}); known {
		t.Error("the sources of a bucket are known")
	}
	if _, known := Sources(cloud.Kinds()); !known {
		t.Errorf("of %v there is a kind without a source", cloud.Kinds())
	}
	for k, services := range sources {
		for _, s := range services {
			if readerOf(s) == nil || !strings.HasSuffix(s, ".googleapis.com") {
				t.Errorf("source %s of %s has no reader", s, k)
			}
		}
	}
}
