package auditlog

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
	case truthy(p.ValidateOnly) || truthy(p.SnakeValidateOnly):
		return "validateOnly"
	case dryRun(p.DryRun) || dryRun(p.SnakeDryRun):
		return "dryRun"
	}
	return ""
}

func dryRun(v any) bool { return v == "all" || v == "All" || truthy(v) }

// mask lists the fields that the call writes; empty for all.
func (p *params) mask() mask { return append(p.Mask, p.SnakeMask...) }

// mayCreate reports whether an update creates what is not there.
func (p *params) mayCreate() bool { return truthy(p.AllowMissing) || truthy(p.SnakeAllowMissing) }

// truthy reads a switch that may be written as a bool or as text.
func truthy(v any) bool { return v == true || v == "true" }
