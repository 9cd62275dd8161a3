package trace

import "slices"

// Node is one sub-expression of a policy's `when`, and what it came to on one
// change. Op names how the Parts make it up: "&&", "||", "!", "?:", a macro
// ("exists", "all", "exists_one") whose parts are the elements of a list, or
// empty for what has no parts to show.
type Node struct {
	Text   string `json:"text"`
	Op     string `json:"op,omitempty"`
	Answer Answer `json:"answer"`
	// Decided is true for what the answer of the whole rests on: of two sides
	// of an && that is false, the false one.
	Decided bool `json:"decided"`
	// Why says what is unknown, or what went wrong.
	Why []string `json:"why,omitempty"`
	// Values are what the operands of a comparison or a function came to.
	Values []Value `json:"values,omitempty"`
	Parts  []*Node `json:"parts,omitempty"`
	// Omitted counts elements of a list that are left out of Parts; none of
	// them decides anything.
	Omitted int `json:"omitted,omitempty"`
}

// Value is an operand, and what it came to.
type Value struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// Answer is what a sub-expression came to.
type Answer string

// The answers.
const (
	True    Answer = "true"
	False   Answer = "false"
	Unknown Answer = "unknown"
	Error   Answer = "error"
)

// omit drops elements that settle nothing.
func (n *Node) omit(elements []*Node) {
	n.Parts = slices.DeleteFunc(n.Parts, func(p *Node) bool { return slices.Contains(elements, p) })
	n.Omitted = len(elements)
}

// decide marks n, and of its parts those that its answer rests on.
func (n *Node) decide() {
	n.Decided = true
	switch n.Op {
	case "&&", "all":
		n.decideBy(False)
	case "||", "exists":
		n.decideBy(True)
	case "?:":
		n.decideBranch()
	default:
		for _, p := range n.Parts {
			p.decide()
		}
	}
}

// decideBy marks the parts of an && (settled by one that is false) or of an ||
// (by one that is true). What is unsure rests on what is unsure.
func (n *Node) decideBy(settles Answer) {
	for _, p := range n.Parts {
		unsure := p.Answer == Unknown || p.Answer == Error
		switch n.Answer {
		case True, False:
			if n.Answer != settles || p.Answer == settles {
				p.decide()
			}
		default:
			if unsure {
				p.decide()
			}
		}
	}
}

func (n *Node) decideBranch() {
	condition, then, otherwise := n.Parts[0], n.Parts[1], n.Parts[2]
	condition.decide()
	switch condition.Answer {
	case True:
		then.decide()
	case False:
		otherwise.decide()
	}
}
