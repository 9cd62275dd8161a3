package replay

import (
	"maps"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/skim"
)

// numbers maps project numbers to ids. A number that was seen with two ids
// maps to none, and so do two that were seen with one id: one of the two
// entries is not what it seems.
type numbers map[string]string

// numbered is a project's number and id where an entry shows both, else it is empty.
type numbered struct{ number, id string }

// runService is Cloud Run's.
const runService = "run.googleapis.com"

// numberOf reads the project's number from an entry of Cloud Run's v1 API: its
// resource label has the id, and the namespace of the stored object is the
// number.
func numberOf(entry []byte) numbered {
	var e struct {
		Resource struct {
			Labels struct {
				Project string `json:"project_id"`
			} `json:"labels"`
		} `json:"resource"`
		Payload struct {
			Service  string `json:"serviceName"`
			Response struct {
				Metadata struct {
					Namespace string `json:"namespace"`
				} `json:"metadata"`
			} `json:"response"`
		} `json:"protoPayload"`
	}
	// What is of another type is not there; the entry has been decoded already.
	_ = skim.Unmarshal(entry, &e)
	id, number := e.Resource.Labels.Project, e.Payload.Response.Metadata.Namespace
	if e.Payload.Service != runService || id == "" || isNumber(id) || !isNumber(number) {
		return numbered{}
	}
	return numbered{number, id}
}

func (n numbers) learn(seen numbered) {
	id := seen.id
	if known, ok := n[seen.number]; ok && known != id {
		id = ""
	}
	if seen.number != "" {
		n[seen.number] = id
	}
}

// projects are the ids of projects by their numbers, and the other way round.
type projects struct{ ids, numbers map[string]string }

// with adds what the facts file says, which was written on purpose and so goes
// before what was seen in passing. Of what it returns each id has one number.
func (n numbers) with(file *FactsFile) projects {
	all, given := maps.Clone(n), map[string]string{}
	if file != nil {
		given = file.ids
		maps.Copy(all, given)
	}
	claims := map[string]int{}
	for _, id := range all {
		claims[id]++
	}
	maps.DeleteFunc(all, func(number, id string) bool { return claims[id] > 1 && given[number] != id })
	p := projects{all, make(map[string]string, len(all))}
	for number, id := range all {
		if id != "" {
			p.numbers[id] = number
		}
	}
	return p
}

func (n projects) id(project string) string {
	if id := n.ids[project]; id != "" {
		return id
	}
	return project
}

// of is the number of the project, or "".
func (n projects) of(id string) string { return n.numbers[id] }

// rename puts the change's project under its id.
func (n projects) rename(c *cloud.Change) {
	c.Resource = n.resource(c.Resource)
	if c.Workload != nil && c.Workload.Resource != n.resource(c.Workload.Resource) {
		w := *c.Workload
		w.Resource = n.resource(w.Resource)
		c.Workload = &w
	}
}

func (n projects) resource(r cloud.Resource) cloud.Resource {
	if r.Kind == cloud.Project {
		r.Name = n.id(r.Name)
	}
	r.Project = n.id(r.Project)
	if number, ok := strings.CutPrefix(r.Parent, "projects/"); ok {
		r.Parent = "projects/" + n.id(number)
	}
	return r
}
