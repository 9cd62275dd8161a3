package records

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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
	err := splitAll(input, len(input)+1, func(r Record) error {
		out = append(out, pieceOf(r))
		return nil
	})
	if err != nil {
		t.Fatalf("split: %v", err)
	}
	return out
}

func pieceOf(r Record) piece {
	p := piece{Line: r.Line, Raw: string(r.Raw)}
	if r.Err != nil {
		p.Err = r.Err.Error()
	}
	return p
}

// splitAll feeds the input in parts of a size.
func splitAll(input string, size int, emit func(Record) error) error {
	s := newSplitter(emit)
	for part := range slices.Chunk([]byte(input), size) {
		if err := s.feed(part); err != nil {
			return err
		}
	}
	return s.end()
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
		{"a broken line costs no other", "{\"a\":\n{\"b\":2}\nx\n{}", []piece{{1, `{"a":`, "not JSON: it begins here and breaks off in line 3"}, {2, `{"b":2}`, ""}, {3, "x", ""}, {4, "{}", ""}}},
		{"a last line that is cut off is a record", "{}\n{\"a", []piece{{1, "{}", ""}, {2, `{"a`, ""}}},
		{"an array on one line", `[{"a":[1,{}]},{"b":"]}\""}]`, []piece{{1, `{"a":[1,{}]}`, ""}, {1, `{"b":"]}\""}`, ""}}},
		{"an indented array", "[\n  {\n    \"a\": 1\n  },\n  {}\n]\n", []piece{{2, "{\n    \"a\": 1\n  }", ""}, {5, "{}", ""}}},
		{"indented values without an array", "{\n \"a\": 1\n}\n{\n \"b\": 2\n}\n", []piece{{1, "{\n \"a\": 1\n}", ""}, {4, "{\n \"b\": 2\n}", ""}}},
		{"an indented value that goes on after its first key", "{\"a\": 1,\n \"b\": 2}\n", []piece{{1, "{\"a\": 1,\n \"b\": 2}", ""}}},
		{"two arrays", "[{}]\n[{}]", []piece{{1, "{}", ""}, {2, "{}", ""}}},
		{"lines, indented values and arrays in one file", "{\"a\":1}\n{\n\"b\":2\n}\n[{},{}]\nx y\n{}",
			[]piece{{1, `{"a":1}`, ""}, {2, "{\n\"b\":2\n}", ""}, {5, "{}", ""}, {5, "{}", ""}, {6, "x y", ""}, {7, "{}", ""}}},
		{"elements that are no objects", `[1, "a,b", null, [2]]`, []piece{{1, "1", ""}, {1, `"a,b"`, ""}, {1, "null", ""}, {1, "[2]", ""}}},
		{"objects on one line", "{\"a\":1}{\"b\":2} {\"c\":\"}{\"}\n{}", []piece{{1, `{"a":1}`, ""}, {1, `{"b":2}`, ""}, {1, `{"c":"}{"}`, ""}, {2, "{}", ""}}},
		{"a brace pair inside a string is one object", `{"a":"}{"}`, []piece{{1, `{"a":"}{"}`, ""}}},
		{"a quote that is lost costs one element", "[{\"a\": \"b},\n{\"c\": 1\n}\n},\n{}]",
			[]piece{{1, `{"a": "b},`, ""}, {2, "{\"c\": 1\n}", ""}, {5, "{}", ""}}},
		{"a line that begins an array and breaks off swallows nothing", "[{\"a\": \n{\"b\":1}\n{\"c\":2}\n", []piece{{1, `{"a":`, "not JSON: it begins here and breaks off in line 3"}, {2, `{"b":1}`, ""}, {3, `{"c":2}`, ""}}},
		{"a bracket and words", "[broken\n{\"b\":1}\n{\"c\":2}\n", []piece{{1, "broken", ""}, {1, "", "not JSON: a bracket that begins no array"}, {2, `{"b":1}`, ""}, {3, `{"c":2}`, ""}}},
		{"a bracket before lines", "[\n{\"b\":1}\n{\"c\":2}\n", []piece{{2, `{"b":1}`, ""}, {1, "", "not JSON: a bracket that begins no array"}, {3, `{"c":2}`, ""}}},
		{"a line that opens what the next would go on with", "{\"a\":[1,\n{\"b\":1}\n{\"c\":2}\n",
			[]piece{{1, `{"a":[1,`, "not JSON: it begins here and breaks off in line 3"}, {2, `{"b":1}`, ""}, {3, `{"c":2}`, ""}}},
		{"the same at the end", "{\"a\":[1,\n{\"b\":1}", []piece{{1, `{"a":[1,`, "not JSON: it begins here and breaks off in line 2"}, {2, `{"b":1}`, ""}}},
		{"an indented element that is broken", "[\n  {\n    \"a\": 1\n    \"b\": {\n      \"c\": 2\n    }\n  },\n  {\n    \"d\": 3\n  }\n]\n",
			[]piece{{2, "{", "not JSON: it begins here and breaks off in line 4"}, {8, "{\n    \"d\": 3\n  }", ""}}},
		{"an element on the line that is broken", `[{"a":1},{"b" 2},{"c":3}]`, []piece{{1, `{"a":1}`, ""}, {1, `{"b" 2}`, ""}, {1, `{"c":3}`, ""}}},
		{"an object with entries one a line", "{\"entries\":[\n{\"a\":1},\n{\"b\":2}\n]}\n{}", []piece{{1, "{\"entries\":[\n{\"a\":1},\n{\"b\":2}\n]}", ""}, {5, "{}", ""}}},
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
		err := splitAll(input, 3, func(Record) error { n++; return nil })
		if !errors.Is(err, ErrNotEnded) || n != records {
			t.Errorf("%q: %d records and %v, want %d and %v", input, n, err, records, ErrNotEnded)
		}
	}
}

