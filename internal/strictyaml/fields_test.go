package strictyaml

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

// pet is what the tests read, with every reader there is.
type pet struct {
	Name, Number string
	Nicknames    []string
	Notes        map[string]string
	Born         time.Time
	Kind         kind
	Eats         []kind
}

type kind string

func (p *pet) read(r *Reader) func(*yaml.Node) {
	p.Notes = map[string]string{}
	return func(n *yaml.Node) {
		r.Fields(n, "a pet", Keys{
			"name": r.Text("name", &p.Name), "number": r.AnyText("number", &p.Number), "nicknames": r.Texts("nicknames", &p.Nicknames),
			"notes": r.Dictionary("notes", p.Notes), "born": r.Date("born", &p.Born),
			"kind": Word(r, "kind", &p.Kind, "cat", "dog", "true"), "eats": Words(r, "eats", &p.Eats, "fish", "mice"),
			"friends": func(n *yaml.Node) {
				r.List(n, "friends", func(n *yaml.Node) { r.Fields(n, "a friend", Keys{"name": r.Text("name", new(string))}, "name") })
			},
		}, "name")
	}
}

func readPet(text string) (pet, error) {
	var p pet
	r, root := Open("f.yaml", []byte(text), MaxBytes)
	if root != nil {
		p.read(r)(root)
	}
	return p, r.Err()
}

func TestReadersPutWhatTheyReadWhereItBelongs(t *testing.T) {
	got, err := readPet("name: Tom\nnumber: 012\nnicknames: [T, \"1\"]\nnotes: {on: \"yes\"}\nborn: 2027-03-31\nkind: true\neats: [mice, fish]\n")
	want := pet{
		Name: "Tom", Number: "012", Nicknames: []string{"T", "1"}, Notes: map[string]string{"on": "yes"},
		Born: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC), Kind: "true", Eats: []kind{"mice", "fish"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestReadersSayWhatIsWrongAndWhere(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // after "f.yaml:1:"
	}{
		{"no map", "[]", []string{"1: a pet is a list, want a map"}},
		{"a key that is missing", "{}", []string{`1: a pet has no "name"`}},
		{"a key that is a list", "{name: x, ? [a] : b}", []string{"13: a key of a pet is a list, want text"}},
		{"a key far from any", "{name: x, zzzzz: 1}", []string{`11: a pet has an unknown key "zzzzz", want born, eats, friends, kind, name, nicknames, notes, number`}},
		{"an unknown key twice", "{name: x, nane: 1, nane: 2}", []string{`11: a pet has an unknown key "nane"; did you mean "name"?`,
			`20: a pet has the key "nane" twice; it is also on line 1`}},
		{"a key twice, whose first value stays", "{name: x, name: []}", []string{`11: a pet has the key "name" twice; it is also on line 1`}},
		{"a number for text", "{name: 7}", []string{"8: name is a number, want text"}},
		{"a fraction for text", "{name: 7.5}", []string{"8: name is a number, want text"}},
		{"a switch for text", "{name: true}", []string{"8: name is a boolean, want text"}},
		{"a date for text", "{name: 2027-01-01}", []string{"8: name is a date, want text"}},
		{"nothing for text", "{name: }", []string{"8: name is empty, want text"}},
		{"blanks for text", "{name: '  '}", []string{"8: name is empty"}},
		{"a map for any text", "{name: x, number: {}}", []string{"19: number is a map, want text"}},
		{"nothing for any text", "{name: x, number: ~}", []string{"19: number is empty, want text"}},
		{"text for a list", "{name: x, nicknames: secret}", []string{"22: nicknames is text of 6 characters, want a list"}},
		{"a list in a list of text", "{name: x, nicknames: [a, []]}", []string{"26: an entry of nicknames is a list, want text"}},
		{"text for a map", "{name: x, notes: secret}", []string{"18: notes is text of 6 characters, want a map"}},
		{"a number in a map of text", "{name: x, notes: {a: 1}}", []string{"22: an entry of notes is a number, want text"}},
		{"a day that is none", "{name: x, born: 2027-02-30}", []string{`17: born is "2027-02-30", want a date like 2027-03-31`}},
		{"a month for a day", "{name: x, born: 2027-02}", []string{`17: born is "2027-02", want a date like 2027-03-31`}},
		{"a word that is none", "{name: x, kind: dgo}", []string{`17: kind is "dgo", want "cat", "dog" or "true"; did you mean "dog"?`}},
		{"a list for a word", "{name: x, kind: [cat]}", []string{`17: kind is a list, want "cat", "dog" or "true"`}},
		{"a very long word", "{name: x, kind: " + strings.Repeat("x", 81) + "}", []string{`17: kind is text of 81 characters, want "cat", "dog" or "true"`}},
		{"a word twice", "{name: x, eats: [fish, mice, fish]}", []string{`30: eats names "fish" twice`}},
		{"several at once", "{nane: x, born: no, eats: mice}", []string{`1: a pet has no "name"`, `2: a pet has an unknown key "nane"; did you mean "name"?`,
			`17: born is "no", want a date like 2027-03-31`, "27: eats is text of 4 characters, want a list"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readPet(tt.text)
			if err == nil {
				t.Fatal("it was taken")
			}
			got := strings.Split(strings.ReplaceAll(err.Error(), "f.yaml:1:", ""), "\n")
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWordsAreListedForASentence(t *testing.T) {
	for want, words := range map[string][]string{"": nil, `"a"`: {"a"}, `"a" or "b"`: {"a", "b"}, `"a", "b" or "c"`: {"a", "b", "c"}} {
		if got := OneOf(words); got != want {
			t.Errorf("%q: %s, want %s", words, got, want)
		}
	}
}

// The schema is what the same readers say they take.
func TestTheSchemaIsWhatIsRead(t *testing.T) {
	got, err := json.Marshal(SchemaOf(func(r *Reader, n *yaml.Node) { new(pet).read(r)(n) }))
	if err != nil {
		t.Fatal(err)
	}
	const text = `{"type":"string","pattern":"\\S"}`
	want := `{"type":"object","properties":{` +
		`"born":{"type":"string","format":"date","pattern":"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},` +
		`"eats":{"type":"array","items":{"enum":["fish","mice"]}},` +
		`"friends":{"type":"array","items":{"type":"object","properties":{"name":` + text + `},"additionalProperties":false,"required":["name"]}},` +
		`"kind":{"enum":["cat","dog","true",true]},"name":` + text + `,"nicknames":{"type":"array","items":` + text + `},` +
		`"notes":{"type":"object","additionalProperties":` + text + `},"number":` + text + `},"additionalProperties":false,"required":["name"]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
}

func TestAPartOfTheSchemaIsFoundByItsPath(t *testing.T) {
	s := SchemaOf(func(r *Reader, n *yaml.Node) { new(pet).read(r)(n) })
	for path, want := range map[string]*Schema{
		"name": s.Properties["name"], "friends.[]": s.Properties["friends"].Items, "friends.[].name": s.Properties["friends"].Items.Properties["name"],
		"nope": nil, "name.[]": nil, "friends.name": nil, "nope.[].nope": nil, "kind.*": nil,
	} {
		if got := s.At(path); got != want {
			t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	if notes := s.At("notes.*"); notes == nil || notes.Type != "string" {
		t.Errorf("notes.*: %v", notes)
	}
}
