package auditlog

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// name is a resource name of either Cloud Run API, as far as it goes: a create
// may name the parent only, and v1 leaves out the region.
type name struct {
	project, location string
	collection        string // "services", "jobs", "workerpools", "instances", …
	last              string
}

// parseName reads "namespaces/P/services/S", "projects/P/locations/R/services/S"
// and their parents, with or without "//host/" before them.
func parseName(s string) name {
	if rest, ok := strings.CutPrefix(s, "//"); ok {
		_, s, _ = strings.Cut(rest, "/")
	}
	var n name
	for pair := range slices.Chunk(strings.Split(s, "/"), 2) {
		if len(pair) < 2 || n.collection != "" {
			return name{} // something below a workload, or no name at all
		}
		switch key, value := collection(pair[0]), part(pair[1]); key {
		case "namespaces", "projects":
			n.project = value
		case "locations", "regions":
			n.location = value
		default:
			n.collection, n.last = key, value
		}
	}
	return n
}

// collection levels the spellings: workerPools in v2, workerpools in v1's
// paths, worker-pools in gcloud.
func collection(s string) string {
	return strings.ToLower(separators.Replace(s))
}

// separators is made once: a Replacer builds its tables on first use, which
// cost three quarters of the memory of decoding an entry.
var separators = strings.NewReplacer("-", "", "_", "")

var workloadKinds = map[string]cloud.Kind{
	"services": cloud.RunService, "jobs": cloud.RunJob, "workerpools": cloud.RunWorkerPool, "instances": cloud.RunInstance,
}

// workload is the name's last part if it names a workload of that kind.
func (n name) workload(k cloud.Kind) string {
	if workloadKinds[n.collection] != k {
		return ""
	}
	return n.last
}

// part returns s if it can be one segment of a resource name, else "". "-"
// stands for any in Google's names, and so names nothing.
func part(s string) string {
	odd := func(r rune) bool { return r == '/' || unicode.IsSpace(r) || !unicode.IsPrint(r) }
	if s == "-" || strings.ContainsFunc(s, odd) || strings.Trim(s, ".") == "" {
		return ""
	}
	return s
}

// projectOf chooses among what an entry calls its project: the first id, else
// the first number. Resources are compared by name, so one project must not
// have two.
func (e *envelope) projectOf(candidates ...string) string {
	candidates = append(candidates, part(e.Resource.Labels["project_id"]), parseLogProject(e.log))
	var number string
	for _, c := range candidates {
		switch {
		case c == "":
		case strings.Trim(c, "0123456789") != "":
			return c
		default:
			number = cmp.Or(number, c)
		}
	}
	return number
}

func parseLogProject(log string) string {
	rest, ok := strings.CutPrefix(log, "projects/")
	id, _, _ := strings.Cut(rest, "/")
	if !ok {
		return ""
	}
	return part(id)
}
