package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A bucket in an emulator is read as the files in it would be.
func TestReplayOfABucket(t *testing.T) {
	text, err := os.ReadFile("testdata/replay/v1/entries.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	zipped := zip(t, string(text))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Header.Get("Authorization") != "":
			t.Error("the emulator is shown credentials")
		case r.URL.Path == "/storage/v1/b/logs/o":
			_ = json.NewEncoder(w).Encode(map[string]any{"items": []map[string]string{{"name": "2026/11.json.gz", "size": strconv.Itoa(len(zipped)), "generation": "1"}}})
		case r.URL.EscapedPath() == "/storage/v1/b/logs/o/2026%2F11.json.gz":
			_, _ = w.Write([]byte(zipped))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	t.Setenv("STORAGE_EMULATOR_HOST", strings.TrimPrefix(server.URL, "http://"))
	_, want, _ := runCommand(t, string(text), "replay", "--format", "jsonl", "-")
	code, got, summary := runCommand(t, "", "replay", "--format", "jsonl", "gs://logs/2026")
	if code != exitOK || got != want || want == "" {
		t.Errorf("exit status %d, findings (-want +got):\n%s\n%s", code, cmp.Diff(want, got), summary)
	}
}
