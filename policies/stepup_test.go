package policies

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestAResultSaysWhatItTakesToAnswer(t *testing.T) {
	s := load(t, File{Name: "f.yaml", Data: []byte(head + good + "    step_up: iap\n" +
		"  - {name: other, title: Other, severity: low, on: [run.service], when: \"true\"}\n")})
	change := cloud.Change{Verb: cloud.Update, Resource: cloud.RunResource(cloud.RunService, "p", "l", "s")}
	got := map[string]StepUp{}
	for _, r := range s.Evaluate(Input{Change: change, Now: time.Unix(0, 0)}) {
		got[r.Policy] = r.StepUp
	}
	if got["mine"] != StepUpIAP || got["other"] != "" {
		t.Errorf("step up by policy: %v", got)
	}
}
