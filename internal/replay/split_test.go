package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// piece is a record that outlives the next.
type piece struct {
	Line int
	Raw  string
	Err  string
}

func pieces(t testing.TB, input string) []piece {
	t.Helper()
	var out []piece
	err := split(bufio.NewReaderSize(strings.NewReader(input), 64<<10), func(r record) error {
		p := piece{Line: r.line, Raw: string(r.raw)}
		if r.err != nil {
			p.Err = r.err.Error()
		}
		out = append(out, p)
		return nil
	})
	if err != nil {
		t.Fatalf("split: %v", err)
	}
	return out
}

func TestSplit(t *testing.T) {
	tests := []struct {
		name  string
		input string
		want  []piece
	}{
		{"nothing", "", nil},
		{"white space is nothing", " \r\n\t\n", nil},
		{"an empty array is nothing", " [ ]\n", nil},
		{"a line each", "{\"a\":1}\n{\"b\":2}\n", []piece{{1, `{"a":1}`, ""}, {2, `{"b":2}`, ""}}},
		{"blank lines count as lines", "\n\n{}\n", []piece{{3, `{}`, ""}}},
		{"a broken line costs no other", "{\"a\":\n{\"b\":2}\nx\n{}", []piece{{1, `{"a":`, ""}, {2, `{"b":2}`, ""}, {3, "x", ""}, {4, "{}", ""}}},
		{"a last line that is cut off is a record", "{}\n{\"a", []piece{{1, "{}", ""}, {2, `{"a`, ""}}},
		{"an array on one line", `[{"a":[1,{}]},{"b":"]}\""}]`, []piece{{1, `{"a":[1,{}]}`, ""}, {1, `{"b":"]}\""}`, ""}}},
		{"an indented array", "[\n  {\n    \"a\": 1\n  },\n  {}\n]\n", []piece{{2, "{\n    \"a\": 1\n  }", ""}, {5, "{}", ""}}},
		{"indented values without an array", "{\n \"a\": 1\n}\n{\n \"b\": 2\n}\n", []piece{{1, "{\n\"a\": 1\n}", ""}, {4, "{\n\"b\": 2\n}", ""}}},
		{"an indented value that goes on after its first key", "{\"a\": 1,\n \"b\": 2}\n", []piece{{1, "{\"a\": 1,\n\"b\": 2}", ""}}},
		{"two arrays", "[{}]\n[{}]", []piece{{1, "{}", ""}, {2, "{}", ""}}},
		{"lines, indented values and arrays in one file", "{\"a\":1}\n{\n\"b\":2\n}\n[{},{}]\nx y\n{}",
			[]piece{{1, `{"a":1}`, ""}, {2, "{\n\"b\":2\n}", ""}, {5, "{}", ""}, {5, "{}", ""}, {6, "x y", ""}, {7, "{}", ""}}},
		{"elements that are no objects", `[1, "a,b", null, [2]]`, []piece{{1, "1", ""}, {1, `"a,b"`, ""}, {1, "null", ""}, {1, "[2]", ""}}},
		{"objects on one line", "{\"a\":1}{\"b\":2} {\"c\":\"}{\"}\n{}", []piece{{1, `{"a":1}`, ""}, {1, `{"b":2}`, ""}, {1, `{"c":"}{"}`, ""}, {2, "{}", ""}}},
		{"a brace pair inside a string is one object", `{"a":"}{"}`, []piece{{1, `{"a":"}{"}`, ""}}},
		{"a quote that is lost costs one element", "[{\"a\": \"b},\n{\"c\": 1\n}\n},\n{}]",
			[]piece{{1, "{\"a\": \"b},\n{\"c\": 1\n}\n}", ""}, {5, "{}", ""}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, pieces(t, tt.input)); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnArrayThatIsNotClosedIsAnInputThatWasNotReadToItsEnd(t *testing.T) {
	for input, records := range map[string]int{"[{},\n": 1, "[{},\n{\"a\":": 2, "[": 0} {
		n := 0
		err := split(bufio.NewReader(strings.NewReader(input)), func(record) error { n++; return nil })
		if !errors.Is(err, errNotEnded) || n != records {
			t.Errorf("%q: %d records and %v, want %d and %v", input, n, err, records, errNotEnded)
		}
	}
}

func TestARecordOverTheLimitIsLocatedAndTheNextIsRead(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", maxRecord) + `"}`
	for name, input := range map[string]string{
		"in lines":    "{}\n" + long + "\n{}\n",
		"in an array": "[{},\n" + long + ",\n{}]",
	} {
		t.Run(name, func(t *testing.T) {
			want := []piece{{1, "{}", ""}, {2, "", "longer than 16 MiB"}, {3, "{}", ""}}
			if diff := cmp.Diff(want, pieces(t, input)); diff != "" {
				t.Errorf("records (-want +got):\n%.2000s", diff)
			}
		})
	}
}

func TestSplitStopsWhenToldAndWhenTheReaderBreaks(t *testing.T) {
	stop := errors.New("stop")
	broken := errors.New("disk on fire")
	for name, input := range map[string]string{"in lines": "{}\n{}\n", "in an array": "[{},\n{}]"} {
		t.Run(name, func(t *testing.T) {
			n := 0
			err := split(bufio.NewReader(strings.NewReader(input)), func(record) error { n++; return stop })
			if !errors.Is(err, stop) || n != 1 {
				t.Errorf("after %d records: %v, want 1 and %v", n, err, stop)
			}
			r := io.MultiReader(strings.NewReader(input[:len(input)-3]), &brokenReader{broken})
			n = 0
			err = split(bufio.NewReader(r), func(record) error { n++; return nil })
			if !errors.Is(err, broken) || n != 1 || !strings.HasPrefix(err.Error(), "line 2: ") {
				t.Errorf("after %d records: %v, want 1 and %v at line 2", n, err, broken)
			}
		})
	}
}

type brokenReader struct{ err error }

func (b *brokenReader) Read([]byte) (int, error) { return 0, b.err }

// FuzzSplit compares with encoding/json: of what that reads, not a value may
// be lost or made up, whether it stands in lines, in an array or in a stream.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "[1,2]", `"a\"b\\"`, "{}\n[]\n{\"b\":[{}]}", "null 7 \"x\"", "[\n{\n\"a\": 1}\n]", "{\"a\":\n1}", "1[2]3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		// Whatever it is, it must end and not panic.
		err := split(bufio.NewReader(strings.NewReader(input)), func(record) error { return nil })
		if err != nil && !errors.Is(err, errNotEnded) {
			t.Fatalf("split: %v", err)
		}
		values, ok := decodeAll(input)
		if !ok {
			return
		}
		values = slices.DeleteFunc(values, func(v json.RawMessage) bool { return v[0] != '{' })
		lines, array, stream, oneLine := &strings.Builder{}, "[", "", ""
		for i, v := range values {
			lines.Write(compact(t, v))
			lines.WriteByte('\n')
			if i > 0 {
				array += ",\r\n"
			}
			array += string(v)
			stream += string(indent(t, v)) + "\n"
			oneLine += string(compact(t, v))
		}
		for form, text := range map[string]string{"lines": lines.String(), "array": array + "]", "stream": stream, "one line": oneLine} {
			got := pieces(t, text)
			if len(got) != len(values) {
				t.Fatalf("%s: %d records of %d values in:\n%s", form, len(got), len(values), text)
			}
			for i, v := range values {
				if g := compact(t, []byte(got[i].Raw)); !bytes.Equal(g, compact(t, v)) {
					t.Errorf("%s: record %d is %s, want %s", form, i, g, v)
				}
			}
		}
	})
}

func decodeAll(input string) (values []json.RawMessage, ok bool) {
	dec := json.NewDecoder(strings.NewReader(input))
	for {
		var v json.RawMessage
		switch err := dec.Decode(&v); {
		case errors.Is(err, io.EOF):
			return values, true
		case err != nil:
			return nil, false
		}
		values = append(values, v)
	}
}

func compact(t *testing.T, v []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Compact(&b, v); err != nil {
		t.Fatalf("record %q: %v", v, err)
	}
	return b.Bytes()
}

func indent(t *testing.T, v []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, v, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
