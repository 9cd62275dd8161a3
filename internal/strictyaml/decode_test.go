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

func (s *shout) ReadYAML(r *Reader, what string, n *yaml.Node) {
	if strings.ToUpper(n.Value) != n.Value {
		r.Problem(n, "%s is %s, which is not loud", what, Describe(n))
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
	f, err := Decode("f.yaml", []byte("wrds: []\nname: [a]\ncount: 1.5\nwords: [a, {}]\nof: {a: b}\ninner: {shout: ah}\n"), &s)
	if err != nil {
		t.Fatal(err)
	}
	f.ProblemAt("words[0]", "a is no word")
	f.ProblemAt("name", "would only follow from its being a list")
	f.ProblemAt("inner.missing", "inner has none")
	f.ProblemAt("on", "nowhere in the file")
	want := []string{
		`f.yaml:1:1: the file has an unknown key "wrds"; did you mean "words"?`, `f.yaml:1:1: nowhere in the file`,
		`f.yaml:2:7: name is a list, want text`, `f.yaml:3:8: count is "1.5", want a whole number`,
		`f.yaml:4:9: a is no word`, `f.yaml:4:12: words[1] is a map, want text`, `f.yaml:5:9: of.a is "b", want a whole number`,
		`f.yaml:6:8: inner has none`, `f.yaml:6:16: inner.shout is "ah", which is not loud`,
	}
	if diff := cmp.Diff(want, strings.Split(f.Err().Error(), "\n")); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// A file that cannot be read has no values, so nothing more is said of it.
func TestAFileThatCannotBeReadIsAnError(t *testing.T) {
	var s sample
	f, err := Decode("f.yaml", []byte("name: *a\ncount: x\n"), &s)
	if f != nil || err == nil || err.Error() != "f.yaml:1:1: not YAML: unknown anchor 'a' referenced" {
		t.Errorf("%v, %v", f, err)
	}
	f, err = Decode("f.yaml", make([]byte, MaxBytes+1), &s)
	if f != nil || err == nil || err.Error() != "f.yaml:1:1: the file has 1048577 bytes, the limit is 1048576" {
		t.Errorf("%v, %v", f, err)
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
