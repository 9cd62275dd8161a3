package skim_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/skim"
)

// got is what is taken here, and by encoding/json.
type got struct {
	A string `json:"a"`
	B struct {
		C string `json:"sock"`
	} `json:"b"`
}

func take(b []byte) (g got, whole bool) {
	whole = skim.Object(b, []string{"a", "b"}, func(c *skim.Cursor, name string) {
		switch name {
		case "a":
			g.A = string(c.Text())
		case "b":
			c.Object([]string{"sock"}, func(c *skim.Cursor, _ string) { g.B.C = string(c.Text()) })
		}
	})
	return g, whole
}

func TestWhatIsTakenAndWhatIsNot(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		`{}`:                             true,
		` { "a" : "x" , "n":-1.5e+3} `:   true,
		`{"a":"x","b":{"sock":"y"}}`:     true,
		`{"b":{},"l":[1,"\u00e9\n",[]]}`: true,
		`{"other":{"a\u0062":[true,false,null,{"z":0}]}}`: true,
		`{"a":"` + strings.Repeat("0123456789", 9) + `"}`: true,

		``: false, `[]`: false, `null`: false, `{`: false, `{}x`: false, `{"a":"x"`: false, `{"a":"x",}`: false, `{,}`: false,
		`{"a"}`: false, `{"a":}`: false, `{"n":01}`: false, `{"n":.5}`: false, `{"n":1.}`: false, `{"n":1e}`: false, `{"n":-}`: false,
		`{"n":tru}`: false, `{"n":[1,]}`: false, `{"n":[1}`: false, `{"n":{"x":1]}`: false,
		"{\"n\":\"\x01\"}": false, `{"n":"\x"}`: false, `{"n":"\u12g4"}`: false, `{"n":"\`: false, `{"n":"`: false,

		// That is JSON, and for encoding/json to read.
		`{"a":"x","a":"y"}`: false, `{"A":"x"}`: false, `{"\u0061":"x"}`: false, `{"a":"\u0078"}`: false, `{"a":"é"}`: false,
		`{"a":null}`: false, `{"a":1}`: false, `{"b":"x"}`: false, `{"b":{"Sock":"x"}}`: false, `{"b":{"soc` + "\u212a" + `":"x"}}`: false,
		`{"n":` + strings.Repeat("[", 300) + strings.Repeat("]", 300) + `}`: false,
	} {
		if g, whole := take([]byte(in)); whole != want {
			t.Errorf("%s: taken %t, want %t: %+v", in, whole, want, g)
		}
	}
}

// FuzzObject holds what the package promises: what is taken is JSON, and means what it
// means to encoding/json.
func FuzzObject(f *testing.F) {
	for _, in := range []string{
		`{"a":"x","b":{"sock":"y"},"n":[1,-2.5e-7,true,null,"\u00e9\ud800\\"]}`, `{"a":"x","A":"y"}`, `{"b":{"soc` + "\u212a" + `":"x"}}`,
		`{"a":"0123456789012345678901234567890"}`, "{\"a\":\"0123456\x7f\x80\"}", "{\"n\":\"0123456\x1f\"}", `{"b":{"sock":"x"},"b":{}}`,
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		g, whole := take(in)
		if !whole {
			return
		}
		var want got
		if err := json.Unmarshal(in, &want); err != nil || g != want {
			t.Errorf("%q: took %+v, encoding/json has %+v, %v", in, g, want, err)
		}
	})
}
