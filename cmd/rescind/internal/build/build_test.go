package build_test

import (
	"encoding/json"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/build"
)

func written(settings ...debug.BuildSetting) *debug.BuildInfo {
	return &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"},
		Settings: append(settings, debug.BuildSetting{Key: "GOOS", Value: "linux"}, debug.BuildSetting{Key: "GOARCH", Value: "arm64"})}
}

func TestABuildSaysWhatItIsAndWhatItDoesNotKnow(t *testing.T) {
	commit := debug.BuildSetting{Key: "vcs.revision", Value: "800ed46"}
	changed := func(v string) debug.BuildSetting { return debug.BuildSetting{Key: "vcs.modified", Value: v} }
	for _, tt := range []struct {
		name string
		info *debug.BuildInfo
		line string
		json string
	}{
		{"of a commit", written(commit, changed("false")), "rescind v1.2.3, commit 800ed46, go1.26.8 linux/arm64",
			`{"version":"v1.2.3","commit":"800ed46","modified":false,"go":"go1.26.8","platform":"linux/arm64"}`},
		{"of a tree that was changed", written(commit, changed("true")), "rescind v1.2.3, commit 800ed46, with changes that are not committed, go1.26.8 linux/arm64",
			`{"version":"v1.2.3","commit":"800ed46","modified":true,"go":"go1.26.8","platform":"linux/arm64"}`},
		{"of a commit, and nobody says whether changed", written(commit), "rescind v1.2.3, commit 800ed46, unknown whether with changes, go1.26.8 linux/arm64",
			`{"version":"v1.2.3","commit":"800ed46","go":"go1.26.8","platform":"linux/arm64"}`},
		{"of no repository", written(), "rescind v1.2.3, commit unknown: not built from a repository, or by go run, go1.26.8 linux/arm64",
			`{"version":"v1.2.3","go":"go1.26.8","platform":"linux/arm64"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := build.Of(tt.info)
			if i.String() != tt.line {
				t.Errorf("got  %s\nwant %s", i, tt.line)
			}
			b, err := json.Marshal(i)
			if err != nil || string(b) != tt.json {
				t.Errorf("got  %s, %v\nwant %s", b, err, tt.json)
			}
		})
	}
}

func TestAProgramThatKnowsNothingOfItselfIsOfAnUnknownVersion(t *testing.T) {
	if got := build.Of(&debug.BuildInfo{}).String(); !strings.HasPrefix(got, "rescind unknown, commit unknown") {
		t.Errorf("got %s", got)
	}
	if got := build.Read(); got.Go == "" || got.Version == "" || !strings.Contains(got.Platform, "/") {
		t.Errorf("this program is %+v", got)
	}
}