func TestARecordOverTheLimitIsLocatedAndTheNextIsRead(t *testing.T) {
	for name, long := range map[string]string{
		"whole": `{"a":"` + strings.Repeat("x", MaxRecord) + `"}`, "broken": `{"a":"` + strings.Repeat("x", MaxRecord) + `" 1}`,
		"of no kind": strings.Repeat("x", MaxRecord+1),
	} {
		for form, input := range map[string]string{
			"in lines":    "{}\n" + long + "\n{}\n",
			"in an array": "[{},\n" + long + ",\n{}]",
		} {
			t.Run(name+" "+form, func(t *testing.T) {
				var got []piece
				err := splitAll(input, 512<<10, func(r Record) error { got = append(got, pieceOf(r)); return nil })
				want := []piece{{1, "{}", ""}, {2, "", "longer than 16 MiB"}, {3, "{}", ""}}
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("%v, records (-want +got):\n%.2000s", err, diff)
				}
			})
		}
	}
}

// What opens more with each line would be looked at from each line on to the end.
func TestLinesThatOpenMoreAndMoreAreReadInTime(t *testing.T) {
	t.Parallel()
	n, line := 0, "{\"a\":[1,\n"
	err := splitAll(strings.Repeat(line, 200_000)+"{}\n", 512<<10, func(r Record) error { n++; return nil })
	if err != nil || n < 10 {
		t.Errorf("%d records, %v", n, err)
	}
}

// FuzzSplit compares with encoding/json: of what that reads, not a value may
// be lost or made up, whether it stands in lines, in an array or in a stream.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{`{"a":1}`, "[1,2]", `"a\"b\\"`, "{}\n[]\n{\"b\":[{}]}", "null 7 \"x\"", "[\n{\n\"a\": 1}\n]", "{\"a\":\n1}", "1[2]3"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, input string) {
		// Whatever it is, it must end and not panic.
		var whole, inParts []piece
		err := splitAll(input, len(input)+1, func(r Record) error { whole = append(whole, pieceOf(r)); return nil })
		if err != nil && !errors.Is(err, ErrNotEnded) {
			t.Fatalf("split: %v", err)
		}
		// However it arrives, it is the same.
		inTwo := splitAll(input, 1, func(r Record) error { inParts = append(inParts, pieceOf(r)); return nil })
		if diff := cmp.Diff(whole, inParts); diff != "" || fmt.Sprint(err) != fmt.Sprint(inTwo) {
			t.Errorf("%v and %v; in one part, byte by byte:\n%s", err, inTwo, diff)
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
