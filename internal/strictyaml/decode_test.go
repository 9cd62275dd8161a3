package strictyaml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

type sample struct {
	Name  string         `yaml:"name"`
	Count int            `yaml:"count"`
	On    bool           `yaml:"on"`
	Words []string       `yaml:"words"`
	Of    map[string]int `yaml:"of"`
	Inner struct {
		Shout shout `yaml:"shout"`
	} `yaml:"inner"`
}

// shout is a Value: text in capitals.
type shout string

func (s *shout) ReadYAML(r *Reader, n *yaml.Node) {
	if strings.ToUpper(n.Value) != n.Value {
		r.Problem(n, "not loud: %s", Describe(n))
		return
	}
	*s = shout(n.Value)
}

func TestDecodeReadsEachType(t *testing.T) {
	got := sample{Count: 7, On: true}
	f, err := Decode("f.yaml", []byte("name: 12\nof: {a: 1}\nwords: [x, \"\"]\ncount:\ninner: {shout: AH}\n"), &got)
	if err != nil || f.Err() != nil {
		t.Fatal(err, f.Err())
	}
	want := sample{Name: "12", Count: 7, On: true, Words: []string{"x", ""}, Of: map[string]int{"a": 1}}
	want.Inner.Shout = "AH"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
}

func TestProblemsComeInTheOrderOfTheFile(t *testing.T) {
	var s sample
	f, err := Decode("f.yaml", []byte("wrds: []\nname: [a]\ncount: 1.5\nwords: [a, {}]\ninner: {shout: ah}\n"), &s)
	if err != nil {
		t.Fatal(err)
	}
	f.ProblemAt("words[0]", "a is no word")
	f.ProblemAt("name", "would only follow from its being a list")
	f.ProblemAt("inner.missing", "inner has none")
	f.ProblemAt("on", "nowhere in the file")
	want := []string{
		`f.yaml:1:1: unknown key "wrds"; did you mean "words"?`, `f.yaml:1:1: nowhere in the file`,
		`f.yaml:2:7: want text, not a list`, `f.yaml:3:8: want a whole number, not "1.5"`,
		`f.yaml:4:9: a is no word`, `f.yaml:4:12: want text, not keys and values`,
		`f.yaml:5:8: inner has none`, `f.yaml:5:16: not loud: "ah"`,
	}
	if diff := cmp.Diff(want, strings.Split(f.Err().Error(), "\n")); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"approvals", "audience", "identity", "iap"}
	for word, want := range map[string]string{
		"apprval": "approvals", "Identity": "identity", "audiance": "audience", "zzz": "", "": "", strings.Repeat("a", 1000): "",
	} {
		if got := nearest(word, known); got != want {
			t.Errorf("nearest to %.20q is %q, want %q", word, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("name: x\ncount: 1\non: true\nwords: [a]\nof: {b: 2}\ninner: {shout: A}\n")
	f.Add("words: &w [*w]\n<<: {a: b}")
	f.Add("? [a]\n: b")
	f.Fuzz(func(t *testing.T, text string) {
		var s sample
		file, err := Decode("f.yaml", []byte(text), &s)
		if (file == nil) == (err == nil) {
			t.Error("want either a file or an error")
		}
	})
}
