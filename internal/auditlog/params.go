package auditlog

import (
	"encoding/json"
	"slices"
	"strings"
)

// params are the parameters that say how a write is to be taken, in either
// spelling. They stand beside the body in the request.
type params struct {
	Mask              mask `json:"updateMask"`
	SnakeMask         mask `json:"update_mask"`
	AllowMissing      any  `json:"allowMissing"`
	SnakeAllowMissing any  `json:"allow_missing"`
	ValidateOnly      any  `json:"validateOnly"`
	SnakeValidateOnly any  `json:"validate_only"`
	DryRun            any  `json:"dryRun"`
	SnakeDryRun       any  `json:"dry_run"`
}

// rehearsal names the parameter that made the call a rehearsal: v2's
// validateOnly, or v1's dryRun, whose one value is "all".
func (p *params) rehearsal() string {
	switch {
	case p.ValidateOnly == true || p.SnakeValidateOnly == true:
		return "validateOnly"
	case dryRun(p.DryRun) || dryRun(p.SnakeDryRun):
		return "dryRun"
	}
	return ""
}

func dryRun(v any) bool { return v == "all" || v == "All" }

// odd says which of the parameters is of another type than it has, so that it is not
// known whether the call wrote anything, or which fields; "" for none.
func (p *params) odd() string {
	for _, v := range []any{p.ValidateOnly, p.SnakeValidateOnly} {
		if _, ok := v.(bool); v != nil && !ok {
			return "request.validateOnly is no bool"
		}
	}
	for _, v := range []any{p.DryRun, p.SnakeDryRun} {
		if v != nil && v != "" && !dryRun(v) {
			return "request.dryRun is no word that is known"
		}
	}
	if slices.Contains(p.mask(), oddPath) {
		return "request.updateMask is no field mask"
	}
	return ""
}

// mask lists the fields that the call writes; empty for all.
func (p *params) mask() mask { return append(p.Mask, p.SnakeMask...) }

// mayCreate reports whether an update creates what is not there.
func (p *params) mayCreate() bool { return truthy(p.AllowMissing) || truthy(p.SnakeAllowMissing) }

// truthy reads a switch of which all that is not off counts: as text, too.
func truthy(v any) bool { return v == true || v == "true" }

// mask is an update's field mask, its paths in lower case and without
// underscores. No path at all means that every field is written.
type mask []string

// oddPath stands in a mask that cannot be read: it could be any.
const oddPath = "*?"

// UnmarshalJSON reads a mask as text with commas, as a message with paths, or
// as a bare list. A mask of another type could be any: it covers every field, and is odd.
func (m *mask) UnmarshalJSON(raw []byte) error {
	var text string
	var message struct {
		Paths []string `json:"paths"`
	}
	switch {
	case json.Unmarshal(raw, &text) == nil:
		message.Paths = strings.Split(text, ",")
	case json.Unmarshal(raw, &message.Paths) == nil && len(message.Paths) > 0:
	case json.Unmarshal(raw, &message) == nil:
	default:
		message.Paths = []string{oddPath}
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
		return p == "*" || p == oddPath || within(field, p) || within(p, field)
	})
}
