package storetest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// full is a finding with every field set, found by reflection so that a field
// added later is covered from its first day.
func full(t *testing.T) finding.Finding {
	t.Helper()
	var f finding.Finding
	if err := new(filler).fill(reflect.ValueOf(&f).Elem()); err != nil {
		t.Fatal(err)
	}
	return f
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	resourceType = reflect.TypeFor[cloud.Resource]()
)

// words are of the types of which a store takes no other word: see finding.Finding.Known.
var words = map[reflect.Type]string{
	reflect.TypeFor[state.State]():          string(state.Pending),
	reflect.TypeFor[finding.Effect]():       string(finding.Notify),
	reflect.TypeFor[finding.Choice]():       string(finding.ChooseKeep),
	reflect.TypeFor[policies.Remediation](): string(policies.RemoveGrants),
	reflect.TypeFor[policies.StepUp]():      string(policies.StepUpIAP),
	reflect.TypeFor[policies.Verdict]():     string(policies.Violation),
	reflect.TypeFor[policies.Enforcement](): string(policies.Approve),
	reflect.TypeFor[policies.Severity]():    string(policies.High),
	reflect.TypeFor[judge.Decision]():       string(judge.Ask),
	reflect.TypeFor[cloud.Verb]():           string(cloud.SetPolicy),
	reflect.TypeFor[cloud.Half]():           string(cloud.LastHalf),
	reflect.TypeFor[cloud.Action]():         string(cloud.Add),
}

// filler sets values that all differ.
type filler struct {
	n  int
	in []reflect.Type // what is being filled: a value that holds one of its own type holds it once
}

// fill sets v, and all that it holds.
func (f *filler) fill(v reflect.Value) error {
	f.n++
	switch {
	case v.Type() == timeType:
		v.Set(reflect.ValueOf(noon.Add(time.Duration(f.n))))
		return nil
	case v.Type() == resourceType:
		v.Set(reflect.ValueOf(cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", fmt.Sprint("s", f.n))))
		return nil
	}
	if word, ok := words[v.Type()]; ok {
		v.SetString(word)
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text <%d> \"é\" \x00", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(f.n))
	case reflect.Pointer:
		if slices.Contains(f.in, v.Type()) {
			return nil
		}
		f.in = append(f.in, v.Type())
		defer func() { f.in = f.in[:len(f.in)-1] }()
		v.Set(reflect.New(v.Type().Elem()))
		return f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		return f.fillEach(v.Len(), v.Index)
	case reflect.Struct:
		return f.fillFields(v)
	case reflect.Map:
		return f.fillMap(v)
	default:
		return fmt.Errorf("a finding holds a %s: teach storetest to fill it", v.Type())
	}
	return nil
}

func (f *filler) fillEach(count int, part func(int) reflect.Value) error {
	for i := range count {
		if err := f.fill(part(i)); err != nil {
			return err
		}
	}
	return nil
}

// fillFields leaves out what is not stored.
func (f *filler) fillFields(v reflect.Value) error {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("json") == "-" {
			continue
		}
		if err := f.fill(v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) fillMap(v reflect.Value) error {
	key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
	if err := f.fill(key); err != nil {
		return err
	}
	if err := f.fill(value); err != nil {
		return err
	}
	v.Set(reflect.MakeMap(v.Type()))
	v.SetMapIndex(key, value)
	return nil
}

// roundTrips compares times as instants; keepsTimes looks at their zones.
func roundTrips(t *testing.T, s remediate.Store) {
	want := full(t)
	got := create(t, s, want)
	want.Revision = 1
	sameInstant := cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })
	if d := cmp.Diff(want, got, sameInstant); d != "" {
		t.Errorf("create returns (-want +got):\n%s", d)
	}
	if d := cmp.Diff(want, read(t, s, want.ID), sameInstant); d != "" {
		t.Errorf("stored (-want +got):\n%s", d)
	}
	wantSame(t, "listed", query(t, s, finding.Query{}), []finding.Finding{got})
	wantSame(t, "due", due(t, s, want.DueAt, 0), []finding.Finding{got})
}

func keepsTimes(t *testing.T, s remediate.Store) {
	f := full(t)
	f.UpdatedAt = time.Time{} // the zero time is the zero time still
	returned := create(t, s, f)
	for what, f := range map[string]finding.Finding{"created": returned, "read": read(t, s, f.ID)} {
		if f.CreatedAt.Nanosecond() == 0 || !f.UpdatedAt.IsZero() {
			t.Errorf("%s: created at %s, updated at %s", what, f.CreatedAt, f.UpdatedAt)
		}
		eachTime(reflect.ValueOf(f), "finding", func(path string, at time.Time) {
			if at.Location() != time.UTC {
				t.Errorf("%s: %s is %s, want UTC", what, path, at)
			}
		})
	}
}

func eachTime(v reflect.Value, path string, see func(path string, at time.Time)) {
	if v.Type() == timeType {
		see(path, v.Interface().(time.Time))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			eachTime(v.Elem(), path, see)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachTime(v.Index(i), fmt.Sprintf("%s[%d]", path, i), see)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachTime(v.Field(i), path+"."+v.Type().Field(i).Name, see)
		}
	}
}
