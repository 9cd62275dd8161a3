package replay

import "fmt"

// Problem is something that could not be read, and where.
type Problem struct {
	Input  string `json:"input"`
	Line   int    `json:"line,omitempty"` // of its first byte, from 1; 0 for the whole input
	Reason string `json:"reason"`
}

func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.Input, p.Reason)
	}
	return fmt.Sprintf("%s:%d: %s", p.Input, p.Line, p.Reason)
}
