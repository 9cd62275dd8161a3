package slack_test

import (
	"testing"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
)

func TestAGroupDrawnAnewHasNewBlocksAlsoWhereItsListIsTheSame(t *testing.T) {
	ids := map[string]bool{}
	for drawing := int64(1); drawing <= 2; drawing++ {
		_, blocks := slack.Render(notify.Message{Finding: "a7lftnx6rnoyzxtuoueeyk5w5a", Revision: 37, Drawing: drawing, Headline: "HIGH", Status: "37 findings", Text: "37 findings"})
		for _, b := range blocks {
			if id := b.ID(); ids[id] {
				t.Errorf("the block %s is used again", id)
			} else {
				ids[id] = true
			}
		}
	}
}
