package replay_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/replay"
)

// public is a history of n entries of which each is found, and none says
// anything of another.
func public(n int) []object {
	var out []object
	for i := range n {
		out = append(out, published(fmt.Sprint("p", i), i, fmt.Sprint("s", i)))
	}
	return out
}

func zipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// asArray is JSON Lines as one array over several lines.
func asArray(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	joined := "[" + strings.ReplaceAll(strings.TrimSpace(text), "\n", ",") + "]"
	if err := json.Indent(&b, []byte(joined), "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Wherever JSON Lines are cut off, all whole lines before the cut are found,
// and what is left of the cut one is told with its place.
func TestCutLinesLoseNoneBeforeTheCut(t *testing.T) {
	entries := public(4)
	text, want := lines(t, entries...), told(replayed(t, lines(t, entries...)))
	for cut := 0; cut < len(text); cut += 3 {
		r := replayed(t, text[:cut])
		whole := strings.Count(text[:cut], "\n")
		rest := text[strings.LastIndexByte(text[:cut], '\n')+1 : cut]
		if rest != "" && json.Valid([]byte(rest)) {
			whole, rest = whole+1, "" // only the line's end was cut off
		}
		if diff := cmp.Diff(want[:whole], told(r), cmp.Transformer("", func(s []string) string { return strings.Join(s, "\n") })); diff != "" {
			t.Fatalf("cut at %d (-want +got):\n%s", cut, diff)
		}
		if got := r.Summary.Located; (rest != "") != (len(got) == 1) || len(got) == 1 && (got[0].Input != "a" || got[0].Line != whole+1) {
			t.Fatalf("cut at %d: unreadable are %v, want what begins at line %d", cut, got, whole+1)
		}
	}
}

// An array and gzip have an end of their own: without it the input is told as
// not read to its end, and what came before still counts.
func TestAnInputWithoutItsEndIsToldAndReadUpToThere(t *testing.T) {
	text := lines(t, public(2)...)
	want := told(replayed(t, text))
	for name, whole := range map[string]string{
		"an array": strings.TrimSpace(asArray(t, text)), "gzip": zipped(t, text), "an array in gzip": zipped(t, asArray(t, text)),
		"gzip of which the second part is cut": zipped(t, text[:len(text)/2]) + zipped(t, text[len(text)/2:]),
	} {
		most := 0
		for cut := 2; cut < len(whole); cut += 3 { // a first byte alone is a broken line
			if strings.HasSuffix(name, "is cut") && cut == len(zipped(t, text[:len(text)/2])) {
				continue // two parts of which one is missing whole: nothing shows it
			}
			r := replayed(t, whole[:cut])
			got := told(r)
			if len(r.Summary.Refused) != 1 || r.Summary.Refused[0].Input != "a" {
				t.Fatalf("%s, cut at %d of %d: refused %v, want this input", name, cut, len(whole), r.Summary.Refused)
			}
			if len(got) > len(want) || strings.Join(got, "\n") != strings.Join(want[:len(got)], "\n") {
				t.Fatalf("%s, cut at %d: found %v", name, cut, got)
			}
			if len(got) < most {
				t.Fatalf("%s, cut at %d: found %d, and %d with less of it", name, cut, len(got), most)
			}
			most = len(got)
		}
		if most == 0 {
			t.Errorf("%s: nothing is found of any beginning of it", name)
		}
	}
}

// One bad byte costs no line but its own. Each byte is replaced by two of six.
func TestABadByteCostsNoLineButItsOwn(t *testing.T) {
	const most = 3
	text := lines(t, public(most)...)
	for i := range len(text) {
		for n, bad := range []string{"{", "]", "\"", "\\", "\x00", "\xff"} {
			if (i+n)%7 != 0 || text[i] == '\n' || i < 4 && bad == "\x00" {
				continue // it makes one line of two, or looks like UTF-16
			}
			broken := strings.Count(text[:i], "\n")
			r := replayed(t, text[:i]+bad+text[i+1:])
			got := strings.Join(told(r), "\n")
			for line := range most {
				if line != broken && !strings.Contains(got, fmt.Sprintf("p%d no-public-invoker violation", line)) {
					t.Fatalf("%q at byte %d of line %d hides line %d; found:\n%s", bad, i, broken+1, line+1, got)
				}
			}
			for _, p := range r.Summary.Located {
				if p.Line != broken+1 {
					t.Fatalf("%q at byte %d of line %d is told of line %d", bad, i, broken+1, p.Line)
				}
			}
		}
	}
}

func TestWhatIsNoLogIsToldAsWhatItIs(t *testing.T) {
	entry := lines(t, public(1)...)
	for name, tt := range map[string]struct{ text, refused, located string }{
		"UTF-16 with its mark":     {"\xff\xfe{\x00", "a: UTF-16 text: convert it first", ""},
		"UTF-16 without its mark":  {"{\x00\"\x00", "a: binary data, or UTF-16 text without its mark", ""},
		"Zstandard":                {"\x28\xb5\x2f\xfd", "a: zstd: unexpected EOF", ""},
		"gzip again and again":     {zipped(t, zipped(t, zipped(t, zipped(t, entry)))), "a: it is compressed more than 4 times", ""},
		"zip":                      {"PK\x03\x04...", "a: a zip archive: unpack it first", ""},
		"tar":                      {"entries.json" + strings.Repeat("\x00", 245) + "ustar\x00" + entry, "a: a tar archive: unpack it first", ""},
		"a page of HTML":           {"\n<!DOCTYPE html><html>\n{\n", "a: a page of HTML or XML", ""},
		"YAML":                     {"---\ninsertId: x\nlogName: y\n", "a: YAML: export the entries as JSON", ""},
		"YAML without a mark":      {"insertId: x\nlabels:\n  a: b\n", "a: YAML: export the entries as JSON", ""},
		"CSV":                      {"insertId,logName,severity\na,b,NOTICE\n", "a: CSV, which leaves out", ""},
		"Parquet":                  {"PAR1...", "a: a Parquet file", ""},
		"gzip of nothing but junk": {"\x1f\x8bjunk and more of it", "a: gunzip: ", ""},
		"a gzip header, cut off":   {"\x1f\x8b\x08", "a: gunzip: unexpected EOF", ""},
		"junk after gzip":          {zipped(t, entry) + "junk", "a: line 2: gunzip: unexpected EOF", ""},
		"a Pub/Sub message":        {`{"message":{"data":"e30="}}`, "", "a:1: a Pub/Sub message in which there is no whole log entry"},
		"an answer of the API":     {`{"entries":[]}`, "", "a:1: an answer of the Logging API in which there is no whole log entry"},
		"a row of BigQuery":        {`{"protopayload_auditlog":{}}`, "", "a:1: a row of a BigQuery sink in which there is no whole log entry"},
		"a row beside a logName":   {`{"logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","protopayload_auditlog":{}}`, "", "a:1: a row of a BigQuery sink in which there is no whole log entry"},
		"an entry of no log":       {strings.Replace(entry, `"logName"`, `"name"`, 1), "", "a:1: logName is missing"},
		"a CloudEvent":             {`{"specversion":"1.0"}`, "", "a:1: a CloudEvent in which there is no whole log entry"},
		"an entry of no payload":   {`{"logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity","insertId":"i"}`, "", "a:1: protoPayload is missing"},
		"any other object":         {"\n\n{}\n", "", "a:3: no log entry"},
		"an entry without content": {`{"insertId":"i"}`, "", "a:1: neither logName nor protoPayload is there"},
		"text":                     {"oops\n", "", "a:1: not JSON at byte 1"},
		"a number in an array":     {"[\n1]", "", "a:2: JSON number, want one LogEntry object"},
	} {
		r := replayed(t, tt.text)
		refused, located := sentence(r.Summary.Refused), sentence(r.Summary.Located)
		if !strings.HasPrefix(refused, tt.refused) || !strings.HasPrefix(located, tt.located) || (refused == "") != (tt.refused == "") || (located == "") != (tt.located == "") {
			t.Errorf("%s: refused %q, unreadable %q; want %q and %q", name, refused, located, tt.refused, tt.located)
		}
	}
}

func sentence(ps []replay.Problem) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(p.String() + "\n")
	}
	return b.String()
}
