package policies

import (
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// facts adds the known facts the finding rests on.
func (e *evaluation) facts(f *finding) {
	for _, q := range e.used {
		f.reasons = append(f.reasons, e.in.Facts[q].Sentence(q))
	}
}

func (e *evaluation) grantReason(g cloud.Grant) string {
	if e.in.Change.HasDelta {
		return g.String() + " was added"
	}
	return g.String() + " is in the policy after the change"
}

func invokerReason(f cloud.Flag) string {
	if f.Knowledge == cloud.Unknown {
		return "the invoker check may be disabled"
	}
	return "the invoker check is disabled"
}

// besideAgent says which identity was judged where the template has two.
func besideAgent(w *cloud.Workload) string {
	if w == nil || !w.AgentIdentity {
		return ""
	}
	return "; it has an agent identity beside, and was judged on the account"
}

func identityReason(i cloud.Identity) string {
	switch i.Knowledge {
	case cloud.Known:
		return "it runs as " + i.Email
	case cloud.Unset:
		return "no service account was named, so it runs as the default one"
	}
	return "the account it runs as may have changed"
}

// maxReasons bounds what people are shown; Result.Grants has every grant.
const maxReasons = 12

func shorten(reasons []string) []string {
	if len(reasons) <= maxReasons {
		return reasons
	}
	return append(reasons[:maxReasons:maxReasons], fmt.Sprintf("and %d more like these", len(reasons)-maxReasons))
}

func unique(qs []Question) (out []Question) {
	for _, q := range qs {
		if !slices.Contains(out, q) {
			out = append(out, q)
		}
	}
	return out
}
