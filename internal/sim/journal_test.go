package sim

import (
	"encoding/json"
	"sync"
)

// journal collects emitted entries.
type journal struct {
	mu      sync.Mutex
	entries []map[string]any
}

func (j *journal) emit(b []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var e map[string]any
	if err := json.Unmarshal(b, &e); err != nil {
		e = map[string]any{"unreadable": string(b)}
	}
	j.entries = append(j.entries, e)
}

// take returns what was emitted since the last take.
func (j *journal) take() []map[string]any {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := j.entries
	j.entries = nil
	return out
}

// dig follows keys into decoded JSON; nil where there is nothing.
func dig(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

func methods(es []map[string]any) []string {
	var out []string
	for _, e := range es {
		out = append(out, dig(e, "protoPayload", "methodName").(string))
	}
	return out
}
