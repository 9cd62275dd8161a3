package policies

import (
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/traits"
)

// message renders the policy's message; a policy whose message cannot be
// rendered still says where and by its title what.
func (e *evaluation) message(r *rule, v Verdict) string {
	text := r.Title + ": " + e.in.Change.Resource.Path()
	if r.message != nil {
		e.part, e.telling = e.whole, true
		if s, ok := evalString(r.message, e); ok {
			text = s
		}
		e.telling = false
	}
	if v == Unknown {
		return "it is unknown whether this holds: " + text
	}
	return text
}

// advice is what the policy has to say to whoever must do without the
// violation. Its expression sees the parts to blame as the whole change.
func (e *evaluation) advice(r *rule, f finding) []string {
	if r.advice == nil || f.verdict == Exempt {
		return nil
	}
	e.part, e.telling, e.rule = e.whole.without(), true, r
	defer func() { e.telling = false }()
	e.part.grants = f.grants
	e.part.shares = f.serving
	e.part = e.shown(e.part)
	if f.invokerCheck {
		e.part.invokerCheck = e.whole.invokerCheck
	}
	if f.identity {
		e.part.identity = e.whole.identity
	}
	v, err := r.advice.run(e)
	said, ok := v.(traits.Lister)
	if err != nil || !ok {
		return nil
	}
	var out []string
	for it := said.Iterator(); it.HasNext() == types.True; {
		if s, ok := it.Next().(types.String); ok && s != "" && !slices.Contains(out, string(s)) {
			out = append(out, string(s))
		}
	}
	return shorten(out)
}

func evalString(p *program, e *evaluation) (string, bool) {
	v, err := p.run(e)
	s, ok := v.(types.String)
	return string(s), ok && err == nil
}
