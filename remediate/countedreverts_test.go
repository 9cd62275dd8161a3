package remediate_test

import (
	"encoding/json"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/cells"
)

// part is one segment of the log of reverts, as it is stored.
type part struct {
	Segment int64
	Entries []struct {
		Finding string
		Back    bool
	}
}

// counted are the findings that the stored log counts, however long ago.
func (g *rig) counted(s cells.Store) map[string]bool {
	g.t.Helper()
	var parts []part
	g.must(json.Unmarshal(g.cell(s, "reverts", "[]"), &parts))
	for len(parts) > 0 {
		var before part
		g.must(json.Unmarshal(g.cell(s, fmt.Sprint("reverts/", parts[0].Segment-1), "{}"), &before))
		if before.Segment == 0 {
			break
		}
		parts = append([]part{before}, parts...)
	}
	out := map[string]bool{}
	for _, p := range parts {
		for _, e := range p.Entries {
			out[e.Finding] = !e.Back
			if e.Back {
				delete(out, e.Finding)
			}
		}
	}
	return out
}

func (g *rig) cell(s cells.Store, name, none string) []byte {
	g.t.Helper()
	c, err := s.Cell(g.t.Context(), name)
	g.must(err)
	if len(c.Value) == 0 {
		return []byte(none)
	}
	return c.Value
}
