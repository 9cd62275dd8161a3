// Package synthetic writes audit logs to measure and test with: a seeded mix of entries
// as an organization's logs hold them, of which few are about anything that rescind
// judges. The shapes are those of entries that public repositories publish; all names are
// invented. One seed gives one log, byte for byte.
//
// By count 30 in 100 are of GKE, 22 of BigQuery, 18 of Cloud Storage, 16 of Compute
// Engine and 10 of others; 3.2 are changes of Cloud Run and of allow policies, and 0.8
// are calls of Cloud Run that change nothing. There are traps among them: failed calls,
// grants that were taken away, Kubernetes objects that quote JSON, names that differ in
// letter case alone.
package synthetic

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// Mix is what a log is made of.
type Mix struct {
	Seed uint64
	// Projects is how many projects write to the log; 40 for 0.
	Projects int
	// Only has every entry be a change: "deploys" that comply, or "violations". Empty for
	// the mix that the package describes.
	Only string
}

// Write writes entries, one a line, until there are size bytes, and returns how many
// entries and bytes there are.
func (m Mix) Write(w io.Writer, size int64) (entries int, n int64, err error) {
	out := bufio.NewWriterSize(w, 1<<20)
	g := newMaker(m)
	for n < size {
		line := g.entry()
		if _, err := out.WriteString(line); err != nil {
			return entries, n, fmt.Errorf("write synthetic log: %w", err)
		}
		entries, n = entries+1, n+int64(len(line))
	}
	if err := out.Flush(); err != nil {
		return entries, n, fmt.Errorf("write synthetic log: %w", err)
	}
	return entries, n, nil
}

// maker makes one entry after the other.
type maker struct {
	Mix
	rng  *rand.Rand
	at   time.Time
	n    int
	kept []string // the last half of an operation, for later
}

func newMaker(m Mix) *maker {
	if m.Projects == 0 {
		m.Projects = 40
	}
	return &maker{Mix: m, at: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC),
		rng: rand.New(rand.NewPCG(m.Seed, 15)), //nolint:gosec // one seed is to give one log
	}
}

// entry is the next, with its line break.
func (g *maker) entry() string {
	g.at = g.at.Add(time.Duration(5+g.rng.IntN(40)) * time.Second)
	if len(g.kept) > 0 && g.rng.IntN(3) == 0 {
		last := g.kept[0]
		g.kept = g.kept[1:]
		return last
	}
	switch g.Only {
	case "deploys":
		return g.fill(runReplace, g.service())
	case "violations":
		return g.fill(runPublic, g.service())
	}
	n := g.rng.IntN(1000)
	for _, share := range shares {
		if n -= share.of; n < 0 {
			return share.make(g)
		}
	}
	return g.fill(cloudKMS, nil)
}

// fill puts a shape's values in.
func (g *maker) fill(shape string, values map[string]string) string {
	g.n++
	project := g.rng.IntN(g.Projects)
	pairs := []string{
		"<P>", fmt.Sprintf("team-%d-%s", project, []string{"prod", "stage", "dev"}[project%3]), "<N>", fmt.Sprintf("%012d", 264172533001+project),
		"<AT>", g.at.Format("2006-01-02T15:04:05.000000Z"), "<RECEIVED>", g.at.Add(700 * time.Millisecond).Format("2006-01-02T15:04:05.000000000Z"),
		"<ID>", fmt.Sprintf("%x", g.rng.Uint64()), "<WHO>", g.who(), "<IP>", fmt.Sprintf("10.%d.%d.%d", g.rng.IntN(256), g.rng.IntN(256), g.rng.IntN(256)),
		"<R>", regions[g.rng.IntN(len(regions))], "<HEX>", fmt.Sprintf("%x%x", g.rng.Uint64(), g.rng.Uint64()), "<I>", fmt.Sprint(g.rng.IntN(5000)),
	}
	for k, v := range values {
		pairs = append(pairs, "<"+k+">", v)
	}
	line := strings.NewReplacer(pairs...).Replace(shape)
	return strings.Replace(line, "<PAD>", g.pad(), 1) + "\n"
}

func (g *maker) who() string {
	return []string{
		"ada@example.com", "grace@example.com", "deployer@tools-prod.iam.gserviceaccount.com",
		"264172533001-compute@developer.gserviceaccount.com", "system:serviceaccount:kube-system:job-controller",
	}[g.rng.IntN(5)]
}

// pad is text of a length that varies as that of real entries does.
func (g *maker) pad() string {
	n := 100 + g.rng.IntN(900)
	if g.rng.IntN(8) == 0 {
		n *= 4
	}
	const text = `reconciled spec generation observed replicas template containers image registry labels selector \u003e threshold \u0026 window quota policy volume mount path claim lease endpoint `
	return strings.Repeat(text, n/len(text)+1)[:n/len(text)*len(text)+len("reconciled spec")]
}

func (g *maker) service() map[string]string {
	return map[string]string{"S": fmt.Sprintf("svc-%d", g.rng.IntN(400)), "SA": fmt.Sprintf("runner-%d@team-%d-prod.iam.gserviceaccount.com", g.rng.IntN(60), g.rng.IntN(g.Projects))}
}

var regions = []string{"europe-west1", "us-central1", "asia-east1", "europe-north1"}
