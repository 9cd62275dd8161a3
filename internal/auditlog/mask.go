package auditlog

import (
	"encoding/json"
	"slices"
	"strings"
)

// mask is an update's field mask, its paths in lower case and without
// underscores. No path at all means that every field is written.
type mask []string

// UnmarshalJSON reads a mask as text with commas, as a message with paths, or
// as a bare list. A mask of another type could be any: it covers every field.
func (m *mask) UnmarshalJSON(raw []byte) error {
	var text string
	var message struct {
		Paths []string `json:"paths"`
	}
	switch {
	case json.Unmarshal(raw, &text) == nil:
		message.Paths = strings.Split(text, ",")
	case json.Unmarshal(raw, &message.Paths) == nil:
	case json.Unmarshal(raw, &message) == nil:
	default:
		message.Paths = nil
	}
	*m = nil
	for _, p := range message.Paths {
		if p = levelled(p); p != "" {
			*m = append(*m, p)
		}
	}
	return nil
}

// levelled makes service_account and serviceAccount one.
func levelled(path string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(path), "_", ""))
}

// covers reports whether the update writes the field, the whole of what it is
// in, or a part of it.
func (m mask) covers(field string) bool {
	within := func(a, b string) bool { return a == b || strings.HasPrefix(a, b+".") }
	return len(m) == 0 || slices.ContainsFunc(m, func(p string) bool {
		return p == "*" || within(field, p) || within(p, field)
	})
}
