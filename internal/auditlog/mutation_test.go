package auditlog

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// Every value of every fixture is replaced by a value of each JSON type, one
// at a time: whatever an exporter mangles, the entry is a change that says what
// it leaves open, or an error that says why not.
func TestNoValueOfAWrongTypeLosesAChange(t *testing.T) {
	for name, entry := range fixtures(t) {
		_, errBefore := Decode(entry)
		var e obj
		if err := json.Unmarshal(entry, &e); err != nil {
			t.Fatal(err)
		}
		mutate(t, e, nil, func(path []string) {
			raw, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Decode(raw)
			stored, jsonErr := json.Marshal(c)
			if jsonErr != nil || err != nil && sentinels(err) != 1 {
				t.Errorf("%s, %v: %v, %v", name, path, jsonErr, err)
			}
			if err == nil {
				checkChange(t, c, stored)
			}
			if errBefore == nil && errors.Is(err, ErrNotChange) && !decides(path) {
				t.Errorf("%s, %v: a change was lost: %v", name, path, err)
			}
			if t.Failed() {
				t.Fatalf("%s, %v: %s", name, path, raw)
			}
		})
	}
}

// decides tells the values that say whether an entry is of interest at all.
func decides(path []string) bool {
	return slices.Contains([]string{
		"logName", "protoPayload", "protoPayload.serviceName", "protoPayload.methodName", "protoPayload.resourceName",
	}, strings.Join(path, "."))
}

// mutate puts each type in each place below v in turn, and calls try.
func mutate(t *testing.T, v any, path []string, try func([]string)) {
	t.Helper()
	each := func(key string, put func(any), old any) {
		at := append(slices.Clone(path), key)
		for _, wrong := range []any{nil, "x", 7, true, []any{}, obj{}, []any{obj{"a": 1}}} {
			put(wrong)
			try(at)
		}
		put(old)
		mutate(t, old, at, try)
	}
	switch v := v.(type) {
	case obj:
		for k, old := range v {
			each(k, func(x any) { v[k] = x }, old)
		}
	case []any:
		for i, old := range v {
			each("[]", func(x any) { v[i] = x }, old)
		}
	}
}
