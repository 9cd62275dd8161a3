package skim_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/skim"
)

// anything has a field of every kind that is taken, and some that are not.
type anything struct {
	parts
	S     string            `json:"s"`
	B     bool              `json:"b"`
	I     int               `json:"i"`
	I32   int32             `json:"i32"`
	F     float64           `json:"f"`
	Any   any               `json:"any"`
	Raw   json.RawMessage   `json:"raw"`
	P     *anything         `json:"p"`
	L     []string          `json:"l"`
	LP    []*parts          `json:"lp"`
	M     map[string]string `json:"m"`
	MA    map[string]any    `json:"ma"`
	Own   own               `json:"own"`
	OwnP  *own              `json:"own_p"`
	Named word              `json:"@named"`
	Plain string
	none  string
}

type parts struct {
	Part string `json:"part"`
	Mask own    `json:"mask"`
}

type word string

type own []string

func (o *own) UnmarshalJSON(b []byte) error {
	if len(b) > 20 {
		return errors.New("too much for it")
	}
	*o = append(*o, string(b))
	return nil
}

func FuzzUnmarshal(f *testing.F) {
	for _, in := range []string{
		`{"s":"x","b":true,"i":-3,"i32":7,"any":{"a":[1,null]},"raw":{"x": 1},"p":{"s":"y","part":"z"},"l":["a","b"],"lp":[{"part":"q"},null],"m":{"k":"v"},"ma":{"k":[1.5e3]},"own":"x","own_p":[1],"@named":"w","Plain":"p"}`,
		`{"s":"\u00e9\ud800","l":[],"m":{},"p":null,"raw":null,"own":null,"own_p":null,"any":null,"b":false}`,
		`{"s":1}`, `{"S":"x"}`, `{"s":"a","s":"b"}`, `{"m":{"k":null,"k":"v"}}`, `{"i":1.0}`, `{"i":99999999999999999999}`, `{"i32":3000000000}`,
		`{"f":1}`, `{"own":"012345678901234567890"}`, `{"l":["a",2]}`, `{"any":"x","any":1}`, `null`, `[]`, `{"s":"x"} `, ` {"s":"x"}x`, `{"plain":"x"}`,
		`{"mask":["x"],"part":"p"}`, `{"p":{"p":{"p":{"i":1}}}}`, `{"m":{"\u0061":"x","a":"y"}}`, `{"raw":"\ud800","any":"\ud800"}`, `{"none":"x"}`,
	} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		var got, want anything
		gotErr, wantErr := skim.Unmarshal(in, &got), json.Unmarshal(in, &want)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(anything{})); diff != "" {
			t.Errorf("%s (-encoding/json +skim):\n%s", in, diff)
		}
		if (gotErr == nil) != (wantErr == nil) || gotErr != nil && gotErr.Error() != wantErr.Error() {
			t.Errorf("%s: %v, want %v", in, gotErr, wantErr)
		}
	})
}

// A value that is not zero is added to, as encoding/json does.
func TestUnmarshalIntoWhatIsNotZero(t *testing.T) {
	t.Parallel()
	v := anything{S: "was", L: []string{"was"}}
	if err := skim.Unmarshal([]byte(`{"i":1}`), &v); err != nil || v.S != "was" || v.I != 1 {
		t.Errorf("%+v, %v", v, err)
	}
	if err := skim.Unmarshal([]byte(`{}`), nil); err == nil {
		t.Error("nothing to store it in, and no error")
	}
	if v.none != "" {
		t.Error("an unexported field was set")
	}
}

func TestLengthAndSpanAgree(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{
		`{"a":[1,2,{"b":"}"}]} x`: 21, `[]`: 2, `"x\"y" `: 6, `{"a":1`: 0, `{"a" 1}`: 0, `{,}`: 0, `[1,]`: 0, `{"a":1,}`: 0, `]`: 0, `{"a":"x` + "\n" + `"}`: 0,
		`{"a":{"b":[[],{}]}}{`: 19,
	} {
		var s skim.Span
		n, p := s.Take([]byte(in))
		if p != skim.Done {
			n = 0
		}
		if l := skim.Length([]byte(in)); l != want || n != want {
			t.Errorf("%s: Length %d, Span %d, want %d", in, l, n, want)
		}
	}
}
