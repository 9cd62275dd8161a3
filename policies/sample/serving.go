package sample

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// serving reads the revisions that requests are to reach. One without an account has
// one that is not known.
func (s reader) serving(dst *[]cloud.Share) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.List(n, "serving", func(n *yaml.Node) {
			var share cloud.Share
			s.Fields(n, "a revision", strictyaml.Keys{
				"revision": s.Text("revision", &share.Revision),
				"account":  s.identity(&share.Identity),
				"percent":  s.percent(&share.Percent),
				"tags":     s.Texts("tags", &share.Tags),
			})
			*dst = append(*dst, share)
		})
	}
}

func (s reader) percent(dst *int32) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var text string
		if s.AnyText("percent", &text)(n); text == "" {
			return
		}
		v, err := strconv.ParseInt(text, 10, 32)
		if err != nil || v < 0 || v > 100 {
			s.Problem(n, "percent is %s, want a whole number from 0 to 100", strictyaml.Describe(n))
			return
		}
		*dst = int32(v)
	}
}
