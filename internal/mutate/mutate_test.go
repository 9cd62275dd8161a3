package mutate_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/mutate"
)

const source = `package door

var arrows = []arrow{
	{Shut, Open, []cause{Key}},
	{Open, Shut, []cause{Key, Wind}},
}

func (d *Door) may(who string) bool {
	switch {
	case who == "", d.locked:
		return false
	case slices.ContainsFunc(d.keys, func(k string) bool { return k == who }):
		return true
	}
	if err := d.look(); err != nil {
		return false
	}
	switch d.kind {
	case wooden:
		return true
	}
	return !d.locked || who == "smith"
}
`

const rewritten = `package door

var arrows = mutantTable(7, []arrow{
	{Shut, Open, []cause{Key}},
	{Open, Shut, mutantTable(9, []cause{Key, Wind})},
})

func (d *Door) may(who string) bool {
	switch {
	case mutantGuard(11, who == ""), mutantGuard(12, d.locked):
		return false
	case mutantGuard(13, slices.ContainsFunc(d.keys, func(k string) bool { return k == who })):
		return true
	}
	if err := d.look(); mutantGuard(14, err != nil) {
		return false
	}
	switch d.kind {
	case wooden:
		return true
	}
	return mutantGuard(15, !d.locked || who == "smith")
}
`

func TestAFileHoldsAMutantOfEachGuardAndOfEachArrow(t *testing.T) {
	got, mutants, err := mutate.File("door/door.go", []byte(source), 7)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(rewritten, string(got)); d != "" {
		t.Errorf("rewritten (-want +got):\n%s", d)
	}
	var names []string
	for i, m := range mutants {
		names = append(names, strings.TrimPrefix(m.Name, "door/door.go: "))
		if m.ID != 7+i {
			t.Errorf("mutant %q is number %d, want %d", m.Name, m.ID, 7+i)
		}
	}
	want := []string{
		"arrows: Shut to Open", "arrows: Open to Shut", "arrows: Open to Shut Key", "arrows: Open to Shut Wind",
		`Door.may: case who == ""`, "Door.may: case d.locked",
		"Door.may: case slices.ContainsFunc(d.keys, func(k string) bool { return k == who })",
		"Door.may: if err != nil", `Door.may: return !d.locked || who == "smith"`,
	}
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
}

func TestOfGuardsThatReadAlikeEachHasANameOfItsOwn(t *testing.T) {
	_, mutants, err := mutate.File("a.go", []byte("package a\nfunc f(x bool) { if x { return }; if x { return } }\n"), 1)
	if err != nil || len(mutants) != 2 || mutants[0].Name == mutants[1].Name {
		t.Errorf("mutants are %+v, %v", mutants, err)
	}
}

func TestAFileThatIsNoneIsAnError(t *testing.T) {
	if _, _, err := mutate.File("a.go", []byte("package"), 1); err == nil {
		t.Error("no error")
	}
}
