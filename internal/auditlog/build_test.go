package auditlog

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// obj is a JSON object.
type obj = map[string]any

// build takes a fixture and lays the edits over it. A key of an edit is a path
// ("protoPayload.request.service"); nil removes what is there.
func build(t testing.TB, fixture string, edits obj) []byte {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + fixture + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var e obj
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatalf("fixture %s: %v", fixture, err)
	}
	for path, v := range edits {
		set(t, e, path, v)
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func set(t testing.TB, in obj, path string, v any) {
	t.Helper()
	keys := strings.Split(path, ".")
	for _, k := range keys[:len(keys)-1] {
		next, ok := in[k].(obj)
		if !ok {
			next = obj{}
			in[k] = next
		}
		in = next
	}
	last := keys[len(keys)-1]
	if v == nil {
		delete(in, last)
		return
	}
	in[last] = v
}
