package notify_test

import (
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// fill sets every text in what v points to, to what text says for the text's
// path, such as "Plan.Steps[0].Before.ServiceAccount". Lists get two elements.
// What is added to a finding one day is filled in from then on.
func fill(v any, text func(path string, named bool) (string, bool)) {
	fillIn(reflect.ValueOf(v).Elem(), "", text)
}

func fillIn(v reflect.Value, path string, text func(path string, named bool) (string, bool)) {
	switch v.Kind() {
	case reflect.String:
		if s, ok := text(path, v.Type() != reflect.TypeFor[string]()); ok {
			v.SetString(s)
		}
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fillIn(v.Elem(), path, text)
	case reflect.Slice:
		if v.Len() == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		}
		for i := range v.Len() {
			fillIn(v.Index(i), fmt.Sprintf("%s[%d]", path, i), text)
		}
	case reflect.Map:
		if v.Type() == reflect.TypeFor[map[string]string]() {
			s, _ := text(path, false)
			v.Set(reflect.ValueOf(map[string]string{s: s}))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			again := f.Type == reflect.PointerTo(v.Type()) && strings.HasSuffix(path, "."+f.Name) // it holds one of its own type, once
			if f.IsExported() && !again {
				fillIn(v.Field(i), path+"."+f.Name, text)
			}
		}
	}
}

// strangers has every text of the finding be s, but for the words that rescind
// itself stores, which have a type of their own; a member has one, too, and is
// anybody's. What undoes a finding, or was undone, does so still.
func strangers(f finding.Finding, s string) finding.Finding {
	undoOf, undoneBy, exemption := f.UndoOf, f.UndoneBy, f.Exemption
	fill(&f, func(path string, named bool) (string, bool) {
		return s, !named || strings.HasSuffix(path, ".Member")
	})
	if undoOf == "" {
		f.UndoOf = ""
	}
	if undoneBy == "" {
		f.UndoneBy = ""
	}
	f.Exemption = exemption
	return f
}

// texts calls do with every text in v, and where it stands.
func texts(v any, do func(path, s string)) { textsIn(reflect.ValueOf(v), "", do) }

func textsIn(v reflect.Value, path string, do func(path, s string)) {
	switch v.Kind() {
	case reflect.String:
		do(path, v.String())
	case reflect.Slice:
		for i := range v.Len() {
			textsIn(v.Index(i), fmt.Sprintf("%s[%d]", path, i), do)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			again := f.Type == reflect.PointerTo(v.Type()) && strings.HasSuffix(path, "."+f.Name) // it holds one of its own type, once
			if f.IsExported() && !again {
				textsIn(v.Field(i), path+"."+f.Name, do)
			}
		}
	}
}
