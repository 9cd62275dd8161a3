package policies

// Trace is one sub-expression of a policy's `when`, and what it came to on one
// change. Op names how the Parts make it up: "&&", "||", "!", "?:", a macro
// ("exists", "all", "exists_one") whose parts are the elements of a list, or
// empty for what has no parts to show.
type Trace struct {
	Text   string      `json:"text"`
	Op     string      `json:"op,omitempty"`
	Answer TraceAnswer `json:"answer"`
	// Decided is true for what the answer of the whole rests on: of two sides
	// of an && that is false, the false one.
	Decided bool `json:"decided"`
	// Why says what is unknown, or what went wrong.
	Why []string `json:"why,omitempty"`
	// Values are what the operands of a comparison or a function came to.
	Values []TraceValue `json:"values,omitempty"`
	Parts  []*Trace     `json:"parts,omitempty"`
	// Omitted counts elements of a list that are left out of Parts; none of
	// them decides anything.
	Omitted int `json:"omitted,omitempty"`
}

// TraceValue is an operand, and what it came to.
type TraceValue struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// TraceAnswer is what a sub-expression came to.
type TraceAnswer string

// The answers.
const (
	TraceTrue    TraceAnswer = "true"
	TraceFalse   TraceAnswer = "false"
	TraceUnknown TraceAnswer = "unknown"
	TraceError   TraceAnswer = "error"
)
