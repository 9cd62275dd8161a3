package skim_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/skim"
)

var services = []string{"run.googleapis.com", "cloudresourcemanager.googleapis.com", "iam.googleapis.com", "orgpolicy.googleapis.com"}

func literals(t testing.TB, texts ...string) *skim.Literals {
	t.Helper()
	l, err := skim.NewLiterals(texts...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestWhereALiteralMayBe(t *testing.T) {
	t.Parallel()
	l := literals(t, services...)
	for in, want := range map[string]bool{
		`{"a":"run.googleapis.com"}`: true, `{"a" : "iam.googleapis.com" }`: true, `["orgpolicy.googleapis.com"]`: true,
		`{"a":"\u0072un.googleapis.com"}`: true, `{"a":"run\u002Egoogleapis.com"}`: true, `{"a":"run.googleapis.co\u006d"}`: true,
		`{"a":"{\"b\":\"run.googleapis.com\"}"}`: true, `{"a":"{\\\"b\\\":\\\"run.googleapis.com\\\"}"}`: true,
		`{"a":"{\u0022b\u0022:\u0022run.googleapis.com\u0022}"}`: true, `{"a":"{\"b\":\"\\u0072un.googleapis.com\"}"}`: true,

		`{"a":"storage.googleapis.com"}`: false, `{"a":"//run.googleapis.com/projects/p"}`: false, `{"a":"xrun.googleapis.com"}`: false,
		`{"a":"run.googleapis.com.example"}`: false, `{"a":"run.googleapis.com`: false, `{"a":"x \u003e y \u0026 \u003c"}`: false, `{"a":"\u00e9"}`: false,
		`{"a":"cloudresourcemanager.googleapis.com/Project"}`: false, `\u00`: false, `\`: false, ``: false,
	} {
		for _, around := range []int{0, 1, 13, 500} {
			text := strings.Repeat("z", around) + in + strings.Repeat("{", around)
			if got := l.In([]byte(text)); got != want {
				t.Errorf("%d bytes around %s: %t, want %t", around, in, got, want)
			}
		}
	}
}

func TestTextsThatCannotBeLookedFor(t *testing.T) {
	t.Parallel()
	for _, texts := range [][]string{nil, {""}, {"abc"}, {"a/bcd"}, {"a b c d"}, {"réunion"}, {strings.Repeat("a", 201)}, {`quo"te`}} {
		if _, err := skim.NewLiterals(texts...); err == nil {
			t.Errorf("%q is taken", texts)
		}
	}
}

// Found places are in order, and each is within the text that is there.
func TestFindNamesThePlaces(t *testing.T) {
	t.Parallel()
	l := literals(t, services...)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var b strings.Builder
		var want []int
		for range rng.IntN(60) {
			b.WriteString(strings.Repeat("m.co{\"", rng.IntN(40)))
			if rng.IntN(2) == 0 {
				want = append(want, b.Len()+1)
				fmt.Fprintf(&b, "%q", services[rng.IntN(len(services))])
			}
		}
		if got := l.Find([]byte(b.String()), nil); !slices.Equal(got, want) {
			t.Fatalf("found at %v, want %v in:\n%s", got, want, b.String())
		}
	}
}

// FuzzLiterals holds the promise: of whatever JSON decodes to a string that is one of the
// texts, a place is found.
func FuzzLiterals(f *testing.F) {
	l := literals(f, services...)
	for _, seed := range []string{`{"a":"run.googleapis.com"}`, `"\u0069am.googleapis.com"`, `["x",{"b":["orgpolicy\u002egoogleapis.com"]}]`, `{"a":"b","a":"run.googleapis.com"}`} {
		f.Add([]byte(seed), uint64(0))
	}
	f.Fuzz(func(t *testing.T, in []byte, escapes uint64) {
		in = escape(in, escapes)
		var v any
		if json.Unmarshal(in, &v) != nil || !holds(v) {
			return
		}
		if !l.In(in) {
			t.Errorf("it is in %s, and not found", in)
		}
	})
}

// escape writes some letters and dots of the texts as escapes.
func escape(in []byte, which uint64) []byte {
	if which == 0 {
		return in
	}
	rng := rand.New(rand.NewPCG(which, 0))
	text := string(in)
	for _, s := range services {
		var b strings.Builder
		for _, c := range s {
			switch rng.IntN(6) {
			case 0:
				fmt.Fprintf(&b, `\u%04x`, c)
			case 1:
				fmt.Fprintf(&b, `\u%04X`, c)
			default:
				b.WriteRune(c)
			}
		}
		text = strings.ReplaceAll(text, s, b.String())
	}
	return []byte(text)
}

func holds(v any) bool {
	switch v := v.(type) {
	case string:
		return slices.Contains(services, v)
	case []any:
		return slices.ContainsFunc(v, holds)
	case map[string]any:
		for _, e := range v {
			if holds(e) {
				return true
			}
		}
	}
	return false
}

func BenchmarkLiterals(b *testing.B) {
	line := `{"insertId":"abc123","logName":"projects/pay-prod/logs/cloudaudit.googleapis.com%2Fdata_access","protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"storage.googleapis.com","methodName":"storage.objects.get","authenticationInfo":{"principalEmail":"reader@pay-prod.iam.gserviceaccount.com"},"status":{},"resourceName":"projects/_/buckets/things/objects/` + strings.Repeat("path/", 300) + `"}}` + "\n"
	block := []byte(strings.Repeat(line, 512<<10/len(line)))
	l := literals(b, append(services, "cloudfunctions.googleapis.com")...)
	b.SetBytes(int64(len(block)))
	var at []int
	for b.Loop() {
		at = l.Find(block, at[:0])
	}
}
