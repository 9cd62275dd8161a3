package replay

import "github.com/rescind-dev/rescind/internal/cloud"

// conditionsSeen is what is remembered of each resource's grants under conditions, while a
// history is read in order.
type conditionsSeen map[cloud.Resource]cloud.Conditions

// take returns what had been taken away by the change or shortly before it.
func (s conditionsSeen) take(c cloud.Change) []cloud.Grant {
	if c.Verb == cloud.Delete {
		delete(s, c.Resource)
	}
	if c.Verb != cloud.SetPolicy {
		return nil
	}
	next, lost := s[c.Resource].After(c)
	s[c.Resource] = next
	return lost
}
