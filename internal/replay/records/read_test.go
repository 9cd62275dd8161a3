package records

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/skim"
)

// readAll is Read of a text, which works nothing.
func readAll(t *testing.T, text io.Reader, o Options) ([]piece, Counts, error) {
	t.Helper()
	var out []piece
	counts, err := Read(t.Context(), text, o, func(r Record) (string, error) {
		if r.Err == nil && skim.Length(r.Raw) != len(r.Raw) {
			return "", NotJSON()
		}
		return string(r.Raw), nil
	}, func(r Record, raw string) error {
		p := pieceOf(r)
		if raw != "" && raw != p.Raw {
			return fmt.Errorf("work had %q, and take %q", raw, p.Raw)
		}
		out = append(out, p)
		return nil
	})
	return out, counts, err
}

// mixed is several blocks of lines, with what is no line here and there.
func mixed() string {
	var b strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&b, `{"i":%d,"text":"%s"}`+"\n", i, strings.Repeat("x", i%150))
		switch i % 4999 {
		case 0:
			b.WriteString("[\n  {\n    \"a\": 1\n  },\n  {}\n]\n")
		case 1:
			b.WriteString("{\"cut\": \"of\n\n")
		case 2:
			b.WriteString("{\"two\":1} {\"on\":\"a line\"}\n")
		case 3:
			b.WriteString(`{"long":"` + strings.Repeat("y", 2*blockSize) + "\"}\n")
		}
	}
	return b.String()
}

func TestBlocksAreTakenApartAsTheSplitterWould(t *testing.T) {
	t.Parallel()
	text := mixed()
	var want []piece
	if err := splitAll(text, len(text), func(r Record) error { want = append(want, pieceOf(r)); return nil }); err != nil {
		t.Fatal(err)
	}
	for _, workers := range []int{1, 2, 5} {
		got, counts, err := readAll(t, strings.NewReader(text), Options{Workers: workers})
		if err != nil || counts.Records != len(want) || counts.Bytes != int64(len(text)) {
			t.Errorf("%d workers: %+v, %v", workers, counts, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d workers (-splitter +blocks):\n%.2000s", workers, diff)
		}
	}
}

// arrays are arrays as gcloud writes them, or nearly so.
func arrays(t *testing.T) map[string]string {
	t.Helper()
	var whole strings.Builder
	whole.WriteString("[\n")
	for i := range 9000 {
		fmt.Fprintf(&whole, "  {\n    \"i\": %d,\n    \"in\": {\n      \"text\": \"%s\"\n    }\n  },\n", i, strings.Repeat("x", i%150))
	}
	text := whole.String()
	return map[string]string{
		"whole":                          strings.TrimSuffix(text, ",\n") + "\n]\n",
		"cut off":                        text[:len(text)-40],
		"with an element that is broken": strings.Replace(text, "\"i\": 7777,", "\"i\" 7777", 1) + "  {}\n]\n",
		"with a line as an element":      strings.Replace(text, "  {\n    \"i\": 5000,", "  {\"b\": 1},\n  {\n    \"i\": 5000,", 1) + "  {}\n]\n",
		"that holds such an object":      strings.Replace(text, "\"i\": 5000,", "\"o\":\n  {\n  },\n \"i\": 5000,", 1) + "  {}\n]\n",
		"and lines after it":             strings.TrimSuffix(text, ",\n") + "\n]\n{\"a\":1}\n",
		"that ends in the middle":        strings.Replace(text, "  },\n  {\n    \"i\": 5000,", "  }\n]\n[\n  {\n    \"i\": 5000,", 1) + "  {}\n]\n",
	}
}

func TestArraysAsGcloudWritesThemAreTakenApartAsTheSplitterWould(t *testing.T) {
	t.Parallel()
	for name, text := range arrays(t) {
		var want []piece
		wantErr := splitAll(text, len(text), func(r Record) error { want = append(want, pieceOf(r)); return nil })
		for _, workers := range []int{1, 3} {
			got, counts, err := readAll(t, strings.NewReader(text), Options{Workers: workers})
			if fmt.Sprint(err) != fmt.Sprint(wantErr) || counts.Records != len(want) || len(want) < 9000 {
				t.Errorf("%s, %d workers: %d records, want %d; %v, want %v", name, workers, counts.Records, len(want), err, wantErr)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, %d workers (-splitter +blocks):\n%.2000s", name, workers, diff)
			}
		}
	}
}

func TestReadEndsWithWhatEndedIt(t *testing.T) {
	t.Parallel()
	broken, stop := errors.New("disk on fire"), errors.New("stop")
	for name, text := range map[string]string{"in lines": "{}\n{", "in an array": "[{},\n{"} {
		got, _, err := readAll(t, io.MultiReader(strings.NewReader(text), brokenReader{broken}), Options{})
		if !errors.Is(err, broken) || len(got) != 1 || !strings.HasPrefix(err.Error(), "line 2: ") {
			t.Errorf("%s: %v and %v, want one record and %v at line 2", name, got, err, broken)
		}
	}
	n := 0
	_, err := Read(t.Context(), strings.NewReader(mixed()), Options{Workers: 3},
		func(Record) (int, error) { return 0, nil }, func(Record, int) error { n++; return stop })
	if !errors.Is(err, stop) || n != 1 {
		t.Errorf("after %d records: %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = Read(ctx, strings.NewReader(mixed()), Options{Workers: 3},
		func(Record) (int, error) { return 0, nil }, func(Record, int) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

// What is passed over is counted, one in 64 of it is handed on, and what has a text or
// shows no key never is.
func TestWhatMayBePassedOver(t *testing.T) {
	t.Parallel()
	l, err := skim.NewLiterals("run.googleapis.com")
	if err != nil {
		t.Fatal(err)
	}
	const noise, wanted, hidden = `{"serviceName":"storage.googleapis.com","i":%d}`, `{"serviceName":"r\u0075n.googleapis.com","i":%d}`, `{"message":{"data":"e30=","i":%d}}`
	for form, between := range map[string]string{"lines": "\n", "one array": ",\n"} {
		var b strings.Builder
		for i := range 30000 {
			line := noise
			switch i % 1000 {
			case 7:
				line = wanted
			case 8:
				line = hidden
			}
			fmt.Fprintf(&b, line+between, i)
		}
		text := b.String()
		if form == "one array" {
			text = "[" + strings.TrimSuffix(text, between) + "]"
		}
		for _, workers := range []int{1, 2} {
			kept := map[string]int{}
			counts, err := Read(t.Context(), strings.NewReader(text), Options{Literals: l, Workers: workers},
				func(r Record) (string, error) { return string(r.Raw[2:9]), nil },
				func(r Record, s string) error {
					if r.Sample {
						s = "sample"
					}
					kept[s]++
					return nil
				})
			if err != nil || counts.Records != 30000 || counts.Passed+counts.Sampled != 29940 || kept["service"] != 30 || kept["message"] != 30 ||
				kept["sample"] != counts.Sampled || counts.Sampled < 400 || counts.Sampled > 520 {
				t.Errorf("%s, %d workers: %+v, kept %v, %v", form, workers, counts, kept, err)
			}
		}
		counts, err := Read(t.Context(), strings.NewReader(text), Options{Literals: l, Head: 600 << 10},
			func(Record) (int, error) { return 0, nil }, func(Record, int) error { return nil })
		if err != nil || counts.Records != 30000 || counts.Passed == 0 || counts.Passed > 12000 {
			t.Errorf("%s with a head: %+v, %v", form, counts, err)
		}
	}
}
